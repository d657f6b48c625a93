"""Tables and drawings of the index pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ortoo.domains.market.indices.board import Board, Line
from ortoo.domains.market.indices.why import ISSUED, Why, gap_words
from ortoo.domains.market.rules.figures import percent_text, round_half_even
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import series_breaks
from ortoo.kernel.places.active import active_pack
from ortoo.web import charts

DRAWN = 9
"""Bars of items; the rest are one bar."""
Address = Callable[[str], str]


def level(value: float | None) -> Cell:
    """An index with one place."""
    if value is None:
        return NONE
    text = round_half_even(Fraction(value), 1)
    return Cell("price", text, Decimal(text))


def change(value: float | None) -> Cell:
    return sheet.change(None if value is None else Fraction(value))


def points(value: float | None) -> Cell:
    """A part of a change, in points of a hundred with two places and its sign."""
    if value is None:
        return NONE
    text = round_half_even(Fraction(value) * 100, 2)
    text = "0.00" if text == "-0.00" else text
    signed = text if text.startswith("-") or text == "0.00" else f"+{text}"
    return Cell("price", signed, Decimal(text))


def share(value: float | None) -> Cell:
    if value is None:
        return NONE
    text = round_half_even(Fraction(value) * 100, 1)
    return Cell("count", f"{text}%", Decimal(text))


def class_name(form: Form, code: str) -> str:
    return next((group.name["zh"] for group in form.groups if group.code == code), "其他")


_COLUMNS = (
    Column("指数", "基期=100"), Column("环比"), Column("同比"), Column("占销售额"),
    Column("对总指数的贡献", "百分点"),
)  # fmt: skip


def _row(found: Board, first: Cell, line: Line) -> Row:
    return Row((
        first, level(line.level), change(line.change(found.before)),
        change(line.change(found.year)), share(line.share), points(line.part),
    ))  # fmt: skip


def _total(found: Board) -> Row:
    line = found.total
    part = line.change(found.before)
    return Row((
        sheet.text("总指数"), level(line.level), change(part), change(line.change(found.year)),
        NONE, points(part),
    ), "total")  # fmt: skip


def class_sheet(found: Board, address: Address) -> Sheet:
    """类指数: every class of the form."""
    rows = [
        _row(found, sheet.text(class_name(found.form, line.code), address(line.code)), line)
        for line in found.classes
    ]
    note = "贡献相加恰为总指数环比。各类指数分别计算，不能相加。"
    if not found.weighted:
        note += "没有公开的销售额，各品种等权。"
    return Sheet(
        "classes",
        "类指数",
        (Column("类别", "", False), *_COLUMNS),
        (*rows, _total(found)),
        "",
        note,
    )


def unit_sheet(found: Board, address: Address) -> Sheet | None:
    """Every unit's index; None where there is one unit."""
    if len(found.units) < 2:
        return None
    mixed = len({line.alike for line in found.units}) > 1
    rows = [
        _row(found, sheet.text(place_name(line.code, short=True), address(line.code),
                               "已发布均价，等权" if line.alike and mixed else ""), line)
        for line in sorted(found.units, key=lambda one: one.code)
    ]  # fmt: skip
    note = "各盟市各以自己的基期为 100，指数高低不表示价格高低。"
    if mixed:
        note += "等权的与按销售额加权的口径不同，不能直接比较。"
    return Sheet(
        "units", "各盟市总指数", (Column("盟市", "", False), *_COLUMNS), tuple(rows), "", note
    )


