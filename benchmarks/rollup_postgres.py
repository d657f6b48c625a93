"""The peer of the rollup bench: PostgreSQL doing the same sums by the best SQL we could write."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Meter, progress

if TYPE_CHECKING:
    import polars as pl

    from benchmarks.rollup import Tree

SERVER = {
    "shared_buffers": "1536MB",
    "work_mem": "512MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "jit": "off",
}

TABLES = """
CREATE TABLE parent (place integer PRIMARY KEY, unit integer NOT NULL);
CREATE UNLOGGED TABLE quote (
    price integer, sales integer, sales_qty integer, stock integer, ln_price integer,
    firm integer NOT NULL, place integer NOT NULL, week smallint NOT NULL, item smallint NOT NULL,
    price_nil smallint NOT NULL, counted boolean NOT NULL, reviewed boolean NOT NULL,
    doubtful boolean NOT NULL
)"""
KEYS = "week, item, place"
KEPT = "counted AND reviewed"
# Flags of a return go into the first key, so that no sum needs a filter of its own and the second
# of three small steps adds what counts.
BY_FLAGS = f"""
    SELECT {KEYS}, counted, reviewed, count(*) AS n, count(price) AS quotes,
           sum(price) AS sum_price, sum(ln_price) AS sum_ln_price,
           sum(CASE WHEN price IS NOT NULL THEN greatest(coalesce(sales_qty, 0), 1) END)
               AS quantity,
           sum(price::bigint * greatest(coalesce(sales_qty, 0), 1)) AS sum_price_qty,
           sum(sales) AS sales, max(sales) AS largest_sales, sum(stock) AS stock,
           count(*) FILTER (WHERE price_nil = 2) AS out_of_stock,
           count(*) FILTER (WHERE doubtful AND price IS NOT NULL) AS doubtful
    FROM quote GROUP BY {KEYS}, counted, reviewed
"""
_FIRST = ("quotes", "sum_price", "sum_ln_price", "quantity", "sum_price_qty", "sales", "stock",
          "out_of_stock", "doubtful")  # fmt: skip
SUMMED = ("expected", "filed", "unreviewed", *_FIRST)
_ADDED = ", ".join(f"coalesce(sum({c}) FILTER (WHERE {KEPT}), 0)::bigint AS {c}" for c in _FIRST)
OF_FLAGS = f"""
    SELECT {KEYS}, sum(n)::bigint AS expected,
           coalesce(sum(n) FILTER (WHERE {KEPT}), 0)::bigint AS filed,
           coalesce(sum(n) FILTER (WHERE counted AND NOT reviewed), 0)::bigint AS unreviewed,
           {_ADDED},
           coalesce(max(largest_sales) FILTER (WHERE {KEPT}), 0)::bigint AS largest_sales
    FROM flagged GROUP BY {KEYS}
"""
_MOST = "max(largest_sales) AS largest_sales"
_UP = ", ".join([*(f"sum({c})::bigint AS {c}" for c in SUMMED), _MOST])
_ALL = ", ".join((*SUMMED, "largest_sales"))
TWO_STAGES = f"""
CREATE UNLOGGED TABLE rollup AS
WITH flagged AS MATERIALIZED ({BY_FLAGS}), banner AS MATERIALIZED ({OF_FLAGS}),
unit AS MATERIALIZED (
    SELECT week, item, parent.unit AS place, {_UP}
    FROM banner JOIN parent USING (place) GROUP BY week, item, parent.unit
)
SELECT {KEYS}, {_ALL} FROM banner WHERE place NOT IN (SELECT unit FROM parent)
UNION ALL SELECT {KEYS}, {_ALL} FROM unit
UNION ALL SELECT week, item, 0, {_UP} FROM unit GROUP BY week, item
"""
_FILTERED = f"""
    SELECT {KEYS}, count(*) AS expected,
           count(*) FILTER (WHERE {KEPT}) AS filed,
           count(*) FILTER (WHERE counted AND NOT reviewed) AS unreviewed,
           count(price) FILTER (WHERE {KEPT}) AS quotes,
           coalesce(sum(price) FILTER (WHERE {KEPT}), 0) AS sum_price,
           coalesce(sum(ln_price) FILTER (WHERE {KEPT}), 0) AS sum_ln_price,
           coalesce(sum(greatest(coalesce(sales_qty, 0), 1))
               FILTER (WHERE {KEPT} AND price IS NOT NULL), 0) AS quantity,
           coalesce(sum(price::bigint * greatest(coalesce(sales_qty, 0), 1))
               FILTER (WHERE {KEPT}), 0)::bigint AS sum_price_qty,
           coalesce(sum(sales) FILTER (WHERE {KEPT}), 0) AS sales,
           coalesce(sum(stock) FILTER (WHERE {KEPT}), 0) AS stock,
           count(*) FILTER (WHERE {KEPT} AND price_nil = 2) AS out_of_stock,
           count(*) FILTER (WHERE {KEPT} AND doubtful AND price IS NOT NULL) AS doubtful,
           coalesce(max(sales) FILTER (WHERE {KEPT}), 0)::bigint AS largest_sales
    FROM quote GROUP BY {KEYS}
