"""A robust sweep of the full history of quotes, beside the best SQL we could write for it.

Every quote is compared with the firm's last one (at most four weeks back); the log relative is
scored by median and MAD of the moves of its item × place × calendar month (of its item × month
where the place is too thin), with a floor, and flagged above 3.5
(`ortoo.algorithms.editing.seasonal`). Flags are decided in integers on both sides, so the two
sets of flagged quotes must be the same.

Ours starts at the Parquet lake (ordered week, item, firm) and ends with the flags. PostgreSQL
starts with a loaded, analysed table, clustered as the sweep wants it; loading is given apart.
"""

from __future__ import annotations

import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Meter, progress

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

SEED = 20161124
SIZES = {"quick": 2_000_000, "full": 20_000_000, "normal": 20_000_000}
ITEMS, WEEKS, PLACES = 60, 114, 103
MISSING, ERRORS, ZEROS = 0.02, 0.002, 0.0002
FACTORS = (0.5, 2.0, 0.1, 10.0, 100.0)
COLUMNS = ("week", "item", "firm", "place", "month", "price_fen")
REACH = 4
SERVER = {
    "shared_buffers": "1536MB",
    "work_mem": "512MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "2",
}


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `outliers` bench. `size`: quick, full or a number of observations.

    `data`: a Parquet file with columns week, item, firm, place (each 0 …), month (1–12), price_fen.
    """
    del database  # PostgreSQL always runs as the peer, in a private server
    name = size or ("quick" if quick else "full")
    with tempfile.TemporaryDirectory(prefix="ortoo-outliers-") as folder:
        planted: set[tuple[int, int, int]] | None = None
        path = data
        if path is None:
            observations = SIZES[name] if name in SIZES else int(name.replace("_", ""))
            path = Path(folder) / "quotes.parquet"
            planted = write_lake(path, observations)
            progress(f"{observations:,} quotes, {path.stat().st_size / 1e6:.0f} MB of Parquet")
        with Meter() as used:
            ours = sweep_lake(path)
        progress(f"ours: {used.cpu.total:.2f} CPU s, {len(ours.flags):,} flags")
        peer = _postgres(path, ours.flags)
    return {
        "size": name if data is None else "data",
        "observations": ours.observations,
        "ours_cpu_s": round(used.cpu.total, 3),
        "ours_wall_s": round(used.wall_s, 3),
        "judged": ours.judged,
        "flagged": len(ours.flags),
        **_truth(planted, ours),
        **peer,
        "peak_mb": _peak_mb(),
    }


@dataclass(frozen=True, slots=True)
class Swept:
    """Flags as sorted (item, firm, week) packed into int64; `returns` likewise, among them."""

    observations: int
    judged: int
    flags: np.ndarray
    asked: np.ndarray
    """Flags without those that only undo the flagged move before them."""


def _packed(item: Any, firm: Any, week: Any) -> Any:
    """One int64 for a quote's place in the panel, sorted as (item, firm, week)."""
    import numpy as np

    wide = [np.asarray(part, dtype=np.int64) for part in (item, firm, week)]
    return np.sort((wide[0] << 40) + (wide[1] << 16) + wide[2])


def sweep_lake(path: Path) -> Swept:
    """Read the lake, score every quote, give the flagged ones."""
    import numpy as np
    import polars as pl

    from ortoo.algorithms.editing.judgement import Judgement
    from ortoo.algorithms.editing.relatives import log_relatives
    from ortoo.algorithms.editing.seasonal import returns_of_spikes, sweep

    quotes = pl.read_parquet(path, columns=list(COLUMNS))
    top = quotes.select(pl.col("firm", "place").max().cast(pl.Int64)).row(0)
    firms, places = (number + 1 for number in top)
    wide = pl.col("item").cast(pl.Int32)
    series = quotes.select(wide * firms + pl.col("firm")).to_series().to_numpy()
    week, price = quotes["week"].to_numpy(), quotes["price_fen"].to_numpy()
    found = log_relatives(price, series, week, reach=REACH)
    month = pl.col("month").cast(pl.Int32) - 1
    cells = quotes.select(
        near=(wide * places + pl.col("place")) * 12 + month, wider=wide * 12 + month
    )
    swept = sweep(found, [cells["near"].to_numpy(), cells["wider"].to_numpy()])
    back = returns_of_spikes(found, swept.flag, week)

    def where(chosen: Any) -> Any:
        rows = quotes.select("item", "firm", "week")[np.flatnonzero(chosen)]
        return _packed(rows["item"], rows["firm"], rows["week"])

    judged = int(np.count_nonzero(swept.state == Judgement.JUDGED))
    return Swept(quotes.height, judged, where(swept.flag), where(swept.flag & ~back))


