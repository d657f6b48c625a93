"""Flags of a few returns, checked one by one, are those of the whole period's vectorised checks."""

from __future__ import annotations

import pytest

from ortoo.domains.market import review_queue
from ortoo.domains.market.review_past import Past
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse

from .review_week import FORM, WEEK, at, review_week

MORNING = at("2026-11-23 09:00")


@pytest.mark.django_db
def test_one_by_one_and_all_at_once_flag_the_same_cells() -> None:
    week = review_week(own=6, sibling=7)
    for number, key in enumerate(week.firms):
        odd = {"i0101": 2400} if number % 3 == 0 else {"i0303": 9900, "i0201": 800 + number}
        week.file(key, 40 * number, now_ms=MORNING + number, **odd)
    past = Past(registry.get(FORM), parse(WEEK))
    whole = review_queue._find_flags(past)
    assert len({rule for _, _, rule in whole}) >= 2
    everybody = set(past.now.parties)
    assert set(review_queue._flags_one_by_one(past, everybody)) == set(whole)
    some = set(past.now.parties[:3])
    apart = review_queue._flags_one_by_one(past, some)
    assert sorted(apart) == sorted(flag for flag in whole if flag[0] in some)
