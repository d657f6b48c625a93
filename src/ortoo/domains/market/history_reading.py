"""A bureau's aggregated tables read into weeks × goods, with everything that was not understood."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.connectors.sheets import Sheet
from ortoo.domains.market.history_names import Names, says_half_kilo, says_yuan
from ortoo.domains.market.history_shapes import SHAPES_ZH, Found, cells_of, shape_of
from ortoo.domains.market.history_weeks import WeekError, WeekStart, read_week, year_in
from ortoo.kernel.forms.definition import NIL_ZH, Cell, Form, Item, Measure
from ortoo.kernel.forms.periods import Period

_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.[0-9]{1,20})?\Z")
_MONEY = re.compile(r"^[¥$]|(?:元|万元)(?:/(?:公斤|千克|斤|升|500克))?$")
_BLANK = frozenset({"", "-", "--", "—", "——", "/", "无", "…"})
_NILS = {text: nil for nil, text in NIL_ZH.items()} | {
    "缺货": next(nil for nil, text in NIL_ZH.items() if text == "断货")
}
HALF_YEAR = 182


@dataclass(frozen=True, slots=True)
class Options:
    """What the person says of the file: place, first weekday, price per 500克, sales in 元."""

    place: str
    start: WeekStart = "form"
    half_kilo: bool = False
    sales_in_yuan: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """One figure in minor units, where it stood, what its good was called there."""

    value: Cell
    where: str
    name: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something not taken: code, where, what; `count` alike."""

    code: str
    where: str
    message: str
    count: int = 1


@dataclass
class Reading:
    """`weeks`: (place, period) → (item, measure) → Quote. Names in `unknown` are asked about."""

    form: Form
    options: Options
    weeks: dict[tuple[str, Period], dict[tuple[str, str], Quote]] = field(default_factory=dict)
    conflicts: list[Trouble] = field(default_factory=list)
    refused: list[Trouble] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    sheets: list[tuple[str, str, int]] = field(default_factory=list)
    rounded: int = 0
    hint_half_kilo: bool = False
    hint_yuan: bool = False

    @property
    def figures(self) -> int:
        return sum(len(cells) for cells in self.weeks.values())


def read_history(
    sheets: Sequence[Sheet], names: Names, options: Options, places: Mapping[str, str]
) -> Reading:
    """Read every sheet. `places`: names that may stand for a place → its code."""
    reading = Reading(names.form, options)
    for sheet in sheets:
        shape = shape_of(sheet, names)
        before = reading.figures
        if shape is not None:
            found = list(cells_of(sheet, shape, names))
            _Taker(reading, names, sheet, places, shape.kind).take(found)
        told = SHAPES_ZH[shape.kind] if shape else "没有同时认出品种和周"
        reading.sheets.append((sheet.name, told, reading.figures - before))
        heads = [text for row in sheet.rows[:10] for text in row if text]
        reading.hint_half_kilo |= any(map(says_half_kilo, heads))
        reading.hint_yuan |= any(map(says_yuan, heads))
    reading.refused = _counted(reading.refused)
    for cell in _disputed(reading):
        reading.weeks[cell[0]].pop(cell[1], None)
    return reading


def _disputed(reading: Reading) -> list[tuple[tuple[str, Period], tuple[str, str]]]:
    """Cells that the file states twice with different figures: neither is taken."""
    return [
        (week, cell)
        for week, cells in reading.weeks.items()
        for cell, quote in cells.items()
        if quote.where.startswith("!")
    ]


def _counted(found: Sequence[Trouble]) -> list[Trouble]:
    """Troubles alike told once, with their number."""
    alike: dict[tuple[str, str], list[Trouble]] = {}
    for one in found:
        alike.setdefault((one.code, one.message), []).append(one)
    return [Trouble(all_[0].code, all_[0].where, all_[0].message, len(all_))
            for all_ in alike.values()]  # fmt: skip


