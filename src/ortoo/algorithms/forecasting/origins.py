"""Past origins: the places in a panel from which a forecast can be checked against what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_OFFSETS = 40


@dataclass(frozen=True, slots=True)
class Origins:
    """`series` and `offset` [rows]: the origin lies `offset` observations before the newest.

    Rows are ordered by offset; all offsets are at least the horizon, so all answers are known.
    """

    series: NDArray[np.intp]
    offset: NDArray[np.intp]


def origins(lengths: NDArray[np.int64], horizon: int, least: int, cap: int) -> Origins:
    """Origins half a horizon apart, newest first, each with `least` observations behind it.

    More than `cap` rows are thinned evenly, after the newest horizon's, never old times only.
    """
    found = _spaced(lengths, horizon, least, max(horizon / 2, 1.0))
    return _thinned(found, cap, horizon)


def _spaced(lengths: NDArray[np.int64], horizon: int, least: int, step: float) -> Origins:
    series: list[NDArray[np.intp]] = []
    offsets: list[NDArray[np.intp]] = []
    most = int(max((int(lengths.max(initial=0)) - horizon - least) / step + 1, 0))
    for k in range(min(most, MOST_OFFSETS)):
        offset = horizon + int(k * step)
        rows = np.flatnonzero(lengths - offset >= least)
        series.append(rows)
        offsets.append(np.full(rows.size, offset))
    if not series:
        return Origins(np.empty(0, np.intp), np.empty(0, np.intp))
    return Origins(np.concatenate(series), np.concatenate(offsets).astype(np.intp))


def _thinned(found: Origins, cap: int, horizon: int) -> Origins:
    """Whole offsets first while they fit, so that every series keeps its newest origins."""
    if found.series.size <= cap:
        return found
    newest = found.offset <= 2 * horizon
    if newest.sum() >= cap:
        keep = np.linspace(0, found.series.size - 1, cap).astype(int)
    else:
        older = np.flatnonzero(~newest)
        pick = np.linspace(0, older.size - 1, cap - int(newest.sum())).astype(int)
        keep = np.sort(np.concatenate([np.flatnonzero(newest), older[pick]]))
    return Origins(found.series[keep], found.offset[keep])
