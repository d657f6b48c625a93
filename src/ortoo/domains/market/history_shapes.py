"""How an old table is laid out: weeks across, weeks down, one line a week and good, a sheet a week.

Each shape yields the cells that hold figures, with the week, the good and the measure that the
heads give them. Merged cells come as a text and blanks; heads are filled to the right, week and
year columns downwards. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ortoo.connectors.sheets import Sheet
from ortoo.domains.market.history_names import Names, measure_in
from ortoo.domains.market.history_weeks import looks_like_week, year_in

HEAD_ROWS, STUB_COLUMNS = 14, 8
FEWEST_ITEMS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """One cell with a figure: texts of its week, good and place; the year its heads give."""

    week: str
    item: str
    measure: str
    text: str
    line: int
    column: int
    year: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things stand in a sheet: `kind` across, down, long or single."""

    kind: str
    first: int
    stub: int
    week: int = -1
    week_text: str = ""


SHAPES_ZH = {
    "across": "品种在左、各周在上",
    "down": "各周在左、品种在上",
    "long": "一行一周一品种",
    "single": "一表一周",
}


def shape_of(sheet: Sheet, names: Names) -> Shape | None:
    """The sheet's layout, or None where goods and weeks are not found together."""
    rows = sheet.rows
    width = len(rows[0]) if rows else 0
    stubs = range(min(width, STUB_COLUMNS))
    items = {c: [r for r, row in enumerate(rows) if names.is_item(row[c])] for c in stubs}
    weeks = {c: [r for r, row in enumerate(rows) if looks_like_week(row[c])] for c in stubs}
    stub = max(stubs, key=lambda c: len(items[c]), default=0)
    heads = [sum(names.is_item(text) for text in row) for row in rows[:HEAD_ROWS]]
    most = max(heads, default=0)
    down = len(items.get(stub, ()))
    if most >= FEWEST_ITEMS and most > down:
        return _down(heads.index(most), weeks)
    if down < FEWEST_ITEMS:
        return None
    first = items[stub][0]
    across = [sum(map(looks_like_week, row[stub + 1 :])) for row in rows[:first]]
    body = {c: [r for r in weeks[c] if r >= first] for c in stubs if c != stub}
    column = max(body, key=lambda c: len(body[c]), default=-1)
    if column >= 0 and body[column] and max(across, default=0) < FEWEST_ITEMS:
        return Shape("long", first, stub, column)
    if max(across, default=0) >= 1 and _own_week_row(across, rows, stub):
        return Shape("across", first, stub)
    title = [text for row in rows[:first] for text in row if looks_like_week(text)]
    title += [sheet.name] if looks_like_week(sheet.name) else []
    return Shape("single", first, stub, week_text=title[0]) if title else None


def _own_week_row(across: Sequence[int], rows: Sequence[Sequence[str]], stub: int) -> bool:
    """Whether some head row holds weeks and is not just a title that mentions one."""
    return any(
        count and sum(bool(text) for text in rows[line]) > 1 for line, count in enumerate(across)
    )


def _down(head: int, weeks: dict[int, list[int]]) -> Shape | None:
    below = {column: [r for r in found if r > head] for column, found in weeks.items()}
    column = max(below, key=lambda c: len(below[c]), default=-1)
    if column < 0 or not below[column]:
        return None
    return Shape("down", below[column][0], column, column)


def cells_of(sheet: Sheet, shape: Shape, names: Names) -> Iterator[Found]:
    """Every cell that may hold a figure, in the sheet's order."""
    readers = {"across": _across, "down": _downwards, "long": _long, "single": _single}
    yield from readers[shape.kind](sheet, shape, names)


