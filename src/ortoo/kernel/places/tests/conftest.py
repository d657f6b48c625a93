"""`sample` and `pack` run a test once for each region pack."""

from __future__ import annotations

import pytest

from ortoo.kernel.places.pack import Pack
from ortoo.kernel.places.tests.packs_for_tests import PACKS, Sample


@pytest.fixture(params=sorted(PACKS))
def sample(request: pytest.FixtureRequest) -> Sample:
    return PACKS[request.param]


@pytest.fixture
def pack(sample: Sample) -> Pack:
    return sample.pack
