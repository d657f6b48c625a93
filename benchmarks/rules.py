"""How fast the edit rules run: over many returns at once, and over one with explanations.

A check is one rule of the form evaluated on one cell row, its flag column produced and its
violations counted. The structural flags (blank, range, nil) are computed in the same pass and
their time is included, but they are not counted. CPU seconds are of the whole process tree.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES = {"quick": 20_000, "normal": 20_000, "large": 100_000}
ROOT = Path(__file__).resolve().parents[1]
MARKET = ROOT / "src" / "ortoo" / "domains" / "market"
SEED = 20161124
ON = dt.date(2026, 11, 16)


def run(size: str | None, quick: bool, data: str | None, database: str) -> dict[str, Any]:
    """The `rules` bench. `data`: a Parquet file laid out as `forms.frame` reads it."""
    import polars as pl

    from ortoo.kernel.forms import limits, loader

    del database  # no database takes part
    form = loader.load(MARKET / "forms" / "retail_weekly.yaml")
    table = limits.load(MARKET / "regulations" / "retail_soft_limits.toml")
    name = size or ("quick" if quick else "normal")
    returns = SIZES[name] if name in SIZES else int(name)
    frame = pl.read_parquet(data) if data else synthetic_frame(form, returns)
    print(f"{frame.height:,} rows", file=sys.stderr)
    repeats = 3 if quick else 7
    local = _measured(form, frame, table, False, repeats)
    full = _measured(form, frame, table, True, repeats)
    cells, return_ms, issues = _one_return(form, table)
    return {
        "size": name,
        "rows": frame.height,
        "rules_row_local": local["rules"],
        "rules_with_peers": full["rules"],
        "checks": full["checks"],
        "row_local_per_cpu_s": local["per_cpu_s"],
        "with_peers_per_cpu_s": full["per_cpu_s"],
        "peer_rule_alone_per_cpu_s": round(
            frame.height / max(full["cpu_s"] - local["cpu_s"], 1e-9)
        ),
        "violations": full["violations"],
        "return_cells": cells,
        "return_ms": return_ms,
        "return_issues": issues,
        "notes": f"median of {repeats}; structural flags computed, not counted",
    }


def synthetic_frame(form: Any, returns: int) -> Any:
    """Returns of one week by seed: 103 banners in 12 leagues, 2 % blank, 1 % gross slips."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(SEED)
    leaves = len(form.leaves)
    rows = returns * leaves
    codes = [item.code for item in form.leaves]
    usual = np.exp(rng.normal(7.0, 0.6, leaves))
    banner = rng.integers(0, 103, returns)
    local = np.exp(rng.normal(0.0, 0.05, (103, leaves)))
    before = np.rint(usual * local[banner] * np.exp(rng.normal(0, 0.08, (returns, leaves))))
    moved = np.where(rng.random((returns, leaves)) < 0.65, 1.0, rng.normal(1.0, 0.06, before.shape))
    price = np.rint(before * np.clip(moved, 0.5, 1.5)).astype(np.int64).ravel()
    slip = rng.random(rows) < 0.01
    price[slip] *= rng.choice([2, 10, 100], int(slip.sum()))
    quantity = np.rint(np.exp(rng.normal(7.5, 1.0, rows))).astype(np.int64)
    sales = np.rint(price * quantity / 100_000).astype(np.int64)
    blank = rng.random(rows) < 0.02

    def integers(values: Any, dtype: Any, empty: Any = None) -> Any:
        column = pl.Series(np.asarray(values).ravel().astype(np.int64)).cast(dtype)
        return column if empty is None else column.set(pl.Series(empty), None)

    leagues = banner % 12
    item = np.tile(np.arange(leaves), returns)
    return pl.DataFrame(
        {
            "return": pl.Series(np.repeat(np.arange(returns), leaves)).cast(pl.UInt32),
            "item": pl.Series(codes, dtype=pl.Enum(codes)).gather(item),
            "month": pl.Series(np.full(rows, ON.month, dtype=np.uint8)),
            "price": integers(price, pl.Int32, blank),
            "price#nil": integers(blank * 1, pl.UInt8),
            "price@-1": integers(before, pl.Int32),
            "price@year": integers(before, pl.Int32),
            "sales": integers(sales, pl.Int32, blank),
            "sales@-1": integers(sales, pl.Int32),
            "sales_qty": integers(quantity, pl.Int32, blank),
            "sales_qty@-1": integers(quantity * 1.1, pl.Int32),
            "stock": integers(quantity * 2, pl.Int32),
            "stock@-1": integers(quantity * 1.5, pl.Int32),
            "旗县": _places("15{:04d}", banner, leaves, 103),
            "盟市": _places("15{:02d}00", leagues, leaves, 12),
            "自治区": _places("150000", banner * 0, leaves, 1),
        }
    )