"""
FILTERED = TWO_STAGES.replace(
    f"flagged AS MATERIALIZED ({BY_FLAGS}), banner AS MATERIALIZED ({OF_FLAGS})",
    f"banner AS MATERIALIZED ({_FILTERED})",
)
# Who owed and who filed is the same for every item of a week: it is read from one of them, and the
# sums are left with no filter at all.
_LEAN = f"""
    SELECT {KEYS}, count(price) AS quotes, sum(price) AS sum_price, sum(ln_price) AS sum_ln_price,
           sum(CASE WHEN price IS NOT NULL THEN greatest(coalesce(sales_qty, 0), 1) END)
               AS quantity,
           sum(price::bigint * greatest(coalesce(sales_qty, 0), 1))::bigint AS sum_price_qty,
           sum(sales) AS sales, sum(stock) AS stock,
           count(*) FILTER (WHERE price_nil = 2) AS out_of_stock,
           count(*) FILTER (WHERE doubtful AND price IS NOT NULL) AS doubtful,
           max(sales)::bigint AS largest_sales
    FROM quote WHERE {KEPT} GROUP BY {KEYS}
"""
_RETURNS = f"""
    SELECT weeks.week, owed.*
    FROM (SELECT generate_series(min(week)::int, max(week))::smallint AS week FROM quote) AS weeks
    CROSS JOIN LATERAL (
        SELECT place, count(*) AS expected, count(*) FILTER (WHERE {KEPT}) AS filed,
               count(*) FILTER (WHERE counted AND NOT reviewed) AS unreviewed
        FROM quote WHERE quote.week = weeks.week AND item = 0 GROUP BY place
    ) AS owed
