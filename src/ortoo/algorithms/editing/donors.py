"""Nearest-neighbour donors under edits 最近邻供体插补.

A record with gaps takes them from the most similar complete record of its class, and only if the
result passes the edits. Matching fields are turned into ranks in 0 … 1, so that units do not
matter; the distance is the largest difference of any field (Statistics Canada, Banff: donor
imputation, sup-norm on ranks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ortoo.algorithms.editing.judgement import Flags, Floats, Ints
from ortoo.algorithms.rollup import MISSING

Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class LinearEdits:
    """Records pass where `coefficients` [edits × fields] · record ≤ `bounds` [edits].

    A ratio edit x/y ≤ u is the row x − u·y ≤ 0.
    """

    coefficients: Floats
    bounds: Floats

    def passed(self, records: Ints) -> Flags:
        """Which of the complete records [n × fields] pass every edit."""
        tolerance = 1e-9 * (1 + np.abs(self.bounds))
        value = records.astype(np.float64) @ self.coefficients.T
        return np.asarray((value <= self.bounds + tolerance).all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Donation:
    """`records` with gaps filled where a donor was found; `donor` [n] position, −1 for none.

    `distance` [n], NaN without a donor; `original` as given. A complete record has no donor.
    """

    records: Ints
    donor: Ints
    distance: Floats
    original: Ints


@dataclass(frozen=True, slots=True)
class Rules:
    """`match`: fields compared. `least_donors` a class needs; at most `tries` nearest are tested;
    a donor gives at most `most_uses` times (None: no limit)."""

    match: Sequence[int]
    edits: LinearEdits | None = None
    least_donors: int = 2
    tries: int = 20
    most_uses: int | None = None


def ranks(values: Ints) -> Floats:
    """Each value's mean rank among those said, in 0 … 1; NaN where missing; 0.5 if all equal."""
    found = np.full(len(values), np.nan)
    there = np.flatnonzero(values != MISSING)
    if not there.size:
        return found
    distinct, which, count = np.unique(values[there], return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count + 1) / 2
    span = max(len(there) - 1, 1)
    found[there] = middle[which.reshape(-1)] / span if len(distinct) > 1 else 0.5
    return found


def from_nearest(
    records: Ints, klass: Whole, rules: Rules, *, key: ArrayLike | None = None
) -> Donation:
    """Fill the gaps of `records` int64 [n × fields] from donors of the same class [n].

    Compared are the matching fields the recipient did say; with none, or with too few donors in
    the class, it stays as it is. `key` [n] breaks ties and orders the recipients, so that the
    outcome does not depend on the order of the rows.
    """
    names = np.arange(len(records)) if key is None else np.asarray(key)
    complete = (records != MISSING).all(axis=1)
    eligible = complete.copy()
    if rules.edits is not None:
        eligible[complete] = rules.edits.passed(records[complete])
    result = Donation(
        records.copy(),
        np.full(len(records), -1, dtype=np.int64),
        np.full(len(records), np.nan),
        records,
    )
    uses = np.zeros(len(records), dtype=np.int64)
    for group in np.unique(klass[~complete]):
        rows = np.flatnonzero(klass == group)
        rows = rows[np.argsort(names[rows], kind="stable")]
        donors = rows[eligible[rows]]
        if len(donors) < max(rules.least_donors, 1):
            continue
        place = np.full((len(records), len(rules.match)), np.nan)
        for column, field in enumerate(rules.match):
            place[rows, column] = ranks(records[rows, field])
        for recipient in rows[~complete[rows]]:
            _give(recipient, donors, place, rules, uses, result)
    return result


def _give(
    recipient: int, donors: Ints, place: Floats, rules: Rules, uses: Ints, result: Donation
) -> None:
    """Take from the nearest donor whose values pass; nothing if none of `tries` does."""
    said = ~np.isnan(place[recipient])
    if not said.any():
        return
    free = donors if rules.most_uses is None else donors[uses[donors] < rules.most_uses]
    distance = np.abs(place[free][:, said] - place[recipient, said]).max(axis=1)
    nearest = np.argsort(distance, kind="stable")[: rules.tries]
    record = result.original[recipient]
    candidates = np.where(record == MISSING, result.original[free[nearest]], record)
    passed = np.ones(len(nearest), dtype=np.bool_)
    if rules.edits is not None:
        passed = rules.edits.passed(candidates)
    if not passed.any():
        return
    chosen = int(np.argmax(passed))
    donor = free[nearest[chosen]]
    result.records[recipient] = candidates[chosen]
    result.donor[recipient], result.distance[recipient] = donor, distance[nearest[chosen]]
    uses[donor] += 1
