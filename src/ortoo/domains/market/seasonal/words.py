"""Seasonal adjustment in plain words: festival effects, quality, and why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ortoo.algorithms.seasonal import Effect, Outlier, Quality, Unadjusted
from ortoo.domains.market.seasonal.adjusted import Adjusted
from ortoo.domains.market.seasonal.festivals import AFTER, BEFORE, DURING, NATIONAL_DAY
from ortoo.kernel.forms.periods import Period

NINETY_FIVE = 1.96
SLIP = math.log(3)
"""An outlier so large is first of all a question about the unit it was keyed in."""
SEEN = 0.01
"""Level of the tests that words speak of."""
_WHEN = {
    BEFORE: "春节前三周",
    DURING: "春节七天（正月初一至初七）",
    AFTER: "春节后三周（正月初八起）",
    "端午": "端午前后十天",
    "中秋": "中秋前后两周",
    NATIONAL_DAY: "国庆前后十天",
}
_WHY = {
    "EMPTY": "没有可用的数字。",
    "SHORT": "历史不足两年（现有 {known} 期，跨 {years:.1f} 年），不作季节调整。"
    "满两年后自动给出；可先导入历史汇总。",
    "CONSTANT": "各期数字相同，没有变动可以调整。",
    "NOT-POSITIVE": "零值或负值超过四分之一（可用 {known} 期），不能按比例作季节调整。",
}


def why(found: Unadjusted) -> str:
    """Why a series gets no factors, and what would change that."""
    return _WHY[found.reason].format(known=found.known, years=found.years)


def percent(log: float, places: int = 1) -> str:
    """A log effect as percent without a sign: 0.06 → 6.2."""
    return f"{abs(math.expm1(log)) * 100:.{places}f}"


def direction(log: float) -> str:
    return "上涨" if log > 0 else "下降"


def effect(one: Effect, noun: str = "") -> str:
    """«春节前三周平均上涨 6.2%（±1.1）»: a period wholly inside the window, 95 % interval."""
    half = NINETY_FIVE * one.whole_error * math.exp(one.whole_period) * 100
    move = f"{direction(one.whole_period)} {percent(one.whole_period)}%（±{half:.1f}）"
    unsure = "，幅度不确定" if abs(one.whole_period) < NINETY_FIVE * one.whole_error else ""
    return f"{_WHEN.get(one.window.name, one.window.name)}{noun}平均{move}{unsure}"


def effects(one: Adjusted, noun: str = "") -> list[str]:
    """A sentence per window; one that says so where no festival shows."""
    if not one.found.effects:
        return ["看不出春节前后有规律的涨跌。"]
    return [f"{effect(found, noun)}。" for found in one.found.effects]


def outliers(found: Sequence[Outlier], periods: Sequence[Period]) -> list[str]:
    """«2024年第8周：单期偏离 +12.0%», the largest first."""
    said = []
    for one in sorted(found, key=lambda one: -abs(one.effect)):
        when = periods[one.at].label_zh.split("（")[0]
        what = "：单期偏离" if one.kind == "AO" else "起水平变动"
        said.append(f"{when}{what} {_size(one.effect)}")
    return said


def _size(effect: float) -> str:
    if abs(effect) < SLIP:
        return f"{'+' if effect > 0 else '−'}{percent(effect)}%"
    times = f"{math.exp(abs(effect)):.1f}"
    return f"到正常的 {times} 倍，先核实录入单位" if effect > 0 else (
        f"到正常的 {times} 分之一，先核实录入单位")  # fmt: skip


def quality(found: Quality, has_season: bool) -> list[tuple[str, str]]:
    """(question, answer) with the statistic behind each."""
    before, after = found.before, found.after
    left = after.f_p < SEEN and after.kruskal_wallis_p < SEEN
    rows = [
        ("原数列有没有季节性", _seasonal(before.f_p < SEEN, before.f, before.f_p,
                                before.kruskal_wallis, before.kruskal_wallis_p)),
        ("调整后还剩不剩季节性", ("还剩，慎用。" if left else "没有剩余。")
         + f"F＝{after.f:.2f}（p {_p(after.f_p)}），KW＝{after.kruskal_wallis:.1f}"
         f"（p {_p(after.kruskal_wallis_p)}）"),
    ]  # fmt: skip
    if math.isfinite(found.revision):
        steady = "稳定" if found.revision < 0.01 else "一般" if found.revision < 0.03 else "不稳"
        rows.append((
            "新数据来后改不改",
            f"{steady}。一年前算出的季节因素，到现在平均改动 {percent(found.revision, 2)}%，"
            f"最多 {percent(found.revision_most, 2)}%",
        ))  # fmt: skip
    if has_season:
        same = "基本不变" if found.again < 0.1 else "还会变动，慎用"
        rows.append(("再调整一次变不变", f"{same}。再调一次只动首次的 {found.again * 100:.1f}%"))
    return rows


def _seasonal(has: bool, f: float, f_p: float, h: float, h_p: float) -> str:
    said = "有。" if has else "不明显。"
    return f"{said}F＝{f:.2f}（p {_p(f_p)}），KW＝{h:.1f}（p {_p(h_p)}）"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"＝{value:.3f}"
