"""Rows of a till's export into its lines, and every row that is none with the reason. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ortoo.domains.market.till.columns import Layout
from ortoo.domains.market.till.match import Article
from ortoo.domains.market.till.numbers import day_of, exact

if TYPE_CHECKING:
    import datetime as dt

    from ortoo.kernel.forms.periods import Period

TOTALS = ("合计", "小计", "总计", "总 计", "合 计", "小 计", "共计", "本页", "制表", "total")
FAULTS = {
    "TILL-TOTAL": "合计、小计行",
    "TILL-HEADER": "重复的表头",
    "TILL-NAMELESS": "没有品名",
    "TILL-NUMBER": "数量或金额不是数，或大得不合理",
    "TILL-DAY": "日期不能识别",
    "TILL-OUTSIDE": "不在本期日期内",
    "TILL-TWICE": "与前面一行完全相同（汇总表），只计一次",
    "TILL-NO-QUANTITY": "数量为零而有金额（调价、抹零），不计入",
    "TILL-GIFT": "有数量而金额为零（赠品），不计入",
}
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One sale, or one article's week: ten-thousandths of its sold unit and of a yuan; in a market
    also what came through the gate and from where."""

    row: int
    sku: str
    quantity: int
    amount: int
    stock: int | None
    day: dt.date | None
    arrival: int | None = None
    origin: str = ""


@dataclass(slots=True)
class Reading:
    """What an export says: articles by SKU, lines, and the rows left out by reason code."""

    articles: dict[str, Article] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)
    returns: int = 0
    rows: int = 0
    unit: str = ""

    def leave(self, code: str, row: int) -> None:
        self.left_out[code] += 1
        shown = self.examples.setdefault(code, [])
        if len(shown) < EXAMPLES:
            shown.append(row)


def read_lines(rows: Sequence[Sequence[str]], layout: Layout, period: Period) -> Reading:
    """The period's lines. Returned goods (negative) count against sales; a line is left out when
    its day is outside the period, when it repeats a line of a summary, or says no sale."""
    reading = Reading(unit=layout.unit)
    cell = _cells(layout)
    # Two equal lines of a receipt are two sales; two equal lines of a summary are a slip.
    summary = "day" not in layout.roles and "receipt" not in layout.roles
    seen: set[tuple[str, ...]] = set()
    header = tuple(layout.titles)
    for at, raw in enumerate(rows[layout.header + 1 :], layout.header + 2):
        if not any(raw):
            continue
        reading.rows += 1
        fault = _no_line(raw, cell, header)
        if not fault and summary:
            whole = tuple(raw)
            fault = "TILL-TWICE" if whole in seen else ""
            seen.add(whole)
        if fault:
            reading.leave(fault, at)
            continue
        _take(reading, raw, cell, at, period)
    return reading


Cell = Callable[[Sequence[str], str], str]


def _cells(layout: Layout) -> Cell:
    roles = layout.roles

    def cell(row: Sequence[str], role: str) -> str:
        column = roles.get(role)
        return row[column] if column is not None and column < len(row) else ""

    return cell


def _no_line(row: Sequence[str], cell: Cell, header: tuple[str, ...]) -> str:
    name = cell(row, "name")
    first = next((text for text in row if text), "")
    if any(text.lower().startswith(TOTALS) for text in (name, first)):
        return "TILL-TOTAL"
    if tuple(row) == header:
        return "TILL-HEADER"
    return "" if name else "TILL-NAMELESS"


def _take(reading: Reading, row: Sequence[str], cell: Cell, at: int, period: Period) -> None:
    try:
        quantity = exact(cell(row, "quantity")) or 0
        amount, price = exact(cell(row, "amount")), exact(cell(row, "price"))
        stock, arrival = exact(cell(row, "stock")), exact(cell(row, "arrival"))
    except ValueError:
        reading.leave("TILL-NUMBER", at)
        return
    if amount is None:
        amount = (quantity * (price or 0) * 2 + 10_000) // 20_000
    said = cell(row, "day")
    day = day_of(said) if said else None
    fault = _no_sale(quantity, amount) or _not_now(said, day, period)
    if not fault and arrival is not None and arrival < 0:
        fault = "TILL-NUMBER"
    if fault:
        reading.leave(fault, at)
        return
    article = _article(row, cell, reading.unit)
    reading.articles[article.sku] = article
    reading.returns += quantity < 0
    origin = cell(row, "origin")[:20]
    reading.lines.append(Line(at, article.sku, quantity, amount, stock, day, arrival, origin))


def _no_sale(quantity: int, amount: int) -> str:
    if quantity == 0 and amount != 0:
        return "TILL-NO-QUANTITY"
    return "TILL-GIFT" if quantity != 0 and amount == 0 else ""


def _not_now(said: str, day: dt.date | None, period: Period) -> str:
    if said and day is None:
        return "TILL-DAY"
    return "TILL-OUTSIDE" if day is not None and not period.start <= day <= period.end else ""


def _article(row: Sequence[str], cell: Cell, unit: str) -> Article:
    name, spec = cell(row, "name")[:80], cell(row, "spec")[:40]
    sku = cell(row, "sku")[:60] or f"{name}|{spec}"[:60]
    sold = cell(row, "unit")[:20] or unit
    return Article(sku, name, spec, sold, cell(row, "category")[:40])
