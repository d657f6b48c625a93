"""What a comparison shows: a chart, the values side by side, against before, and the spread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ortoo.domains.market import history
from ortoo.domains.market.seasonal import aligned
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.compare_lines import Line, Point, at_day, middle
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.web import charts

Found = Mapping[str, Sequence[Point]]
"""Line's code → its points, oldest first."""
WEEKS = 4


def chart(lines: Sequence[Line], found: Found, first: dt.date) -> dict[str, Any] | None:
    """The lines drawn; of one alone its 4 weeks' mean and the year before, too.

    Lines in different units are drawn as indices of their first value; None without a value.
    """
    units = {line.unit_words for line in lines}
    indexed = len(units) > 1
    drawn: list[charts.Series] = []
    totals = False
    for number, line in enumerate(lines):
        every = found[line.code]
        shown = [point for point in every if point.period.end >= first]
        base = next((p.value for p in shown if p.value), None) if indexed else None
        drawn += _series(line, shown, base, min(number % 4 + 1, 4))
        totals = totals or any(point.total for point in shown)
        if len(lines) == 1:
            drawn += _behind(line, every, shown)
    drawn = [one for one in drawn if any(value is not None for _, value in one.points)]
    if not drawn:
        return None
    notes = ["单位不同，各线以起点为 100 画出。"] if indexed else []
    notes += [f"虚线为{history.LABEL}。"] if totals else []
    places = 1 if indexed else max(line.scale for line in lines)
    made = charts.line_figure(
        drawn,
        title="走势对比" if len(lines) > 1 else lines[0].name,
        unit="起点＝100" if indexed else units.pop(),
        places=places,
        note="".join(notes),
    )
    made["table"] = None
    return made


def _series(
    line: Line, shown: Sequence[Point], base: Fraction | None, tone: int
) -> list[charts.Series]:
    def drawn(point: Point) -> float | None:
        if base and point.value is not None:
            return round(float(point.value / base * 100), 1)
        return line.drawn(point.value)

    own = [(p.period.end, None if p.total else drawn(p)) for p in shown]
    old = [(p.period.end, drawn(p)) for p in shown if p.total]
    made = [charts.Series(line.name, own, tone=tone)]
    if old:
        made.append(charts.Series(history.LABEL, old, dashed=True, tone=tone))
    return made


def _behind(
    line: Line, every: Sequence[Point], shown: Sequence[Point]
) -> list[charts.Series]:
    """4周均线 of a weekly line, and the value of a year before at this year's date."""
    before = [
        (point.period.end, line.drawn(then.value if then else None))
        for point in shown
        for then in [at_day(every, _year_before(middle(point.period)))]
    ]
    made = [charts.Series("上年同期", before, tone=4)]
    if line.form.cadence == "week" and len(shown) >= WEEKS * 2:
        at = {point.period: number for number, point in enumerate(every)}
        means = [(p.period.end, line.drawn(_mean(every, at[p.period]))) for p in shown]
        made.append(charts.Series("4周均线", means, dashed=True, tone=2))
    return made


def _mean(every: Sequence[Point], at: int) -> Fraction | None:
    values = [point.value for point in every[max(0, at - WEEKS + 1) : at + 1]]
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) / WEEKS if len(known) == WEEKS else None


def _year_before(day: dt.date) -> dt.date:
    # 52 weeks keep the weekday, so that a week meets the week it stands against.
    return day - dt.timedelta(days=364)


def values(lines: Sequence[Line], found: Found, first: dt.date) -> Sheet:
    """Every line by period, newest first; the periods are those of the line with the shortest."""
    base = min(lines, key=lambda line: _days(found[line.code]))
    periods = [p.period for p in reversed(found[base.code]) if p.period.end >= first]
    rows = []
    for period in periods:
        cells = [_value(line, at_day(found[line.code], middle(period))) for line in lines]
        rows.append(Row((sheet.text(period.label_zh), *cells)))
    columns = (Column("报告期", "", False), *(Column(line.name, line.unit_words) for line in lines))
    kinds = {(line.form.cadence, *_weekday(found[line.code])) for line in lines}
    note = "各表的报告期不同，取含有本行报告期中间一日的那一期。" if len(kinds) > 1 else ""
    if any(point.total for line in lines for point in found[line.code]):
        note += f"标“史”的为{history.LABEL}。"
    return Sheet("values", "逐期数值", columns, tuple(rows), "", note, "所选时段没有公布的数字")


def _weekday(found: Sequence[Point]) -> tuple[int]:
    return (found[-1].period.end.weekday() if found else 0,)


