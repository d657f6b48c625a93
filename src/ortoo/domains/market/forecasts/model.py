"""The model 预测模型 under which the system party forecasts: its parameters, version and digest.

Law 17: models draft. The region signs name, version and digest (MON-MODEL); a run names the three,
so that anybody can tell whether what was filed is what was signed. Whoever changes what the
numbers come out as raises `VERSION`; `code_digest` says which program did it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from ortoo.algorithms.forecasting import Season

NAME = "ortoo-panel"
VERSION = 2
LEVELS = (50, 80, 95)
"""Central prediction intervals, per cent; 80 is the one shown in tables."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Parameters for forms of one cadence; all counts are of the form's own periods.

    `horizon`: ahead; `shown`: steps named in tables and `said`: the one the words speak of;
    `year`: a year back, of the seasonal naive; `span`: newest periods used; `least`: fewest
    observations of a series that is forecast; `stale`: nothing newer than this, and it is not;
    `checks` past origins, `gap` periods apart, on which it is tested.
    """

    horizon: int
    shown: tuple[int, ...]
    said: int
    period: float
    harmonics: int
    year: int
    span: int
    least: int
    stale: int
    checks: int
    gap: int

    @property
    def season(self) -> Season:
        return Season(self.period, self.harmonics)


CADENCES: Mapping[str, Cadence] = {
    "week": Cadence(13, (1, 4, 8), 4, 52.18, 20, 52, 260, 26, 6, 8, 6),
    "month": Cadence(12, (1, 3, 6), 1, 12.0, 6, 12, 180, 18, 3, 8, 2),
    "tenday": Cadence(9, (1, 3, 6), 3, 36.525, 12, 36, 180, 18, 4, 8, 3),
}
SEED = 20161124
ROWS, VOLUME_ROWS = 3000, 1500
"""Of the learner: where its draws begin, and from how many past origins it learns at most; volumes
are weights here and get fewer."""


def parameters() -> dict[str, object]:
    """Everything that decides what comes out, as it stands in a filing."""
    return {
        "cadences": {kind: asdict(cadence) for kind, cadence in CADENCES.items()},
        "levels": list(LEVELS),
        "reconciliation": "mint-shrink, ols below 24 steps",
        "rows": ROWS,
        "rows_of_volumes": VOLUME_ROWS,
        "seed": SEED,
    }


@lru_cache(maxsize=1)
def digest() -> str:
    """SHA-256 over name, version and parameters, in hex: what is signed."""
    said = {"name": NAME, "version": VERSION, "parameters": parameters()}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), default=list)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 over the program text that computes, in hex; told in a filing, not signed."""
    here = Path(__file__).resolve().parent
    files = [here / name for name in ("model.py", "computing.py", "coherence.py", "series.py")]
    files += sorted((here.parents[2] / "algorithms" / "forecasting").glob("*.py"))
    found = hashlib.sha256()
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
