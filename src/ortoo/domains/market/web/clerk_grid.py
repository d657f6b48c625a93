"""The context of the data-entry grid (ortoo/grid/README.md): rows, cells, what was said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ortoo.domains.market.web.clerk_fields import Fields
from ortoo.domains.market.web.clerk_known import Known
from ortoo.domains.market.web.clerk_units import keyed
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form, Item, Measure, Nil
from ortoo.kernel.forms.issues import Issue

UNSHOWN = frozenset({"GRID-BLANK"})
_HEAD_UNITS = {"{unit}": "公斤/升", "元/{unit}": "元/公斤(升)"}
# What the grey columns are called: the period before, and the same one of last year.
BEFORE = {
    "day": ("上日", "去年"), "tenday": ("上旬", "去年"), "month": ("上月", "去年"),
    "moment": ("上次", "去年"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """Last period's and last year's return, each laid out for this form, or nothing."""

    last: GridBody | None = None
    year: GridBody | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the cells of one form's rows, and beside them.

    `asked`: the cells this period asks for, None for the whole form. `prefix`: stands before the
    codes of the rows where the form is not the only one of the page; `heading`: over its groups.
    """

    form: Form
    fields: Fields
    past: Past = Past()
    known: Mapping[tuple[str, str], Known] = field(default_factory=dict)
    issues: Sequence[Issue] = ()
    asked: Asked | None = None
    prefix: str = ""
    heading: str = ""

    def asks(self, item: Item, measure: Measure) -> bool:
        """Whether the period asks for the cell."""
        if self.asked is not None:
            return (item.code, measure.code) in self.asked
        return measure.asked == "every" or item.stock_asked

    def requires(self, item: Item, measure: Measure) -> bool:
        """Whether the cell must be answered: where the price is not asked, what is asked must."""
        if self.asked is None or (item.code, self.form.principal.code) in self.asked:
            return measure.must
        return (item.code, measure.code) in self.asked

    def shown(self, item: Item) -> bool:
        """Whether the row stands on the page: one of its cells is asked, or holds something."""
        if self.asked is None or item.code in self.asked.items:
            return True
        return any(self.fields.get(f"c.{item.code}.{m.code}") for m in self.form.measures)

    def measures(self) -> list[Measure]:
        """Columns in which some cell is asked, or holds something."""
        said = {name.rpartition(".")[2] for name in self.fields if name[0] == "c"}
        return [
            measure
            for measure in self.form.measures
            if self.asked is None or measure.code in self.asked.measures or measure.code in said
        ]


def grid_context(
    entries: Entry | Sequence[Entry], said: Mapping[str, Any]
) -> dict[str, Any]:
    """`said`: period, filer, due, draft, addresses, readonly; the rest follows from the forms.

    The first entry's form gives the title and the head; the columns are those of all of them.
    """
    entries = [entries] if isinstance(entries, Entry) else entries
    first = entries[0]
    form = first.form
    measures = _columns(entries)
    groups = [group for entry in entries for group in _groups(entry, measures)]
    cells = [cell for group in groups for row in group["rows"] for cell in row["cells"]]
    asked = [cell for cell in cells if not cell["skip"]]
    severities = [cell["issue"]["severity"] for cell in asked if cell["issue"]]
    kind = str(said.get("kind", "week"))
    nils = tuple(dict.fromkeys(nil.zh for entry in entries for nil in entry.form.nil_reasons))
    last, year = BEFORE.get(kind, ("上期", "去年"))
    daily = kind in ("day", "moment")
    price = form.roles.price if daily else None
    return {
        "title": form.title["zh"],
        "head": _head(form),
        "measures": [_measure(measure) for measure in measures],
        "groups": groups,
        "attributes": [one for entry in entries for one in _attributes(entry)],
        "reasons": form.reasons,
        "nils": nils,
        "last": last,
        "year": year,
        # On a daily only the price is carried over, and only by a tap on that row.
        "again": price if price in {measure.code for measure in measures} else None,
        "daily": daily,
        "packs": not said.get("readonly") and not daily and form.roles.price is not None,
        "readonly": False,
        "counts": {
            "filled": sum(1 for cell in asked if cell["value"]),
            "total": len(asked),
            "errors": severities.count("hard"),
            "soft": severities.count("soft"),
        },
        **said,
    }


def _attributes(entry: Entry) -> Iterator[dict[str, Any]]:
    """Facts said once for the whole return; an order that names cells asks for none of them."""
    for attribute in entry.form.attributes:
        name = f"a.{attribute.code}"
        if entry.asked is not None and not entry.fields.get(name):
            continue
        yield {
            "name": f"a.{entry.prefix}{attribute.code}",
            "title": attribute.title["zh"],
            "value": entry.fields.get(name, ""),
            "choices": attribute.choices,
            "required": attribute.must and entry.asked is None,
        }


