"""What it costs to file a year of region-wide weekly returns, to rebuild from them, to verify them.

480 respondents × 52 weeks × 184 cells = 4.59 million cells, filed through `file_many` after each
week's opening, 480 a transaction. Beside it, in the same call, the same cells as rows of
(filing, item, measure, value) in an indexed SQLite table: the layout this one replaces.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.harness import Meter, progress
from benchmarks.installation import Installation, installation

FORM = "SCJC-W1"
FIRST_WEEK = dt.date(2025, 11, 15)
DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
SEED = 20251115
# (respondents, weeks). The year fits into the quick size.
SIZES = {"quick": (480, 52), "full": (480, 52), "small": (60, 8)}
SEASONAL = ("0602", "0603", "0605", "0610", "0614", "0622", "0623", "0625", "0628", "0629")


def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, Any]:
    """The `filing` bench. `size`: small, quick, full or RESPONDENTSxWEEKS. Takes no data."""
    del data
    name = size or ("quick" if quick else "full")
    respondents, weeks = SIZES[name] if name in SIZES else map(int, name.split("x"))
    with installation(database) as home:
        year = Year(respondents, weeks)
        filed = _file(year, home)
        progress(f"filed {filed.filings:,} in {filed.cpu_s:.1f} CPU s")
        rebuilt = _rebuild(home)
        verified = _verify(home)
        eav = _rows_of_cells(year, home)
    return {
        "size": name,
        "filings": filed.filings,
        "cells": filed.cells,
        "file_cpu_s": round(filed.cpu_s, 3),
        "file_ms_per_filing": round(1000 * filed.cpu_s / filed.filings, 4),
        **rebuilt,
        **verified,
        "document_mb": round(filed.document_bytes / 1e6, 2),
        **eav,
        "notes": [
            "file_many, one week's returns a transaction; openings included; generation is not",
            "document_mb: bytes of bodies; MB = 10^6 bytes",
            "verify_cpu_s is the whole of `ortoo verify`; verify_digests_cpu_s its digests alone",
        ],
    }


@dataclass(slots=True)
class _Filed:
    filings: int = 0
    cells: int = 0
    cpu_s: float = 0.0
    document_bytes: int = 0


@dataclass
class Year:
    """Respondents and their numbers by seed; a week is generated when it is asked for."""

    respondents: int
    weeks: int
    places: list[str] = field(default_factory=list)
    offices: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        from ortoo.kernel.forms import registry
        from ortoo.kernel.places.active import active_pack

        pack = active_pack()
        units = sorted(code for code in pack.unit_of(FIRST_WEEK) if code != pack.root.code)
        self.form = registry.get(FORM)
        self.root = pack.root.code
        self.places = [units[row % len(units)] for row in range(self.respondents)]
        self.offices = [
            [office.code for office in pack.offices(place, FIRST_WEEK)] for place in self.places
        ]
        self._draw()

    def _draw(self) -> None:
        """What stays the same over the year: usual prices, the firm's own level, its range."""
        import numpy as np

        rng = np.random.default_rng(SEED)
        leaves = len(self.form.leaves)
        shape = (self.respondents, leaves)
        usual = np.exp(rng.normal(6.75, 0.75, leaves))
        self.level = usual * np.exp(rng.normal(0, 0.08, shape))
        scale = np.exp(rng.normal(0, 0.9, (self.respondents, 1)))
        self.volume = np.exp(rng.normal(7.4, 0.7, leaves)) * scale
        self.phase = rng.uniform(0, 6.28, leaves)
        self.swing = rng.uniform(0.02, 0.18, leaves)
        self.carried = rng.random(shape) > 0.06
        self.seasonal = np.array([item.code in SEASONAL for item in self.form.leaves])
        self.asked = np.array([item.stock_asked for item in self.form.leaves])

    def period(self, week: int) -> str:
        return f"W{(FIRST_WEEK + dt.timedelta(days=7 * week)).isoformat()}"

    def columns(self, week: int) -> dict[str, list[list[Any]]]:
        """One week's cells: measure → respondents × leaves of int, nil letter or None."""
        import numpy as np

        rng = np.random.default_rng((SEED, week))
        turn = 2 * np.pi * week / 52
        price = self.level * (1 + self.swing * np.cos(turn + self.phase))
        price = np.rint(price * np.exp(rng.normal(0, 0.03, price.shape))).clip(50, 99_999)
        sold = np.rint(self.volume * np.exp(rng.normal(0, 0.25, price.shape))).clip(1)
        sales = np.rint(price * sold / 100_000)
        stock = np.where(self.asked, np.rint(sold * 1.6), -1)
        out = rng.random(price.shape) < 0.01
        away = self.seasonal & (np.cos(turn) > 0.55) & (rng.random(price.shape) < 0.5)
        letters = np.select([~self.carried, out, away], ["n", "o", "s"], "")
        found = {}
        for code, values in zip(
            ("price", "sales", "sales_qty", "stock"), (price, sales, sold, stock), strict=True
        ):
            cells = values.astype(np.int64).astype(object)
            cells[letters != ""] = letters[letters != ""] if code == "price" else None
            if code == "stock":
                cells[:, ~self.asked] = None
            found[code] = cells.tolist()
        return found


