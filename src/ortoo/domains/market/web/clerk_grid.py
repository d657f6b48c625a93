"""The context of the data-entry grid (ortoo/grid/README.md): rows, cells, what was said before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ortoo.domains.market.web.clerk_fields import Fields
from ortoo.domains.market.web.clerk_known import Known
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form, Item, Measure, Nil
from ortoo.kernel.forms.issues import Issue

UNSHOWN = frozenset({"GRID-BLANK"})
_HEAD_UNITS = {"{unit}": "公斤/升", "元/{unit}": "元/公斤(升)"}


@dataclass(frozen=True, slots=True)
class Past:
    """Last period's and last year's return, each laid out for this form, or nothing."""

    last: GridBody | None = None
    year: GridBody | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the grid's cells, and beside them."""

    form: Form
    fields: Fields
    past: Past = Past()
    known: Mapping[tuple[str, str], Known] = field(default_factory=dict)
    issues: Sequence[Issue] = ()


def grid_context(entry: Entry, said: Mapping[str, Any]) -> dict[str, Any]:
    """`said`: period, filer, due, draft, addresses, readonly; the rest follows from the form."""
    form = entry.form
    groups: list[dict[str, Any]] = [
        {"title": group.name["zh"], "rows": [_row(entry, item) for item in items]}
        for group, items in _grouped(form)
    ]
    cells = [cell for group in groups for row in group["rows"] for cell in row["cells"]]
    asked = [cell for cell in cells if not cell["skip"]]
    severities = [cell["issue"]["severity"] for cell in asked if cell["issue"]]
    return {
        "title": form.title["zh"],
        "head": _head(form),
        "measures": [_measure(measure) for measure in form.measures],
        "groups": groups,
        "reasons": form.reasons,
        "readonly": False,
        "counts": {
            "filled": sum(1 for cell in asked if cell["value"]),
            "total": len(asked),
            "errors": severities.count("hard"),
            "soft": severities.count("soft"),
        },
        **said,
    }


def _head(form: Form) -> list[dict[str, str]]:
    head = form.head
    lines = (
        ("表号", head.code),
        ("制定机关", head.issuer),
        ("文号", head.approval),
        ("有效期至", head.valid_until),
    )
    return [{"label": label, "value": value} for label, value in lines if value]


def _grouped(form: Form) -> list[tuple[Item, list[Item]]]:
    """Groups that hold leaves, in the order of the form."""
    rows: dict[str, list[Item]] = {}
    for item in form.leaves:
        rows.setdefault(item.group or "", []).append(item)
    return [(group, rows[group.code]) for group in form.items if group.code in rows]


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "code": measure.code,
        "title": measure.title["zh"],
        "unit": measure.unit,
        "unit_head": _HEAD_UNITS.get(measure.unit, measure.unit),
        "scale": measure.scale,
        "conversion": measure.conversion,
        "positive": measure.must and measure.conversion == "per_unit",
    }


def _row(entry: Entry, item: Item) -> dict[str, Any]:
    units = [unit.name for unit in item.entry_units]
    chosen = entry.fields.get(f"u.{item.code}", item.unit)
    return {
        "code": item.code,
        "name": item.name["zh"],
        "spec": item.spec,
        "unit": item.unit,
        "unit_chosen": chosen if chosen in units else item.unit,
        "entry_units": [
            {"code": unit.name, "label": unit.name, "num": unit.num, "den": unit.den}
            for unit in item.entry_units
        ],
        "cells": [_cell(entry, item, measure) for measure in entry.form.measures],
    }


def _cell(entry: Entry, item: Item, measure: Measure) -> dict[str, Any]:
    name = f"{item.code}.{measure.code}"
    text = entry.fields.get(f"c.{name}", "")
    known = entry.known.get((item.code, measure.code))
    asked = measure.asked == "every" or item.stock_asked
    return {
        "measure": measure.code,
        "title": measure.title["zh"],
        "unit": measure.unit_of(item),
        "value": text,
        "nil": "",
        "last": _past(entry, entry.past.last, item, measure),
        "year": _past(entry, entry.past.year, item, measure),
        "required": measure.must,
        # A value that is there is shown even where none is asked.
        "skip": not asked and not text,
        "known": _known(known, text),
        "issue": _issue(entry.issues, item.code, measure.code),
        "note": entry.fields.get(f"r.{name}", ""),
    }


def _known(known: Known | None, text: str) -> dict[str, str] | None:
    """Marked as known only while it stands unchanged."""
    if known is None or known.text != text:
        return None
    return {"source": known.source, "age": known.age}


def _past(entry: Entry, grid: GridBody | None, item: Item, measure: Measure) -> str:
    if grid is None:
        return ""
    return cell_text(measure, grid.cell(entry.form, item.code, measure.code))


def cell_text(measure: Measure, cell: Cell) -> str:
    """A stored cell as text in the row's own unit; a nil by its name, a blank as nothing."""
    if cell is None:
        return ""
    return cell.zh if isinstance(cell, Nil) else measure.text(cell)


def _issue(issues: Sequence[Issue], item: str, measure: str) -> dict[str, str] | None:
    """The one issue a cell shows: hard before soft."""
    found = [i for i in issues if (i.item, i.measure) == (item, measure)]
    if not found:
        return None
    first = min(found, key=lambda issue: (issue.severity != "hard", issue.reason is not None))
    return {
        "severity": first.severity,
        "message": first.message,
        "rule": first.rule,
        "remedy": first.remedy,
    }


def placeless(form: Form, issues: Sequence[Issue]) -> list[Issue]:
    """Issues that no cell of the grid can show: of a group row, or of the whole return."""
    return [i for i in issues if i.item not in form.leaf_index or not i.measure]
