"""Runs one bench and prints one JSON object.

A bench is a module `benchmarks/NAME.py` with

    def run(*, size: str | None, quick: bool, data: Path | None, database: str) -> dict[str, object]

which returns the keys `docs/benchmarks.md` lists for it. `size` may be among them, when the bench
knows better than the command line how large it was, and `notes` (a string or a list of strings): a
peer that is not installed is a `null` with a note. A bench with options of its own declares them in
`def arguments(parser)`; they reach `run` as further keyword arguments. Progress: `progress(text)`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import platform
import subprocess
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processor import CpuSeconds, Meter, cpu_seconds, postgres_servers, server_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = [
    "CpuSeconds",
    "Meter",
    "available",
    "cpu_seconds",
    "main",
    "postgres_servers",
    "progress",
    "server_of",
]

FOLDER = Path(__file__).resolve().parent
NO_BENCH = {"__init__", "harness", "processor"}


def progress(text: str) -> None:
    """A line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def available() -> list[str]:
    """Names of the benches that exist: the modules here that define `run`."""
    paths = (path for path in sorted(FOLDER.glob("[a-z]*.py")) if path.stem not in NO_BENCH)
    return [path.stem for path in paths if "\ndef run(" in path.read_text("utf-8")]


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit() -> tuple[str | None, bool]:
    """The checkout's commit, and whether files differ from it; (None, False) outside git."""
    git = ["git", "-C", str(FOLDER.parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True)
        status = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None, False
    return head.stdout.decode().strip(), bool(status.stdout.strip())


@contextmanager
def stdout_to_stderr() -> Iterator[int]:
    """Send everything written to stdout, by any library or child, to stderr; give the real one."""
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        yield real
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)


def plain(value: object) -> object:
    """The value as JSON can say it: numpy scalars as numbers, NaN and infinity as null."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def _options(module: ModuleType, name: str, rest: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog=f"./ortoo bench {name}", allow_abbrev=False)
    if hasattr(module, "arguments"):
        module.arguments(parser)
    return vars(parser.parse_args(rest))


def _notes(result: dict[str, Any], dirty: bool) -> list[str]:
    notes = result.pop("notes", None) or []
    notes = [notes] if isinstance(notes, str) else list(notes)
    if dirty:
        notes.append("the checkout has changes that are not committed")
    return notes


def measure(
    module: ModuleType, arguments: argparse.Namespace, options: dict[str, Any]
) -> dict[str, Any]:
    """Run the bench and put its keys after those every object has. A failure becomes `error`."""
    head, dirty = commit()
    started = time.perf_counter()
    try:
        result = dict(
            module.run(
                size=arguments.size,
                quick=arguments.quick,
                data=Path(arguments.data) if arguments.data else None,
                database=arguments.database,
                **options,
            )
        )
    except Exception as failure:
        traceback.print_exc()
        result = {"error": f"{type(failure).__name__}: {failure}"}
    asked = arguments.size or ("quick" if arguments.quick else "full")
    envelope = {
        "name": arguments.name,
        "commit": head,
        "python": platform.python_version(),
        "cores": cores(),
        "size": result.pop("size", asked),
        "seconds": round(time.perf_counter() - started, 3),
    }
    notes = _notes(result, dirty)
    return {**envelope, **result, "notes": notes}


def _spoken(result: dict[str, Any]) -> str:
    width = max(len(key) for key in result)
    return "\n".join(
        f"{key:<{width}}  {json.dumps(value, ensure_ascii=False)}" for key, value in result.items()
    )


def main(arguments: argparse.Namespace) -> int:
    """Run `arguments.name`; print its object; 1 if it failed, 2 if there is no such bench."""
    names = available()
    if arguments.name not in names:
        if arguments.name:
            progress(f"没有名为 {arguments.name} 的基准。 (no such bench)")
        progress(f"现有 available: {', '.join(names) or '—'}")
        return 2
    if arguments.data and not Path(arguments.data).exists():
        progress(f"找不到数据 no such file or folder: {arguments.data}")
        return 2
    with stdout_to_stderr() as real:
        module = importlib.import_module(f"benchmarks.{arguments.name}")
        options = _options(module, arguments.name, arguments.rest)
        result = plain(measure(module, arguments, options))
        text = json.dumps(result, ensure_ascii=False) if arguments.json else _spoken(result)  # type: ignore[arg-type]
        sys.stdout.flush()
        with os.fdopen(real, "w", encoding="utf-8", closefd=False) as out:
            out.write(text + "\n")
    return 1 if "error" in result else 0  # type: ignore[operator]
