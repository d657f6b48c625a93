"""`./ortoo test`: the linters, then pytest, whose own closing line stays the last one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).resolve().parents[3]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PYTEST_USAGE_ERROR = 4

RUN_IMPORT_LINTER = "from importlinter.cli import lint_imports_command as lint; lint()"
LINTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("-m", "ruff", "check", "--quiet", ".")),
    ("import-linter", ("-c", RUN_IMPORT_LINTER, "--config", "importlinter.ini", "--no-logo")),
    ("mypy", ("-m", "mypy", "--no-error-summary", "src/ortoo")),
)


def browser_environment(environment: dict[str, str]) -> dict[str, str]:
    """The environment with what browser tests read; without a browser they skip, saying why."""
    found = environment.get("ORTOO_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), "")
    return {
        **environment,
        **({"ORTOO_CHROMIUM": found} if found else {}),
        # Playwright runs an event loop in the thread that also prepares rows through the ORM.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }


def absolute(arguments: Sequence[str], started_in: Path) -> list[str]:
    """Paths given from the user's folder, as paths from anywhere; everything else untouched."""
    made = []
    for text in arguments:
        path, colons, test = text.partition("::")
        here = started_in / path
        is_path = not text.startswith("-") and here.exists() and (os.sep in path or colons)
        made.append(f"{here.resolve()}{colons}{test}" if is_path else text)
    return made


def lint(environment: dict[str, str]) -> list[str]:
    """Run every linter to its end; return the names of those that found something."""
    failed = []
    for name, command in LINTERS:
        started = time.monotonic()
        answer = subprocess.run(
            [sys.executable, *command],
            cwd=CHECKOUT,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        verdict = "通过 ok" if answer.returncode == 0 else "未通过 FAILED"
        if answer.returncode != 0:
            print(answer.stdout.rstrip())
            failed.append(name)
        print(f"{name}: {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    return failed


def chinese_template(url: str) -> str:
    """Give the databases made from now on a Chinese collation; says which they have.

    Nothing may lean on the C locale, in which a private server is made.
    """
    import psycopg

    with psycopg.connect(url, autocommit=True) as admin:
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


@contextmanager
def database_environment(environment: dict[str, str], database: str) -> Iterator[dict[str, str]]:
    """The environment with the database tests run on; `postgresql` is a private server, stopped
    afterwards, whose collation is Chinese where it can be. Raises PostgresMissing."""
    if database != "postgresql":
        yield environment
        return
    sys.path.insert(0, str(CHECKOUT))
    from benchmarks import postgres

    # Tests ask what the database says, not what survives a power cut.
    with postgres.private_server({"fsync": "off", "synchronous_commit": "off"}) as server:
        collation = chinese_template(server.url("postgres"))
        print(f"PostgreSQL 临时服务器 private server, collation {collation}", flush=True)
        yield {**environment, "ORTOO_DATABASE": postgres.create_database(server, "suite")}


def run(arguments: argparse.Namespace) -> int:
    """Run it all; the exit code is pytest's, or 1 when only a linter failed."""
    if not (CHECKOUT / "tests").is_dir():
        print("测试只能在源码目录中运行。 (tests need the checkout)", file=sys.stderr)
        return 2
    environment = browser_environment(dict(os.environ))
    failed = [] if arguments.no_lint else lint(environment)
    if failed:
        print(f"静态检查未通过 linters failed: {', '.join(failed)}；继续运行测试。")
    chosen = [] if arguments.slow else ["-m", "not slow"]
    rest = [text for text in arguments.rest if text != "--"]
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *chosen]
    sys.stdout.flush()
    with database_environment(environment, getattr(arguments, "database", "sqlite")) as told:
        code = subprocess.run(
            [*command, *absolute(rest, Path.cwd())], cwd=CHECKOUT, env=told, check=False
        ).returncode
    return code or (1 if failed else 0)
