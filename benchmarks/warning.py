"""Warnings of price rises, each made of its past only, beside IPA, ALPS and the calendar.

`--data`: a CSV (or Parquet) of prices, one row a series and month. `--profile` maps its columns:
`date=date,market=market,good=commodity,price=price` (any subset; the values shown are taken where
the file has them). Without data a simulated panel is used.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.harness import cpu_seconds, progress

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

COLUMNS = {"date": "date", "market": "market", "good": "commodity", "price": "price"}
SEED = 20161124
YEAR = 12
QUICK_SERIES = 8


class Prices(NamedTuple):
    """`price` [series × months], NaN where missing; index of good and market of each series."""

    price: Any
    good: Any
    market: Any


def arguments(parser: argparse.ArgumentParser) -> None:
    """The event, the history a warning needs, and the probability that raises an alarm."""
    parser.add_argument("--profile", default="", help="date=…,market=…,good=…,price=…")
    parser.add_argument("--rise", type=float, default=0.20)
    parser.add_argument("--horizon", type=int, default=3)
    parser.add_argument("--min-history", type=int, default=48)
    parser.add_argument("--alarm", type=float, default=0.40)


def run(
    *,
    size: str | None,
    quick: bool,
    data: Path | None,
    database: str,
    profile: str,
    rise: float,
    horizon: int,
    min_history: int,
    alarm: float,
) -> dict[str, object]:
    """The `warning` bench. `size`: how many series."""
    from ortoo.algorithms import warning

    del database  # no database takes part
    prices = _read(data, _profile(profile)) if data else _simulated()
    whole = prices.price.shape[0]
    limit = int(size) if size and size.isdigit() else QUICK_SERIES if quick else whole
    prices = Prices(*(part[:limit] for part in prices))
    rule = warning.Rule(rise, horizon, YEAR)
    groups = warning.Groups(prices.good, prices.market)
    progress(f"{prices.price.shape[0]} series, {prices.price.shape[1]} months")
    start = cpu_seconds()
    found = warning.warnings(prices.price, groups, rule, least=min_history)
    cpu = cpu_seconds().since(start).total
    return {
        "size": str(prices.price.shape[0]),
        **_scored(prices.price, found, rule, min_history),
        **_alarmed(prices.price, found, rule, alarm),
        "cpu_s": round(cpu, 1),
        "notes": [
            "periods: series-months scored; events: those a rise followed",
            "auc_seasonal is the better of the seasonal frequency and the seasonal expectation",
            "brier_skill against the share of events in the very months scored",
            "intervals: 95 %, bootstrap over blocks of 12 months over all series",
            f"an alarm is a probability of at least {alarm:.2f}; lead is from the first alarm",
        ]
        + ([] if data else ["simulated panel: give --data for published prices"]),
    }


def _scored(price: Any, found: Any, rule: Any, least: int) -> dict[str, object]:
    import numpy as np

    from ortoo.algorithms.warning import alps, ipa, scores, year_on_year

    rows = np.isfinite(found.probability) & np.isfinite(found.happened)
    happened, said = found.happened[rows], found.probability[rows]
    period = np.nonzero(rows)[1]
    peers = {
        "frequency": found.known.frequency,
        "expectation": found.known.expectation,
        "yoy": year_on_year(price, rule.year),
        "ipa": ipa(price, rule.year),
        "alps": alps(price, rule.year),
        "predictive": found.known.predictive,
    }
    score = {name: np.nan_to_num(values[rows]) for name, values in peers.items()}
    auc = {name: scores.auc(happened, values) for name, values in score.items()}
    best = max(("frequency", "expectation"), key=lambda name: auc[name])

    def gain(rows: Any) -> float:
        ours = scores.auc(happened[rows], said[rows])
        return ours - scores.auc(happened[rows], score[best][rows])

    def ours(rows: Any) -> float:
        return scores.auc(happened[rows], said[rows])

    def skill(rows: Any) -> float:
        return scores.brier_skill(happened[rows], said[rows])

    def interval(statistic: Any) -> list[float]:
        return [round(v, 3) for v in scores.block_interval(statistic, period, rule.year)]

    return {
        "periods": int(rows.sum()),
        "events": int(happened.sum()),
        "rise": rule.rise,
        "min_history": least,
        "auc": round(scores.auc(happened, said), 4),
        "auc_95": interval(ours),
        "auc_seasonal": round(auc[best], 4),
        "auc_seasonal_frequency": round(auc["frequency"], 4),
        "auc_seasonal_expectation": round(auc["expectation"], 4),
        "auc_predictive": round(auc["predictive"], 4),
        "auc_over_seasonal_95": interval(gain),
        "auc_yoy": round(auc["yoy"], 4),
        "auc_ipa": round(auc["ipa"], 4),
        "auc_alps": round(auc["alps"], 4),
        "brier_skill": round(scores.brier_skill(happened, said), 4),
        "brier_skill_95": interval(skill),
        "brier_skill_seasonal": round(scores.brier_skill(happened, score["frequency"]), 4),
        "reliability_slope": round(scores.reliability_slope(happened, said), 3),
        "skilled_series": int((found.skill > 0).sum()),
        "scored_series": int(np.isfinite(found.skill).sum()),
    }


def _alarmed(price: Any, found: Any, rule: Any, alarm: float) -> dict[str, object]:
    import numpy as np

    from ortoo.algorithms.warning import scores
    from ortoo.algorithms.warning.outcomes import logarithm

    seen = np.isfinite(found.probability)
    raised = np.nan_to_num(found.probability) >= alarm
    event = scores.Event(rule.rise, rule.horizon, rule.year)
    counted = scores.alarms(logarithm(price), raised, seen, event)
    return {
        "onsets": counted.events,
        "onsets_warned": counted.hits,
        "median_lead_periods": float(np.median(counted.leads)) if counted.leads else None,
        "false_alarms_per_series_year": round(counted.false / max(counted.series_years, 1e-9), 3),
    }


def _profile(text: str) -> dict[str, str]:
    given = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    unknown = set(given) - set(COLUMNS)
    if unknown:
        raise ValueError(f"--profile maps {', '.join(COLUMNS)}; not {', '.join(sorted(unknown))}")
    return {**COLUMNS, **given}


def _read(path: Path, columns: dict[str, str]) -> Prices:
    """One series for each market, good and unit (where the file has units)."""
    import numpy as np
    import polars as pl

    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
    keys = [columns["market"], columns["good"]] + [
        name for name in ("unit", "pricetype", "currency") if name in frame.columns
    ]
    month = pl.col(columns["date"]).cast(pl.String)
    frame = frame.with_columns(
        (
            month.str.slice(0, 4).cast(pl.Int64) * 12 + month.str.slice(5, 2).cast(pl.Int64) - 1
        ).alias("month"),
        pl.concat_str([pl.col(key).cast(pl.String) for key in keys], separator="|").alias("series"),
    )
    frame = frame.with_columns(pl.col("month") - pl.col("month").min())
    names = sorted(frame["series"].unique().to_list())
    row = frame["series"].replace_strict({name: i for i, name in enumerate(names)}).to_numpy()
    # The first column is January, whatever the file begins with: months keep their place.
    first = frame.select(month.min()).item()
    lead = int(str(first)[5:7]) - 1
    column = frame["month"].to_numpy() + lead
    price = np.full((len(names), int(column.max()) + 1), np.nan)
    price[row, column] = frame[columns["price"]].cast(pl.Float64).to_numpy()

    def group(place: int) -> Any:
        return np.unique([name.split("|")[place] for name in names], return_inverse=True)[1]

    return Prices(price, group(1), group(0))


def _simulated() -> Prices:
    """Twelve series by seed: four goods in three markets, a season and a common shock a good."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    months = np.arange(144)
    good, market = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
    season = rng.uniform(0.02, 0.2, 4)[:, None] * np.sin(2 * np.pi * months / 12)
    shock = rng.normal(0, 0.03, (4, months.size)).cumsum(axis=1)
    own = rng.normal(0, 0.03, (12, months.size)).cumsum(axis=1)
    return Prices(1000 * np.exp((season + shock)[good] + own), good, market)
