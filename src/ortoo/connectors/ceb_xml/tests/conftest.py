"""An empty log with keys of its own, and the message form registered."""

from __future__ import annotations

import pytest

from ortoo.connectors.ceb_xml.filing import register_ceb
from ortoo.kernel.filings.tests.history import history

__all__ = ["history"]


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_ceb()
