"""Lines of a till into the cells of a return, by exact integer arithmetic. Pure.

Price is Σ amount ÷ Σ quantity over the articles of the item, in the row's own unit, or the same of
its one representative pack 代表规格. Rounding happens once, half up, at the cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.domains.market.till.lines import Line
from ortoo.domains.market.till.match import Article
from ortoo.domains.market.till.memory import MEAN, Decision
from ortoo.domains.market.till.parts import Parts, in_unit, parts_of
from ortoo.domains.market.till.trades import Bound, Trades, arrived, bounds, far, main_origin
from ortoo.kernel.forms.definition import Form, Item, Measure

YUAN = {"元": 1, "百元": 100, "千元": 1_000, "万元": 10_000, "亿元": 100_000_000}
"""Units of a value column, in yuan."""


@dataclass(frozen=True, slots=True)
class ArticleSum:
    """One article's period in ten-thousandths: of sold units, of a yuan; stock is the last said."""

    article: Article
    factor: Fraction
    quantity: int
    amount: int
    stock: int | None
    lines: int
    trades: Trades = field(default_factory=Trades)

    @property
    def own_quantity(self) -> Fraction:
        """Quantity in the row's own unit."""
        return Fraction(self.quantity, 10_000) * self.factor

    @property
    def price(self) -> Fraction | None:
        """Yuan per unit of the row; None without sales."""
        return Fraction(self.amount, 10_000) / self.own_quantity if self.quantity > 0 else None


@dataclass(frozen=True, slots=True)
class ItemSum:
    """One item's period; `cells` measure → minor units; `faults` measure → why it has none."""

    item: Item
    articles: tuple[ArticleSum, ...]
    by: str
    cells: Mapping[str, int]
    faults: Mapping[str, str]

    @property
    def pack(self) -> ArticleSum | None:
        """The representative pack whose price is the item's, where one was chosen and sold."""
        return next((a for a in self.articles if a.article.sku == self.by and a.price), None)


def sum_articles(
    lines: Iterable[Line], articles: Mapping[str, Article], said: Mapping[str, Decision]
) -> dict[str, list[ArticleSum]]:
    """Item → sums of its articles. Of several stocks the one of the last day, then line, counts."""
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    stocks: dict[str, tuple[tuple[str, int], int]] = {}
    trades: defaultdict[str, Trades] = defaultdict(Trades)
    for line in lines:
        decision = said.get(line.sku)
        if decision is None or decision.item is None:
            continue
        total = totals[line.sku]
        total[0] += line.quantity
        total[1] += line.amount
        total[2] += 1
        trades[line.sku].take(line)
        if line.stock is not None:
            when = (line.day.isoformat() if line.day else "", line.row)
            if line.sku not in stocks or when >= stocks[line.sku][0]:
                stocks[line.sku] = (when, line.stock)
    found: defaultdict[str, list[ArticleSum]] = defaultdict(list)
    for sku, (quantity, amount, count) in totals.items():
        decision = said[sku]
        stock = stocks.get(sku, (None, None))[1]
        assert decision.item is not None
        found[decision.item].append(
            ArticleSum(
                articles[sku], decision.factor, quantity, amount, stock, count, trades[sku]
            )
        )
    for sums in found.values():
        sums.sort(key=lambda one: (-one.amount, one.article.sku))
    return dict(found)


def item_sums(
    form: Form, sums: Mapping[str, list[ArticleSum]], prices: Mapping[str, str]
) -> list[ItemSum]:
    """The items that the till sold or holds, in the form's order."""
    found = []
    for item in form.leaves:
        articles = tuple(sums.get(item.code, ()))
        if articles:
            by = prices.get(item.code, MEAN)
            cells, faults = _cells(form, item, articles, by)
            found.append(ItemSum(item, articles, by, cells, faults))
    return found


def _cells(
    form: Form, item: Item, articles: tuple[ArticleSum, ...], by: str
) -> tuple[dict[str, int], dict[str, str]]:
    cells: dict[str, int] = {}
    faults: dict[str, str] = {}
    parts = parts_of(form)
    values = _values(form, item, articles, by)
    bounded, odd = _bounded(parts, articles, values.get(parts.price or ""))
    for code, value in (values | bounded).items():
        measure = form.measure(code)
        if measure.asked == "marked" and not item.stock_asked:
            continue
        checked, fault = _checked(measure, value)
        if fault or code in odd:
            faults[code] = fault or odd[code]
        elif checked is not None:
            cells[code] = _half_up(checked * 10**measure.scale)
    if parts.origin:
        place, fault = main_origin(_traded(articles), form.measure(parts.origin).choices)
        if fault:
            faults[parts.origin] = fault
        elif place is not None:
            cells[parts.origin] = place
    return cells, faults


def _traded(articles: tuple[ArticleSum, ...]) -> list[tuple[Trades, Fraction]]:
    return [(one.trades, one.factor) for one in articles]


def _bounded(
    parts: Parts, articles: tuple[ArticleSum, ...], mean: Fraction | None
) -> tuple[dict[str, Fraction | None], dict[str, str]]:
    """(lowest and highest price by column, faults): one far from the mean is left to the clerk."""
    found: dict[str, Fraction | None] = {}
    odd: dict[str, str] = {}
    sides: tuple[tuple[str | None, Bound | None, str], ...] = tuple(
        zip((parts.low, parts.high), bounds(_traded(articles)), ("最低价", "最高价"), strict=True)
    )
    for code, bound, title in sides:
        if code is None or bound is None:
            continue
        found[code] = bound.price
        if mean and far(bound, mean):
            odd[code] = f"{title}与均价相差 5 倍以上（第 {bound.row} 行），请核对后手工填写"
    return found, odd


def _checked(measure: Measure, value: Fraction | None) -> tuple[Fraction | None, str]:
    title = measure.title["zh"]
    if value is None:
        return None, ""
    if value < 0:
        return None, f"{title}为负（退货或负库存多于销售），请手工填写"
    if _half_up(value * 10**measure.scale) > measure.maximum:
        return None, f"{title}超过表式最大值，请核对折算单位"
    return value, ""


def _values(
    form: Form, item: Item, articles: tuple[ArticleSum, ...], by: str
) -> dict[str, Fraction | None]:
    """Part by part, in yuan and the row's unit; only columns whose unit is understood."""
    parts = parts_of(form)
    quantity = sum((one.own_quantity for one in articles), Fraction(0))
    amount = Fraction(sum(one.amount for one in articles), 10_000)
    stocks = [Fraction(one.stock, 10_000) * one.factor for one in articles if one.stock is not None]
    found: dict[str, Fraction | None] = {}
    if parts.price and form.measure(parts.price).unit == "元/{unit}":
        found[parts.price] = _price(articles, by, amount, quantity)
    if parts.value and form.measure(parts.value).unit in YUAN:
        found[parts.value] = amount / YUAN[form.measure(parts.value).unit]
    amounts = (
        (parts.quantity, quantity),
        (parts.stock, sum(stocks, Fraction(0)) if stocks else None),
        (parts.arrivals, arrived(_traded(articles))),
    )
    for code, said in amounts:
        share = in_unit(form.measure(code).unit, item) if code else None
        if code and share is not None:
            found[code] = None if said is None else said * share
    return found


def _price(
    articles: tuple[ArticleSum, ...], by: str, amount: Fraction, quantity: Fraction
) -> Fraction | None:
    pack = next((one.price for one in articles if one.article.sku == by), None)
    if pack is not None:
        return pack
    return amount / quantity if quantity > 0 and amount > 0 else None


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
