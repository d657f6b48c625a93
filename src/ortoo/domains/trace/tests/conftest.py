"""An empty log with keys of its own, and the capture form registered."""

from __future__ import annotations

import pytest

from ortoo.domains.trace.capture import register_trace
from ortoo.kernel.filings.tests.history import history

__all__ = ["history"]


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_trace()
