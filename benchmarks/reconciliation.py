"""Reconciled forecasts of a published hierarchy: error by level before and after.

`--data`: a CSV with a period, two or more key columns and the last column a quantity that adds up;
by default key names `State`, `Region`, `Purpose` (Region inside State, Purpose crossing both) as in
the Australian visitor nights of fpp3. The last eight quarters are forecast. Root mean squared error
and MASE (season of 4) are taken of each series and averaged over the series of a level.

`base` is our own forecaster; `ets_base` AutoETS of statsforecast, the published comparison's base,
null where that package is not installed. The reconciling is ours in both. Without `--data` a
simulated hierarchy of the same shape is used.
"""

from __future__ import annotations

import os

# One thread: a second one only waits for the first. It must be said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from typing import TYPE_CHECKING, Any

from benchmarks.harness import cpu_seconds, progress

if TYPE_CHECKING:
    from pathlib import Path

HORIZON = 8
SEASON = 4
SEED = 20161124
KEYS = ("State", "Region", "Purpose")
# Columns of KEYS that name a node of each level; the leaves come last.
LEVELS = {
    "Total": (),
    "State": (0,),
    "Purpose": (2,),
    "Regions": (0, 1),
    "State/Purpose": (0, 2),
    "Bottom": (0, 1, 2),
}


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, object]:
    """The `reconciliation` bench: errors of each method at each level, CPU seconds."""
    import numpy as np

    del database  # no database takes part
    names, leaves = _read(data) if data else _simulated()
    if size and size.isdigit():
        names, leaves = names[: int(size)], leaves[: int(size)]
    elif quick:
        names, leaves = names[:96], leaves[:96]
    summing, level = _summing(names)
    nodes = summing @ leaves
    progress(f"{len(names)} leaves in {len(nodes)} series of {nodes.shape[1]} quarters")
    start = cpu_seconds()
    own, residual = _own(nodes[:, :-HORIZON])
    base_cpu = cpu_seconds().since(start).total
    start = cpu_seconds()
    ours = _methods(own, summing, residual)
    cpu = cpu_seconds().since(start).total
    theirs = _ets(nodes[:, :-HORIZON])
    notes = [
        "own base: residuals for WLS and MinT are its errors one quarter ahead at past origins",
        "coherence: largest difference between a node and the sum of its leaves, in its units",
    ]
    if theirs is None:
        notes.append("statsforecast is not installed: no AutoETS base, `ets_base` is null")
    if data is None:
        notes.append("simulated hierarchy: give --data for published series")
    published = None
    if theirs is not None:
        published = _errors(_methods(theirs[0], summing, theirs[1]), nodes, level)
    gaps = [
        np.abs(found - summing @ found[-len(names) :]).max() for found in list(ours.values())[1:]
    ]
    return {
        "size": str(len(nodes)),
        "series": len(nodes),
        "leaves": len(names),
        "horizon": HORIZON,
        "base": _errors(ours, nodes, level),
        "ets_base": published,
        "coherence": float(max(gaps)),
        "base_cpu_s": round(base_cpu, 2),
        "reconcile_cpu_s": round(cpu, 2),
        "notes": notes,
    }


def _methods(base: Any, summing: Any, residual: Any) -> dict[str, Any]:
    from ortoo.algorithms.forecasting import reconcile

    return {
        "base": base,
        "bottom_up": reconcile.bottom_up(base, summing),
        "ols": reconcile.ols(base, summing),
        "wls_struct": reconcile.wls(base, summing, summing.sum(axis=1)),
        "wls_var": reconcile.wls(base, summing, (residual**2).mean(axis=1)),
        "mint_shrink": reconcile.mint_shrink(base, summing, residual),
    }


