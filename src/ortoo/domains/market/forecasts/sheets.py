"""Tables and the fan chart of forecasts; what is printed is rounded here, once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.urls import reverse

from ortoo.domains.market.forecasts import words
from ortoo.domains.market.forecasts.computing import Status
from ortoo.domains.market.forecasts.past import Compared, Record
from ortoo.domains.market.forecasts.selectors import Run, Shown, Step
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_sheet import Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.forms.definition import Form, Item
from ortoo.kernel.forms.periods import Period
from ortoo.web import charts

WORDS = {"week": "周", "month": "个月", "tenday": "旬"}
HISTORY_SHOWN = 60
OVERLAYS = 2
"""Past forecasts drawn over the history: the newest so many."""


def figure_text(form: Form, value: Fraction) -> str:
    """A figure as the form's figures are printed."""
    return f"{Decimal(round_half_even(value, Denomination(form).scale)):,}"


def _name(period: Period) -> str:
    """A period as a row's heading: short enough for a phone."""
    return period.span_zh if period.kind == "week" else period.label_zh


def _price(form: Form, value: Fraction | None) -> Cell:
    if value is None:
        return sheet.NONE
    number = Decimal(round_half_even(value, Denomination(form).scale))
    return Cell("price", f"{number:,}", number)


def percent(value: Fraction) -> Decimal:
    return Decimal(round_half_even(value * 100, 1))


def _share(value: Fraction) -> Cell:
    number = percent(value)
    return Cell("count", f"{number}%", number)


def _range(form: Form, bounds: tuple[Fraction, Fraction]) -> Cell:
    low, high = (figure_text(form, bound) for bound in bounds)
    return Cell("count", f"{low}—{high}")


def _thousandths(value: int | None) -> Cell:
    if value is None:
        return sheet.NONE
    number = Decimal(round_half_even(Fraction(value, 10), 0))
    return Cell("count", f"{number}%", number)


def counts(seen: Sequence[Shown]) -> dict[str, int]:
    """How many series are shown, and how many are not, for want of skill or of history."""
    shown = sum(one.status == Status.SHOWN for one in seen)
    weak = sum(one.status == Status.NO_SKILL for one in seen)
    return {"shown": shown, "weak": weak, "other": len(seen) - shown - weak}


def table(form: Form, unit: str, seen: Sequence[Shown], steps: Sequence[int]) -> Sheet:
    """A unit's items; numbers where they are open, else words."""
    numeric = any(one.numeric for one in seen)
    word, by = WORDS.get(form.period_types[-1].kind, "期"), Denomination(form)
    columns = [Column("品种", "", False), Column("预计", "", numeric)]
    if numeric:
        columns.append(Column("现在", by.unit_of_any))
        for step in steps:
            columns += [Column(f"{step}{word}后"), Column("80%区间")]
        columns += [Column("比不变"), Column("比去年同期法")]
    rows: list[Row] = []
    for name, items in _groups(form):
        inside = [one for one in seen if one.item in items]
        if inside:
            rows.append(Row((sheet.text(name),), "group"))
        rows += [_row(form, unit, one, steps, numeric) for one in inside]
    note = ""
    if numeric:
        note = "“比不变”“比去年同期法”：过去各次检验中，误差比它们小的份额，负数为更差。"
    return Sheet(
        "forecasts", f"{place_name(unit)}{by.noun}预测", tuple(columns), tuple(rows),
        note=note, empty="没有可以公布的预测",
    )  # fmt: skip


def _groups(form: Form) -> list[tuple[str, set[str]]]:
    """Categories with their leaves, each leaf once; leaves of none at the end."""
    found: list[tuple[str, set[str]]] = []
    taken: set[str] = set()
    for group in form.groups:
        items = {form.leaves[row].code for row in form.descendants[group.code]} - taken
        taken |= items
        found.append((group.name["zh"], items))
    return [*found, ("其他", {leaf.code for leaf in form.leaves} - taken)]


def _row(form: Form, unit: str, one: Shown, steps: Sequence[int], numeric: bool) -> Row:
    item: Item = form.item(one.item)
    address = reverse("forecast", kwargs={"form": form.code, "item": one.item})
    cells = [sheet.text(item.name["zh"], f"{address}?unit={unit}")]
    said = one.words or words.short_why(one.status)
    # Beside figures the words must not break: a phone scrolls the table instead.
    cells.append(Cell("count", said) if numeric else sheet.text(said))
    if numeric:
        cells.append(_price(form, one.base))
        for number in steps:
            step = one.step(number)
            cells.append(_price(form, step.value if step else None))
            cells.append(_range(form, step.bounds[80]) if step else sheet.NONE)
        cells += [_thousandths(one.skill), _thousandths(one.skill_seasonal)]
    return Row(tuple(cells))