def _places(pattern: str, number: Any, leaves: int, count: int) -> Any:
    import numpy as np
    import polars as pl

    names = [pattern.format(place + 1) for place in range(count)]
    return pl.Series(names, dtype=pl.Enum(names)).gather(np.repeat(number, leaves))


def _measured(form: Any, frame: Any, table: Any, peers: bool, repeats: int) -> dict[str, Any]:
    """One full check of the frame, the median CPU time of several."""
    from ortoo.kernel.forms import frame as frames

    rules = [rule.id for rule in form.rules if rule.over == "leaf"]
    given = frame if peers else frame.drop(list(form.levels))
    seen: dict[str, int] = {}

    def once() -> None:
        prepared, layout = frames.prepare(form, given, table)
        flags = frames.flags(form, prepared, layout)
        seen.update({name: int(flags.get_column(name).sum()) for name in flags.columns})

    once()
    seconds = sorted(_cpu_seconds(once) for _ in range(repeats))[repeats // 2]
    run_rules = [rule for rule in rules if rule in seen]
    checks = len(run_rules) * frame.height
    return {
        "rules": len(run_rules),
        "checks": checks,
        "cpu_s": seconds,
        "per_cpu_s": round(checks / seconds),
        "violations": sum(seen[rule] for rule in run_rules),
    }


def _cpu_seconds(work: Callable[[], None]) -> float:
    def used() -> float:
        found = (
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return sum(usage.ru_utime + usage.ru_stime for usage in found)

    start = used()
    work()
    return used() - start


def _one_return(form: Any, table: Any) -> tuple[int, float, int]:
    """Cells, milliseconds of wall time (median) and issues of one explained return."""
    import random

    from ortoo.kernel.forms.body import GridBody
    from ortoo.kernel.forms.check import CheckContext, check
    from ortoo.kernel.forms.peers import PeerTable, statistics

    rng = random.Random(SEED)
    size = len(form.leaves)
    price = [rng.randint(500, 2000) for _ in range(size)]
    quantity = [rng.randint(500, 20_000) for _ in range(size)]
    columns = {
        "price": price,
        "sales": [p * q // 100_000 for p, q in zip(price, quantity, strict=True)],
        "sales_qty": quantity,
        "stock": [2 * q for q in quantity],
    }
    before = GridBody({code: tuple(cells) for code, cells in columns.items()})
    slips = {"price": (price[0] * 2, price[1] * 10, *price[2:])}
    grid = GridBody({**before.columns, **slips})
    rows = {
        ("price", item.code): (statistics([p] * 6, level=form.levels[0], place=""),)
        for item, p in zip(form.leaves, price, strict=True)
    }
    context = CheckContext(before, before, PeerTable(rows), table, ON)
    issues = check(form, grid, context)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        check(form, grid, context)
        times.append((time.perf_counter() - start) * 1000)
    return size * len(form.measures), round(sorted(times)[25], 3), len(issues)
