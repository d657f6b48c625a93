"""What is found in one period's returns, by firm and cell; kept by the arrays it came from."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.detection import By, Finding, Found, Kind, detect
from ortoo.domains.market.editing.window import before, names_of, window
from ortoo.domains.market.review_past import Past

Key = tuple[str, str, str]
_FEW = 20
"""Returns of an office below which only its units are looked at while returns pour in."""
_KEPT_PERIODS = 8


@dataclass(frozen=True, slots=True)
class Said:
    """One finding in the form's codes. Minor units; None where nothing can be told.

    `suggested`: what was probably meant, a question's help and never written into a return.
    `predicted`: what stands in for the cell in the score. `other`: the firm a return equals, or
    the code of the period it repeats; `lag`: by how many rows it slipped.
    """

    party: str
    item: str
    measure: str
    column: str
    kind: str
    strength: float
    suggested: int | None
    predicted: int | None
    by: By
    other: str = ""
    lag: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """`cells` by (party, item, measure); `returns`: what is said of whole returns, by party.

    `supported`: cells that a classical edit (HB, seasonal score, peers) marks, by its bits.
    `expected`: what was expected of any cell, for the return-wide score.
    """

    cells: Mapping[Key, Said]
    returns: Mapping[str, Said]
    _rows: Mapping[str, int]
    _columns: Mapping[str, int]
    _support: Mapping[str, NDArray[np.int64]]
    _predicted: Mapping[str, NDArray[np.float64]]

    def supported(self, key: Key) -> By:
        party, item, measure = key
        bits = self._support.get(measure)
        if bits is None or party not in self._rows or item not in self._columns:
            return By.NONE
        return By(int(bits[self._rows[party], self._columns[item]]))

    def whole(self, party: str) -> bool:
        """Whether the return is wrong as a whole, so that its cells need no saying."""
        return party in self.returns and self.returns[party].kind != Kind.STALE

    def expected(self, key: Key) -> int | None:
        """What the firm's past and its class led one to expect; None unknown."""
        party, item, measure = key
        values = self._predicted.get(measure)
        if values is None or party not in self._rows:
            return None
        return _whole(float(values[self._rows[party], self._columns[item]]))


_kept: dict[str, tuple[tuple[object, ...], Findings]] = {}


def findings(past: Past, wanted: Set[str] | None = None) -> Findings:
    """Everything found in the period's counted returns.

    Of a few `wanted` firms only their publishing units are looked at when the whole period's
    findings are not at hand: a banner's page must not pay for the region's while returns pour in.
    Its classes and peers are the same; only the spreads are learnt from fewer firms.
    """
    key = f"{past.form.key}|{past.period.code}"
    basis: tuple[object, ...] = (past.now, past.year, *past.earlier())
    kept = _kept.get(key)
    if kept and len(kept[0]) == len(basis):
        same = all(one is two for one, two in zip(kept[0], basis, strict=True))
        if same:
            return kept[1]
    if wanted is not None and len(wanted) <= _FEW:
        return _found(past, _of_units(past, wanted))
    found = _found(past, np.arange(len(past.now.parties)))
    while len(_kept) >= _KEPT_PERIODS:
        _kept.pop(next(iter(_kept)), None)
    _kept[key] = basis, found
    return found


def forget() -> None:
    """Drop what is kept: for a test whose log indexes come again with other contents."""
    _kept.clear()


def _of_units(past: Past, wanted: Set[str]) -> NDArray[np.intp]:
    rows = [row for row in map(past.now.row_of, sorted(wanted)) if row is not None]
    return np.flatnonzero(np.isin(past.circles[1], past.circles[1][rows]))


def _found(past: Past, rows: NDArray[np.intp]) -> Findings:
    names = names_of(past.form)
    parties = [past.now.parties[row] for row in rows]
    found: Found = detect(window(past, rows))
    items = [item.code for item in past.form.leaves]

    periods = [one.period.code for one in before(past)]

    def said(one: Finding) -> Said:
        other = ""
        if one.kind == Kind.TWIN:
            other = parties[one.other]
        elif one.kind == Kind.COPIED:
            other = periods[one.other - 1]
        return Said(
            parties[one.firm], items[one.item] if one.item >= 0 else "",
            names.get(one.column, ""), one.column, str(one.kind), one.strength, one.meant,
            one.meant if one.meant is not None else _whole(one.predicted), one.by,
            other, one.other if one.kind == Kind.SHIFTED else 0,
        )  # fmt: skip

    cells = [said(one) for one in found.cells]
    returns = [said(one) for one in found.returns]
    return Findings(
        {(one.party, one.item, one.measure): one for one in cells},
        {one.party: one for one in reversed(returns)},
        {party: row for row, party in enumerate(parties)},
        past.form.leaf_index,
        {names[name]: bits for name, bits in found.support.items()},
        {names[name]: values for name, values in found.predicted.items()},
    )


def _whole(value: float) -> int | None:
    return round(value) if np.isfinite(value) else None