def item_sheet(found: Board, address: Address) -> Sheet | None:
    """Each item's part of the change, largest first."""
    if found.by_item is None:
        return None
    ordered = sorted(found.by_item.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    rows = [
        Row((sheet.text(found.form.item(code).name["zh"], address(code)), points(part)))
        for code, part in ordered
        if part
    ]
    total = found.total.change(found.before)
    rows.append(Row((sheet.text("总指数环比"), points(total)), "total"))
    return Sheet(
        "items", "各品种对环比的贡献", (Column("品种", "", False), Column("贡献", "百分点")),
        tuple(rows), "", "点品种看它的均价为什么变动。",
    )  # fmt: skip


def item_bars(found: Board) -> dict[str, Any] | None:
    """The items that moved the index most and the rest together, adding up to its change."""
    if not found.by_item or not any(found.by_item.values()):
        return None
    ordered = sorted(found.by_item.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    shown = [(found.form.item(code).name["zh"], part) for code, part in ordered[:DRAWN]]
    rest = sum(part for _, part in ordered[DRAWN:])
    rows = [*sorted(shown, key=lambda pair: -pair[1]), ("其余品种", rest)]
    total = found.total.change(found.before) or 0.0
    drawn = [charts.Bar(name, _points(part)) for name, part in rows]
    drawn.append(charts.Bar("总指数环比", _points(total), strong=True))
    return _bars(drawn, "各品种对总指数环比的贡献")


def unit_bars(found: Board) -> dict[str, Any] | None:
    """Every place's part; None for one place."""
    if not found.by_unit or not any(found.by_unit.values()):
        return None
    ordered = sorted(found.by_unit.items(), key=lambda pair: (-pair[1], pair[0]))
    drawn = [charts.Bar(place_name(code, short=True), _points(part)) for code, part in ordered]
    drawn.append(
        charts.Bar("总指数环比", _points(found.total.change(found.before) or 0.0), strong=True)
    )
    return _bars(drawn, "各盟市对总指数环比的贡献")


def _bars(drawn: Sequence[charts.Bar], title: str) -> dict[str, Any]:
    made = charts.bar_figure(list(drawn), title=title, unit="百分点", places=2)
    made["table"] = None
    return made


def _points(value: float) -> float:
    return float(round_half_even(Fraction(value) * 100, 2))


def line_chart(found: Board, chosen: str, span: int) -> dict[str, Any] | None:
    """The index over the newest `span` periods, with a chosen class, or the region's beside."""
    lines = [(f"{place_name(found.unit, short=True)}总指数", found.total)]
    if found.whole is not None:
        root = active_pack().root.code
        lines.append((f"{place_name(root, short=True)}总指数", found.whole))
    lines += [
        (f"{class_name(found.form, line.code)}指数", line)
        for line in found.classes
        if chosen and line.code == chosen
    ]
    ends = [period.end for period in found.periods][-span:]
    series = []
    for number, (name, line) in enumerate(lines):
        values = [None if value != value else float(round_half_even(Fraction(value), 1))
                  for value in line.levels[-span:].tolist()]  # fmt: skip
        if any(value is not None for value in values):
            series.append(
                charts.Series(name, list(zip(ends, values, strict=True)), tone=min(number + 1, 4))
            )
    if not series:
        return None
    remarks = _remarks(found, ends[0])
    note = "；".join(
        f"{period.label_zh}起为{words}" for period, words in found.sources if period.end > ends[0]
    )
    return charts.line_figure(
        series, title="价格指数", unit=f"{found.periods[found.base].label_zh}=100", places=1,
        annotations=remarks, note=f"来源变更：{note}。" if note else "",
    )  # fmt: skip


def _remarks(found: Board, first: dt.date) -> list[charts.Annotation]:
    remarks = [
        charts.Annotation(day, "报告期起止日调整", "break")
        for day in series_breaks(found.form)
        if first < day <= found.periods[-1].end
    ]
    remarks += [
        charts.Annotation(period.end, "来源变更", "break")
        for period, _ in found.sources[1:]
        if period.end > first
    ]
    return remarks


# --- why a mean moved ---------------------------------------------------------------------------


def parts_bars(told: Why) -> dict[str, Any] | None:
    """价格, 结构, 样本 and their sum; None where they are not told."""
    if told.price is None or told.mix is None or told.sample is None or told.change is None:
        return None
    drawn = [
        charts.Bar(name, _points(part))
        for name, part in (
            ("同店价格", told.price), ("销售结构", told.mix), ("样本变动", told.sample)
        )
    ]  # fmt: skip
    drawn.append(charts.Bar("均价环比", _points(float(told.change)), strong=True))
    return _bars(drawn, "均价环比的三部分")


def why_units(found: Sequence[Why], item: Item, address: Address) -> Sheet:
    """Every unit's own decomposition."""
    rows = []
    for told in found:
        first = sheet.text(place_name(told.unit, short=True), address(told.unit))
        total = sheet.change(told.change)
        if told.after is None:
            continue
        if told.gap:
            rows.append(Row((first, sheet.price(told.after), total, NONE, NONE, NONE,
                             sheet.text(_gap_note(told)))))  # fmt: skip
            continue
        rows.append(Row((
            first, sheet.price(told.after), total, points(told.price), points(told.mix),
            points(told.sample),
            sheet.text(f"可比 {told.stayed}，新增 {told.entered}，退出 {told.left}"),
        )))  # fmt: skip
    return Sheet(
        "units", f"{item.name['zh']}：各地均价变动的三部分",
        (Column("地区", "", False), Column("均价", f"元/{item.unit}"), Column("环比"),
         Column("同店价格", "百分点"), Column("销售结构", "百分点"), Column("样本变动", "百分点"),
         Column("企业", "", False)),
        tuple(rows), "", "三部分相加恰为环比；四舍五入后相加可能差 0.01。",
    )  # fmt: skip


def _gap_note(told: Why) -> str:
    if told.gap == ISSUED and told.matched is not None:
        return f"已发布同样本环比 {percent_text(told.matched)}%"
    return gap_words(told)


def why_firms(told: Why, item: Item, behind: Callable[[int], str]) -> Sheet | None:
    """The firms the reader may see, each with its parts."""
    if not told.firms:
        return None
    rows = [
        Row((
            sheet.text(firm.name, behind(firm.seq) if firm.seq else "",
                       place_name(firm.place, short=True)),
            sheet.text(firm.status),
            sheet.price(None if firm.before is None else Fraction(firm.before)),
            sheet.price(None if firm.after is None else Fraction(firm.after)),
            share(firm.share_before or None), share(firm.share_after or None),
            points(firm.price), points(firm.mix), points(firm.sample), points(firm.total),
        ))
        for firm in told.firms
    ]  # fmt: skip
    note = "占比为该企业在本地区该品种销售量中的份额。点企业名看它的报件。"
    if told.elsewhere:
        note += f"另有 {told.elsewhere} 家计入而不在您的授权范围内，不列出。"
    unit = f"元/{item.unit}"
    return Sheet(
        "firms", "背后的企业",
        (Column("企业", "", False), Column("两期", "", False), Column("上期价", unit),
         Column("本期价", unit), Column("上期占比"), Column("本期占比"),
         Column("同店价格", "百分点"), Column("销售结构", "百分点"),
         Column("样本变动", "百分点"), Column("合计", "百分点")),
        tuple(rows), "", note,
    )  # fmt: skip
