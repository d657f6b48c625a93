"""What is kept of a period and brought up to date is what reading the whole period gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ortoo.domains.market import observations, services
from ortoo.domains.market.observations import PeriodReturns
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.scope import role_scope

from .review_week import FORM, WEEK, ReviewWeek, at, review_week

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = at("2026-11-23 09:00")


@pytest.fixture
def week() -> ReviewWeek:
    return review_week(own=6, sibling=6)


def reviewer(week: ReviewWeek) -> object:
    import datetime as dt

    place, pack = week.office("own"), week.region.pack
    on, party = dt.date(2026, 11, 23), "OFFICE"
    return role_scope("banner_reviewer", pack=pack, on=on, place=place, party=party, login="r")


def steps(week: ReviewWeek) -> Iterator[Callable[[], object]]:
    """What may happen to a return of this week, one after the other."""
    scope, office = reviewer(week), week.office("own")

    def target(key: str) -> int:
        return week.matter(key).state().effective or 0

    yield lambda: week.file("own0", 0, now_ms=MORNING)
    yield lambda: week.file("own1", 5, now_ms=MORNING + 1)
    yield lambda: week.file("own0", 7, now_ms=MORNING + 2, reason="抄错一格")
    yield lambda: services.query(
        scope=scope,  # type: ignore[arg-type]
        new=services.Question(
            week.matter("own1"), target("own1"), office, (("0101", "price"),), "？"
        ),
        now_ms=MORNING + 3,
    )
    yield lambda: services.send_back(
        scope=scope,  # type: ignore[arg-type]
        matter=week.matter("own1"), target=target("own1"), office=office, text="错行",
        now_ms=MORNING + 4,
    )  # fmt: skip
    yield lambda: services.accept(
        scope=scope,  # type: ignore[arg-type]
        new=services.Acceptance(
            FORM, WEEK, office, ((week.firms["own0"], target("own0")),)
        ),
        now_ms=MORNING + 5,
    )  # fmt: skip


def assert_same(one: PeriodReturns, other: PeriodReturns) -> None:
    assert (one.parties, one.places, one.states) == (other.parties, other.places, other.states)
    assert set(one.cells) == set(other.cells)
    for code, column in one.cells.items():
        assert np.array_equal(column, other.cells[code]), code
    assert np.array_equal(one.nils, other.nils)


def test_following_a_period_step_by_step_equals_reading_it_whole(
    week: ReviewWeek, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, version = observations._load, registry.get(FORM).version
    observations.load(FORM, WEEK)
    for number, act in enumerate(steps(week)):
        act()
        with monkeypatch.context() as patch:
            patch.setattr(observations, "_load", pytest.fail)
            followed = observations.load(FORM, WEEK)
        stamp = observations.read.last_touch(f"{FORM}|{WEEK}|")
        whole.cache_clear()
        assert_same(followed, whole(FORM, WEEK, None, stamp, version))
        assert followed.counted.sum() == (1, 2, 2, 2, 1, 1)[number]


def test_what_was_given_before_does_not_change_under_its_reader(week: ReviewWeek) -> None:
    week.file("own0", 0, now_ms=MORNING)
    before = observations.load(FORM, WEEK)
    price, counted = before.cells["price"].copy(), int(before.counted.sum())
    week.file("own1", 0, now_ms=MORNING + 1)
    assert observations.load(FORM, WEEK).counted.sum() == counted + 1
    assert np.array_equal(before.cells["price"], price)
    assert before.counted.sum() == counted


def test_another_log_is_read_whole_whatever_was_kept(week: ReviewWeek) -> None:
    week.file("own0", 0, now_ms=MORNING)
    observations.load(FORM, WEEK)
    key = FORM, WEEK
    kept = observations._NEWEST[key]
    bent = kept.returns.nils.copy() * 0 + 5
    observations._NEWEST[key] = observations._Kept(
        observations.replace(kept.returns, nils=bent), kept.stamp, b"another log"
    )
    week.file("own1", 0, now_ms=MORNING + 1)
    assert observations.load(FORM, WEEK).nils.max() < 5


def test_what_a_transaction_may_take_back_is_not_kept(week: ReviewWeek) -> None:
    from django.db import transaction

    observations.forget()
    with transaction.atomic():
        assert observations.load(FORM, WEEK).parties
    assert not observations._NEWEST
