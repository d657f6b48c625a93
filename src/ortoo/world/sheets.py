"""What a form's period holds: declared measures, the truth, and the returns filed from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world.planted import Planted
from ortoo.world.records import VALUE, Correction

Ints = NDArray[np.int64]
Nils = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Measure:
    """One column: ``values`` are integers of 10^−``scale`` ``unit``.

    ``unit`` may name the item's own unit by ``{unit}``. ``choices``: the cell is an index into it.
    """

    code: str
    title: str
    unit: str
    scale: int
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormTruth:
    """What was true in one period of one form, before any mistake.

    ``values`` int64 and ``nil`` uint8 are [firm × item × measure]; ``nil``: 0 a value, 1 未经营,
    2 断货, 3 季节无货, 4 blank (not asked). A cell without a value holds 0. ``start``, ``end``:
    first and last day of the period.
    """

    form: str
    start: dt.date
    end: dt.date
    firms: tuple[str, ...]
    items: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: Ints
    nil: Nils

    def column(self, measure: str) -> int:
        """Number of a measure on the last axis."""
        return next(at for at, known in enumerate(self.measures) if known.code == measure)

    def of(self, measure: str) -> Ints:
        """Values of one measure, 0 where there is none; [firm × item]."""
        found: Ints = self.values[:, :, self.column(measure)]
        return found

    def has(self, measure: str) -> NDArray[np.bool_]:
        """Where one measure holds a value; [firm × item]."""
        found: NDArray[np.bool_] = self.nil[:, :, self.column(measure)] == VALUE
        return found


@dataclass(frozen=True, slots=True)
class FormReturns:
    """The returns of one period as filed; the truth is ``truth(…)`` of the same form and period.

    Arrays as in ``FormTruth``; rows of firms that did not report are blank. ``reported`` bool
    [firm]; ``offset_min`` int32 [firm]: minutes from the deadline, negative before it, 0 where
    nothing came; ``assisted`` bool [firm]: 代录; ``device``: what it was typed on, one per firm
    ("" where nothing came). ``planted``: every cell that differs from the truth.
    """

    form: str
    start: dt.date
    end: dt.date
    firms: tuple[str, ...]
    items: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: Ints
    nil: Nils
    reported: NDArray[np.bool_]
    offset_min: NDArray[np.int32]
    assisted: NDArray[np.bool_]
    device: tuple[str, ...]
    planted: tuple[Planted, ...]
    corrections: tuple[Correction, ...]
    late_reasons: tuple[tuple[str, str], ...]

    @property
    def late(self) -> NDArray[np.bool_]:
        """Reported, but after the deadline; [firm]."""
        return self.reported & (self.offset_min > 0)


def shared_out(total: Ints, weights: NDArray[np.float64]) -> Ints:
    """``total`` [rows × items] split by ``weights`` [rows × parts] into integers that sum to it.

    Cumulative rounding: each part differs from its exact share by less than one. Returns
    [rows × items × parts].
    """
    share = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    share[:, -1] = 1.0
    reached = np.floor(total[:, :, None] * share[:, None, :] + 1e-6).astype(np.int64)
    parts: Ints = np.diff(reached, axis=2, prepend=0)
    return parts
