"""The commands as an operator runs them, each in a process of its own, on a demonstration."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ortoo.site.tests.backup.homes import SOURCE

CALL = """
import json, sys
from argparse import Namespace
from ortoo.site.operations import {module}
sys.exit({module}.run(Namespace(**json.loads(sys.argv[1]))))
"""
COUNT = """
import django
django.setup()
from ortoo.kernel.seal.restoration import register_restore_form
from ortoo.kernel.seal.verify import verify
from ortoo.site import demo_clock
from ortoo.kernel.filings import clock, read
register_restore_form()
demo_clock.plug_in()
from django.test import Client
client = Client()
assert client.post("/demo/login/clerk/").status_code == 302
assert client.get("/").status_code == 200
print(len(verify()), read.tail(), clock.now_ms() >= read.get(read.tail()).received_at)
"""


def python(home: Path, *words: str, mode: str = "production") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORTOO_", "PYTEST_"))}
    environment |= {
        "PYTHONPATH": str(SOURCE), "ORTOO_HOME": str(home), "ORTOO_MODE": mode,
        "DJANGO_SETTINGS_MODULE": "ortoo.site.settings",
    }  # fmt: skip
    if mode == "production":
        del environment["ORTOO_MODE"]
    return subprocess.run(
        [sys.executable, "-P", *words], env=environment, capture_output=True, text=True, check=False
    )


def backup(home: Path, folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    said = {"folder": str(folder), "since_last": False, "check": False, **more}
    return python(home, "-c", CALL.format(module="backup"), json.dumps(said))


def restore(folder: Path, into: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    said = {
        "folder": str(folder), "into": str(into), "to_seq": None, "to_time": None, "reason": None,
        "key": None, "replace": False, "rehearse": False, "despite_findings": False, **more,
    }  # fmt: skip
    return python(into, "-c", CALL.format(module="restore"), json.dumps(said))


def filings(home: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(home / "data" / "ortoo.sqlite3")
    try:
        return connection.execute("SELECT * FROM kernel_filing ORDER BY seq").fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("house")
    made = python(home, "-m", "ortoo", "demo", "--small", "--no-serve", mode="demo")
    assert made.returncode == 0, made.stderr
    return home


@pytest.mark.law(8, 9)
def test_a_demonstration_backed_up_and_restored_goes_on_where_it_was(
    demonstration: Path, tmp_path: Path
) -> None:
    made = backup(demonstration, tmp_path / "b")
    assert made.returncode == 0 and "已写入" in made.stdout, made.stderr
    assert backup(demonstration, tmp_path / "b", since_last=True).returncode == 0
    looked = backup(demonstration, tmp_path / "b", check=True)
    assert looked.returncode == 0 and "2 段备份完好" in looked.stdout
    again = tmp_path / "again"
    again.mkdir()
    stranger = restore(tmp_path / "b", again)
    assert stranger.returncode == 1 and "ARCHIVE-KEY" in stranger.stderr
    (again / "keys").symlink_to(demonstration / "keys")
    done = restore(tmp_path / "b", again)
    assert done.returncode == 0 and "已恢复到第" in done.stdout, done.stderr
    kept = filings(demonstration)
    assert filings(again)[:-1] == kept
    known = python(again, "-c", COUNT, mode="demo")
    assert known.stdout.split() == ["0", str(len(kept) + 1), "True"], known.stderr
    twice = restore(tmp_path / "b", again)
    assert twice.returncode == 1 and "RESTORE-NOT-EMPTY" in twice.stderr
    back = restore(tmp_path / "b", again, replace=True, to_seq=50, reason="演练")
    assert back.returncode == 0 and "清单" in back.stdout, back.stderr
    assert len(filings(again)) == 51 and (again / "lost-after-50.csv").exists()
    (aside,) = again.glob("data-before-restore-*")
    assert (aside / "ortoo.sqlite3").exists()


def test_a_backup_inside_what_it_would_replace_is_refused(
    demonstration: Path, tmp_path: Path
) -> None:
    refused = restore(demonstration / "data" / "b", demonstration, replace=True)
    assert refused.returncode == 1 and "RESTORE-INSIDE" in refused.stderr
    assert (demonstration / "data" / "ortoo.sqlite3").exists()


def test_damage_is_found_before_anything_stands_aside(demonstration: Path, tmp_path: Path) -> None:
    assert backup(demonstration, tmp_path / "b").returncode == 0
    (part,) = (tmp_path / "b").glob("000001-*/kernel_sealed.jsonl.gz")
    part.write_bytes(part.read_bytes()[:-3])
    before = filings(demonstration)
    refused = restore(tmp_path / "b", demonstration, replace=True)
    assert refused.returncode == 1 and "ARCHIVE-TRUNCATED" in refused.stderr
    assert filings(demonstration) == before


def test_a_database_waiting_for_its_migration_is_not_migrated_by_a_backup(
    demonstration: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "old"
    (copy / "data").mkdir(parents=True)
    with sqlite3.connect(copy / "data" / "ortoo.sqlite3") as database:
        database.execute("CREATE TABLE x (y)")
    database.close()
    refused = backup(copy, tmp_path / "b")
    assert refused.returncode == 1 and "BACKUP-SCHEMA" in refused.stderr
