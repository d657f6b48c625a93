from __future__ import annotations

import pytest

from ortoo.domains.market.bulletins import others, records, story
from ortoo.domains.market.tests.figures_world import NOW_MS, figures_world
from ortoo.kernel.grants.scope import PUBLIC

pytestmark = pytest.mark.django_db


def test_the_past_weeks_are_told_once_and_dated_when_they_were_said(
    db, settings, monkeypatch
) -> None:
    world = figures_world(settings, monkeypatch)
    done = story.tell(places=(world.root,), now_ms=NOW_MS)
    assert done == len(records.bulletins(PUBLIC)) > 0
    assert all(one.published_at < NOW_MS for one in records.bulletins(PUBLIC))
    assert len(others.sheets(world.region.scope("region-reviewer-root"))) == 1
    assert story.tell(places=(world.root,), now_ms=NOW_MS) == 0