def _days(found: Sequence[Point]) -> int:
    return found[-1].period.days if found else 999


def _value(line: Line, point: Point | None) -> Cell:
    if point is None:
        return NONE
    if point.hidden:
        return sheet.hidden("")
    if point.total:
        return Cell("text", f"{line.text(point.value)} 史")
    return sheet.price(point.value, "", line.scale)


def against(lines: Sequence[Line], found: Found, roots: Found) -> Sheet:
    """Each line's newest value against the period, four weeks and a year before, and the whole."""
    newest = {line.code: _newest(found[line.code]) for line in lines}
    twins = {code: _twin(point, found[code]) for code, point in newest.items()}
    feast = any(twin is not None for twin in twins.values())
    rows = []
    for line in lines:
        point, every = newest[line.code], found[line.code]
        if point is None:
            rows.append(Row((sheet.text(line.name), *(NONE for _ in range(6 + feast)))))
            continue
        day = middle(point.period)
        back = [
            at_day(every, point.period.start - dt.timedelta(days=1)),
            at_day(every, day - dt.timedelta(days=28)) if point.period.days <= 7 else None,
            at_day(every, _year_before(day)),
        ]
        lunar = [_lunar_change(point, twins[line.code], every)] if feast else []
        whole = at_day(roots.get(line.code, ()), day)
        rows.append(Row((
            sheet.text(line.name), sheet.text(point.period.label_zh),
            sheet.price(point.value, "", line.scale),
            *(_change(point, then) for then in back), *lunar,
            _change(point, whole) if line.is_price else NONE,
        )))  # fmt: skip
    columns = (
        Column("品种", "", False), Column("最近一期", "", False), Column("数值"),
        Column("环比"), Column("比4周前"), Column("同比"),
        *((Column(aligned.COLUMN),) if feast else ()), Column("与合计比"),
    )  # fmt: skip
    note = "同比为上年同一周；与合计比为同一报告期本地与全区之比。"
    said = dict.fromkeys(twin.words for twin in twins.values() if twin is not None)
    note += "农历同期比：" + "；".join(said) + "。" if feast else ""
    return Sheet("against", "与以往和全区比", columns, tuple(rows), "", note)


def _twin(point: Point | None, every: Sequence[Point]) -> aligned.Twin | None:
    """What a point stands against by the lunar calendar; None where that is the ordinary 同比."""
    if point is None or not aligned.is_festive(point.period):
        return None
    twin = aligned.year_before([one.period for one in every], point.period)
    return twin if twin is not None and twin.by_lunar else None


def _lunar_change(point: Point, twin: aligned.Twin | None, every: Sequence[Point]) -> Cell:
    at = {one.period: one.value for one in every}
    base = twin.mean(at.get) if twin is not None else None
    return sheet.change(point.value / base - 1) if base and point.value is not None else NONE


def _newest(found: Sequence[Point]) -> Point | None:
    return next((point for point in reversed(found) if point.value is not None), None)


def _change(now: Point, then: Point | None) -> Cell:
    known = then is not None and then is not now and then.value and now.value is not None
    return sheet.change(now.value / then.value - 1) if known else NONE  # type: ignore[operator,union-attr]


def spread(lines: Sequence[Line], found: Found, first: dt.date) -> Sheet | None:
    """批零差价: the first retail line with a wholesale one in the same unit; None without both."""
    prices = [line for line in lines if line.is_price]
    pairs = [
        (one, other)
        for one in prices
        for other in prices
        if (one.channel, other.channel) == ("零售", "批发") and one.unit_words == other.unit_words
    ]
    if not pairs:
        return None
    retail, wholesale = pairs[0]
    rows = []
    for point in reversed(found[retail.code]):
        other = at_day(found[wholesale.code], middle(point.period))
        if point.period.end < first or point.value is None or other is None or not other.value:
            continue
        gap = point.value - other.value
        rows.append(Row((
            sheet.text(point.period.label_zh), sheet.price(other.value), sheet.price(point.value),
            sheet.price(gap), sheet.change(gap / other.value),
        )))  # fmt: skip
    columns = (
        Column("报告期", "", False), Column("批发价"), Column("零售价"), Column("差价"),
        Column("差率"),
    )  # fmt: skip
    title = f"批零差价：{retail.item.name['zh']}（零售）与{wholesale.item.name['zh']}（批发）"
    note = "差率＝（零售价－批发价）÷批发价。两表规格不尽相同，差价含规格差。"
    return Sheet("spread", title, columns, tuple(rows), retail.unit_words, note, "没有可比的报告期")
