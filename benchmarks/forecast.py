"""Forecasts against what came: M4's scores, Theta and the random walk in the same call.

`--data`: a Parquet file with `unique_id`, `t`, `y` and `split` (train or test), every series with
the same number of test values. The frequency is M4's for that horizon (13: weekly, 18: monthly,
8: quarterly, else no season), or `--frequency`. Without data a simulated weekly panel is used.
"""

from __future__ import annotations

import os

# One thread: a second one only waits for the first and is charged for waiting. It must be said
# before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from typing import TYPE_CHECKING, Any

from benchmarks.harness import cpu_seconds, progress

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

FREQUENCIES = {13: "weekly", 18: "monthly", 8: "quarterly"}
# Seasonality M4 scores with: 1 for weeks.
M4_SEASON = {"weekly": 1, "monthly": 12, "quarterly": 4, "none": 1}
QUICK = 60
SEED = 20161124


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--frequency`: what a period of the data is."""
    parser.add_argument("--frequency", choices=sorted(M4_SEASON), default=None)


def run(
    *, size: str | None, quick: bool, data: Path | None, database: str, frequency: str | None
) -> dict[str, object]:
    """The `forecast` bench. `size`: how many series; CPU seconds of points and with intervals."""
    from ortoo.algorithms.forecasting import Plan, forecast

    del database  # no database takes part
    histories, actual = _read(data) if data else _simulated()
    limit = int(size) if size and size.isdigit() else QUICK if quick else len(histories)
    histories, actual = histories[:limit], actual[:limit]
    horizon = actual.shape[1]
    kind = frequency or FREQUENCIES.get(horizon, "none")
    progress(f"{len(histories)} series, {kind}, {horizon} ahead")
    season = _season(kind)
    start = cpu_seconds()
    points = forecast(histories, Plan(horizon, season, level=None))
    points_cpu = cpu_seconds().since(start).total
    progress(f"points {points_cpu:.1f} CPU s")
    start = cpu_seconds()
    ranged = forecast(histories, Plan(horizon, season))
    ranged_cpu = cpu_seconds().since(start).total
    scored = _scored(histories, actual, points.mean, (ranged.lower, ranged.upper), kind)
    return {
        "size": str(len(histories)),
        "series": len(histories),
        "frequency": kind,
        "horizon": horizon,
        **scored,
        "cpu_s_per_1000": round(1000 * points_cpu / len(histories), 1),
        "cpu_s_per_1000_with_intervals": round(1000 * ranged_cpu / len(histories), 1),
        "skilled": int(points.skilled.sum()),
        "learner_share": points.shrink,
        "notes": [
            "theta and naive2 are our own runs of M4's definitions on the whole history",
            "random walk: M4's Naive, last value ± 1.96 root mean squared step of the whole history"
            " × √h (forecast::naive in R, Naive in statsforecast); _log: the same on logarithms",
            "skilled: series whose past forecasts beat «no change»",
        ]
        + ([] if data else ["simulated panel: give --data for published series"]),
    }


def _season(kind: str) -> Any:
    from ortoo.algorithms import forecasting

    return {
        "weekly": forecasting.WEEKLY,
        "monthly": forecasting.MONTHLY,
        "quarterly": forecasting.QUARTERLY,
        "none": forecasting.NO_SEASON,
    }[kind]


def _scored(
    histories: list[Any], actual: Any, mean: Any, bounds: tuple[Any, Any], kind: str
) -> dict[str, object]:
    import numpy as np

    from ortoo.algorithms.forecasting import naive, scores

    m = M4_SEASON[kind]
    horizon = actual.shape[1]
    reference = naive.naive2(histories, m, horizon)
    peer = naive.theta(histories, m, horizon)
    scale = scores.naive_scale(histories, m)
    last = np.array([y[-1] for y in histories])[:, None]
    step = np.array([np.sqrt((np.diff(y) ** 2).mean()) for y in histories])[:, None]
    reach = 1.96 * step * np.sqrt(np.arange(1, horizon + 1))
    low_log, high_log = _log_walk(histories, horizon)
    lower, upper = bounds

    def interval(low: Any, high: Any) -> float:
        return round(float(np.nanmean(scores.msis(actual, low, high, scale))), 3)

    ours = scores.owa(actual, mean, reference, scale)
    theirs = scores.owa(actual, peer, reference, scale)
    return {
        "smape": round(float(scores.smape(actual, mean).mean()), 3),
        "mase": round(float(np.nanmean(scores.mase(actual, mean, scale))), 4),
        "owa": round(ours, 4),
        "theta_owa": round(theirs, 4),
        "owa_over_theta": round(ours / theirs, 4),
        "coverage_95": round(scores.coverage(actual, lower, upper), 4),
        "msis": interval(lower, upper),
        "random_walk_msis": interval(last - reach, last + reach),
        "random_walk_log_msis": interval(low_log, high_log),
        "msis_over_random_walk": round(
            interval(lower, upper) / interval(last - reach, last + reach), 4
        ),
    }


def _log_walk(histories: list[Any], horizon: int) -> tuple[Any, Any]:
    """A random walk on logarithms; NaN for a series that is not positive throughout."""
    import numpy as np

    last = np.array([y[-1] for y in histories])[:, None]
    step = np.array(
        [np.sqrt((np.diff(np.log(y)) ** 2).mean()) if (y > 0).all() else np.nan for y in histories]
    )[:, None]
    reach = 1.96 * step * np.sqrt(np.arange(1, horizon + 1))
    return last * np.exp(-reach), last * np.exp(reach)


def _read(path: Path) -> tuple[list[Any], Any]:
    import numpy as np
    import polars as pl

    frame = pl.read_parquet(path).sort("unique_id", "t")
    parts = {
        split: frame.filter(pl.col("split") == split)
        .group_by("unique_id", maintain_order=True)
        .agg("y")
        for split in ("train", "test")
    }
    both = parts["train"].join(parts["test"], on="unique_id", suffix="_test", maintain_order="left")
    histories = [np.array(values, dtype=float) for values in both["y"]]
    return histories, np.array(both["y_test"].to_list(), dtype=float)


def _simulated() -> tuple[list[Any], Any]:
    """Weekly prices by seed: a walk with a season in two of three, five years."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    count, length, horizon = 120, 260, 13
    times = np.arange(length + horizon)
    walk = rng.normal(0, 0.01, (count, times.size)).cumsum(axis=1)
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    size = rng.uniform(0.05, 0.2, (count, 1)) * (np.arange(count)[:, None] % 3 > 0)
    prices = 10 * np.exp(walk + size * np.sin(2 * np.pi * times / 52.18 + phase))
    prices *= np.exp(rng.normal(0, 0.005, prices.shape))
    return list(prices[:, :length]), prices[:, length:]