def _columns(entries: Sequence[Entry]) -> list[Measure]:
    """Columns of the page, the first form's in front; a code stands once."""
    found: dict[str, Measure] = {}
    for entry in entries:
        for measure in entry.measures():
            found.setdefault(measure.code, measure)
    return list(found.values())


def _groups(entry: Entry, measures: Sequence[Measure]) -> Iterator[dict[str, Any]]:
    heading = f"{entry.heading} · " if entry.heading else ""
    for group, items in _grouped(entry.form):
        rows = [_row(entry, item, measures) for item in items if entry.shown(item)]
        if rows:
            yield {"title": heading + (group.name["zh"] if group else "全部"), "rows": rows}


def _head(form: Form) -> list[dict[str, str]]:
    head = form.head
    lines = (
        ("表号", head.code),
        ("制定机关", head.issuer),
        ("文号", head.approval),
        ("有效期至", head.valid_until),
    )
    return [{"label": label, "value": value} for label, value in lines if value]


def _grouped(form: Form) -> list[tuple[Item | None, list[Item]]]:
    """Groups that hold leaves, in the order of the form; rows without one come first."""
    rows: dict[str, list[Item]] = {}
    for item in form.leaves:
        rows.setdefault(item.group or "", []).append(item)
    found: list[tuple[Item | None, list[Item]]] = [(None, rows[""])] if "" in rows else []
    return [*found, *((group, rows[group.code]) for group in form.items if group.code in rows)]


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "code": measure.code,
        "title": measure.title["zh"],
        "unit": measure.unit,
        "unit_head": _HEAD_UNITS.get(measure.unit, measure.unit),
        "scale": measure.scale,
        "conversion": measure.conversion,
        "positive": measure.must and measure.conversion == "per_unit",
        "choices": measure.choices,
    }


def _row(entry: Entry, item: Item, measures: Sequence[Measure]) -> dict[str, Any]:
    units = [unit.name for unit in item.entry_units]
    chosen = entry.fields.get(f"u.{item.code}", item.unit)
    chosen = chosen if chosen in units else item.unit
    own = entry.form.measure_by_code
    price = entry.form.roles.price
    return {
        "code": entry.prefix + item.code,
        "name": item.name["zh"],
        "spec": item.spec,
        "pack": entry.fields.get(f"s.{item.code}", ""),
        "priced": any(m.code == price for m in measures) and price in own,
        "carried": price is not None and bool(
            _past(entry, entry.past.last, item, entry.form.measure(price))
        ),
        "nil_cell": _nil_cell(entry, item),
        "unit": item.unit,
        "unit_chosen": chosen,
        "entry_units": [
            {"code": unit.name, "label": unit.name, "num": unit.num, "den": unit.den}
            for unit in item.entry_units
        ],
        "cells": [
            _cell(entry, item, own[column.code], chosen)
            if column.code in own
            else {"measure": column.code, "skip": True}
            for column in measures
        ],
    }


def _nil_cell(entry: Entry, item: Item) -> str:
    """The cell that takes the nil reasons of the row, where it is asked."""
    principal = entry.form.principal
    if not entry.form.nil_reasons or not entry.asks(item, principal):
        return ""
    return f"{entry.prefix}{item.code}.{principal.code}"


def _cell(entry: Entry, item: Item, measure: Measure, unit: str) -> dict[str, Any]:
    name = f"{item.code}.{measure.code}"
    text = entry.fields.get(f"c.{name}", "")
    known = entry.known.get((item.code, measure.code))
    return {
        "measure": measure.code,
        "title": measure.title["zh"],
        "unit": measure.unit_of(item),
        "value": text,
        "nil": "",
        "choices": measure.choices,
        "last": _past(entry, entry.past.last, item, measure),
        "year": _past(entry, entry.past.year, item, measure),
        "required": entry.requires(item, measure),
        # A value that is there is shown even where none is asked.
        "skip": not entry.asks(item, measure) and not text,
        "known": _known(known, text, keyed(known.text, item, measure, unit) if known else None),
        "issue": _issue(entry.issues, entry.prefix + item.code, measure.code),
        "note": entry.fields.get(f"r.{name}", ""),
    }


def _known(known: Known | None, text: str, said: str | None) -> dict[str, str] | None:
    """Marked as known only while it stands unchanged, in whatever unit it is keyed."""
    if known is None or text not in (known.text, said):
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

