"""The forecast job's own process, started as the background process starts it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks import demonstration


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own
    demonstration.seed_once(tmp_path / "home", shared)
    return tmp_path / "home"


def test_the_process_starts_by_itself_files_the_warnings_and_stops_when_it_is_held(
    home: Path,
) -> None:
    database = home / "data" / "ortoo.sqlite3"
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute(
            "INSERT INTO site_job (name, title, done, total, note, state, held, error)"
            " VALUES ('forecasts', 'x', 0, 1, '', 'waiting', 1, '')"
        )
    done = subprocess.run(
        [sys.executable, "-m", "ortoo.site.jobs.forecast_process"],
        env=demonstration.environment(home), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    with closing(sqlite3.connect(database)) as opened:
        state = opened.execute("SELECT state, error FROM site_job WHERE name='forecasts'")
        assert state.fetchone() == ("held", "")
        filed = dict(
            opened.execute(
                "SELECT form, COUNT(*) FROM kernel_filing"
                " WHERE form IN ('MON-WARNING', 'MON-FORECAST') GROUP BY form"
            ).fetchall()
        )
    assert filed == {"MON-WARNING": 1}