@dataclass
class _Taker:
    """One sheet's cells being taken into a reading."""

    reading: Reading
    names: Names
    sheet: Sheet
    places: Mapping[str, str]
    kind: str
    labels: dict[tuple[str, int | None, int], Period | None] = field(default_factory=dict)
    last: Period | None = None
    turned: int = 0

    def take(self, cells: Sequence[Found]) -> None:
        titles = [self.sheet.name, *(text for row in self.sheet.rows[:5] for text in row)]
        self.year = next((year for text in titles if (year := year_in(text))), None)
        self.sheet_place = next(
            (code for name, code in self.places.items() if name and name in self.sheet.name), ""
        )
        across = self.kind == "across"
        order = sorted(cells, key=lambda c: (c.column, c.line)) if across else cells
        for cell in order:
            self._cell(cell)

    def _cell(self, cell: Found) -> None:
        where = f"{self.sheet.name} 第 {cell.line + 1} 行第 {cell.column + 1} 列"
        code = self.names.code_of(cell.item)
        if not code:
            if code is None and _NUMBER.match(_plain(cell.text)):
                self.reading.unknown[cell.item.strip()[:40]] += 1
            return
        place = self._place(cell, where)
        period = self._period(cell, where)
        if period is None or place is None:
            return
        item = self.reading.form.item(code)
        measure = self.reading.form.measure(cell.measure)
        try:
            value = self._value(cell.text, item, measure)
        except ValueError as error:
            said = f"{item.name['zh']} {measure.title['zh']} “{cell.text[:20]}”{error}"
            self.reading.refused.append(Trouble("HISTORY-CELL", where, said))
            return
        if value is not None:
            self._put((place, period), (code, measure.code), Quote(value, where, cell.item.strip()))

    def _put(self, week: tuple[str, Period], cell: tuple[str, str], quote: Quote) -> None:
        cells = self.reading.weeks.setdefault(week, {})
        known = cells.get(cell)
        if known is None:
            cells[cell] = quote
        elif known.value != quote.value:
            item, measure = self.reading.form.item(cell[0]), self.reading.form.measure(cell[1])
            said = f"{week[1].label_zh} {item.name['zh']}{measure.title['zh']}有两个不同的数"
            self.reading.conflicts.append(
                Trouble("HISTORY-TWICE", f"{known.where.lstrip('!')}；{quote.where}", said)
            )
            cells[cell] = Quote(known.value, f"!{known.where.lstrip('!')}", known.name)

    def _place(self, cell: Found, where: str) -> str | None:
        if not cell.place:
            return self.sheet_place or self.reading.options.place
        code = self.places.get(cell.place.strip())
        if code is None:
            message = f"没有地区“{cell.place[:20]}”，或不在本级范围"
            self.reading.refused.append(Trouble("HISTORY-PLACE", where, message))
        return code

    def _period(self, cell: Found, where: str) -> Period | None:
        """The cell's week; a label without a year follows the one before across new year."""
        # Where weeks run on, the same label stands for another year further on.
        at = {"across": cell.column, "down": cell.line}.get(self.kind, 0)
        key = cell.week, cell.year, at
        if key in self.labels:
            return self.labels[key]
        self.labels[key] = None
        year = cell.year or (self.year + self.turned if self.year else None)
        start = self.reading.options.start
        try:
            label = read_week(cell.week, self.reading.form, year=year, start=start)
            if label and not label.stated and not cell.year and self._earlier(label.period):
                self.turned += 1
                label = read_week(cell.week, self.reading.form, year=(year or 0) + 1, start=start)
        except WeekError as error:
            self.reading.refused.append(Trouble(error.code, where, error.message))
            return None
        if label is None:
            return None
        self.last = self.labels[key] = label.period
        return label.period

    def _earlier(self, period: Period) -> bool:
        """Whether a week lies more than half a year before the one read last."""
        if self.kind not in ("across", "down") or self.last is None:
            return False
        return (self.last.start - period.start).days > HALF_YEAR

    def _value(self, text: str, item: Item, measure: Measure) -> Cell:
        plain = _plain(text)
        if plain in _BLANK:
            return None
        if plain in _NILS:
            return _NILS[plain] if measure is self.reading.form.principal else None
        plain = _MONEY.sub("", plain)
        if not _NUMBER.match(plain):
            raise ValueError("不是数值")
        value = Fraction(plain.replace(",", ""))
        if measure.code == "price":
            if value == 0:
                raise ValueError("为 0，按未填处理")
            factor = 2 if self.reading.options.half_kilo and item.unit == "公斤" else 1
        else:
            factor = 1
            value = value / 10_000 if self.reading.options.sales_in_yuan else value
        scaled = value * factor * 10**measure.scale
        minor = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        if minor > measure.maximum:
            raise ValueError("超过最大值")
        self.reading.rounded += scaled.denominator != 1
        return minor


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").strip()
