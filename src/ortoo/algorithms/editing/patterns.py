"""Whole returns that went wrong: last period's figures again, another firm's, rows one too low.

Unchanged prices accuse nobody (60 to 80 % of quotes are flat in a real week): a repeat is told by
what sells and what is left, which never comes out the same row after row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ortoo.algorithms.editing.expectation import Column, Expected
from ortoo.algorithms.editing.judgement import Flags, Floats, Ints
from ortoo.algorithms.editing.slips import FREEDOM
from ortoo.algorithms.rollup import MISSING

LEAST_ROWS = 5
SAME_SHARE = 0.9
_LEAST_GAIN, _PLAIN_GAIN, _DOUBLED = 14.0, 26.0, 6.0
_SHORTEST = 3
_LARGEST_GROUP = 40
_STRANGE = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """[firms]. `lag`: 1 for last period, … 0 none; `share`: of rows that are the same."""

    lag: Ints
    share: Floats


def repeats(moving: Mapping[str, Column]) -> Repeats:
    """Returns whose every moving column (quantity, value, stock; never the price) is an earlier
    period's again, in at least `SAME_SHARE` of its rows and `LEAST_ROWS` rows in all."""
    columns = list(moving.values())
    if not columns:
        return Repeats(np.zeros(0, np.int64), np.zeros(0))
    count = len(columns[0].now)
    lag, share = np.zeros(count, np.int64), np.zeros(count)
    for at in range(min((len(column.earlier) for column in columns), default=0)):
        rows, least = np.zeros(count, np.int64), np.ones(count)
        for column in columns:
            before = column.earlier[at]
            # A row that was and is zero says nothing.
            both = (column.now != MISSING) & (before != MISSING)
            both &= (column.now != 0) | (before != 0)
            number = both.sum(axis=1)
            same = (both & (column.now == before)).sum(axis=1) / np.maximum(number, 1)
            least = np.where(number > 0, np.minimum(least, same), least)
            rows += number
        hit = (lag == 0) & (least >= SAME_SHARE) & (rows >= LEAST_ROWS * len(columns))
        lag[hit], share[hit] = at + 1, least[hit]
    return Repeats(lag, share)


def stale(stock: Column, sold: Column | None) -> Flags:
    """[firms] Stock that is last period's in nearly every row though sales moved, from a firm
    that usually counts anew."""
    flag = np.zeros(len(stock.now), np.bool_)
    if not len(stock.earlier):
        return flag
    share, rows = _same(stock.now, stock.earlier[0])
    flag = (share >= SAME_SHARE) & (rows >= LEAST_ROWS)
    past = [_same(a, b)[0] for a, b in zip(stock.earlier, stock.earlier[1:], strict=False)]
    if past:
        flag &= np.max(past, axis=0) < SAME_SHARE / 2
    if sold is not None and len(sold.earlier):
        flag &= _same(sold.now, sold.earlier[0])[0] < 1 - SAME_SHARE / 2
    return flag


def _same(now: Ints, before: Ints) -> tuple[Floats, Ints]:
    both = (now != MISSING) & (before != MISSING) & (now > 0)
    rows = both.sum(axis=1).astype(np.int64)
    return (both & (now == before)).sum(axis=1) / np.maximum(rows, 1), rows


@dataclass(frozen=True, slots=True)
class Twin:
    """Two returns that agree number by number in `share` of their common rows."""

    one: int
    other: int
    share: float


