"""What X-13ARIMA-SEATS reads and writes, as text: a specification, and the tables it saves.

U.S. Census Bureau, X-13ARIMA-SEATS Reference Manual. Festivals enter as user-defined regressors of
type holiday, so that the adjusted series (table D11) is without them. Nothing is run here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal.outliers import CRITICAL
from ortoo.algorithms.seasonal.series import Series
from ortoo.algorithms.seasonal.windows import Window, centred

Floats = NDArray[np.float64]
AHEAD = 12
MISSING = -99999.0
TABLES = ("d10", "d11", "d12", "d16")
"""Seasonal factors; adjusted; trend; season and holidays together."""
AUTOMATIC, AIRLINE = "automdl{ }", "arima{ model=(0 1 1)(0 1 1) }"
_PER_LINE = 4


def specification(series: Series, windows: Sequence[Window], model: str = AUTOMATIC) -> str:
    """The input for a monthly series; `model`: AUTOMATIC or AIRLINE.

    ValueError SEASONAL-X13 for another kind.
    """
    if series.kind != "month":
        raise ValueError("SEASONAL-X13: X-13 adjusts months, not weeks or days")
    first = dt.date.fromordinal(int(series.start[0]))
    start = f"{first.year}.{first.month}"
    known = np.isfinite(series.values) & (np.nan_to_num(series.values) > 0)
    data = _numbers(np.where(known, series.values, MISSING))
    gaps = "" if known.all() else f" missingcode={MISSING:g}"
    parts = [f'series{{ title="ortoo" start={start} period=12{gaps} data=(\n{data}) }}',
             "transform{ function=log }"]  # fmt: skip
    if windows:
        begin, end = months(first, series.values.size + AHEAD)
        table = np.stack([centred(one, begin, end) for one in windows], axis=1)
        names = " ".join(f"w{n}" for n in range(1, len(windows) + 1))
        types = " ".join(["holiday"] * len(windows))
        parts.append(
            f"regression{{ user=({names}) usertype=({types}) start={start}"
            f" data=(\n{_numbers(table.ravel())}) }}"
        )
    parts += [
        f"outlier{{ types=(ao ls) critical={CRITICAL} }}",
        model,
        f"forecast{{ maxlead={AHEAD} }}",
        f"x11{{ save=({' '.join(TABLES)}) }}",
    ]
    return "\n".join(parts) + "\n"


def months(first: dt.date, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ordinals of the first and last days of consecutive months."""
    base = np.datetime64(f"{first.year:04d}-{first.month:02d}", "M") + np.arange(count + 1)
    days = base.astype("datetime64[D]").astype(np.int64) + dt.date(1970, 1, 1).toordinal()
    return np.asarray(days[:-1]), np.asarray(days[1:] - 1)


def _numbers(values: Floats) -> str:
    texts = [f"{value:.10g}" for value in values]
    lines = [texts[at : at + _PER_LINE] for at in range(0, len(texts), _PER_LINE)]
    return "\n".join(" ".join(line) for line in lines) + "\n"


def saved_table(text: str) -> dict[tuple[int, int], float]:
    """(year, month) → value of a saved table; lines that are no rows are passed over."""
    found = {}
    for line in text.splitlines():
        date, _, value = line.partition("\t")
        if len(date) == 6 and date.isdigit():
            found[int(date[:4]), int(date[4:])] = float(value.split("\t")[0])
    return found