def _filled(row: Sequence[str], start: int) -> list[str]:
    """A head row with merged texts carried to the right; a title is none of its columns' head."""
    if sum(bool(text) for text in row) <= 1 and not any(map(looks_like_week, row)):
        only = next((text for text in row if text), "")
        # A year over all columns is a head; any other lone text is a title.
        if not (year_in(only) and len(only) <= 6):
            return [""] * len(row)
    out, last = [], ""
    for column, text in enumerate(row):
        last = (text or last) if column >= start else text
        out.append(last)
    return out


def _heads(sheet: Sheet, shape: Shape, start: int) -> list[list[str]]:
    return [_filled(row, start) for row in sheet.rows[: shape.first][-HEAD_ROWS:]]


def _across(sheet: Sheet, shape: Shape, names: Names) -> Iterator[Found]:
    heads = _heads(sheet, shape, shape.stub + 1)
    columns = []
    for column in range(shape.stub + 1, len(sheet.rows[0])):
        texts = [row[column] for row in heads]
        label = next((text for text in reversed(texts) if looks_like_week(text)), "")
        rest = [text for text in texts if text != label]
        measure = measure_in(rest)
        year = next((y for text in rest if (y := year_in(text))), None)
        if label and measure != "":
            columns.append((column, label, measure or "price", year))
    for line, row in enumerate(sheet.rows[shape.first :], shape.first):
        for column, label, measure, year in columns:
            if row[shape.stub] and row[column]:
                yield Found(label, row[shape.stub], measure, row[column], line, column, year)


def _downwards(sheet: Sheet, shape: Shape, names: Names) -> Iterator[Found]:
    heads = _heads(sheet, shape, 0)
    columns = []
    for column in range(len(sheet.rows[0])):
        if column == shape.week:
            continue
        texts = [row[column] for row in heads]
        good = next((text for text in texts if names.code_of(text) is not None), "")
        good = good or next((text for text in reversed(texts) if text), "")
        measure = measure_in([text for text in texts if text != good])
        if good and not looks_like_week(good) and measure != "" and measure_in([good]) != "":
            columns.append((column, good, measure or "price"))
    year = None
    for line, row in enumerate(sheet.rows[shape.first :], shape.first):
        stub_years = [year_in(text) for text in row[: shape.week] if len(text) <= 6]
        year = next((found for found in stub_years if found), year)
        if looks_like_week(row[shape.week]):
            for column, good, measure in columns:
                if row[column]:
                    yield Found(row[shape.week], good, measure, row[column], line, column, year)


def _figure_columns(sheet: Sheet, shape: Shape) -> dict[int, str]:
    """Columns of price and sales by their heads; the last column where none says so."""
    heads = _heads(sheet, shape, shape.stub + 1)
    found: dict[int, str] = {}
    for column in range(len(sheet.rows[0])):
        if column in (shape.stub, shape.week):
            continue
        own = [row[column] for row in heads if row[column] and not looks_like_week(row[column])]
        measure = measure_in(own[-1:]) if own else None
        if measure and measure not in found.values():
            found[column] = measure
    return found


def _long(sheet: Sheet, shape: Shape, names: Names) -> Iterator[Found]:
    columns = _figure_columns(sheet, shape)
    heads = sheet.rows[shape.first - 1] if shape.first else []
    area = next((c for c, t in enumerate(heads) if t in ("地区", "盟市", "旗县", "区域")), -1)
    label = place = ""
    for line, row in enumerate(sheet.rows[shape.first :], shape.first):
        label = row[shape.week] or label
        place = (row[area] or place) if area >= 0 else ""
        for column, measure in columns.items():
            if row[shape.stub] and row[column]:
                yield Found(label, row[shape.stub], measure, row[column], line, column, place=place)


def _single(sheet: Sheet, shape: Shape, names: Names) -> Iterator[Found]:
    columns = _figure_columns(sheet, shape)
    for line, row in enumerate(sheet.rows[shape.first :], shape.first):
        for column, measure in columns.items():
            if row[shape.stub] and row[column]:
                yield Found(shape.week_text, row[shape.stub], measure, row[column], line, column)
