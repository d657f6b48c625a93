"""Partitions by period (Law 8 and 9): nothing lost, lookups read one period, keys stay unique."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from benchmarks.postgres import programs
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ortoo.kernel.filings import partitions, read
from ortoo.kernel.filings.models import Filing
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import TARGET_SQL
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.seal import log
from ortoo.kernel.seal.models import Leaf
from ortoo.kernel.seal.verify import verify

from .matters import NOW, register_matters, said
from .simultaneous import at_once, log_is_whole

FIRST = "2025"
CHECKOUT = Path(__file__).resolve().parents[2]
PERIOD = re.compile(r"kernel_(?:filing|leaf)_(\d{4}(?:q\d)?)\b")
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="run by test_suite_on_postgresql on its server"
    ),
]


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def one_partition() -> None:
    """Both tables empty, with one open partition: what tests change outlives their rows."""
    for table in partitions.TABLES:
        with connection.cursor() as cursor:
            cursor.execute("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent ="
                           f" '{table}'::regclass")  # fmt: skip
            parts = [name for (name,) in cursor.fetchall()]
        sql(f"TRUNCATE {table}", *(f"DROP TABLE {part}" for part in parts))
        sql(f"CREATE TABLE {table}_{FIRST} PARTITION OF {table}"
            " FOR VALUES FROM (MINVALUE) TO (MAXVALUE)")  # fmt: skip


@pytest.fixture(autouse=True)
def parts(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.KEYS = tmp_path / "keys"
    register_matters()
    one_partition()
    yield
    one_partition()


def cut(period: str) -> partitions.Partition:
    return partitions.cut(period, now_ms=partitions.begins_at_ms(period) + 1)


def three_periods(each: int = 20) -> None:
    """`each` filings in 2025, in 2026 and in 2027."""
    for year in ("2025", "2026", "2027"):
        if year != FIRST:
            cut(year)
        file_many([said(f"{year}-{i}", f"T-LINE|{i % 5}") for i in range(each)], now_ms=NOW)


def test_filings_after_a_cut_lie_in_the_new_period_and_the_log_is_whole() -> None:
    three_periods()
    log.checkpoint(now_ms=NOW)
    found = partitions.listing()
    assert [(p.period, p.rows, p.leaves, p.first_seq, p.last_seq) for p in found] == [
        ("2025", 20, 20, 1, 20),
        ("2026", 20, 20, 21, 40),
        ("2027", 20, 20, 41, 60),
    ]
    assert [(p.first, p.end) for p in found] == [(None, 21), (21, 41), (41, None)]
    assert {p.first_at for p in found} == {NOW}
    assert partitions.faults() == []
    log_is_whole(60)
    assert list(verify()) == []


def test_a_period_is_cut_once_and_in_order() -> None:
    file(said("one"), now_ms=NOW)
    assert cut("2026q2") == cut("2026q2")
    with pytest.raises(Refused, match="PARTITION-BACK"):
        cut("2026")
    with pytest.raises(Refused, match="PARTITION-EARLY"):
        partitions.cut("2027", now_ms=partitions.begins_at_ms("2027") - 1)
    with transaction.atomic(), pytest.raises(Refused, match="PARTITION-NESTED"):
        cut("2027")
    assert [p.period for p in partitions.listing()] == [FIRST, "2026q2"]


def test_a_period_in_which_nothing_was_filed_leaves_no_partition() -> None:
    cut("2026")
    file(said("one"), now_ms=NOW)
    cut("2027")
    cut("2028")
    assert [(p.period, p.first_seq) for p in partitions.listing()] == [("2026", 1), ("2028", None)]
    assert file(said("two"), now_ms=NOW).seq == 2
    assert partitions.faults() == []


def test_the_period_that_has_begun_is_due_until_it_is_cut() -> None:
    moment = partitions.begins_at_ms("2026") + 1
    assert partitions.due(partitions.begins_at_ms("2025") + 1) is None
    assert partitions.due(moment) == "2026"
    cut("2026")
    assert partitions.due(moment) is None


def test_a_key_of_an_earlier_period_is_still_that_filing() -> None:
    three_periods()
    again = file(said("2025-7", "T-LINE|2"), now_ms=NOW)
    assert (again.seq, again.duplicate) == (8, True)
    with pytest.raises(Refused, match="FILING-KEY-REUSED"):
        file(said("2025-7", "T-LINE|2", text="other"), now_ms=NOW)
    log_is_whole(60)


def test_the_database_itself_refuses_a_key_twice_across_periods() -> None:
    three_periods()
    names = ",".join(column.column for column in Filing._meta.concrete_fields)
    values = names.replace("seq,", "99,", 1)
    with pytest.raises(DatabaseError, match="kernel_filing_key_pkey"):
        sql(f"INSERT INTO kernel_filing ({names}) SELECT {values} FROM kernel_filing WHERE seq = 8")


LOOKUPS: dict[str, Callable[[], object]] = {
    "one filing": lambda: read.get(25),
    "filings by index": lambda: read.by_seqs([22, 31]),
    "bodies": lambda: read.bodies([22, 31]),
    "the next filings": lambda: read.after(21, 10),
    "by the ORM": lambda: list(Filing.objects.filter(seq=25)),
    "a leaf": lambda: list(Leaf.objects.filter(seq=25)),
    "leaves of a span": lambda: list(Leaf.objects.filter(seq__gt=21, seq__lte=35)),
    "form, period and index": lambda: list(
        Filing.objects.filter(form="T-SAID", period="", seq__gt=21, seq__lte=40)
    ),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_by_log_index_reads_one_period(name: str) -> None:
    three_periods()
    with CaptureQueriesContext(connection) as captured:
        LOOKUPS[name]()
    plans = [plan(query["sql"]) for query in captured.captured_queries]
    assert {period for text in plans for period in PERIOD.findall(text)} == {"2026"}


def plan(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("where", "index"),
    [("form = 'A' AND period = 'B'", "form"), ("filer = 'A' AND form = 'B'", "filer"),
     ("key = 'A'", "key"), ("supersedes = 5", "supersedes")],
)  # fmt: skip
def test_other_lookups_are_by_an_index_of_every_period(where: str, index: str) -> None:
    three_periods()
    with transaction.atomic():
        sql("SET LOCAL enable_seqscan = off")
        text = plan(f"SELECT seq FROM kernel_filing WHERE {where}")
    assert set(PERIOD.findall(text)) == {"2025", "2026", "2027"}
    assert "Seq Scan" not in text
    assert text.count(index) >= 3


def scans_and_rows() -> dict[str, tuple[int, int]]:
    """Partition of filings → (scans, rows added), as this session has not yet reported them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan + COALESCE(idx_scan, 0), n_tup_ins"
            " FROM pg_stat_xact_user_tables WHERE relname ~ '^kernel_filing_[0-9]'"
        )
        return {name: (scans, rows) for name, scans, rows in cursor.fetchall()}