def _truth(planted: Any, ours: Swept) -> dict[str, Any]:
    if planted is None:
        return {}
    import numpy as np

    found = int(np.isin(planted, ours.asked).sum())
    return {"planted": len(planted), "planted_found": found, "asked": len(ours.asked)}


def _peak_mb() -> int:
    """Largest resident memory of this process so far, generator and peer's input included."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (1024 if sys.platform.startswith("linux") else 1024 * 1024))


# The simulated panel


def write_lake(path: Path, observations: int) -> Any:
    """Quotes by seed, ordered (week, item, firm), a row group a week; returns planted errors.

    Prices are sticky: 5 to 45 % of an item's quotes move in a week. 2 % are missing, 0.2 % wrong by
    2, 10 or 100 times, a few are typed as zero.
    """
    import numpy as np
    import polars as pl

    firms = int(np.ceil(observations / (ITEMS * WEEKS * (1 - MISSING)) * 1.002))
    rng = np.random.default_rng(SEED)
    place = np.sort(rng.integers(0, PLACES, firms)).astype(np.int16)
    panel = _Panel(rng, firms, place)
    frames: list[pl.DataFrame] = []
    planted: list[Any] = []
    left = observations
    for week in range(WEEKS):
        frame, wrong = panel.week(week)
        frames.append(frame.head(left))
        planted.append(wrong[wrong < left])
        kept = frames[-1][planted[-1]]
        planted[-1] = _packed(kept["item"], kept["firm"], kept["week"])
        left -= frames[-1].height
    pl.concat(frames).write_parquet(path, row_group_size=ITEMS * firms, compression="zstd")
    return np.concatenate(planted)


class _Panel:
    """The state of every price from week to week."""

    def __init__(self, rng: Any, firms: int, place: Any) -> None:
        import numpy as np

        self.rng, self.place, self.shape = rng, place, (ITEMS, firms)
        usual = np.exp(rng.normal(7.0, 0.6, (ITEMS, 1)))
        local = np.exp(rng.normal(0, 0.05, (ITEMS, PLACES)))[:, place]
        self.level = usual * local * np.exp(rng.normal(0, 0.08, self.shape))
        self.restless = rng.uniform(0.05, 0.45, (ITEMS, 1))
        self.restless[:4] = 0.01  # regulated: they hardly ever move
        self.noise = 0.02 + 0.2 * self.restless
        self.swing, self.phase = self.restless * 0.6, rng.uniform(0, 6.28, (ITEMS, 1))
        self.price = self.level.copy()

    def week(self, week: int) -> tuple[pl.DataFrame, Any]:
        """The week's quotes, and the rows among them that are wrong."""
        import datetime as dt

        import numpy as np
        import polars as pl

        rng = self.rng
        season = np.exp(self.swing * np.cos(2 * np.pi * week / 52 + self.phase))
        moves = rng.random(self.shape) < self.restless
        aim = self.level * season * np.exp(rng.normal(0, 1, self.shape) * self.noise)
        self.price = np.where(moves, aim, self.price)
        said = np.rint(self.price).clip(1)
        wrong = rng.random(self.shape) < ERRORS
        said = np.where(wrong, np.rint(said * rng.choice(FACTORS, self.shape)).clip(1), said)
        said[rng.random(self.shape) < ZEROS] = 0
        there = (rng.random(self.shape) >= MISSING).ravel()
        item, firm = np.divmod(np.flatnonzero(there), self.shape[1])
        day = dt.date(2024, 1, 6) + dt.timedelta(days=7 * week)
        frame = pl.DataFrame(
            {
                "week": np.full(len(item), week, np.int16),
                "item": item.astype(np.int16),
                "firm": firm.astype(np.int32),
                "place": self.place[firm],
                "month": np.full(len(item), day.month, np.int16),
                "price_fen": said.ravel()[there].astype(np.int32),
            }
        )
        return frame, np.flatnonzero(wrong.ravel()[there] & (said.ravel()[there] > 0))


