"""Elementary indices that bridge long absences: what is computed from firms' weekly quotes.

As `elementary`: a quote is compared with its own last price, moved on by the quotes that were there
meanwhile (targeted class mean 类均值; ILO/IMF et al., CPI Manual 2020, ch. 6), and after `patience`
periods it counts as replaced. What `elementary` leaves unknown is settled here: a group all of
whose quotes were away longer re-enters by comparing those that are back with the last price
observed of them, and a group whose quotes have all been exchanged is linked by the mean movement of
its family. Prices set by law move by decree, not with their neighbours, so only those are carried
forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ortoo.algorithms.indices.panel import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Linked:
    """All [periods × groups].

    `log`: ln of the Jevons index, 0 in the group's first period with a quote, NaN without a quote;
    `matched`: quotes compared with a price of their own; `present`: quotes; `imputed`: quotes that
    are away no longer than the patience and stand at their class mean (or at the price in force);
    `bridged`: the level comes from the family, no quote could be compared.
    """

    log: Floats
    matched: Ints
    present: Ints
    imputed: Ints
    bridged: Flags

    @property
    def index(self) -> Floats:
        """The index, 1 in the group's first period with a quote."""
        return np.exp(self.log)


@dataclass(frozen=True, slots=True)
class Grouping:
    """`group` [quotes] 0 …, `family` [groups] 0 …, `carried` [quotes]: prices set by law."""

    group: Ints
    family: Ints
    carried: Flags

    @classmethod
    def of(cls, group: ArrayLike, family: ArrayLike, carried: ArrayLike | None = None) -> Grouping:
        """ValueError: numbers below 0, groups without a family, shapes."""
        groups = np.asarray(group, dtype=np.int64)
        families = np.asarray(family, dtype=np.int64)
        kept = np.zeros(len(groups), bool) if carried is None else np.asarray(carried, dtype=bool)
        if kept.shape != groups.shape:
            raise ValueError(f"one mark for each quote: {kept.shape}, {groups.shape}")
        if len(groups) and not 0 <= groups.min() <= groups.max() < len(families):
            raise ValueError("every quote needs a group, every group a family")
        if len(families) and families.min() < 0:
            raise ValueError("families are numbered from 0")
        return cls(groups, families, kept)


class _State:
    """What is known up to a period: of each quote its price at level 0, of each group its level."""

    def __init__(self, by: Grouping, patience: int) -> None:
        self.by, self.patience = by, patience
        self.groups = len(by.family)
        self.reference = np.full(len(by.group), np.nan)
        self.seen_at = np.zeros(len(by.group), dtype=np.int64)
        self.level = np.zeros(self.groups)
        self.level_at = np.full(self.groups, -1)
        self.families = int(by.family.max(initial=-1)) + 1
        self.chain = np.zeros(self.families)
        self.chain_then = np.zeros(self.groups)

    def count(self, flags: Flags) -> Ints:
        return np.bincount(self.by.group[flags], minlength=self.groups)

    def mean(self, log: Floats, flags: Flags) -> Floats:
        """Mean of ln (price ÷ reference) by group; NaN where nobody is flagged."""
        at = self.by.group[flags]
        total = np.bincount(at, log[flags] - self.reference[flags], self.groups)
        return _over(total, self.count(flags))

    def advance(self, level: Floats, period: int) -> None:
        """Move the families' chains on by the groups known in this period and the one before."""
        both = np.isfinite(level) & (self.level_at == period - 1) & (period > 0)
        moved = level[both] - self.level[both]
        family = self.by.family[both]
        total = np.bincount(family, moved, self.families)
        change = _over(total, np.bincount(family, minlength=self.families))
        usual = float(moved.mean()) if len(moved) else 0.0
        self.chain = self.chain + np.where(np.isfinite(change), change, usual)


def linked(price: ArrayLike, by: Grouping, *, patience: int) -> Linked:
    """Indices of every group of quotes.

    `price` [periods × quotes], NaN, zero or negative where not quoted; `patience`: periods a quote
    may be away before it counts as replaced. ValueError: shapes, negative patience.
    """
    prices = np.asarray(price, dtype=np.float64)
    if prices.ndim != 2 or prices.shape[1] != len(by.group) or patience < 0:
        raise ValueError(f"price must be [periods × {len(by.group)}], patience ≥ 0: {prices.shape}")
    prices, kept = _carried(prices, by.carried, patience)
    shape = (len(prices), len(by.family))
    found = Linked(
        log=np.full(shape, np.nan),
        matched=np.zeros(shape, dtype=np.int64),
        present=np.zeros(shape, dtype=np.int64),
        imputed=np.zeros(shape, dtype=np.int64),
        bridged=np.zeros(shape, dtype=bool),
    )
    state = _State(by, patience)
    for period in range(len(prices)):
        _step(state, found, period, prices[period])
        found.present[period] -= state.count(kept[period])
        found.imputed[period] += state.count(kept[period])
    return found


def _step(state: _State, found: Linked, period: int, now: Floats) -> None:
    seen = np.isfinite(now)
    away = period - state.seen_at
    known = np.isfinite(state.reference)
    matched = seen & known & (away <= state.patience + 1)
    level = state.mean(now, matched)
    present = state.count(seen)
    state.advance(level, period)
    started = state.level_at >= 0
    level[~started & (present > 0)] = 0.0
    lost = started & (present > 0) & np.isnan(level)
    if lost.any():
        back = seen & known & lost[state.by.group]
        level = np.where(lost, state.mean(now, back), level)
        matched |= back
        bridged = lost & np.isnan(level)
        moved = state.level + state.chain[state.by.family] - state.chain_then
        level = np.where(bridged, moved, level)
        found.bridged[period] = bridged
    there = present > 0
    found.log[period] = np.where(there, level, np.nan)
    found.matched[period], found.present[period] = state.count(matched), present
    found.imputed[period] = np.where(
        there, state.count(known & ~seen & (away <= state.patience)), 0
    )
    state.reference[seen] = now[seen] - level[state.by.group[seen]]
    state.seen_at[seen] = period
    state.level = np.where(there, level, state.level)
    state.level_at[there] = period
    state.chain_then = np.where(there, state.chain[state.by.family], state.chain_then)


def _carried(prices: Floats, carried: Flags, patience: int) -> tuple[Floats, Flags]:
    """ln of the prices, those set by law carried over up to `patience` gaps, and which were."""
    with np.errstate(invalid="ignore", divide="ignore"):
        logs: Floats = np.log(np.where(prices > 0, prices, np.nan))
    logs[~np.isfinite(logs)] = np.nan
    kept = np.zeros(logs.shape, dtype=bool)
    if not carried.any():
        return logs, kept
    gap = np.zeros(logs.shape[1], dtype=np.int64)
    for period in range(1, len(logs)):
        missing = np.isnan(logs[period])
        gap = np.where(missing, gap + 1, 0)
        fill = missing & carried & (gap <= patience) & np.isfinite(logs[period - 1])
        logs[period, fill] = logs[period - 1, fill]
        kept[period] = fill
    return logs, kept


def _over(above: Floats | Ints, below: Ints) -> Floats:
    found: Floats = np.full(above.shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
