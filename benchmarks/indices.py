"""Price indices: how far from published and independent answers, and what they cost.

`--data`: a folder with two CSV files known by their columns: prices (`month`, `item_code`,
`expenditure`, `price`) and published indices of them (`month` and any of the names in `PUBLISHED`).
Without it, those of the shared folder (`ORTOO_SHARED`, or `../shared`) if there is one. In any case
a generated panel with gaps is computed twice, by the house and from textbook definitions in plain
Python. `cpu_s` is all of the house's indices on the data plus the rolling GEKS of 200 items over
260 periods, which `rolling_cpu_s` gives apart; `definition_cpu_s` is the slow way's.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import progress
from benchmarks.processor import Meter

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261124
GENERATED = {"quick": (40, 24), "full": (120, 60)}
"""Periods and items of the panel computed both ways."""
ROLLED = (260, 200)
REPEATS = 7

Array = np.ndarray
Index = Callable[[Array, Array], Array]


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `indices` bench."""
    del database  # no database takes part
    name = size or ("quick" if quick else "full")
    if name not in GENERATED:
        raise ValueError(f"size is one of {', '.join(GENERATED)}: {name}")
    folder, notes = data or shared_folder(), []
    differences: dict[str, float] = {}
    oracle = _against_published(folder) if folder else None
    if oracle:
        differences.update(oracle["differences"])
    else:
        notes.append("no published indices here: own panel against the definitions only")
    own = _against_definitions(*GENERATED[name])
    differences.update(own["differences"])
    rolled = _rolled()
    cpu = (oracle or own)["cpu_s"] + rolled["rolling_cpu_s"]
    worst = max(differences, key=lambda key: differences[key])
    notes.append("published indices are rounded to ten decimals; shared files by column names")
    return {
        "size": name,
        "max_abs_diff": max(differences.values()),
        "cpu_s": round(cpu, 4),
        "worst": worst,
        "published": len(oracle["differences"]) if oracle else 0,
        "by_definition": len(own["differences"]),
        "definition_cpu_s": round(own["definition_cpu_s"], 3),
        **rolled,
        "differences": differences,
        "notes": notes,
    }


def shared_folder() -> Path | None:
    """The market's shared data, if it lies where the tests look for it."""
    folder = Path(os.environ.get("ORTOO_SHARED", ROOT.parent / "shared")) / "data" / "market"
    return folder if folder.is_dir() else None


def published_indices() -> dict[str, Index]:
    """What each published column is, in the house's functions."""
    from ortoo.algorithms.indices.bilateral import Formula, fixed_base
    from ortoo.algorithms.indices.drift import chained_to_show_drift
    from ortoo.algorithms.indices.multilateral import geary_khamis, geks, time_product_dummy

    return {
        **{f"fixed_{f}": partial(fixed_base, f) for f in Formula},
        **{f"chained_{f}": partial(chained_to_show_drift, f) for f in Formula},
        "geks_tornqvist": geks,
        "geks_fisher": partial(geks, formula=Formula.FISHER),
        "geks_jevons": partial(geks, formula=Formula.JEVONS),
        "tpd_weighted": time_product_dummy,
        "geary_khamis": geary_khamis,
    }


def _tables(folder: Path) -> Iterable[list[dict[str, str]]]:
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            first = next(csv.reader([lines.readline()]), [])
            if "month" in first:
                lines.seek(0)
                yield list(csv.DictReader(lines))


def _against_published(folder: Path) -> dict[str, Any] | None:
    """Differences from every published column that the house knows; None without both files."""
    indices = published_indices()
    prices: list[dict[str, str]] = []
    answers: list[dict[str, str]] = []
    for rows in _tables(folder):
        columns = set(rows[0]) if rows else set()
        if {"item_code", "expenditure", "price"} <= columns:
            prices = rows
        elif columns & set(indices):
            answers = rows
    if not prices or not answers:
        return None
    price, value, months = _panel(prices)
    at = [months[row["month"]] for row in answers]
    known = [name for name in answers[0] if name in indices]
    progress(f"{len(prices):,} prices, {len(known)} published indices")
    with Meter() as used:
        found = {name: indices[name](price, value) for name in known}
    differences = {
        name: largest(found[name][at], [float(row[name] or "nan") for row in answers])
        for name in known
    }
    return {"differences": differences, "cpu_s": used.cpu.total}


def largest(found: Array, expected: Sequence[float]) -> float:
    """Largest difference. ArithmeticError where only one of the two has a number."""
    answers = np.asarray(expected, dtype=np.float64)
    if not np.array_equal(np.isnan(found), np.isnan(answers)):
        raise ArithmeticError("a period has a number on one side only")
    return float(np.nanmax(np.abs(found - answers)))


