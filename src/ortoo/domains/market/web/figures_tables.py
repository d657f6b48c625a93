"""The tables of the figures' pages: items, units of one item, movers, 断货, 报送; the counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ortoo.domains.market.rules.figures import Figure, Sums, weighted_mean
from ortoo.domains.market.seasonal import aligned
from ortoo.domains.market.selectors import Table
from ortoo.domains.market.web import figures_readings as readings
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_readings import LunarBase
from ortoo.domains.market.web.figures_request import Asked, place_name
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.forms.definition import Item

MOVERS = 5
CHANGES = (Column("同样本环比"), Column("环比"), Column("同比"))
MARKED = (Column("断货", "家"), Column("存疑", "格"))


def tail_of(asked: Asked, lunar: LunarBase | None = None) -> tuple[Column, ...]:
    """Columns behind the mean, 农历同期比 among them where it is another one than 同比; a foreign
    source marks neither 断货 nor 存疑."""
    answers = Denomination(asked.form).answers
    beside = (Column(aligned.COLUMN),) if lunar is not None else ()
    quoted = (Column(answers, "家"), Column(f"{answers}率"), *CHANGES, *beside)
    return quoted if asked.foreign else (*quoted, *MARKED)


@dataclass(frozen=True, slots=True)
class Movement:
    """How many items rose, fell and stood; `compared` of them could be compared at all."""

    up: int
    down: int
    flat: int

    @property
    def compared(self) -> int:
        return self.up + self.down + self.flat

    def share(self, part: int) -> str:
        """「占 44.8%」 as bulletins print it."""
        number = sheet.percent(Fraction(part, self.compared)) if self.compared else None
        return "" if number is None else f"占{number}%"


def movement(asked: Asked, table: Table, unit: str) -> Movement:
    """Counted on the 同样本环比 as printed, so that the words agree with the table."""
    steps = [
        step
        for item in asked.form.leaves
        if (step := sheet.percent(table.figure(unit, item.code).matched_change)) is not None
    ]
    up, down = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    return Movement(up, down, len(steps) - up - down)


def is_live(table: Table) -> bool:
    """Whether figures outside the own scope are held back whole (Law 10)."""
    return table.basis == "all" or table.as_of is not None


def figure_cells(
    asked: Asked, table: Table, unit: str, item: Item, lunar: LunarBase | None = None
) -> tuple[Cell, ...]:
    """Mean, n, rate, the changes, 断货, 存疑 of one figure; a hidden one says why."""
    figure = table.figure(unit, item.code)
    sums = figure.sums
    if figure.suppressed:
        live = is_live(table) and not asked.foreign and unit not in table.own
        why = sheet.why_hidden(figure, asked.form.publish, live=live)
        return (sheet.hidden(why), *(NONE for _ in tail_of(asked, lunar)))
    changes = sheet.change_of(figure)
    by = Denomination(asked.form)
    mean = sheet.price(figure.mean, asked.behind(unit, item.code), by.scale)
    cells = (
        sheet.Cell("none", "", None, "", f"无{by.answers}") if mean is NONE else mean,
        sheet.count(sums.quotes),
        sheet.rate(sums.quotes, sums.expected),
        changes["matched"],
        changes["plain"],
        changes["year"],
        *((sheet.change(lunar.change(table, unit, item.code)),) if lunar is not None else ()),
    )
    if asked.foreign:
        return cells
    return (*cells, sheet.count(sums.out_of_stock), sheet.count(sums.doubtful))


MEANS_NOTE = (
    "均价按销售量加权；类别行为各品种均价的简单平均。同样本环比只比两期都报价的企业；"
    "报价率＝报价家数÷应报家数。点任一均价可看它来自的报件。"
)
FOREIGN_NOTE = "均价为各市场价格的简单平均。点任一均价可看它来自的报件。"
TOTALS_NOTE = (
    "合计为各企业所报之和，类别行为单位相同的各品种之和。同样本环比只比两期都填报的企业；"
    "填报率＝填报家数÷应报家数。点任一合计可看它来自的报件。"
)


def item_sheet(asked: Asked, table: Table, unit: str, by: Denomination) -> Sheet:
    """Every item of the form by category, each category with its simple mean, or its total."""
    lunar = readings.lunar_of(asked)
    columns = (
        Column("品种", "", False),
        Column(by.word, by.unit_of_any),
        Column("单位", "", False),
        *tail_of(asked, lunar),
    )
    rows: list[Row] = []
    seen: set[str] = set()
    for group in asked.form.groups:
        leaves = [asked.form.leaves[row] for row in asked.form.descendants[group.code]]
        rows.append(_group_row(asked, table, unit, group, lunar))
        seen |= {item.code for item in leaves}
        for item in leaves:
            rows.append(_item_row(asked, table, unit, item, lunar))
    rows += [
        _item_row(asked, table, unit, item, lunar)
        for item in asked.form.leaves
        if item.code not in seen
    ]
    note = TOTALS_NOTE if by.totals else FOREIGN_NOTE if asked.foreign else MEANS_NOTE
    note += lunar_note(lunar)
    return Sheet("items", f"{place_name(unit)}各品种{by.noun}", columns, tuple(rows), "", note)


def lunar_note(lunar: LunarBase | None) -> str:
    """Which days are compared, and what the weighting is."""
    if lunar is None:
        return ""
    stands = "按天数加权；上年无企业报表的用历史汇总。"
    return f"{aligned.COLUMN}：{lunar.twin.words}，{stands}"


def _item_row(
    asked: Asked, table: Table, unit: str, item: Item, lunar: LunarBase | None
) -> Row:
    mean, *rest = figure_cells(asked, table, unit, item, lunar)
    name = sheet.text(item.name["zh"], item_href(asked, item.code, unit, table.root))
    return Row((name, mean, sheet.text(Denomination(asked.form).item_unit(item)), *rest))


def item_href(asked: Asked, item: str, unit: str, root: str) -> str:
    """The item's page, about a chosen unit where it is not the whole."""
    from django.urls import reverse

    from ortoo.domains.market.web.figures_request import query_of

    chosen = "" if unit == root else unit
    address = reverse("item", kwargs={"form": asked.form.code, "item": item})
    basis = "all" if asked.basis == "all" and not asked.foreign else ""
    return address + query_of(unit=chosen, period=asked.period.code, basis=basis)


