"""What the tests here share: the checkout, whether SQLite can be watched, and running the bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def need_shim() -> None:
    """Skip, saying why, where the simulated disk cannot be put under SQLite."""
    code = "import sqlite3\nfrom benchmarks.power.shim import shim\nshim()"
    answer = python("-c", code)
    if answer.returncode:
        pytest.skip(answer.stderr.strip().splitlines()[-1])


def bench(*arguments: str) -> dict[str, Any]:
    """`./ortoo bench kill` with these arguments: the object it prints."""
    launch = "import sys; from ortoo import cli; sys.exit(cli.main(['bench', *sys.argv[1:]]))"
    answer = python("-c", launch, "kill", "--json", *arguments)
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-3000:]
    return json.loads(answer.stdout)


def scenarios(*names: str) -> dict[str, Any]:
    """What `benchmarks.power.scenarios` saw; skips where SQLite cannot be watched."""
    need_shim()
    answer = python("-m", "benchmarks.power.scenarios", *names)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """This Python on the checkout, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ORTOO_")}
    environment["PYTHONPATH"] = os.pathsep.join((str(CHECKOUT / "src"), str(CHECKOUT)))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