# The peer


TABLE = """
CREATE UNLOGGED TABLE quote (
    week smallint NOT NULL, item smallint NOT NULL, firm integer NOT NULL,
    place smallint NOT NULL, month smallint NOT NULL, price_fen integer NOT NULL
)"""

# The relatives are written once: both their number and their moves are needed, and a second pass
# over the window costs more than the table.
STEPS = (
    """
    CREATE UNLOGGED TABLE relative AS
    SELECT (item::integer * %(places)s + place) * 12 + month - 1 AS cell, firm, week,
           micro - earlier AS r
    FROM (
        SELECT item, firm, week, place, month, micro,
               lag(micro) OVER series AS earlier, lag(week) OVER series AS earlier_week
        FROM (
            SELECT item, firm, week, place, month,
                   round(1e6::float8 * ln(price_fen::float8))::integer AS micro
            FROM quote WHERE price_fen > 0
        ) AS quoted
        WINDOW series AS (PARTITION BY item, firm ORDER BY week)
    ) AS paired
    WHERE week - earlier_week <= %(reach)s
    """,
    "ANALYZE relative",
    """
    CREATE UNLOGGED TABLE near AS
    SELECT cell, cell / (12 * %(places)s) * 12 + cell %% 12 AS region, relatives, median2,
           moves >= %(least_moves)s AND 100 * moves >= %(percent)s * relatives AS moving,
           moves >= %(least_moves)s AND 100 * moves >= %(percent)s * relatives
           OR relatives >= %(still)s AND 100 * moves < %(percent)s * relatives AS known
    FROM (
        SELECT cell, relatives, coalesce(moves, 0) AS moves, median2
        FROM (SELECT cell, count(*) AS relatives FROM relative GROUP BY cell) AS counted
        LEFT JOIN (
            SELECT cell, count(*) AS moves,
                   (2 * percentile_cont(0.5) WITHIN GROUP (ORDER BY r))::bigint AS median2
            FROM relative WHERE r <> 0 GROUP BY cell
        ) AS moved USING (cell)
    ) AS counts
    """,
    "ANALYZE near",
    # Only the item-months that some thin place falls back on.
    """
    CREATE UNLOGGED TABLE wider AS
    SELECT region, relatives, median2,
           coalesce(moves >= %(least_moves)s AND 100 * moves >= %(percent)s * relatives, false)
           AS moving
    FROM (SELECT region, sum(relatives) AS relatives
          FROM near GROUP BY region HAVING NOT bool_and(known)) AS asked
    LEFT JOIN (
        SELECT region, count(*) AS moves,
               (2 * percentile_cont(0.5) WITHIN GROUP (ORDER BY r))::bigint AS median2
        FROM relative JOIN near USING (cell)
        WHERE r <> 0 AND region IN (SELECT region FROM near WHERE NOT known)
        GROUP BY region
    ) AS moved USING (region)
    WHERE relatives >= %(least)s
    """,
    "ANALYZE wider",
    """
    CREATE UNLOGGED TABLE spread AS
    WITH own AS (
        SELECT cell, near.median2, (2 * percentile_cont(0.5)
               WITHIN GROUP (ORDER BY abs(2 * r - near.median2)))::bigint AS mad4
        FROM relative JOIN near USING (cell)
        WHERE r <> 0 AND moving GROUP BY cell, near.median2
    ), shared AS (
        SELECT region, wider.median2, (2 * percentile_cont(0.5)
               WITHIN GROUP (ORDER BY abs(2 * r - wider.median2)))::bigint AS mad4
        FROM relative JOIN near USING (cell) JOIN wider USING (region)
        WHERE r <> 0 AND wider.moving GROUP BY region, wider.median2
    )
    SELECT cell,
           coalesce(own.median2, CASE WHEN NOT near.known THEN shared.median2 END, 0) AS centre2,
           greatest(coalesce(own.mad4, CASE WHEN NOT near.known THEN shared.mad4 END, 0),
                    4 * %(floor)s) AS spread4
    FROM near
    LEFT JOIN own USING (cell)
    LEFT JOIN shared USING (region)
    LEFT JOIN wider USING (region)
    WHERE near.known OR wider.relatives IS NOT NULL
    """,
    "ANALYZE spread",
    """
    CREATE UNLOGGED TABLE flagged AS
    SELECT cell / (12 * %(places)s) AS item, firm, week
    FROM relative JOIN spread USING (cell)
    WHERE r <> 0
      AND abs(2 * r - centre2) * (2 * 6745 * 100)::bigint > spread4 * %(limit)s * 10000
    """,
)


