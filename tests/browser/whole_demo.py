"""The whole demonstration, with the warnings of its newest issued week: a minute's work at most.

The small one has too few firms for any rule to fire; the shock that this is about needs them all.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import demonstration

WARN = """import django; django.setup()
from ortoo.domains.market.warnings import services
from ortoo.kernel.filings.clock import now_ms
print(len(services.run_due(now_ms())))"""


def seed(home: Path) -> None:
    """Make it in `home` and file the warnings. Raises RuntimeError with what a command said."""
    _run(home, "-m", "ortoo", "demo", "--no-serve")
    said = _run(home, "-c", WARN)
    if said.strip().splitlines()[-1] == "0":
        raise RuntimeError("no run of the warnings was due")


def _run(home: Path, *arguments: str) -> str:
    made = subprocess.run(
        [sys.executable, "-P", *arguments],
        env=demonstration.environment(home),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f"{arguments}: {made.returncode}\n{made.stdout[-4000:]}")
    return made.stdout