def _group_row(
    asked: Asked, table: Table, unit: str, group: Item, lunar: LunarBase | None
) -> Row:
    leaves = [asked.form.leaves[row] for row in asked.form.descendants[group.code]]
    figures = [table.figure(unit, item.code) for item in leaves]
    by = Denomination(asked.form)
    now = [figure.mean for figure in figures if figure.mean is not None]
    mean, many = _group_figure(by, leaves, now)
    cells = (
        sheet.text(group.name["zh"], "", many),
        sheet.price(mean, "", by.scale),
        sheet.text(by.item_unit(leaves[0]) if mean is not None else group.unit),
        NONE,
        NONE,
        NONE,
        *(
            sheet.change(change if mean is not None else None)
            for change in _group_changes(table, unit, leaves, lunar)
        ),
        *(() if asked.foreign else (NONE, NONE)),
    )
    return Row(cells, "group")


def _group_figure(
    by: Denomination, leaves: Sequence[Item], now: Sequence[Fraction]
) -> tuple[Fraction | None, str]:
    """(figure, how it was made) of a category; none of goods that are counted differently."""
    if not now or len({by.unit_of(item) for item in leaves}) > 1:
        return None, ""
    if not by.totals:
        return sum(now, Fraction(0)) / len(now), f"{len(now)}种简单平均" if len(now) > 1 else ""
    whole = sum(now, Fraction(0))
    return whole, f"{len(now)}种之和" if len(now) > 1 else ""


def _group_changes(
    table: Table, unit: str, leaves: Sequence[Item], lunar: LunarBase | None
) -> list[Fraction | None]:
    """环比, 同比 and, within its windows, 农历同期比 of a category's simple mean."""
    figures = [table.figure(unit, item.code) for item in leaves]
    bases = [[_mean_of(figure.previous) for figure in figures],
             [_mean_of(figure.year) for figure in figures]]  # fmt: skip
    if lunar is not None:
        bases.append([lunar.mean(table, unit, item.code) for item in leaves])
    return [_simple_change(figures, base) for base in bases]


def _mean_of(sums: Sums | None) -> Fraction | None:
    return weighted_mean(sums) if sums is not None else None


def _simple_change(
    figures: Iterable[Figure], before: Iterable[Fraction | None]
) -> Fraction | None:
    """Change of the simple mean over the items that have a mean in both periods."""
    pairs = [
        (figure.mean, base)
        for figure, base in zip(figures, before, strict=True)
        if figure.mean is not None and base is not None
    ]
    total = sum((base for _, base in pairs), Fraction(0))
    return sum((now for now, _ in pairs), Fraction(0)) / total - 1 if total else None