def _postgres(path: Path, flags: Any) -> dict[str, Any]:
    """The same sweep in SQL: CPU seconds of its back ends, and whether the flags are the same."""
    from benchmarks.postgres import PostgresMissing, create_database, private_server

    try:
        with private_server(SERVER) as server:
            return _in_server(server, create_database(server, "outliers"), path, flags)
    except PostgresMissing as missing:
        return {"postgres_cpu_s": None, "ratio": None, "equal": None, "notes": [str(missing)]}


def _in_server(server: Any, url: str, path: Path, flags: Any) -> dict[str, Any]:
    import numpy as np
    import psycopg

    from ortoo.algorithms.editing.seasonal import Limits

    limits = Limits()
    values = {
        "places": _places(path),
        "reach": REACH,
        "least": limits.least,
        "still": limits.least_still,
        "least_moves": limits.least_moves,
        "percent": limits.least_moves_percent,
        "floor": limits.floor_micro,
        "limit": limits.limit_hundredths,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        with Meter([server.pid]) as loading:
            _load(connection, path)
        progress(f"PostgreSQL loaded: {loading.cpu.server:.1f} CPU s")
        cursor = psycopg.ClientCursor(connection)
        with Meter([server.pid]) as used:
            for step in STEPS:
                with Meter([server.pid]) as one:
                    cursor.execute(step, values)
                progress(f"  {one.cpu.server:6.2f} CPU s  {' '.join(step.split())[:60]}")
        rows = cursor.execute("SELECT item, firm, week FROM flagged").fetchall()
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    theirs = _packed(table[:, 0], table[:, 1], table[:, 2])
    return {
        "postgres_cpu_s": round(used.cpu.server, 3),
        "postgres_wall_s": round(used.wall_s, 3),
        "postgres_load_cpu_s": round(loading.cpu.server, 3),
        "postgres_flagged": len(theirs),
        "equal": bool(np.array_equal(theirs, flags)),
        "notes": ["PostgreSQL: table clustered by item, firm, week; loading is not counted"],
    }


def _places(path: Path) -> int:
    import polars as pl

    return int(pl.scan_parquet(path).select(pl.col("place").max()).collect().item()) + 1


def _load(connection: Any, path: Path) -> None:
    """COPY in the order the window wants, then the primary key such a table has, then ANALYZE."""
    import polars as pl

    quotes = pl.read_parquet(path, columns=list(COLUMNS)).sort("item", "firm", "week")
    connection.execute(TABLE)
    with connection.cursor().copy("COPY quote FROM STDIN (FORMAT csv)") as copy:
        for part in quotes.iter_slices(1_000_000):
            text = io.BytesIO()
            part.write_csv(text, include_header=False)
            copy.write(text.getbuffer())
    connection.execute("ALTER TABLE quote ADD PRIMARY KEY (item, firm, week)")
    connection.execute("VACUUM ANALYZE quote")
