"""Projections: read models that are dropped, recomputed from filings and found equal (Law 9).

A projection divides its tables into *slices* (one period of one form, one register …). A new filing
names the slices it touches; those are recomputed whole from filings and replaced. Nothing is ever
adjusted by a delta.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from ortoo.kernel.filings.keeping_up import our_turn
from ortoo.kernel.filings.read import tail

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a projection may look at to tell which slices a filing touches."""

    seq: int
    form: str
    filer: str
    period: str
    thread: str


@dataclass(frozen=True, slots=True)
class Table:
    """A projection table; its first column is `slice`, none is a float or a surrogate id."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Projection:
    """One read model. `rows(slice)` computes the slice from filings alone: {table: rows}."""

    name: str
    tables: tuple[Table, ...]
    slices: Callable[[Header], Iterable[str]]
    rows: Callable[[str], Mapping[str, list[Row]]]
    prepare: Callable[[], None] = field(default=lambda: None)


_PROJECTIONS: dict[str, Projection] = {}


def register_projection(projection: Projection) -> None:
    """Have `catch_up` and `rebuild` keep this projection."""
    _PROJECTIONS[projection.name] = projection


def projections() -> list[Projection]:
    """Every registered projection, in order of registration."""
    return list(_PROJECTIONS.values())


def catch_up() -> int:
    """Bring every projection up to the tail of the log; returns slices recomputed here.

    Whatever was on the log before the call is in the read models when it returns.
    """
    with our_turn():
        end, done = tail(), 0
        for projection in _PROJECTIONS.values():
            start = _cursor_of(projection.name)
            if start < end:
                done += _advance(projection, start, end)
    return done


def position(name: str) -> int:
    """The log index up to which a projection's tables stand."""
    return _cursor_of(name)


def _cursor_of(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM kernel_projection_cursor WHERE name=%s", [name])
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def _advance(projection: Projection, start: int, end: int) -> int:
    touched = _touched(projection, start, end)
    projection.prepare()
    fresh = {key: projection.rows(key) for key in touched}
    with transaction.atomic():
        for key, tables in fresh.items():
            for table in projection.tables:
                with connection.cursor() as cursor:
                    cursor.execute(f"DELETE FROM {table.name} WHERE slice=%s", [key])
                insert_rows(table.name, table.columns, tables.get(table.name, []))
        with connection.cursor() as cursor:
            # A reader elsewhere may have gone further meanwhile: the cursor never goes back.
            cursor.execute(
                "INSERT INTO kernel_projection_cursor (name, seq, version) VALUES (%s, %s, 1)"
                " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq"
                " WHERE kernel_projection_cursor.seq < excluded.seq",
                [projection.name, end],
            )
    return len(touched)


def _touched(projection: Projection, start: int, end: int) -> list[str]:
    touched: dict[str, None] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, form, filer, period, thread FROM kernel_filing"
            " WHERE seq > %s AND seq <= %s ORDER BY seq",
            [start, end],
        )
        for row in cursor.fetchall():
            touched.update(dict.fromkeys(projection.slices(Header(*row))))
    return list(touched)


def insert_rows(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows into a projection table or the side table beside it."""
    if not rows:
        return
    marks = ",".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A statement a row costs both sides several times what COPY does.
            with cursor.copy(f"COPY {table} ({','.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        cursor.executemany(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})", rows)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Outcome of rebuilding one table beside the live one."""

    table: str
    live: int
    rebuilt: int
    only_live: int
    only_rebuilt: int

    @property
    def equal(self) -> bool:
        return self.only_live == 0 and self.only_rebuilt == 0 and self.live == self.rebuilt


def rebuild(
    say: Callable[[str], None] = lambda line: None, *, fix: bool = True
) -> list[Comparison]:
    """Recompute every projection into side tables, compare canonical rows, then swap.

    With `fix=False` only compares. The live tables are first brought up to the tail, so a
    difference is a fault, not lag.
    """
    catch_up()
    found: list[Comparison] = []
    for projection in _PROJECTIONS.values():
        say(f"重算 {projection.name} …")
        with transaction.atomic():
            found += _rebuild_one(projection, fix)
    return found


def _rebuild_one(projection: Projection, fix: bool) -> list[Comparison]:
    projection.prepare()
    sides = {table.name: open_side(table) for table in projection.tables}
    for key in _touched(projection, 0, tail()):
        tables = projection.rows(key)
        for table in projection.tables:
            insert_rows(sides[table.name], table.columns, tables.get(table.name, []))
    return [close_side(table, fix=fix) for table in projection.tables]


def open_side(table: Table) -> str:
    """An empty temporary table of the same columns beside the live one; returns its name."""
    side = f"{table.name}_side"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {side}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {side} AS"
            f" SELECT {','.join(table.columns)} FROM {table.name} WHERE 1=0"
        )
    return side


def close_side(table: Table, *, fix: bool) -> Comparison:
    """Compare the side table with the live one, with `fix` let it take its place, drop it."""
    columns, side = ",".join(table.columns), f"{table.name}_side"
    outcome = _compare(table, side)
    with connection.cursor() as cursor:
        if fix and not outcome.equal:
            cursor.execute(f"DELETE FROM {table.name}")
            cursor.execute(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {side}")
        cursor.execute(f"DROP TABLE {side}")
    return outcome


def _compare(table: Table, side: str) -> Comparison:
    columns = ",".join(table.columns)

    def count(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0])

    def only(left: str, right: str) -> int:
        return count(
            f"SELECT COUNT(*) FROM (SELECT {columns} FROM {left}"
            f" EXCEPT SELECT {columns} FROM {right}) d"
        )

    live, rebuilt = (count(f"SELECT COUNT(*) FROM {name}") for name in (table.name, side))
    only_live = only(table.name, side)
    # Live rows differ from one another (primary key): as many, and all of them there, is equality.
    same = live == rebuilt and only_live == 0
    return Comparison(
        table=table.name,
        live=live,
        rebuilt=rebuilt,
        only_live=only_live,
        only_rebuilt=0 if same else only(side, table.name),
    )
