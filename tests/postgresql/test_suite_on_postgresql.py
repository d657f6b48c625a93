"""The same tests again, on a PostgreSQL server of our own.

`./ortoo test` runs them on SQLite; here a second pytest runs them with `ORTOO_DATABASE` set, in a
database whose collation is Chinese where the server can (ICU), so that nothing leans on the C
locale. The usual run takes what writes and reads the record; the slow one every package and the
walk of the whole site. `./ortoo test --database postgresql` runs all of it there at once. The
browser's story seeds SQLite by itself and is not run again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from benchmarks.postgres import Server
from django.db import connection

from ortoo.commands.suite import chinese_template

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "src" / "ortoo"
KERNEL = PACKAGE / "kernel"
WITH_DATABASE = (
    "filings", "threads", "duties", "postings", "parties", "grants", "seal", "relay",
)  # fmt: skip
MARKET = PACKAGE / "domains" / "market"
MARKET_TESTS = (
    *(MARKET / "tests" / f"test_{name}.py" for name in (
        "observations", "observations_following", "openings", "panels", "lake", "papers",
        "campaign_services", "flash_services", "clerk_filing", "clerk_drafts", "review_races",
        "duties_escalation", "duties_reminders", "figures_exports", "figures_filing",
        "figures_search", "history_reading", "foreign_import", "known",
    )),
    *(MARKET / part / "tests" / f"test_{name}.py" for part, name in (
        ("alerts", "alert_services"), ("bulletins", "services"), ("forecasts", "forecast_runs"),
        ("sample", "sample_change"), ("till", "safety"),
    )),
    *(MARKET / part / "tests" for part in ("warnings", "imputing", "opendata")),
)  # fmt: skip
"""What writes the record or asks the database in a way of its own; the slow run takes it all."""
USUAL = (
    *(KERNEL / word for word in WITH_DATABASE),
    *MARKET_TESTS,
    PACKAGE / "domains" / "port",
    CHECKOUT / "tests" / "test_fuzz.py",
)
WHOLE = (PACKAGE, CHECKOUT / "tests" / "test_fuzz.py", CHECKOUT / "tests" / "test_walker.py")
# Each spells out why the same test cannot hold on PostgreSQL.
NOT_HERE: dict[str, str] = {}

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.law(1),
    pytest.mark.skipif(
        connection.vendor == "postgresql", reason="this run is on PostgreSQL already"
    ),
]


@pytest.fixture(scope="module")
def chinese_server(postgres_server: Server) -> Server:
    chinese_template(postgres_server.url("postgres"))
    return postgres_server


def _pytest_on(
    server: Server, database: str, paths: Sequence[Path], chosen: str = "not slow"
) -> subprocess.CompletedProcess:
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{database}"')
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    environment["ORTOO_DATABASE"] = server.url(database)
    deselected = [word for name in NOT_HERE for word in ("--deselect", name)]
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", chosen,
            "--maxfail=10", *deselected, *map(str, paths),
        ],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def passes(answer: subprocess.CompletedProcess) -> None:
    assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-2000:]


def test_what_the_usual_run_names_is_there() -> None:
    assert not [path for path in USUAL if not path.exists()]


def test_filings_threads_and_market_pass_on_postgresql_in_a_chinese_collation(
    chinese_server: Server,
) -> None:
    passes(_pytest_on(chinese_server, "suite", USUAL))


@pytest.mark.slow
def test_every_package_and_the_walk_of_the_site_pass_on_postgresql(
    chinese_server: Server,
) -> None:
    passes(_pytest_on(chinese_server, "whole", WHOLE))


def _here(*names: str) -> list[Path]:
    return [Path(__file__).parent / f"test_{name}.py" for name in names]


ONLY_HERE = ("simultaneous_filings", "round_trips", "partitions", "lost_connection",
             "last_decisions")  # fmt: skip


def test_simultaneous_filings_partitions_and_lost_connections_on_postgresql(
    chinese_server: Server,
) -> None:
    answer = _pytest_on(chinese_server, "simultaneous", _here(*ONLY_HERE))
    passes(answer)
    assert " skipped" not in answer.stdout.splitlines()[-1]


@pytest.mark.slow
def test_a_thousand_pairs_of_last_decisions_on_postgresql(chinese_server: Server) -> None:
    passes(_pytest_on(chinese_server, "thousand", _here("last_decisions"), "slow"))
