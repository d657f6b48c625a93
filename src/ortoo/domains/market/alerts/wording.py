"""Words of alerts: levels, what an alert says in one line, the two-hour report's draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.domains.market.alerts.detection import Finding
from ortoo.domains.market.alerts.engine import Matter
from ortoo.domains.market.alerts.tables import SHORTAGE, SORTS, figure

LEVELS = {4: "蓝色·Ⅳ级", 3: "黄色·Ⅲ级", 2: "橙色·Ⅱ级", 1: "红色·Ⅰ级"}
BLANK = "【待填】"
LISTED = 6
MEASURES = {
    "shortage": ("watch", "release", "transfer", "matching", "notice", "subsidy", "pause", "other"),
    "glut": (
        "matching", "storage", "outward", "online", "purchase", "subsidy", "notice", "watch",
        "pause", "other",
    ),
}  # fmt: skip


def cell_words(finding: Finding) -> str:
    """The finding's furthest cell in words, without its place: 「韭菜+69.2%」."""
    cell, condition = finding.extreme, finding.rule.condition
    if condition.statistic == "out_of_stock":
        return f"{len(finding.items)} 个品种断货"
    if condition.statistic == "ratio":
        return f"猪粮比价 {figure(condition.statistic, cell.value)}"
    return f"{cell.name}{figure(condition.statistic, cell.value)}"


def headline(matter: Matter, place: str) -> str:
    """One line: where, what, how far. At most 300 characters."""
    chief = matter.chief
    goods = chief.goods.title
    spread = chief.rule.at == "banner" and chief.places != (matter.place,)
    where = f"{place} {len(chief.places)} 个旗县" if spread else place
    parts = []
    seen: set[str] = set()
    for one in sorted(matter.findings, key=lambda found: found.rule.level):
        kind = one.rule.condition.statistic
        if kind not in seen:
            seen.add(kind)
            many = kind != "out_of_stock" and len(one.items) > 1
            before = f"{len(one.items)} 个品种达到界限，最大" if many else ""
            parts.append(before + cell_words(one))
    return f"{where}{goods}{_kind(matter)}：{'；'.join(parts)}"[:300]


def _kind(matter: Matter) -> str:
    """脱销 only where something is out of stock, 滞销 where more than a price says so; the ratio's
    own words come from its plan."""
    statistics = {one.rule.condition.statistic for one in matter.findings}
    if "ratio" in statistics:
        return "价格过度上涨" if matter.sort == SHORTAGE else "价格过度下跌"
    sure = "out_of_stock" in statistics if matter.sort == SHORTAGE else bool(matter.chief.signs)
    return SORTS[matter.sort] if sure else f"{SORTS[matter.sort]}苗头"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report's draft takes from the evidence page."""

    place: str
    period: str
    at: str
    sort: str
    level: int
    goods: str
    rules: Sequence[str]
    changes: Sequence[str]
    out_of_stock: Sequence[str]
    stock: str
    arrivals: str
    filed: str


def report_draft(facts: Facts) -> str:
    """时间、地点、品种、涨跌、断货、库存可销天数、到货 from the figures; cause and measures are a
    person's, and stand as 【待填】 until then."""
    word = SORTS[facts.sort]
    lines = [
        f"关于{facts.place}{facts.goods}市场异动（{word}）情况的报告",
        "",
        f"一、时间：{facts.period}，系统 {facts.at} 提示（{LEVELS[facts.level]}）。",
        f"二、地点：{facts.place}。",
        f"三、品种及涨跌：{'；'.join(facts.changes[:LISTED]) or '没有达到价格界限的品种'}"
        + (f"；另有 {len(facts.changes) - LISTED} 项。" if len(facts.changes) > LISTED else "。"),
        f"四、断货：{'；'.join(facts.out_of_stock[:LISTED]) or '本期没有断货填报'}。",
        f"五、库存可销天数：{facts.stock}。",
        f"六、到货：{facts.arrivals}。",
        f"七、依据：{'；'.join(facts.rules)}。{facts.filed}",
        f"八、原因：{BLANK}",
        f"九、已采取措施：{BLANK}",
    ]
    return "\n".join(lines)
