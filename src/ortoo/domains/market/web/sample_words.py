"""Words of the sample's pages: stages, moves, moments, names of places and bureaus."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from zoneinfo import ZoneInfo

from ortoo.domains.market.sample.carrying import Effect
from ortoo.domains.market.sample.matters import Matter
from ortoo.domains.market.sample.rules import JOIN, KINDS
from ortoo.domains.market.sample.seats import Said
from ortoo.kernel.places.active import active_pack

# stage → (badge of the design system, words)
STAGES = {
    "agree": ("pending", "待复核"),
    "approve": ("pending", "待核准"),
    "asked": ("returned", "退回补正"),
    "approved": ("accepted", "已核准"),
    "refused": ("void", "未予同意"),
    "withdrawn": ("void", "已撤回"),
}
STEPS = {"agree": "复核", "approve": "核准"}
MOVES = {"leave": "移出", "join": "进入"}
SAID = {"claim": "推荐", "free": "撤下", "settle": "决定"}


def moment(at_ms: int | None) -> str:
    """«11月23日 10:42» in the region's time."""
    if at_ms is None:
        return ""
    here = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(active_pack().head.time_zone))
    return f"{here.month}月{here.day}日 {here:%H:%M}"


def place(code: str) -> str:
    pack = active_pack()
    return pack[code].short if code in pack else code


def bureau(code: str) -> str:
    """The office of a place."""
    return active_pack().bureau(code) or f"{place(code)}商务主管部门"


def holder(matter: Matter) -> str:
    """Who must act now, in words; "" where it has ended."""
    if not matter.holder:
        return ""
    if matter.stage == "asked":
        return bureau(matter.place)
    root = bureau(active_pack().root.code)
    return f"{root}市场监测处室" if matter.stage == "agree" else root


def badge(matter: Matter) -> dict[str, str]:
    status, text = STAGES[matter.stage]
    return {"status": status, "text": text}


def kind(matter: Matter) -> str:
    return KINDS[matter.asks.kind] + ("（期中补换）" if matter.asks.midway else "")


def effect(one: Effect) -> str:
    """What was done to a firm of the running period."""
    if one.kept is not None:
        return f"本期已报（第 {one.kept} 号），照常使用"
    if one.done is None:
        return "尚未落实"
    return f"已开应报（第 {one.done} 号）" if one.move == JOIN else f"本期免报（第 {one.done} 号）"


def said(one: Said) -> str:
    if one.kind == "claim":
        return f"推荐{MOVES.get(one.move, '')}"
    if one.kind == "settle":
        return "核准" if one.outcome == "pass" else "不同意"
    return "撤回或更正后不再涉及"


def percent(share: float) -> str:
    """A share as a percent with one place; an em dash where it cannot be told, 缺层 where a stratum
    that varies has nobody."""
    if share == math.inf:
        return "缺层"
    return "—" if not math.isfinite(share) else f"{share * 100:.1f}"


def steps(matter: Matter, names: dict[str, str], filing_href: Any) -> list[dict[str, Any]]:
    """The timeline 推荐 → 复核 → 核准, with who holds the open one."""
    entries = [
        {
            "title": "推荐", "when": moment(matter.at), "by": bureau(matter.place),
            "number": str(matter.filings[0]), "href": filing_href(matter.filings[0]),
            "detail": matter.asks.reason,
        }
    ]  # fmt: skip
    for decision in matter.decisions:
        verdict = "同意" if decision.outcome == "pass" else "不同意"
        text = decision.reason + (f" 批准文号 {decision.approval}" if decision.approval else "")
        entries.append(
            {
                "title": f"{STEPS[decision.step]}：{verdict}", "when": moment(decision.at),
                "by": names.get(decision.actor, ""), "number": str(decision.seq),
                "href": filing_href(decision.seq), "detail": text,
            }
        )  # fmt: skip
    if matter.question is not None:
        entries.append(
            {
                "title": "退回补正", "when": moment(matter.question.at),
                "by": bureau(active_pack().root.code), "number": str(matter.question.seq),
                "href": filing_href(matter.question.seq),
                "detail": matter.question.text,
            }
        )  # fmt: skip
    return entries