"""
_ZEROS = ", ".join(f"coalesce({c}, 0) AS {c}" for c in (*_FIRST, "largest_sales"))
LEAN = TWO_STAGES.replace(
    f"flagged AS MATERIALIZED ({BY_FLAGS}), banner AS MATERIALIZED ({OF_FLAGS})",
    f"""lean AS MATERIALIZED ({_LEAN}), returned AS MATERIALIZED ({_RETURNS}),
    banner AS MATERIALIZED (
        SELECT {KEYS}, expected, filed, unreviewed, {_ZEROS}
        FROM returned CROSS JOIN (SELECT generate_series(0, 45)::smallint AS item) AS items
        LEFT JOIN lean USING ({KEYS})
    )""",
)
_ORDERED = {"enable_hashagg": "off", "enable_sort": "off"}
_ALONE = {"max_parallel_workers_per_gather": "0"}
WAYS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "hash": (FILTERED, _ALONE),
    "hash, two workers": (FILTERED, {"max_parallel_workers_per_gather": "2"}),
    "hash, jit": (FILTERED, {**_ALONE, "jit": "on"}),
    "index order": (FILTERED, {**_ALONE, **_ORDERED}),
    "index order, returns apart": (LEAN, {**_ALONE, **_ORDERED}),
    "index order, returns apart, jit": (LEAN, {**_ALONE, **_ORDERED, "jit": "on"}),
}


def postgres_sums(files: Sequence[Path], tree: Tree, ours: Path) -> dict[str, Any]:
    """CPU seconds of its back ends for the same sums, and whether they are the same."""
    from benchmarks.postgres import PostgresMissing, create_database, private_server

    try:
        with private_server(SERVER) as server:
            return _in_server(server, create_database(server, "rollup"), (files, tree, ours))
    except PostgresMissing as missing:
        return {"postgres_cpu_s": None, "equal": None, "notes": [str(missing)]}


def _in_server(server: Any, url: str, task: tuple[Sequence[Path], Tree, Path]) -> dict[str, Any]:
    import psycopg

    files, tree, ours = task
    with psycopg.connect(url, autocommit=True) as connection:
        with Meter([server.pid]) as loading:
            names = _load(connection, files, tree)
        size = connection.execute("SELECT pg_total_relation_size('quote')").fetchone()
        progress(f"PostgreSQL loaded: {loading.cpu.server:.1f} CPU s")
        tried, equal = {}, True
        for way, (statement, options) in WAYS.items():
            for option, value in options.items():
                connection.execute(f"SET {option} = {value}")
            with Meter([server.pid]) as used:
                connection.execute(statement)
            tried[way] = round(used.cpu.server, 3)
            equal = equal and _same(_sums(connection, names, tree.root), ours)
            progress(f"  {used.cpu.server:6.2f} CPU s, {used.wall_s:.2f} s  {way}")
            connection.execute("DROP TABLE rollup")
            connection.execute("RESET ALL")
    return {
        "postgres_cpu_s": min(tried.values()),
        "equal": equal,
        "postgres_ways": tried,
        "postgres_load_cpu_s": round(loading.cpu.server, 3),
        "postgres_mb": round(size[0] / 1e6, 1) if size else None,
    }


@dataclass(frozen=True, slots=True)
class _Names:
    """What the numbers in the table stand for."""

    week: list[str]
    item: list[str]


def _load(connection: Any, files: Sequence[Path], tree: Tree) -> _Names:
    """COPY in order of (week, item, place), then the index such a table has, then ANALYZE."""
    import polars as pl

    from ortoo.algorithms import rollup_lake

    items = pl.scan_parquet(list(files)).select(pl.col("item").unique()).collect()
    names = _Names([path.stem for path in files], sorted(items["item"]))
    connection.execute(TABLES)
    with connection.cursor() as cursor:
        pairs = [(int(place), int(unit)) for place, unit in tree.unit.items()]
        cursor.executemany("INSERT INTO parent VALUES (%s, %s)", pairs)
        with cursor.copy("COPY quote FROM STDIN (FORMAT csv)") as copy:
            for week, path in enumerate(files):
                frame = pl.read_parquet(path).with_columns(
                    item=pl.col("item").replace_strict(names.item, list(range(len(names.item)))),
                    place=pl.col("place").cast(pl.Int32),
                    week=pl.lit(week),
                    firm=pl.col("respondent").rank("dense"),
                    ln=(pl.col("price").clip(1).cast(pl.Float64).log() * rollup_lake.LN_SCALE)
                    .round()
                    .cast(pl.Int64),
                )
                text = io.BytesIO()
                frame.sort("item", "place", "firm").select(
                    "price", "sales", "sales_qty", "stock", "ln", "firm", "place", "week", "item",
                    "price_nil", "counted", "reviewed", "doubtful",
                ).write_csv(text, include_header=False)  # fmt: skip
                copy.write(text.getbuffer())
    connection.execute(f"CREATE INDEX quote_order ON quote ({KEYS})")
    connection.execute("VACUUM ANALYZE quote, parent")
    return names


def _sums(connection: Any, names: _Names, root: str) -> pl.DataFrame:
    """PostgreSQL's result as ours is written."""
    import polars as pl

    from ortoo.algorithms import rollup_lake

    columns = ", ".join(rollup_lake.SUMS)
    text = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {KEYS}, {columns} FROM rollup) TO STDOUT (FORMAT csv)") as copy,
    ):
        for part in copy:
            text.write(part)
    text.seek(0)
    schema = dict.fromkeys(("week", "item", "place", *rollup_lake.SUMS), pl.Int64)
    found = pl.read_csv(text, has_header=False, schema=schema)
    place = pl.when(pl.col("place") == 0).then(pl.lit(root)).otherwise(pl.col("place").cast(str))
    return found.with_columns(
        period=pl.col("week").replace_strict(list(range(len(names.week))), names.week),
        item=pl.col("item").replace_strict(list(range(len(names.item))), names.item),
        place=place,
    )


def _same(theirs: pl.DataFrame, ours: Path) -> bool:
    import polars as pl

    mine = pl.read_ipc(ours)
    keys = ["period", "item", "place"]
    return bool(mine.equals(theirs.select(mine.columns).sort(keys)))