def _panel(rows: list[dict[str, str]]) -> tuple[Array, Array, dict[str, int]]:
    months = {name: t for t, name in enumerate(sorted({row["month"] for row in rows}))}
    items = {name: i for i, name in enumerate(sorted({row["item_code"] for row in rows}))}
    price = np.full((len(months), len(items)), np.nan)
    value = price.copy()
    for row in rows:
        cell = months[row["month"]], items[row["item_code"]]
        price[cell], value[cell] = float(row["price"]), float(row["expenditure"])
    return price, value, months


def generated(periods: int, items: int) -> tuple[Array, Array]:
    """Prices that wander and swing, turnovers that answer them, a fifth missing, some for good."""
    rng = np.random.default_rng(SEED)
    season = 0.3 * np.sin(np.arange(periods)[:, None] / 52 * 2 * np.pi + rng.uniform(0, 6, items))
    logs = rng.normal(1.5, 0.8, items) + season + rng.normal(0, 0.05, (periods, items)).cumsum(0)
    price = np.exp(logs)
    value = np.exp(rng.normal(6, 1, items) - 1.5 * season + rng.normal(0, 0.4, price.shape))
    absent = rng.random(price.shape) < 0.2
    absent |= np.arange(periods)[:, None] > rng.integers(periods // 2, 4 * periods, items)
    absent[:, 0] = False
    price[absent] = np.nan
    return price, value


def _against_definitions(periods: int, items: int) -> dict[str, Any]:
    """The house and the plain definitions on one panel: largest differences, and both times."""
    from ortoo.algorithms.indices.bilateral import Formula, fixed_base
    from ortoo.algorithms.indices.contributions import rolling_geks_contributions
    from ortoo.algorithms.indices.elementary import elementary
    from ortoo.algorithms.indices.multilateral import geary_khamis, geks, time_product_dummy
    from ortoo.algorithms.indices.splicing import Splice, rolling_geks
    from ortoo.algorithms.tests import indices_by_definition as slow

    price, value = generated(periods, items)
    rows = slow.periods_of(price, value)
    quotes = [{item: cell[0] for item, cell in row.items()} for row in rows]
    window = 13
    pairs: dict[str, tuple[Callable[[], Array], Callable[[], list[float]]]] = {
        "geks": (lambda: geks(price, value), lambda: slow.geks("tornqvist")(rows)),
        "tpd": (lambda: time_product_dummy(price, value), lambda: slow.time_product_dummy(rows)),
        "gk": (lambda: geary_khamis(price, value), lambda: slow.geary_khamis(rows)),
        "elementary": (
            lambda: elementary(price, patience=4).index[:, 0],
            lambda: slow.jevons_with_imputation(quotes, 4),
        ),
        "contributions": (
            lambda: np.exp(rolling_geks_contributions(price, value, window=window).sum(axis=1)),
            lambda: slow.rolling(slow.geks("tornqvist"), rows, window, "mean"),
        ),
    }
    for f in Formula:
        pairs[f"fixed {f}"] = (
            partial(fixed_base, f, price, value),
            partial(slow.fixed, f, rows),
        )
    for s in Splice:
        pairs[f"rolling {s}"] = (
            partial(rolling_geks, price, value, window=window, splice=s),
            partial(slow.rolling, slow.geks("tornqvist"), rows, window, s),
        )
    progress(f"{periods} periods of {items} items, {len(pairs)} indices by definition")
    with Meter() as ours:
        found = {name: fast() for name, (fast, _) in pairs.items()}
    with Meter() as theirs:
        expected = {name: slowly() for name, (_, slowly) in pairs.items()}
    differences = {f"{name} (definition)": largest(found[name], expected[name]) for name in pairs}
    cpu = {"cpu_s": ours.cpu.total, "definition_cpu_s": theirs.cpu.total}
    return {"differences": differences, **cpu}


def _rolled() -> dict[str, float]:
    """CPU seconds of one rolling index, 25 periods and mean splice; the mean of several runs."""
    from ortoo.algorithms.indices.contributions import rolling_geks_contributions
    from ortoo.algorithms.indices.splicing import rolling_geks

    price, value = generated(*ROLLED)
    progress(f"rolling: {ROLLED[0]} periods of {ROLLED[1]} items")
    seconds = {}
    for key, method in (
        ("rolling_cpu_s", rolling_geks),
        ("contributions_cpu_s", rolling_geks_contributions),
    ):
        method(price, value)
        with Meter() as used:
            for _ in range(REPEATS):
                method(price, value)
        seconds[key] = round(used.cpu.total / REPEATS, 4)
    return seconds
