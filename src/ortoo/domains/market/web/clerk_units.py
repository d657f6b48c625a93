"""What a firm said last time about *how* it keys each row: its entry unit 录入单位 and its own pack
代表规格. Both are kept with the filing, as the note of the row's principal cell, and are proposed
next time: the unit explains the digits, the pack says what the price is the price of.
"""

from __future__ import annotations

from collections.abc import Mapping

from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import cells, registry
from ortoo.kernel.forms.definition import Form, FormError, Item, Measure

UNIT, PACK = "录入单位：", "代表规格："
LOOK_BACK = 4
LONGEST_PACK = 40

Fields = Mapping[str, str]


def notes_of(form: Form, fields: Fields) -> dict[str, str]:
    """Fields `u.` and `s.` as notes of a grid; rows keyed as the form prints them say nothing."""
    found: dict[str, str] = {}
    for item in form.leaves:
        unit = fields.get(f"u.{item.code}", item.unit)
        pack = fields.get(f"s.{item.code}", "").replace("；", "，")[:LONGEST_PACK]
        said = [UNIT + unit] if unit != item.unit else []
        said += [PACK + pack] if pack and pack != item.spec else []
        if said:
            found[codec.note_key(item.code, form.principal.code)] = "；".join(said)
    return found


def fields_of_notes(notes: Mapping[str, str], *, units: bool) -> dict[str, str]:
    """The same as fields again; the unit only where the cells are to be keyed anew."""
    found: dict[str, str] = {}
    for key, text in notes.items():
        item = key.partition(".")[0]
        for part in text.split("；"):
            if part.startswith(UNIT) and units:
                found[f"u.{item}"] = part.removeprefix(UNIT)
            elif part.startswith(PACK):
                found[f"s.{item}"] = part.removeprefix(PACK)
    return found


def remembered(form: Form, party: str) -> dict[str, str]:
    """Entry units and packs from the firm's newest returns on this form, the newest first."""
    rows = read.rows("filer=%s AND form=%s", [party, form.code], f"seq DESC LIMIT {LOOK_BACK}")
    found: dict[str, str] = {}
    for row in rows:
        try:
            grid = codec.decode(registry.get(row.form, row.form_version), row.body)
        except FormError:
            continue
        said = {f"a.{code}": text for code, text in grid.attributes.items()}
        for name, text in (said | fields_of_notes(grid.notes, units=True)).items():
            found.setdefault(name, text)
    return {name: text for name, text in found.items() if _fits(form, name, text)}


def _fits(form: Form, name: str, text: str) -> bool:
    if name[0] == "a":
        return any(name[2:] == attribute.code for attribute in form.attributes)
    item = form.by_code.get(name[2:])
    if item is None or not item.is_leaf:
        return False
    return name[0] == "s" or text in {unit.name for unit in item.entry_units}


def keyed(text: str, item: Item, measure: Measure, unit: str) -> str | None:
    """A text of the row's own unit as it is keyed in `unit`; None where none gives it back."""
    if unit == item.unit or measure.conversion == "none" or measure.choices:
        return text
    try:
        minor = cells.parse(text, item, measure)
    except cells.CellError:
        return None
    if not isinstance(minor, int):
        return text
    factor = item.entry_unit(unit).factor
    exact = minor * factor if measure.conversion == "per_unit" else minor / factor
    half_up = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    said = measure.text(half_up)
    try:
        return said if cells.parse(said, item, measure, unit) == minor else None
    except cells.CellError:
        return None


def with_units(form: Form, fields: Fields, proposed: Fields) -> dict[str, str]:
    """Prefilled fields (of the rows' own units) under the proposed units, where every value of the
    row can be said exactly; a row that cannot keeps its own unit."""
    found = dict(fields)
    for name, text in proposed.items():
        if name[0] != "u":
            found.setdefault(name, text)
            continue
        item = form.item(name[2:])
        said = {
            key: keyed(fields[key], item, measure, text)
            for measure in form.measures
            if (key := f"c.{item.code}.{measure.code}") in fields
        }
        if all(value is not None for value in said.values()):
            found |= {name: text, **{key: value or "" for key, value in said.items()}}
    return found


