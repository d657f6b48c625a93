"""What was issued of a form, as columns in the shape of a panel."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market import issued, observations
from ortoo.kernel.filings import projection, read
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.indicators import issuing

Ints = NDArray[np.int64]
HEADS = ("expected", "filed", "unreviewed")
ISSUED_COLUMNS = (
    "expected", "filed", "quotes", "out_of_stock", "matched", "matched_now", "matched_before",
)  # fmt: skip
"""What an issued cell says of the sums behind it; the others are never given out."""
_Axes = tuple[Sequence[str], Sequence[str], Sequence[Period]]
_kept: dict[str, tuple[tuple[object, ...], dict[str, Ints]]] = {}
_lock = Lock()


def issue_touch(form: str) -> int:
    """Log index of the newest issue of a form; 0 before any."""
    return read.last_touch(f"{issuing.FORM}|{form}|")


def given(form: str, axes: _Axes) -> dict[str, Ints]:
    """Issued columns of a form over (units, items, periods), each in that shape; `mean` is −1
    where nothing is shown. Kept while nothing is issued."""
    units, items, periods = axes
    touched = issue_touch(form)
    # The digest beside the index: a restored log, or a test's, has another filing there.
    stands = touched, observations.witness(touched), tuple(units), tuple(items), tuple(periods)
    with _lock:
        kept = _kept.get(form)
    if kept is not None and kept[0] == stands:
        return kept[1]
    found = _filled(form, axes)
    if touched <= projection.position("market-issued"):
        with _lock:
            _kept[form] = stands, found
    return found


def _filled(form: str, axes: _Axes) -> dict[str, Ints]:
    units, items, periods = axes
    shape = (len(units), len(items), len(periods))
    found = {name: np.zeros(shape, np.int64) for name in ISSUED_COLUMNS}
    found["mean"] = np.full(shape, -1, np.int64)
    unit, item, period = (
        {code: at for at, code in enumerate(codes)}
        for codes in (units, items, [one.code for one in periods])
    )
    rows = [
        row
        for row in issued.lines_of(form)
        if row[0] in period and row[1] in unit and row[2] in item
    ]
    if rows:
        # In the order of issue: of two rows for one cell numpy keeps the later one.
        where = (
            np.array([unit[row[1]] for row in rows]),
            np.array([item[row[2]] for row in rows]),
            np.array([period[row[0]] for row in rows]),
        )
        values = np.array([row[3:] for row in rows], np.int64)
        said = dict(zip(("hidden", *issued.FIELDS), values.T, strict=True))
        shown = (said["hidden"] == 0) & (said["quotes"] > 0)
        found["mean"][where] = np.where(shown, said["mean"], -1)
        for name in ("expected", "filed", "quotes", "out_of_stock", "matched"):
            found[name][where] = np.where(shown | (name in HEADS), said[name], 0)
        matched = shown & (said["matched"] > 0)
        found["matched_before"][where] = np.where(matched, issued.CHANGE_SCALE, 0)
        now = issued.CHANGE_SCALE + said["matched_change"]
        found["matched_now"][where] = np.where(matched, now, 0)
    return found