def _errors(found: dict[str, Any], nodes: Any, level: Any) -> dict[str, Any]:
    """Root mean squared error and MASE of each method at each level and overall."""
    import numpy as np

    from ortoo.algorithms.forecasting import scores

    actual = nodes[:, -HORIZON:]
    scale = scores.naive_scale(list(nodes[:, :-HORIZON]), SEASON)
    out: dict[str, Any] = {}
    for method, guess in found.items():
        rmse = np.sqrt(((guess - actual) ** 2).mean(axis=1))
        mase = scores.mase(actual, guess, scale)
        rows = {name: level == name for name in LEVELS}
        # The published comparison's "Overall" leaves State/Purpose out; "All" does not.
        rows |= {"Overall": level != "State/Purpose", "All": level != ""}
        out[method] = {
            name: {
                "rmse": round(float(rmse[row].mean()), 4),
                "mase": round(float(np.nanmean(mase[row])), 4),
            }
            for name, row in rows.items()
        }
    return out


def _own(history: Any) -> tuple[Any, Any]:
    """Our forecasts, and our one-step errors at the last eight origins [nodes × origins]."""
    import numpy as np

    from ortoo.algorithms.forecasting import QUARTERLY, Plan, forecast

    found = forecast(list(history), Plan(HORIZON, QUARTERLY, level=None)).mean
    past = []
    for back in range(HORIZON, 0, -1):
        plan = Plan(1, QUARTERLY, level=None, rows=0)
        guess = forecast(list(history[:, :-back]), plan).mean[:, 0]
        past.append(history[:, -back] - guess)
    return found, np.stack(past, axis=1)


def _ets(history: Any) -> tuple[Any, Any] | None:
    """AutoETS as in the published comparison: forecasts and in-sample errors; None: not there."""
    import numpy as np

    try:
        from statsforecast.models import AutoETS
    except ImportError:
        return None
    means, residuals = [], []
    for row, values in enumerate(history):
        if row % 100 == 0:
            progress(f"AutoETS {row} of {len(history)}")
        model = AutoETS(season_length=SEASON, model="ZZA")
        found = model.forecast(y=values, h=HORIZON, fitted=True)
        means.append(found["mean"])
        residuals.append(values - found["fitted"])
    return np.array(means), np.array(residuals)


def _summing(names: list[tuple[str, ...]]) -> tuple[Any, Any]:
    """S [nodes × leaves] and the level of each node; the leaves come last, in order."""
    import numpy as np

    rows, level = [], []
    for title, part in list(LEVELS.items())[:-1]:
        own = [tuple(name[i] for i in part) for name in names]
        for value in sorted(set(own)):
            rows.append([float(one == value) for one in own])
            level.append(title)
    level += ["Bottom"] * len(names)
    return np.vstack([np.array(rows), np.eye(len(names))]), np.array(level)


def _read(path: Path) -> tuple[list[tuple[str, ...]], Any]:
    import numpy as np
    import polars as pl

    frame = pl.read_csv(path)
    period, value = frame.columns[0], frame.columns[-1]
    frame = frame.sort(*KEYS, period)
    leaves = frame.group_by(list(KEYS), maintain_order=True).agg(value)
    return list(leaves.select(KEYS).iter_rows()), np.array(leaves[value].to_list(), dtype=float)


def _simulated() -> tuple[list[tuple[str, ...]], Any]:
    """Eight states, four regions each, three purposes, by seed: seasonal trips over 20 years."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    names: list[tuple[str, ...]] = [
        (f"S{s}", f"R{s}{r}", f"P{p}") for s in range(8) for r in range(4) for p in range(3)
    ]
    times = np.arange(80)
    size = rng.uniform(5, 200, (len(names), 1))
    walk = rng.normal(0, 0.04, (len(names), 80)).cumsum(axis=1)
    common = rng.normal(0, 0.03, (1, 80)).cumsum(axis=1)
    wave = rng.uniform(0, 0.3, (len(names), 1)) * np.sin(np.pi * times / 2 + 1)
    return names, size * np.exp(walk + common + wave + rng.normal(0, 0.1, walk.shape))