def unit_sheet(asked: Asked, table: Table, item: Item, *, area: str, by: Denomination) -> Sheet:
    """One item by reporting unit (or 旗县), largest first, the whole in the foot."""
    whole = table.figure(table.root, item.code)
    price = Column(by.word, by.unit_of(item))
    beside = Column("占合计" if by.totals else "与合计比")
    lunar = readings.lunar_of(asked)
    columns = (Column(area, "", False), price, beside, *tail_of(asked, lunar))
    units = [unit for unit in table.units if unit != table.root]

    def order(unit: str) -> tuple[bool, Fraction, str]:
        mean = table.figure(unit, item.code).mean
        return (mean is None, -(mean or Fraction(0)), unit)

    rows = []
    for unit in sorted(units, key=order):
        mean, *rest = figure_cells(asked, table, unit, item, lunar)
        name = sheet.text(place_name(unit, short=True), unit_href(asked, unit))
        against = _against(table.figure(unit, item.code), whole, by)
        rows.append(Row((name, mean, against, *rest)))
    mean, *rest = figure_cells(asked, table, table.root, item, lunar)
    name = sheet.text(f"{place_name(table.root, short=True)}合计")
    rows.append(Row((name, mean, NONE, *rest), "total"))
    title = f"{item.name['zh']}：各{area}{by.noun}"
    return Sheet("units", title, columns, tuple(rows), "", lunar_note(lunar))


def unit_href(asked: Asked, unit: str) -> str:
    return asked.page("figures-unit", place=unit)


def filed_of(asked: Asked, sums: Sums) -> int:
    """Returns in force, reviewed or not: 报送 does not wait for review."""
    return sums.filed + (sums.unreviewed if asked.basis == "reviewed" else 0)


def response_sheet(asked: Asked, table: Table, timely: Mapping[str, tuple[int, int]]) -> Sheet:
    """报送率 and 及时率 by reporting unit, the region in the foot."""
    first = asked.form.leaves[0].code
    rows = []
    for unit in (*(unit for unit in table.units if unit != table.root), table.root):
        sums = table.figure(unit, first).sums
        whole = unit == table.root
        name = place_name(unit, short=True)
        cells = (
            sheet.text(f"{name}合计") if whole else sheet.text(name, unit_href(asked, unit)),
            sheet.count(sums.expected),
            sheet.count(filed_of(asked, sums)),
            sheet.rate(filed_of(asked, sums), sums.expected),
            sheet.rate(*timely.get(unit, (0, 0))),
            sheet.count(sums.unreviewed),
        )
        rows.append(Row(cells, "total" if whole else "item"))
    columns = (
        Column("盟市", "", False), Column("应报", "家"), Column("已报", "家"), Column("报送率"),
        Column("及时率"), Column("未审", "家"),
    )  # fmt: skip
    return Sheet("responses", "报送情况", columns, tuple(rows))


def _against(figure: Figure, whole: Figure, by: Denomination) -> Cell:
    if figure.mean is None or not whole.mean:
        return Cell("change")
    if by.totals:
        share = sheet.percent(figure.mean / whole.mean)
        return Cell("count", f"{share}%", share)
    return sheet.change(figure.mean / whole.mean - 1)


def movers(asked: Asked, table: Table, unit: str) -> tuple[Sheet, Sheet]:
    """The largest rises and falls by 同样本环比, as printed."""
    found: list[tuple[Decimal, Item, Figure]] = []
    for item in asked.form.leaves:
        figure = table.figure(unit, item.code)
        step = sheet.percent(figure.matched_change)
        if step:
            found.append((step, item, figure))
    found.sort(key=lambda entry: (-entry[0], entry[1].code))
    rises = [entry for entry in found if entry[0] > 0][:MOVERS]
    falls = [entry for entry in reversed(found) if entry[0] < 0][:MOVERS]
    return (
        _mover_sheet(asked, table, unit, "rises", "涨幅较大", rises),
        _mover_sheet(asked, table, unit, "falls", "跌幅较大", falls),
    )


def _mover_sheet(
    asked: Asked,
    table: Table,
    unit: str,
    name: str,
    title: str,
    found: Iterable[tuple[Decimal, Item, Figure]],
) -> Sheet:
    by = Denomination(asked.form)
    rows = tuple(
        Row(
            (
                sheet.text(item.name["zh"], item_href(asked, item.code, unit, table.root)),
                sheet.price(figure.mean, asked.behind(unit, item.code), by.scale),
                sheet.change(figure.matched_change),
            )
        )
        for _, item, figure in found
    )
    columns = (Column("品种", "", False), Column(by.word), Column("同样本环比"))
    return Sheet(name, title, columns, rows, empty="没有")


def outages(asked: Asked, table: Table, unit: str) -> Sheet:
    """断货: items that respondents carry and could not sell, most firms first."""
    found = []
    for item in asked.form.leaves:
        figure = table.figure(unit, item.code)
        if figure.sums.out_of_stock and not figure.suppressed:
            found.append((figure.sums.out_of_stock, figure.sums.quotes, item))
    found.sort(key=lambda entry: (-entry[0], entry[2].code))
    rows = tuple(
        Row(
            (
                sheet.text(item.name["zh"], item_href(asked, item.code, unit, table.root)),
                sheet.count(out),
                sheet.rate(out, out + quotes),
            )
        )
        for out, quotes, item in found
    )
    columns = (Column("品种", "", False), Column("断货", "家"), Column("占经营家数"))
    return Sheet("outages", "断货", columns, rows, empty="本期没有断货")