def twins(columns: Sequence[Ints]) -> list[Twin]:
    """Pairs of firms whose rows are equal in every column (price, quantity, value), most alike
    first. `columns` [firms × items] each; rows equal in large groups (round numbers) are left out.
    """
    if not columns or len(columns[0]) < 2:
        return []
    said = np.all([column != MISSING for column in columns], axis=0)
    rows = said.sum(axis=1)
    keys: list[Ints] = []
    count = len(said)
    for item in range(said.shape[1]):
        firms = np.flatnonzero(said[:, item])
        if len(firms) < 2:
            continue
        table = np.stack([column[firms, item] for column in columns], axis=1)
        _, which, size = np.unique(table, axis=0, return_inverse=True, return_counts=True)
        which = which.reshape(-1)
        for number in np.flatnonzero((size > 1) & (size <= _LARGEST_GROUP)):
            group = firms[which == number]
            a, b = np.triu_indices(len(group), 1)
            keys.append(group[a].astype(np.int64) * count + group[b])
    if not keys:
        return []
    pair, equal = np.unique(np.concatenate(keys), return_counts=True)
    found = []
    for key, number in zip(pair.tolist(), equal.tolist(), strict=True):
        one, other = divmod(key, count)
        common = int((said[one] & said[other]).sum())
        enough = common * 2 >= int(rows[[one, other]].max())
        if enough and number >= max(LEAST_ROWS, SAME_SHARE * common):
            found.append(Twin(one, other, number / max(common, 1)))
    return sorted(found, key=lambda twin: (-twin.share, twin.one, twin.other))


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Rows first … last (inclusive) hold the figures of the rows `step` above (1) or below (−1)."""

    firm: int
    first: int
    last: int
    step: int
    gain: float


def shifts(now: Sequence[Ints], expected: Sequence[Expected]) -> list[Shift]:
    """Runs of rows that fit their neighbours' past far better than their own, one a firm at most.

    `now` and `expected` column by column, items in the order of the sheet.
    """
    found: dict[int, Shift] = {}
    for step in (1, -1):
        gain = _gains(now, expected, step)
        doubled = _doubled(now, step)
        for firm in np.flatnonzero(np.maximum(gain, 0).sum(axis=1) >= _LEAST_GAIN / 2):
            run = _best_run(gain[firm], doubled[firm], step, int(firm))
            if run and (int(firm) not in found or found[int(firm)].gain < run.gain):
                found[int(firm)] = run
    return [found[firm] for firm in sorted(found)]


def _gains(now: Sequence[Ints], expected: Sequence[Expected], step: int) -> Floats:
    """By row: log likelihood of holding its neighbour's figures, less that of its own."""
    total = np.zeros(now[0].shape)
    for values, usual in zip(now, expected, strict=True):
        good = (values > 0) & (values != MISSING)
        log = np.where(good, np.log(np.where(good, values, 1)), np.nan)
        spread = np.broadcast_to(usual.spread, values.shape)
        fit = _fit(usual.gap / spread, usual.own)
        there = np.roll(np.where(usual.own, usual.log, np.nan), step, axis=1)
        there_spread = np.roll(spread, step, axis=1)
        other = _fit((log - there) / there_spread, ~np.isnan(there))
        edge = 0 if step == 1 else -1
        other[:, edge] = -_STRANGE * 2
        total += np.where(good, other - fit, 0.0)
    return total


def _doubled(now: Sequence[Ints], step: int) -> Flags:
    """Rows that repeat their neighbour number by number: where a shift begins one row is twice."""
    same = np.ones(now[0].shape, np.bool_)
    for values in now:
        same &= (values == np.roll(values, step, axis=1)) & (values != MISSING) & (values > 0)
    same[:, 0 if step == 1 else -1] = False
    return same


def _fit(distance: Floats, own: Flags) -> Floats:
    """Log density; a number where the firm never had one is as strange as a deviation of 4."""
    density = -(FREEDOM + 1) / 2 * np.log1p(distance * distance / FREEDOM)
    found: Floats = np.where(own & ~np.isnan(density), density, -_STRANGE)
    return found


def _best_run(gain: Floats, doubled: Flags, step: int, firm: int) -> Shift | None:
    """The run of rows with the largest sum of gains; one that begins with a doubled row needs
    less."""
    best, best_at, total, start = 0.0, (0, -1), 0.0, 0
    for row, one in enumerate((gain + np.where(doubled, _DOUBLED, 0.0)).tolist()):
        if total <= 0:
            total, start = 0.0, row
        total += one
        if total > best:
            best, best_at = total, (start, row)
    first, last = best_at
    inside = slice(first, last + 1)
    least = _LEAST_GAIN if doubled[inside].any() else _PLAIN_GAIN
    if best < least or int((gain[inside] > 1).sum()) < _SHORTEST - 1:
        return None
    return Shift(firm, first, last, step, best)
