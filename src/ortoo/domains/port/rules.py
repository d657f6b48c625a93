"""Decisions of the ports: values in, sentences out. Pure.

A rule returns None, or what is wrong as (code, message, remedy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TypeAlias

Fault: TypeAlias = tuple[str, str, str]
ROLES = ("customs", "border", "health", "transport", "port_office")
# 互市按北京时间计日.
BEIJING = timezone(timedelta(hours=8))
FEN = 100


def civil_day(at_ms: int) -> date:
    """The day in Beijing of a moment in ms since the epoch."""
    return datetime.fromtimestamp(at_ms / 1000, BEIJING).date()


def offices_fault(
    named: Mapping[str, object], offices: Mapping[str, object] | None
) -> Fault | None:
    """The parties a filing names are those that act at the port; `named` may leave roles out."""
    if offices is None:
        return "PORT-UNKNOWN", "这个口岸还没有登记办理单位。", "请口岸办先登记办理单位。"
    for role in ROLES:
        if role in named and named[role] != offices[role]:
            return (
                "PORT-OFFICE",
                f"办理单位「{role}」应为 {offices[role]}，不是 {named[role]}。",
                "办理单位由系统按口岸登记填写，请刷新页面。",
            )
    return None


def day_fault(day: str, said_at: int) -> Fault | None:
    """每人每日: a quota is spent on its own day, so an order is of the day on which it is said."""
    today = civil_day(said_at).isoformat()
    if day == today:
        return None
    return "HUSHI-DAY", f"申报日期 {day} 不是报送当日 {today}。", "互市按北京时间当日申报。"


@dataclass(frozen=True, slots=True)
class Residence:
    """What is registered of a resident: for whom they trade, where and from when to when."""

    group: str
    port: str
    first: str
    last: str


def resident_fault(
    resident: str, known: Residence | None, day: str, *, group: str = "", port: str = ""
) -> Fault | None:
    """A registered resident whose pass is valid on the day, and who asked this group to file."""
    if known is None:
        return "HUSHI-RESIDENT", f"边民 {resident} 没有登记。", "请先由边检登记边民证。"
    if not known.first <= day <= known.last:
        return (
            "HUSHI-PASS", f"边民 {resident} 的边民证在 {day} 无效。", "请换发后重新登记，再申报。",
        )  # fmt: skip
    if (group and known.group != group) or (port and known.port != port):
        return (
            "HUSHI-MEMBER",
            f"边民 {resident} 没有委托本单位在这个口岸申报。",
            "请核对互助组成员，或由边检变更登记。",
        )
    return None


def quota_fault(quota_fen: int, regulation_yuan: int | None) -> Fault | None:
    """The quota is what the regulation says on the day, neither more nor less."""
    if regulation_yuan is None:
        return "HUSHI-REGULATION", "当日没有有效的额度规定。", "请补这一天的法定参数。"
    if quota_fen != regulation_yuan * FEN:
        return (
            "HUSHI-QUOTA",
            f"额度应为 {regulation_yuan * FEN:,} 分，不是 {quota_fen:,} 分。",
            "额度只能按法定参数开立。",
        )
    return None
