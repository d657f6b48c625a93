"""Forecasts in words 用语: the mapping from a change to «预计小幅上涨», by dated cut-offs. Pure.

Officials publish words, not numbers (people.md §3.1): inside the chain the number stands beside.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from ortoo.domains.market.forecasts.computing import Status
from ortoo.kernel.regulations.regulation import Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations"
CODES = ("FLAT", "SLIGHT", "CLEAR", "CALM")


@dataclass(frozen=True, slots=True)
class Cuts:
    """Cut-offs in per cent, as in force on a day; `verified` only if every one is."""

    flat: Decimal
    slight: Decimal
    clear: Decimal
    calm: Decimal
    verified: bool

    def lines(self) -> list[tuple[str, str]]:
        """(words, when) of the mapping, as a page shows it."""
        return [
            ("基本平稳", f"变动不超过 {self.flat}%"),
            ("小幅上涨、小幅下降", f"{self.flat}%—{self.slight}%"),
            ("明显上涨、明显下降", f"{self.slight}%—{self.clear}%"),
            ("较大幅度上涨、较大幅度下降", f"超过 {self.clear}%"),
            ("有所波动", f"变动在 {self.slight}% 以内，而 80% 区间半宽超过 {self.calm}%"),
        ]


@lru_cache(maxsize=1)
def _regulations() -> Regulations:
    return load([FOLDER])


def cuts_on(day: dt.date) -> Cuts:
    """The cut-offs in force on a day."""
    found = [_regulations().dated(f"MARKET-FORECAST-{code}", day) for code in CODES]
    flat, slight, clear, calm = (Decimal(str(one.value)) for one in found)
    return Cuts(flat, slight, clear, calm, all(one.verified for one in found))


def words_of(change: Fraction, half_width: Fraction, cuts: Cuts) -> str:
    """«预计小幅上涨» of a relative change and the relative half-width of its 80 % interval."""
    percent, size = change * 100, abs(change) * 100
    if size <= cuts.slight and half_width * 100 > cuts.calm:
        return "预计有所波动"
    if size <= cuts.flat:
        return "预计基本平稳"
    way = "上涨" if percent > 0 else "下降"
    if size <= cuts.slight:
        return f"预计小幅{way}"
    return f"预计明显{way}" if size <= cuts.clear else f"预计较大幅度{way}"


def why_none(status: int, checked: int, least: int) -> str:
    """Why a series shows no forecast; "" where it shows one."""
    return {
        Status.SHOWN: "",
        Status.NO_SKILL: f"按过去 {checked} 次检验，预测不比“不变”更准，不显示",
        Status.SHORT: f"历史不足 {least} 期，不作预测",
        Status.STALE: "近期没有数（季节无货或停报），不作预测",
        Status.CONSTANT: "历史上没有变动过，不作预测",
        Status.UNCHECKED: f"只能检验 {checked} 次，不足以判断，不显示",
    }[Status(status)]


def short_why(status: int) -> str:
    """The same in a table's cell."""
    return {
        Status.NO_SKILL: "不比“不变”更准，不显示",
        Status.SHORT: "历史不足",
        Status.STALE: "近期没有数",
        Status.CONSTANT: "没有变动过",
        Status.UNCHECKED: "检验不足，不显示",
    }.get(Status(status), "—")