def _party(row: int) -> str:
    return f"FIRM-{row:05d}"


def _said_at(week: int) -> int:
    start = dt.datetime.combine(FIRST_WEEK, dt.time(8), tzinfo=dt.timezone.utc)  # noqa: UP017
    return int(start.timestamp()) * 1000 + week * WEEK_MS + 6 * DAY_MS


def _opening(year: Year, week: int) -> Any:
    from ortoo.kernel.filings.draft import Draft

    offices = sorted({office for chain in year.offices for office in chain})
    said_at = _said_at(week)
    body = {
        "form": FORM,
        "period": year.period(week),
        "due_at": said_at + 3 * DAY_MS,
        "review_due_at": said_at + 5 * DAY_MS,
        "offices": {office: f"BUREAU-{office}" for office in offices},
        "respondents": [
            [_party(row), year.places[row], year.offices[row]] for row in range(year.respondents)
        ],
    }
    key = f"open|{year.period(week)}"
    return Draft("K-OPEN", "SYSTEM", "SYSTEM", key, body, said_at, period=year.period(week))


def _returns(year: Year, week: int) -> list[Any]:
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.forms.body import GridBody
    from ortoo.kernel.forms.definition import Nil

    nils = {nil.value: nil for nil in Nil}
    columns = year.columns(week)
    drafts = []
    for row in range(year.respondents):
        body = GridBody(
            {code: tuple(nils.get(c, c) for c in cells[row]) for code, cells in columns.items()}
        )
        party = _party(row)
        drafts.append(
            Draft(
                FORM, party, f"account:{party}", f"{FORM}|{year.period(week)}|{party}", body,
                _said_at(week) + row, period=year.period(week), subject=party,
                place=year.places[row],
            )
        )  # fmt: skip
    return drafts


