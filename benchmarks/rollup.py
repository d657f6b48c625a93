"""The market's rollup over years of frozen returns, beside the best SQL we could write for it.

Ours reads the lake as it is kept (a Parquet file a period, ordered item, respondent) and writes the
sums of every banner, league and the region by item and week (`algorithms.rollup_lake.tree`).
PostgreSQL starts with a loaded, analysed table of narrow integers, clustered as the rollup wants
it, and writes the same sums in two stages: by banner, then up the tree. The SQL is run in several
ways and the cheapest counts. The two results are compared row by row, in integers.

Then, on a filled installation, what a page of figures waits for (`benchmarks.rollup_live`).
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import rollup_live
from benchmarks.harness import Meter, progress
from benchmarks.installation import installation
from benchmarks.rollup_postgres import postgres_sums

if TYPE_CHECKING:
    import polars as pl

SEED = 20201121
SIZES = {"quick": 2_000_000, "full": 20_000_000}
FORM, FIRMS = "SCJC-W1", 3000
RUNS = 3
"""Of ours, as the peer has several ways; the cheapest of each counts."""
FIRST_WEEK = dt.date(2020, 1, 4)
NOTES = [
    "ours: Parquet files to an Arrow file of sums; PostgreSQL: a loaded, clustered, analysed table"
    " with ln p in a column to a table of sums; of its ways and of our runs the cheapest counts;"
    " loading is apart",
    "query_p95_ms: one week's figures of the region's page, or 270 weeks of one item at one unit;"
    " submit_to_region_ms: from calling file_return until the region's figures with it are read",
]


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `rollup` bench. `size`: quick, full or a number of observations (rows of the lake).

    `data`: a folder of Parquet files as the lake keeps them, its places those of the active pack.
    """
    name = size or ("quick" if quick else "full")
    with installation(database) as home:
        tree = Tree.of_active_pack()
        if data is None:
            wanted = SIZES[name] if name in SIZES else int(name.replace("_", ""))
            data = write_lake(home.home / "lake", tree, wanted)
        files = sorted(data.glob("*.parquet"))
        lake_mb = sum(path.stat().st_size for path in files) / 1e6
        observations = _rows(files)
        progress(f"{observations:,} observations, {len(files)} weeks, {lake_mb:.0f} MB of Parquet")
        ours = home.home / "sums.arrow"
        runs = []
        for _ in range(RUNS):
            with Meter() as used:
                rows = roll_up(files, tree, ours)
            runs.append((round(used.cpu.total, 3), round(used.wall_s, 3)))
        ours_cpu_s, ours_wall_s = min(runs)
        progress(f"ours: {ours_cpu_s:.2f} CPU s, {rows:,} rows of sums")
        peer = postgres_sums(files, tree, ours)
        found = {"rows_of_sums": rows, "peak_mb": _peak_mb()}
        live = rollup_live.measure(home, small=name == "quick")
    theirs, notes = peer["postgres_cpu_s"], peer.pop("notes", [])
    return {
        "size": name,
        "observations": observations,
        "ours_cpu_s": ours_cpu_s,
        "ours_wall_s": ours_wall_s,
        "ours_runs_cpu_s": [cpu_s for cpu_s, _ in runs],
        "ratio": None if theirs is None else round(theirs / max(ours_cpu_s, 0.01), 2),
        **peer,
        "lake_mb": round(lake_mb, 1),
        **found,
        **live,
        "notes": [*NOTES, *notes, *live.pop("notes")],
    }


def roll_up(files: Sequence[Path], tree: Tree, out: Path) -> int:
    """Every sum of every place, unit and the root by item and week, written to `out`; how many."""
    import polars as pl

    from ortoo.algorithms import rollup_lake

    whole = rollup_lake.Tree(tree.root, tree.unit)
    weeks = (pl.scan_parquet(path) for path in files)
    found = rollup_lake.tree_sums(weeks, whole)
    found.write_ipc(out)
    return found.height


def _rows(files: Sequence[Path]) -> int:
    import polars as pl

    return int(pl.scan_parquet(list(files)).select(pl.len()).collect().item())


