"""`./ortoo bench`: hand over to the harness, which lives beside the benches in the checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

CHECKOUT = Path(__file__).resolve().parents[3]


def run(arguments: argparse.Namespace) -> int:
    """Run one bench; 2 if this installation has no checkout around it."""
    if not (CHECKOUT / "benchmarks" / "harness.py").exists():
        print("基准只能在源码目录中运行。 (benches need the checkout)", file=sys.stderr)
        return 2
    sys.path.insert(0, str(CHECKOUT))
    from benchmarks import harness

    return harness.main(arguments)