def steps_sheet(form: Form, seen: Shown) -> Sheet:
    """One series ahead, step by step, with its skill at each."""
    by = Denomination(form)
    columns = (
        Column("报告期", "", False), Column("预测", by.unit_of(form.item(seen.item))),
        Column("50%区间"), Column("80%区间"), Column("95%区间"), Column("比不变"),
        Column("比去年同期法"), Column("平均误差"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                sheet.text(_name(step.period)),
                _price(form, step.value),
                *(_range(form, step.bounds[level]) for level in (50, 80, 95)),
                _thousandths(step.skill),
                _thousandths(step.skill_seasonal),
                sheet.NONE if step.error is None else _share(Fraction(step.error, 1000)),
            )
        )
        for step in seen.steps
    )
    note = f"“比不变”“比去年同期法”和平均误差来自过去 {seen.checked} 次检验。"
    return Sheet("steps", "逐期预测与检验", columns, rows, note=note, empty=seen.reason)


def skill_words(seen: Shown) -> str:
    """The series' record in a sentence, printed beside every chart."""
    if seen.skill is None:
        return seen.reason
    said = f"过去 {seen.checked} 次检验：误差比“不变”{_less(seen.skill)}"
    if seen.skill_seasonal is not None:
        said += f"，比“去年同期”{_less(seen.skill_seasonal)}"
    return said + "。"


def _less(thousandths: int) -> str:
    share = round_half_even(Fraction(abs(thousandths), 10), 0)
    return f"{'小' if thousandths >= 0 else '大'} {share}%"


def coverage_words(run: Run) -> str:
    """How often past answers would have lain inside the intervals."""
    known = [(level, share) for level, share in run.coverage.items() if share is not None]
    if not known:
        return ""
    told = "、".join(
        f"{level}% 区间 {round_half_even(Fraction(share, 10), 1)}%" for level, share in known
    )
    return f"区间检验：过去 {run.origins} 次检验中，答案落在{told}。"


def past_sheet(form: Form, found: Sequence[Compared], word: str) -> Sheet | None:
    """Past forecasts of one series against what came, newest first."""
    if not found:
        return None
    columns = (
        Column("报告期", "", False), Column("何时预测", "", False), Column("预测"),
        Column("80%区间"), Column("实际"), Column("误差", "%"), Column("区间", "", False),
    )  # fmt: skip
    ordered = sorted(found, key=lambda one: (one.step.period, one.run.period), reverse=True)
    rows = tuple(
        Row(
            (
                sheet.text(_name(one.step.period)),
                sheet.text(f"{one.step.number}{word}前" + ("（补算）" if one.run.note else "")),
                _price(form, one.step.value),
                _range(form, one.step.bounds[80]),
                _price(form, one.came),
                _share(one.error),
                sheet.text("在内" if one.inside else "在外"),
            )
        )
        for one in ordered[:30]
    )
    return Sheet("past", "以往预测与实际", columns, rows)


def record_sheet(found: Sequence[Record], word: str) -> Sheet | None:
    """Hit rate and mean error of past forecasts by step."""
    if not found:
        return None
    columns = (
        Column("预测期", "", False), Column("个数"), Column("落在80%区间"), Column("平均误差"),
        Column("“不变”的误差"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                sheet.text(f"{one.step}{word}后"),
                sheet.count(one.count),
                _share(one.inside),
                _share(one.error),
                _share(one.still),
            )
        )
        for one in found
    )
    return Sheet("record", "以往预测对照", columns, rows, note="由各期预测报件与后来的数算出。")


# --- the chart -----------------------------------------------------------------------------------


def fan(form: Form, panel: Panel, seen: Shown, found: Sequence[Compared]) -> dict[str, Any] | None:
    """History, past forecasts dashed, the forecast with its three bands; None without history."""
    if seen.unit not in panel.units:
        return None
    row = panel.price[panel.unit(seen.unit), panel.item(seen.item)]
    history = [
        (period.end, float(value) if value == value else None)
        for period, value in zip(panel.periods, row, strict=True)
    ][-HISTORY_SHOWN:]
    if not any(value is not None for _, value in history):
        return None
    drawn = [charts.Series("实际", history, tone=1)]
    runs: dict[int, Run] = {one.run.seq: one.run for one in found}
    newest = sorted(runs.values(), key=lambda run: run.period)[-OVERLAYS:]
    for number, run in enumerate(newest):
        points = [(one.step.period.end, float(one.step.value)) for one in found if one.run == run]
        name = f"{run.period.end.month}月{run.period.end.day}日预测"
        drawn.append(charts.Series(name, points, dashed=True, tone=3 + number))
    if seen.steps and seen.base is not None:
        start = (seen.run.period.end, float(seen.base))
        ahead = [start, *((step.period.end, float(step.value)) for step in seen.steps)]
        drawn.append(charts.Series("预测", ahead, dashed=True, tone=2))
    by, item = Denomination(form), form.item(seen.item)
    made = charts.line_figure(
        drawn, title=f"{place_name(seen.unit, short=True)}{item.name['zh']}{by.noun}与预测",
        unit=by.unit_of(item), places=by.scale, band=_bands(seen),
        note=skill_words(seen),
    )  # fmt: skip
    made["table"] = None
    return made


def _bands(seen: Shown) -> list[charts.Band]:
    return [
        charts.Band(f"{level}%", [_span(step, level) for step in seen.steps])
        for level in (95, 80, 50)
        if seen.steps
    ]


def _span(step: Step, level: int) -> tuple[dt.date, float, float]:
    low, high = step.bounds[level]
    return step.period.end, float(low), float(high)