def touched(work: Callable[[], object]) -> dict[str, tuple[int, int]]:
    """Partition of filings → (scans, rows added) by the work, which runs in one transaction."""
    with transaction.atomic():
        before = scans_and_rows()
        work()
        after = scans_and_rows()
    more = {
        name: (scans - before.get(name, (0, 0))[0], rows - before.get(name, (0, 0))[1])
        for name, (scans, rows) in after.items()
    }
    return {name: found for name, found in more.items() if found != (0, 0)}


def test_a_filing_touches_the_open_period_alone() -> None:
    three_periods()
    found = touched(lambda: file(said("next", "T-LINE|1"), now_ms=NOW))
    assert found == {"kernel_filing_2027": (0, 1)}


def test_a_duplicate_reads_the_period_of_the_first_alone() -> None:
    three_periods()
    found = touched(lambda: file(said("2026-3", "T-LINE|3"), now_ms=NOW))
    assert found == {"kernel_filing_2026": (1, 0)}


def test_the_target_of_a_correction_is_found_in_its_own_period() -> None:
    three_periods()
    text = plan(f"{TARGET_SQL} = 25")
    outer = text.split("SubPlan")[0].split("InitPlan")[0]
    assert set(PERIOD.findall(outer)) <= {"2026"}


def test_cutting_while_others_file_loses_nothing_and_deadlocks_nobody() -> None:
    writers, each = 4, 60
    stop = threading.Event()

    def writer(number: int) -> int:
        for i in range(each):
            file_many([said(f"{number}-{i}-{j}", f"T-LINE|{j}") for j in range(2)], now_ms=NOW)
        return each

    def cutter() -> int:
        made = 0
        for year in range(2026, 2040):
            if stop.wait(0.02):
                break
            cut(str(year))
            made += 1
        return made

    found = at_once([*(lambda n=n: writer(n) for n in range(writers)), cutter])
    stop.set()
    assert found[:writers] == [each] * writers
    assert isinstance(found[-1], int) and found[-1] >= 5
    parts = partitions.listing()
    assert sum(p.rows > 0 for p in parts) >= 4, "the cuts came between filings"
    assert partitions.faults() == []
    log_is_whole(writers * each * 2)


def test_a_long_report_delays_the_cut_and_is_not_broken_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partitions, "_TABLES_MS", 50)
    monkeypatch.setattr(partitions, "_TRIES", 2)
    file(said("one"), now_ms=NOW)
    reading, done = threading.Event(), threading.Event()

    def report() -> int:
        with transaction.atomic():
            count = Filing.objects.count()
            reading.set()
            done.wait(20)
            return count

    def impatient() -> object:
        reading.wait(20)
        try:
            return cut("2026")
        finally:
            done.set()

    count, refused = at_once([report, impatient])
    assert count == 1
    assert isinstance(refused, Refused) and refused.code == "PARTITION-BUSY"
    assert cut("2026").period == "2026"


