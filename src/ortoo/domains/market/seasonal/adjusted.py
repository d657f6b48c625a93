"""Seasonally adjusted series of one item at one unit, from a reader's panel.

The page, the selected period change and bulletins ask here. Kept per process by the panel's
vintage and the values themselves, so that no reader is answered with what another may see.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal import Adjustment, Quality, Series, Unadjusted, adjust, quality
from ortoo.algorithms.seasonal.series import Kind
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.seasonal import x13
from ortoo.domains.market.seasonal.festivals import windows
from ortoo.domains.market.seasonal.x13 import ByX13
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period

Floats = NDArray[np.float64]
Measure = Literal["price", "value"]
OWN = "本系统的季节调整方法"
_KEPT = 512


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """One series taken apart; arrays lie over `periods`, in the measure's shown unit.

    `found`: the own method's parts; `official`: X-13's answer for a monthly series where it is
    installed, which is then what is shown.
    """

    form: Form
    unit: str
    item: str
    periods: tuple[Period, ...]
    found: Adjustment
    official: ByX13 | None

    @property
    def original(self) -> Floats:
        return self.found.original

    @property
    def adjusted(self) -> Floats:
        """季节调整后: without season and festivals."""
        return self.official.adjusted if self.official is not None else self.found.adjusted

    @property
    def trend(self) -> Floats:
        return self.official.trend if self.official is not None else self.found.trend_level

    @property
    def factor(self) -> Floats:
        """Season and festivals together, as a factor about 1."""
        return self.official.factor if self.official is not None else self.found.factor

    @property
    def has_season(self) -> bool:
        return bool(self.found.design.harmonics or self.found.design.windows)

    @property
    def method(self) -> str:
        if self.official is not None:
            return "X-13ARIMA-SEATS（美国普查局），春节按前、中、后三个窗口作为自定义回归项"
        return f"{OWN}：对数尺度，傅里叶季节项与春节窗口按 AICc 选定，隔一年权数乘 0.8"

    def change(self, values: Floats, at: int = -1) -> float | None:
        """环比 of one of the arrays at a period; None where either side is unknown."""
        place = at % len(self.periods)
        if place < 1:
            return None
        step = float(values[place] / values[place - 1] - 1)
        return step if np.isfinite(step) else None


def adjusted(
    panel: Panel, unit: str, item: str, measure: Measure = "price"
) -> Adjusted | None:
    """The adjusted series; None where it cannot be adjusted (`why_not` says why).

    KeyError for a unit or item the panel has not.
    """
    found = taken_apart(panel, unit, item, measure)
    return found if isinstance(found, Adjusted) else None


def why_not(panel: Panel, unit: str, item: str, measure: Measure = "price") -> Unadjusted | None:
    """Why `adjusted` gives nothing; None where it does."""
    found = taken_apart(panel, unit, item, measure)
    return found if isinstance(found, Unadjusted) else None


def taken_apart(
    panel: Panel, unit: str, item: str, measure: Measure = "price"
) -> Adjusted | Unadjusted:
    """`adjusted` and `why_not` in one."""
    table = panel.price if measure == "price" else panel.value
    values = table[panel.unit(unit), panel.item(item)]
    there = np.flatnonzero(np.isfinite(values))
    if not there.size or panel.periods[0].kind == "moment":
        return Unadjusted("EMPTY", 0, 0.0)
    part = slice(int(there[0]), int(there[-1]) + 1)
    periods, values = panel.periods[part], values[part]
    stamp = blake2b(values.tobytes(), digest_size=16)
    stamp.update(f"{periods[0].code}{x13.binary()}".encode())
    key = (panel.form.code, panel.log_index, unit, item, measure, stamp.hexdigest())
    return _KEEP.of(key, lambda: _made(panel.form, unit, item, periods, values))


def quality_of(one: Adjusted) -> Quality:
    """The quality measures of what the own method found."""
    return quality(one.found, windows())


def series_of(periods: tuple[Period, ...], values: Floats) -> Series:
    """Periods and values as the method wants them; where two overlap at a change of type each
    keeps its days."""
    start = np.array([one.start.toordinal() for one in periods], np.int64)
    end = np.array([one.end.toordinal() for one in periods], np.int64)
    return Series(cast(Kind, periods[0].kind), start, end, np.asarray(values, float))


def _made(
    form: Form, unit: str, item: str, periods: tuple[Period, ...], values: Floats
) -> Adjusted | Unadjusted:
    series = series_of(periods, values)
    found = adjust(series, windows(options=series.kind != "month"))
    if isinstance(found, Unadjusted):
        return found
    official = x13.run(series, found.design.windows) if series.kind == "month" else None
    return Adjusted(form, unit, item, periods, found, official)


_Key = tuple[str, int, str, str, str, str]


class _Kept:
    """The newest answers of this process."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, Lock()
        self._found: OrderedDict[_Key, Adjusted | Unadjusted] = OrderedDict()

    def of(self, key: _Key, make) -> Adjusted | Unadjusted:  # type: ignore[no-untyped-def]
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self._size:
                self._found.popitem(last=False)
        return made


_KEEP = _Kept(_KEPT)