def _file(year: Year, home: Installation) -> _Filed:
    from django.db import connection

    from ortoo.kernel.filings.write import file, file_many

    filed = _Filed()
    for week in range(year.weeks):
        opening, returns = _opening(year, week), _returns(year, week)
        with Meter(home.servers) as used:
            file(opening, now_ms=opening.said_at)
            file_many(returns, now_ms=_said_at(week) + DAY_MS)
        filed.cpu_s += used.cpu.total
        filed.filings += len(returns)
        filed.cells += sum(len(column) for d in returns for column in d.body.columns.values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT SUM(LENGTH(body)) FROM kernel_filing WHERE form=%s", [FORM])
        filed.document_bytes = int(cursor.fetchone()[0])
    return filed


def _rebuild(home: Installation) -> dict[str, Any]:
    """First the ordinary catching up, then the rebuild beside it, each on its own meter."""
    from ortoo.kernel.filings import projection
    from ortoo.kernel.threads.rebuild import rebuild_threads

    with Meter(home.servers) as first:
        projection.catch_up()
    with Meter(home.servers) as used:
        found = projection.rebuild()
    progress(f"rebuilt in {used.cpu.total:.1f} CPU s")
    with Meter(home.servers) as threads:
        found += rebuild_threads()
    return {
        "catch_up_cpu_s": round(first.cpu.total, 3),
        "rebuild_cpu_s": round(used.cpu.total, 3),
        "rebuild_threads_cpu_s": round(threads.cpu.total, 3),
        "rebuild_rows": sum(table.rebuilt for table in found),
        "rebuild_equal": bool(found) and all(table.equal for table in found),
    }


def _verify(home: Installation) -> dict[str, Any]:
    """The digests alone, as the measured floor did; then `ortoo verify`, which also recomputes
    leaves, roots, signatures, threads, duties and postings."""
    from ortoo.kernel.seal import log
    from ortoo.kernel.seal.verify import verify

    log.checkpoint(now_ms=_said_at(1))
    with Meter(home.servers) as digests:
        differing = _differing()
    with Meter(home.servers) as used:
        found = verify()
    progress(f"verified in {used.cpu.total:.1f} CPU s")
    return {
        "verify_cpu_s": round(used.cpu.total, 3),
        "verify_digests_cpu_s": round(digests.cpu.total, 3),
        "verify_ok": differing == 0 and not found,
    }


def _differing() -> int:
    """Filings whose SHA-256 or SM3 digest is not that of their stored columns."""
    from ortoo.kernel.filings import read
    from ortoo.kernel.filings.behaviour import behaviour_of
    from ortoo.kernel.filings.digest import draft_digests
    from ortoo.kernel.threads.rebuild import draft_of

    wrong, tail = 0, read.tail()
    for start in range(0, tail, 1000):
        for row in read.after(start, 1000):
            behaviour = behaviour_of(row.form, row.form_version)
            found = draft_digests(
                draft_of(row), behaviour, row.body, thread=row.thread, now_ms=row.received_at
            )
            wrong += found != (row.digest, row.digest_sm3)
    return wrong


def _rows_of_cells(year: Year, home: Installation) -> dict[str, Any]:
    """The same cells as rows, in a transaction a week and with one index, as EAV tables have."""
    path = home.home / "cells.sqlite3"
    table = sqlite3.connect(path, isolation_level=None)
    table.execute("PRAGMA journal_mode=WAL")
    table.execute("PRAGMA synchronous=NORMAL")
    table.execute("CREATE TABLE cell (filing INTEGER, item TEXT, measure TEXT, value)")
    table.execute("CREATE INDEX cell_filing ON cell (filing, item, measure)")
    codes = [item.code for item in year.form.leaves]
    cpu_s = 0.0
    for week in range(year.weeks):
        columns = year.columns(week)
        with Meter() as used:
            table.execute("BEGIN IMMEDIATE")
            rows = _cell_rows(codes, columns, week * year.respondents, year.respondents)
            table.executemany("INSERT INTO cell VALUES (?,?,?,?)", rows)
            table.execute("COMMIT")
        cpu_s += used.cpu.total
    table.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    table.close()
    progress(f"rows of cells in {cpu_s:.1f} CPU s")
    return {"eav_cpu_s": round(cpu_s, 3), "eav_mb": round(path.stat().st_size / 1e6, 1)}


def _cell_rows(
    codes: Sequence[str], columns: dict[str, list[list[Any]]], first: int, respondents: int
) -> Iterator[Iterable[Any]]:
    for row in range(respondents):
        for measure, cells in columns.items():
            for item, value in zip(codes, cells[row], strict=True):
                yield first + row, item, measure, value
