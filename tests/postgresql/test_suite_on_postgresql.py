"""The kernel's and the market's tests again, on a PostgreSQL server of our own.

`./ortoo test` runs them on SQLite; here a second pytest runs them with `ORTOO_DATABASE` set, in a
database whose collation is Chinese where the server can (ICU), so that nothing leans on the C
locale. The tests of simultaneous filing beside this file run only in there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from benchmarks.postgres import Server

CHECKOUT = Path(__file__).resolve().parents[2]
KERNEL = CHECKOUT / "src" / "ortoo" / "kernel"
WITH_DATABASE = ("filings", "threads", "duties", "postings", "parties", "grants", "seal", "relay")
# Each spells out why the same test cannot hold on PostgreSQL.
NOT_HERE: dict[str, str] = {}

pytestmark = [pytest.mark.postgresql, pytest.mark.law(1)]


def _chinese_template(server: Server) -> str:
    """Give the databases that tests create a Chinese collation; says which they have."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        try:
            admin.execute(
                "CREATE DATABASE chinese TEMPLATE template0 ENCODING 'UTF8'"
                " LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans'"
            )
        except psycopg.Error:
            return "C"
        admin.execute("ALTER DATABASE template1 IS_TEMPLATE false")
        admin.execute("DROP DATABASE template1")
        admin.execute("ALTER DATABASE chinese RENAME TO template1")
    return "zh-Hans"


def _pytest_on(server: Server, database: str, paths: list[Path]) -> subprocess.CompletedProcess:
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{database}"')
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    environment["ORTOO_DATABASE"] = server.url(database)
    deselected = [word for name in NOT_HERE for word in ("--deselect", name)]
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow",
            "--maxfail=10", *deselected, *map(str, paths),
        ],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_filings_threads_and_market_pass_on_postgresql_in_a_chinese_collation(
    postgres_server: Server,
) -> None:
    _chinese_template(postgres_server)
    paths = [
        *(KERNEL / word for word in WITH_DATABASE),
        KERNEL.parent / "domains" / "market",
        CHECKOUT / "tests" / "test_fuzz.py",
    ]
    answer = _pytest_on(postgres_server, "suite", paths)
    assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-2000:]


def test_simultaneous_filings_pass_on_postgresql(postgres_server: Server) -> None:
    here = Path(__file__).parent
    answer = _pytest_on(
        postgres_server,
        "simultaneous",
        [here / "test_simultaneous_filings.py", here / "test_round_trips.py"],
    )
    assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-2000:]
    assert " skipped" not in answer.stdout.splitlines()[-1]
