"""What an uploaded file says of a return, laid over the return's draft; nothing is filed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ortoo.domains.market import checking
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.domains.market.web.clerk_fields import (
    Fields,
    Findings,
    checked_fields,
    differences,
    examine,
    fields_of,
)
from ortoo.domains.market.web.clerk_known import known_cells
from ortoo.kernel.forms import cells
from ortoo.kernel.forms.definition import Form

Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """Cells that a file states: texts in the unit of `units`, and a reason a row."""

    texts: Mapping[Cell, str]
    units: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merged:
    """The draft after the file: what changed in it and what the form's rules say of it."""

    fields: Fields
    changed: Sequence[Mapping[str, str]]
    findings: Findings
    kept_cells: int


def base_fields(desk: Desk) -> Fields:
    """What stands before the file: the draft, else the return in force, else what is known."""
    stored = drafts.load(desk)
    grid = desk.grid()
    if stored.saved_at is not None:
        return stored.fields
    if grid is not None:
        return fields_of(desk.form, grid)
    last, _ = checking.past_grids(desk.form, desk.matter)
    known = known_cells(desk, last)
    return {f"c.{item}.{measure}": found.text for (item, measure), found in known.items()}


def lay_over(desk: Desk, said: Said) -> Merged:
    """Save the draft with the file's cells over it. A blank in the file leaves the draft's cell."""
    before = base_fields(desk)
    fields = dict(before)
    for item in {item for item, _ in said.texts}:
        _lay_row(desk.form, fields, item, said)
    for (item, measure), text in said.texts.items():
        fields[f"c.{item}.{measure}"] = text
    context = checking.context_of(desk.form, desk.matter)
    found = examine(desk.form, fields, context)
    if said.reasons:
        fields |= _reasons(found, said.reasons)
        found = examine(desk.form, fields, context)
    fields = checked_fields(desk.form, fields)
    drafts.save(desk, fields, drafts.load(desk).token)
    untouched = sum(1 for name in before if name.startswith("c.") and _cell(name) not in said.texts)
    return Merged(fields, differences(desk.form, before, fields), found, untouched)


def _cell(name: str) -> Cell:
    _, item, measure = name.split(".")
    return item, measure


def _lay_row(form: Form, fields: dict[str, str], item: str, said: Said) -> None:
    """Take the file's entry unit; cells it leaves alone are first put into the row's own unit."""
    before, now = fields.get(f"u.{item}"), said.units.get(item)
    if before == now:
        return
    rest = [m for m in form.measures if (item, m.code) not in said.texts]
    for measure in rest:
        name = f"c.{item}.{measure.code}"
        if name not in fields or measure.conversion == "none":
            continue
        try:
            value = cells.parse(fields[name], form.item(item), measure, before)
        except cells.CellError:
            continue
        if isinstance(value, int):
            fields[name] = _in_unit(form, item, (measure.code, value), now)
    fields.pop(f"u.{item}", None)
    if now is not None:
        fields[f"u.{item}"] = now


def _in_unit(form: Form, item: str, cell: tuple[str, int], unit: str | None) -> str:
    """A value as text with its unit written in the cell, which wins over the row's entry unit."""
    measure, value = form.measure(cell[0]), cell[1]
    own = form.item(item).unit
    text = measure.text(value)
    if unit is None:
        return text
    return f"{text}元/{own}" if measure.conversion == "per_unit" else f"{text}{own}"


def _reasons(found: Findings, reasons: Mapping[str, str]) -> dict[str, str]:
    """A row's reason answers the soft findings of that row that have none yet."""
    return {
        f"r.{issue.item}.{issue.measure}": reasons[issue.item]
        for issue in found.issues
        if issue.severity == "soft" and issue.reason is None and issue.item in reasons
    }
