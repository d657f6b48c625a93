"""A panel of histories on a working scale on which additive models make sense.

Rules, each tested: values left of the first observation are dropped; gaps inside are interpolated
on the working scale; missing newest values repeat the last observed one, so that horizon 1 is the
step after the row given. Positive series work on logarithms; a series that touches zero or goes
below works on its own values in units of their mean size, and one that never was negative is never
forecast negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class Panel:
    """`z`: cleaned series on the working scale, each 1-D; `log`: [series]; `unit`: [series];
    `floor`: [series], the least value a forecast may take; `observed`: [series] counts."""

    z: tuple[Floats, ...]
    log: Flags
    unit: Floats
    floor: Floats
    observed: NDArray[np.int64]

    def natural(self, z: Floats) -> Floats:
        """Back from the working scale; `z` is [series × any]."""
        grown = np.exp(np.clip(np.where(self.log[:, None], z, 0.0), -230, 230))
        found = np.where(self.log[:, None], grown, z * self.unit[:, None])
        return np.asarray(np.maximum(found, self.floor[:, None]))


def panel(histories: Sequence[Floats]) -> Panel:
    """Clean histories, oldest value first, NaN where nothing was observed.

    Raises ValueError where a value is infinite or beyond 1e100.
    """
    cleaned, logs, units, floors, counts = [], [], [], [], []
    for number, history in enumerate(histories):
        y = np.asarray(history, dtype=float)
        known = ~np.isnan(y)
        if (np.abs(y[known]) > LARGEST).any():
            raise ValueError(f"FORECAST-INFINITE: series {number} holds an infinite value")
        values = y[known]
        log = bool(values.size and (values > 0).all())
        size = float(np.abs(values).mean()) if values.size else 1.0
        unit = size if size > 0 else 1.0
        cleaned.append(_filled(np.log(y) if log else y / unit, known))
        logs.append(log)
        units.append(unit)
        floors.append(0.0 if values.size and (values >= 0).all() else -np.inf)
        counts.append(values.size)
    return Panel(
        tuple(cleaned), np.array(logs, bool), np.array(units), np.array(floors), np.array(counts)
    )


def _filled(z: Floats, known: Flags) -> Floats:
    if not known.any():
        return np.empty(0)
    places = np.flatnonzero(known)
    inside = np.arange(places[0], z.size)
    return np.interp(inside, places, z[known])


def window(series: Sequence[Floats], length: int) -> Floats:
    """The newest `length` values, right-aligned in [series × length], NaN before the first."""
    out = np.full((len(series), length), np.nan)
    for row, values in enumerate(series):
        newest = values[-length:]
        if newest.size:
            out[row, length - newest.size :] = newest
    return out
