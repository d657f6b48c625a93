"""The small region on both packs."""

from __future__ import annotations

import pytest

from ortoo.kernel.grants.tests.small_region import SmallRegion, seed
from ortoo.kernel.places.tests.packs_for_tests import PACKS


@pytest.fixture(params=list(PACKS), ids=list(PACKS))
def region(request: pytest.FixtureRequest, db: None, monkeypatch) -> SmallRegion:
    sample = PACKS[request.param]
    monkeypatch.setattr("ortoo.kernel.grants.selectors.active_pack", lambda: sample.pack)
    return seed(sample)
