"""Fixtures of every test: nothing kept from one test's log may answer in the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis_settings

# A busy machine is no fault of the code: tests assert answers and counts, never seconds.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")


@pytest.fixture(autouse=True)
def fresh_observations() -> Iterator[None]:
    """Log indexes begin again in each test, so what was kept by index must go."""
    from ortoo.domains.market import observations

    observations.forget()
    yield
    observations.forget()
