"""The small demonstration and the browser, each once a file: files leave traces in the record."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks import demonstration
from tests.browser.visitor import Visitor


def shared_by_all(factory: pytest.TempPathFactory) -> Path:
    """The folder of this run of the suite that all its workers share."""
    own = factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    why = demonstration.reason_missing()
    if why:
        pytest.skip(why)
    with demonstration.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def demo(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a freshly seeded demonstration: Monday 10:40, one return still owed."""
    home: Path = tmp_path_factory.mktemp("demo")
    demonstration.seed_once(home, shared_by_all(tmp_path_factory))
    with demonstration.served(home) as url:
        yield url


@pytest.fixture(scope="module")
def enter(chromium: Any, demo: str) -> Iterator[Callable[..., Visitor]]:
    """`enter("banner")`: a window of its own, logged in by one click; `enter("")` a stranger."""
    opened = []

    def make(login: str, **options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(15_000)
        opened.append(context)
        visitor = Visitor(context.new_page(), demo)
        return visitor.log_in(login) if login else visitor

    yield make
    for context in opened:
        context.close()