# --- what stood before, and what is kept apart ------------------------------------------------


def url(name: str) -> str:
    own = connection.settings_dict
    return f"postgresql://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{name}"


def migrate(name: str, *target: str) -> None:
    environment = {**os.environ, "ORTOO_DATABASE": url(name), "PYTHONPATH": str(CHECKOUT / "src"),
                   "DJANGO_SETTINGS_MODULE": "ortoo.site.settings"}  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v0", *target],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip


COPY = (
    "INSERT INTO kernel_filing SELECT * FROM jsonb_populate_recordset(NULL::kernel_filing, %s)",
    "INSERT INTO kernel_leaf SELECT * FROM jsonb_populate_recordset(NULL::kernel_leaf, %s)",
)
ROWS = ("SELECT jsonb_agg(f ORDER BY seq) FROM kernel_filing f",
        "SELECT jsonb_agg(l ORDER BY seq) FROM kernel_leaf l")  # fmt: skip
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'kernel_filing'"


def test_the_tables_that_stood_before_become_the_first_partition() -> None:
    file_many([said(f"before-{i}", f"T-LINE|{i % 7}") for i in range(300)], now_ms=NOW)
    with connection.cursor() as cursor:
        kept = []
        for statement in ROWS:
            cursor.execute(f"SELECT ({statement})::text")
            kept.append(cursor.fetchone()[0])
    name = f"{connection.settings_dict['NAME']}_before"
    with psycopg.connect(url("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            migrate(name, "kernel", "0003_authority_and_time")
            with psycopg.connect(url(name)) as old:
                for statement, rows in zip(COPY, kept, strict=True):
                    old.execute(statement.replace("%s", "%s::jsonb"), [rows])
                before = {row[0] for row in old.execute(INDEXES)}
            migrate(name, "kernel", "0004_partitions")
            with psycopg.connect(url(name)) as new:
                found = [new.execute(f"SELECT ({s})::text").fetchone()[0] for s in ROWS]
                keys = new.execute("SELECT count(*), sum(seq) FROM kernel_filing_key").fetchone()
                parts = new.execute(
                    "SELECT count(*), max(pg_get_expr(relpartbound, oid)) FROM pg_class"
                    " WHERE relispartition AND relname ~ '^kernel_filing_[0-9]{4}$'"
                ).fetchone()
                indexes = {row[0] for row in new.execute(INDEXES)}
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert found == kept
    assert keys == (300, 300 * 301 // 2)
    assert parts == (1, "FOR VALUES FROM (MINVALUE) TO (MAXVALUE)")
    of_keys = {index for index in before if "_key_" in index}
    assert indexes == (before - of_keys) | {"filing_key"}


def test_one_period_is_dumped_dropped_and_put_back(tmp_path: Path) -> None:
    """The commands of docs/decisions/006-partitions.md."""
    folder = programs()
    assert folder is not None
    three_periods()
    log.checkpoint(now_ms=NOW)
    before = list(Filing.objects.order_by("seq").values_list("seq", "key", "digest"))
    dump, database = tmp_path / "2026.dump", url(connection.settings_dict["NAME"])
    tables = [f"{table}_2026" for table in partitions.TABLES]
    words = [word for table in tables for word in ("-t", table)]
    subprocess.run([folder / "pg_dump", "-Fc", "-f", dump, *words, database], check=True)
    sql(*(f"ALTER TABLE {t} DETACH PARTITION {t}_2026" for t in partitions.TABLES))
    sql(*(f"DROP TABLE {table}" for table in tables))
    assert Filing.objects.count() == 40
    assert len(partitions.faults()) == 2, "a gap, and keys of filings that are elsewhere"
    with pytest.raises(DatabaseError):
        file(said("2026-3", "T-LINE|3"), now_ms=NOW)
    restored = subprocess.run(
        [folder / "pg_restore", "-d", database, dump], check=False, capture_output=True, text=True
    )
    sql(
        *(
            f"ALTER TABLE {t} ATTACH PARTITION {t}_2026 FOR VALUES FROM (21) TO (41)"
            for t in partitions.TABLES
            if not attached(f"{t}_2026")
        )
    )
    assert list(Filing.objects.order_by("seq").values_list("seq", "key", "digest")) == before
    assert partitions.faults() == [], restored.stderr
    assert list(verify()) == []


def attached(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relispartition FROM pg_class WHERE relname = %s", [table])
        found = cursor.fetchone()
    return bool(found and found[0])