def _peak_mb() -> int:
    """Largest resident memory of this process so far, the comparison with the peer included."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (1024 if sys.platform.startswith("linux") else 1024 * 1024))


# --- the simulated panel ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tree:
    """Where returns stand (banners) and what they roll up into (leagues, the region)."""

    root: str
    unit: Mapping[str, str]

    @classmethod
    def of_active_pack(cls) -> Tree:
        from ortoo.kernel.places.active import active_pack

        pack = active_pack()
        return cls(pack.root.code, dict(pack.unit_of(FIRST_WEEK)))

    @property
    def banners(self) -> list[str]:
        return sorted(place for place, unit in self.unit.items() if place != unit)


def write_lake(folder: Path, tree: Tree, observations: int) -> Path:
    """At least so many rows in whole weeks, by seed, as the product writes them; gives the folder
    of the form."""
    from ortoo.kernel.forms import registry
    from ortoo.kernel.indicators.lake import Frozen, Lake

    form, lake = registry.get(FORM), Lake(folder)
    panel = Panel(form, tree)
    for week in range(-(-observations // panel.size)):
        period = f"W{FIRST_WEEK + dt.timedelta(days=7 * week)}"
        rows = panel.week(week, period)
        lake.write(Frozen(FORM, form.version, form.digest, period, week + 1, rows))
    return folder / FORM


class Panel:
    """Firms with their usual prices and amounts; a week is drawn when it is asked for."""

    def __init__(self, form: Any, tree: Tree) -> None:
        import numpy as np
        import polars as pl

        rng = np.random.default_rng(SEED)
        leaves = sorted(form.leaves, key=lambda item: item.code)
        self.shape = len(leaves), FIRMS
        self.size = len(leaves) * FIRMS
        self.level = np.exp(rng.normal(6.75, 0.75, (len(leaves), 1)))
        self.level = self.level * np.exp(rng.normal(0, 0.08, self.shape))
        scale = np.exp(rng.normal(0, 0.9, (1, FIRMS)))
        self.volume = np.exp(rng.normal(7.4, 0.7, (len(leaves), 1))) * scale
        self.asked = np.repeat([item.stock_asked for item in leaves], FIRMS)
        self.carried = rng.random(self.shape) > 0.06
        codes = pl.Series([item.code for item in leaves])
        firms = pl.Series([f"FIRM-{firm:05d}" for firm in range(FIRMS)])
        places = pl.Series(np.array(tree.banners)[rng.integers(0, len(tree.banners), FIRMS)])
        self.item = codes.gather(np.repeat(np.arange(len(leaves)), FIRMS))
        self.firm = firms.gather(np.tile(np.arange(FIRMS), len(leaves)))
        self.place = places.gather(np.tile(np.arange(FIRMS), len(leaves)))

    def week(self, week: int, period: str) -> pl.DataFrame:
        """A week's rows as `domains.market.lake.rows_of` lays them out."""
        import numpy as np
        import polars as pl

        rng = np.random.default_rng((SEED, week))
        price = np.rint(self.level * np.exp(rng.normal(0, 0.04, self.shape))).clip(1).ravel()
        sold = np.rint(self.volume * np.exp(rng.normal(0, 0.25, self.shape))).clip(1).ravel()
        filed = np.tile(rng.random(FIRMS) < 0.97, self.shape[0])
        accepted = np.tile(rng.random(FIRMS) < 0.98, self.shape[0])
        out = rng.random(self.size) < 0.01
        nil = np.select([~filed, ~self.carried.ravel(), out], [4, 1, 2], 0)
        unsaid = rng.random(self.size) < 0.02

        def numbers(values: Any, blank: Any) -> pl.Series:
            return pl.Series(values.astype(np.int64)).set(pl.Series(blank), None)

        def nils(blank: Any) -> pl.Series:
            return pl.Series(np.where(blank, 4, 0), dtype=pl.UInt8)

        none = nil > 0
        seq = np.tile(week * FIRMS + 1 + np.arange(FIRMS), self.shape[0])
        no_stock = none | ~self.asked
        return pl.DataFrame(
            {
                "period": pl.Series([period]).new_from_index(0, self.size),
                "item": self.item,
                "respondent": self.firm,
                "place": self.place,
                "seq": pl.Series(np.where(filed, seq, 0)),
                "counted": pl.Series(filed),
                "reviewed": pl.Series(filed & accepted),
                "doubtful": pl.Series(filed & (rng.random(self.size) < 0.001)),
                "price": numbers(price, none),
                "price_nil": pl.Series(nil, dtype=pl.UInt8),
                "sales": numbers(np.rint(price * sold / 100_000), none),
                "sales_nil": nils(none),
                "sales_qty": numbers(sold, none | unsaid),
                "sales_qty_nil": nils(none | unsaid),
                "stock": numbers(np.rint(sold * 1.6), no_stock),
                "stock_nil": nils(no_stock),
            }
        )
