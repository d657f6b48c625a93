"""The guard of accounts that may not go below zero, on any day from a move's own on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate

from ortoo.kernel.filings.draft import Move
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.postings.accounts import guarded

Key = tuple[str, str]


class Guard:
    """Balances by day of guarded accounts, while the moves of a batch are taken one by one.

    `balances[account, commodity][day]` is what moved on that day; the day "" stands for all before.
    """

    def __init__(self, balances: Mapping[Key, Mapping[str, int]]) -> None:
        self._days = {key: dict(days) for key, days in balances.items()}
        self._lowered: dict[Key, str] = {}

    def take(self, moves: Iterable[Move]) -> None:
        """Add the moves of one filing, those that give before those that take."""
        for move in moves:
            if not guarded(move.account):
                continue
            key = move.account, move.commodity
            days = self._days.setdefault(key, {})
            days[move.occurred_on] = days.get(move.occurred_on, 0) + move.quantity
            if move.quantity < 0:
                first = self._lowered.get(key, move.occurred_on)
                self._lowered[key] = min(first, move.occurred_on)

    def check(self) -> None:
        """Refused POSTING-BELOW-ZERO when a lowered account is below zero on a day it reaches."""
        for key, first in self._lowered.items():
            days = sorted(self._days[key].items())
            running = accumulate(quantity for _, quantity in days)
            for (day, _), balance in zip(days, running, strict=True):
                if day >= first and balance < 0:
                    raise _below_zero(key, day, balance)
        self._lowered.clear()


def _below_zero(key: Key, day: str, balance: int) -> Refused:
    account, commodity = key
    return Refused(
        "POSTING-BELOW-ZERO",
        f"账户「{account}」的{commodity}在 {day} 将为 {balance:,}，不得低于零。",
        "请核对数量与日期；额度或库存不足时，请减少本次数量。",
        409,
        rule="LAW-12",
        details=[{"account": account, "commodity": commodity, "day": day, "balance": balance}],
    )
