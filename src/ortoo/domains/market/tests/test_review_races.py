"""What firms file while a reviewer's page is being made does not break the page."""

from __future__ import annotations

import datetime as dt

import pytest

from ortoo.domains.market.web import review_views
from ortoo.kernel.grants.scope import role_scope

from .review_week import at, review_week

MORNING = at("2026-11-23 09:00")


@pytest.mark.django_db
def test_a_correction_that_comes_while_the_page_is_made_is_a_version_of_its_history() -> None:
    week = review_week(own=4)
    week.file("own0", 0, now_ms=MORNING)
    office = week.office("own")
    scope = role_scope(
        "banner_reviewer", pack=week.region.pack, on=dt.date(2026, 11, 23), place=office, login="r"
    )
    found = review_views.find_return(scope, week.matter("own0"), office)
    week.file("own0", 5, now_ms=MORNING + 1, reason="抄错一格")
    titles = [entry["title"] for entry in review_views._history(found)]
    assert titles[0] == "更正（第 2 版）"
    assert len(titles) == 2
