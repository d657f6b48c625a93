"""The grid's stand-in site, the browser and one open grid, for every browser test of the grid."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import grid_site
from .grid_clerk import Grid

CHROMIUM = Path(os.environ.get("ORTOO_CHROMIUM") or "/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def site() -> Any:
    """The stand-in server in its own process, so that no Django settings leak either way."""
    program = subprocess.Popen(
        [sys.executable, grid_site.__file__], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    port = program.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}"
    program.terminate()
    program.wait(5)


@pytest.fixture(scope="module")
def chromium() -> Any:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, site: str) -> Any:
    contexts = []

    def make(*, before: dict[str, Any] | None = None, context: Any = None, **options: Any) -> Grid:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        context = context or chromium.new_context(**options)
        contexts.append(context)
        grid = Grid(context.new_page(), site)
        if before is not None:
            grid.control(**before)
        return grid

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def grid(opened: Any) -> Any:
    made = opened(before={}).open()
    yield made
    assert made.faults == []
