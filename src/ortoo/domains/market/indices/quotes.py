"""Firms' prices over time as one array: what elementary indices are computed from.

Kept in the process by form and basis; a period is read again only when something was filed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import observations
from ortoo.kernel.filings import read
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Quotes:
    """Prices in minor units, [periods × firms × items], NaN without one.

    `units`, `places` [firms]: where each stood in the newest period in which it filed.
    """

    periods: tuple[Period, ...]
    firms: tuple[str, ...]
    units: tuple[str, ...]
    places: tuple[str, ...]
    price: Floats


@dataclass(frozen=True, slots=True)
class _Said:
    """One period: its firms, where they stand, and their prices [firms × items]."""

    firms: tuple[str, ...]
    units: tuple[str, ...]
    places: tuple[str, ...]
    price: Floats


_Stamp = tuple[int, bytes]
_kept: dict[tuple[str, str, int, str], tuple[_Stamp, _Said]] = {}
_whole: dict[tuple[str, str], tuple[tuple[object, ...], Quotes]] = {}
_lock = Lock()
_MOST = 800
"""Periods kept; a region's week of 400 firms and 46 items takes 150 KB."""


def quotes(form: Form, periods: Sequence[Period], basis: str) -> Quotes:
    """Reviewed (or, on the basis `all`, filed) prices of these periods. No reader: never shown."""
    if not periods:
        return Quotes((), (), (), (), np.full((0, 0, len(form.leaves)), np.nan))
    touched = read.last_touch(f"{form.code}|")
    key: tuple[object, ...] = (
        form.digest, touched, observations.witness(touched), periods[0].code, periods[-1].code,
        len(periods),
    )  # fmt: skip
    with _lock:
        known = _whole.get((form.code, basis))
    if known is not None and known[0] == key:
        return known[1]
    found = _joined(form, periods, [_said(form, period, basis) for period in periods])
    with _lock:
        _whole[form.code, basis] = key, found
    return found


def forget() -> None:
    """Drop what is kept: for a test whose log indexes come again with other contents."""
    with _lock:
        _kept.clear()
        _whole.clear()


def _said(form: Form, period: Period, basis: str) -> _Said:
    seq = read.last_touch(f"{form.code}|{period.code}|")
    stamp = seq, observations.witness(seq)
    key = form.code, basis, form.version, period.code
    with _lock:
        known = _kept.get(key)
    if known is not None and known[0] == stamp:
        return known[1]
    found = _read(form, period, basis)
    with _lock:
        while len(_kept) >= _MOST:
            _kept.pop(next(iter(_kept)))
        _kept[key] = stamp, found
    return found


def _read(form: Form, period: Period, basis: str) -> _Said:
    returns = observations.load(form.code, period.code)
    if not returns.parties or form.roles.price is None:
        return _Said((), (), (), np.full((0, len(form.leaves)), np.nan))
    returns = observations.in_rows_of(returns, form)
    keep = returns.counted & returns.reviewed if basis == "reviewed" else returns.counted
    rows = np.flatnonzero(keep)
    codes, unit, _ = observations.units_of(returns)
    minor = returns.cells[form.roles.price][rows]
    # A price of 0 is no price: what was given away has none, and no relative can be made of it.
    price = np.where((minor == observations.MISSING) | (minor <= 0), np.nan, minor)
    return _Said(
        tuple(returns.parties[row] for row in rows),
        tuple(codes[unit[row]] for row in rows),
        tuple(returns.places[row] for row in rows),
        price.astype(np.float64),
    )


def _joined(form: Form, periods: Sequence[Period], said: Sequence[_Said]) -> Quotes:
    firms = sorted({firm for one in said for firm in one.firms})
    row = {firm: at for at, firm in enumerate(firms)}
    units, places = [""] * len(firms), [""] * len(firms)
    price = np.full((len(periods), len(firms), len(form.leaves)), np.nan)
    for at, one in enumerate(said):
        rows = [row[firm] for firm in one.firms]
        price[at, rows] = one.price
        for firm, unit, place in zip(rows, one.units, one.places, strict=True):
            units[firm], places[firm] = unit, place
    return Quotes(tuple(periods), tuple(firms), tuple(units), tuple(places), price)
