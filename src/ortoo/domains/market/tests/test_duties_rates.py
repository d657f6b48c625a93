"""Four rates, assessment and fees: counted from filings, exact, and unmoved by corrections."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from django.test import RequestFactory

from ortoo.domains.market import assessment, devices, incentives, rates, services
from ortoo.domains.market.assessment import Assessed, Reviews, ranked, score
from ortoo.domains.market.duty_models import DeviceUse
from ortoo.domains.market.rates import Range, Tally
from ortoo.domains.market.tests.review_week import (
    FORM,
    WEEK,
    WEEKS,
    ReviewWeek,
    at,
    review_week,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Nil

YEAR = Range(dt.date(2026, 1, 1), dt.date(2026, 12, 31), FORM)
BEFORE_DUE = at("2026-11-22 10:00")
ON = dt.date(2026, 12, 31)


@pytest.fixture
def week(db: None, settings, tmp_path: Path) -> ReviewWeek:
    """Two weeks filed and over; own1 late in both, own3 silent in both; the third week open."""
    settings.HOME = tmp_path
    return review_week()


def of_own(week: ReviewWeek, now: int = BEFORE_DUE) -> dict[str, Tally]:
    scope = week.region.scope("banner-reviewer-own")
    found: dict[str, Tally] = {}
    for row in rates.of_places(scope, [week.office("own")], YEAR, now):
        key = next(key for key, code in week.firms.items() if code == row.party)
        found[key] = found.get(key, Tally()) + row.tally
    return found


def test_late_and_silent_weeks_count_and_the_open_week_does_not_yet(week: ReviewWeek) -> None:
    found = of_own(week)
    assert {key: (t.owed, t.filed, t.on_time) for key, t in found.items()} == {
        "own0": (2, 2, 2), "own1": (2, 2, 0), "own2": (2, 2, 2), "own3": (2, 0, 0),
    }  # fmt: skip
    assert of_own(week, at("2026-11-23 12:01"))["own0"].owed == 3


def test_the_rates_are_exact_fractions(week: ReviewWeek) -> None:
    whole = sum(of_own(week).values(), Tally())
    assert (whole.reporting, whole.timely) == (Fraction(6, 8), Fraction(4, 8))
    assert (whole.filled, whole.by_own_hand) == (1, 1)
    assert Tally().timely is None


def test_a_correction_after_the_hour_moves_neither_timeliness_nor_own_hand(
    week: ReviewWeek,
) -> None:
    before = of_own(week)["own0"]
    week.file("own0", 7, now_ms=BEFORE_DUE, week=WEEKS[0], reason="录入有误")
    after = of_own(week)["own0"]
    assert after == replace(before, corrected=before.corrected + 1)


def test_a_waived_week_is_counted_apart_and_not_owed(week: ReviewWeek) -> None:
    scope, matter = week.region.scope("banner-reviewer-own"), week.matter("own3", WEEKS[0])
    for lifted, expected in ((False, (1, 1)), (True, (2, 0))):
        services.waive(
            scope=scope, matter=matter, office=week.office("own"), text="停业", lifted=lifted,
            now_ms=BEFORE_DUE + lifted,
        )  # fmt: skip
        found = of_own(week)["own3"]
        assert (found.owed, found.waived) == expected


def test_what_was_never_filed_stays_owed_when_its_period_is_archived(week: ReviewWeek) -> None:
    services.archive(form=FORM, period=WEEKS[0], now_ms=BEFORE_DUE)
    found = of_own(week)["own3"]
    assert (found.owed, found.filed) == (2, 0)


def test_assisted_entry_is_filed_but_not_by_own_hand(week: ReviewWeek) -> None:
    row = read.rows("form=%s AND period=%s AND filer=%s", [FORM, WEEKS[0], week.firms["own0"]])[0]
    receipt = file(
        Draft(
            FORM, week.firms["own3"], "account:x", "assisted-1", row.body, BEFORE_DUE,
            period=WEEKS[0], subject=week.firms["own3"], place=week.office("own"), mode="assisted",
            original=_photo(),
        ),
        now_ms=BEFORE_DUE,
    )  # fmt: skip
    assert receipt.seq
    found = of_own(week)["own3"]
    assert (found.filed, found.own, found.by_own_hand) == (1, 0, 0)


def _photo():  # type: ignore[no-untyped-def]
    from ortoo.kernel.filings.draft import Original

    return Original(b"\x89PNG photo", "image/png", "photo.png")


def test_a_nil_reason_answers_its_row_and_a_blank_does_not() -> None:
    from ortoo.kernel.forms import body as codec

    form = registry.get(FORM)
    size = len(form.leaves)
    columns = {
        measure.code: tuple(1 if measure.asked == "every" or i.stock_asked else None
                            for i in form.leaves)
        for measure in form.measures
    }  # fmt: skip
    full = rates.cells_answered(form, codec.encode(form, GridBody(columns)))
    assert full[0] == full[1] > size
    first = {code: (Nil.OUT_OF_STOCK if code == "price" else None, *column[1:])
             for code, column in columns.items()}  # fmt: skip
    assert rates.cells_answered(form, codec.encode(form, GridBody(first))) == full
    blank = {code: (None, *column[1:]) for code, column in columns.items()}
    asked, answered = rates.cells_answered(form, codec.encode(form, GridBody(blank)))
    assert (asked, answered) == (full[0], full[0] - _cells_of_first(form))
    part = Asked(frozenset({form.leaves[1].code}), frozenset({"price"}))
    assert rates.cells_answered(form, codec.encode(form, GridBody(blank)), part) == (1, 1)


def _cells_of_first(form) -> int:  # type: ignore[no-untyped-def]
    return sum(1 for m in form.measures if m.asked == "every" or form.leaves[0].stock_asked)


def test_a_neighbour_gets_nothing_and_the_league_gets_both_banners(week: ReviewWeek) -> None:
    places = [week.office("own"), week.office("sibling"), week.office("neighbour")]
    seen = {
        login: {
            row.place
            for row in rates.of_places(week.region.scope(login), places, YEAR, BEFORE_DUE)
        }
        for login in ("banner-reviewer-own", "league-reviewer-parent", "banner-reviewer-neighbour")
    }  # fmt: skip
    assert seen["banner-reviewer-own"] == {week.office("own")}
    assert seen["league-reviewer-parent"] == {week.office("own"), week.office("sibling")}
    assert seen["banner-reviewer-neighbour"] == {week.office("neighbour")}
    with pytest.raises(Refused):
        rates.of_party(
            week.region.scope("banner-reviewer-neighbour"), week.firms["own0"], YEAR, BEFORE_DUE
        )


# --- assessment --------------------------------------------------------------------------------


def test_the_score_is_the_weighted_mean_of_the_rates_that_have_a_base() -> None:
    tally = Tally(owed=4, filed=4, on_time=3, own=4, asked=10, answered=9)
    assert score(tally, Reviews(2, 1), ON) == Fraction(3, 4) * 50 + Fraction(9, 10) * 30 + 10
    without = (Fraction(3, 4) * 50 + Fraction(9, 10) * 30) * 100 / 80
    assert score(tally, Reviews(), ON) == without
    assert score(Tally(), Reviews(2, 2), ON) is None


def test_equal_scores_share_a_rank_and_the_next_is_skipped() -> None:
    rows = [
        Assessed(place, place, Tally(), Reviews(), value)
        for place, value in zip("abcde", (90, 95, 90, 80, None), strict=True)
    ]
    rows = [replace(row, score=None if row.score is None else Fraction(row.score)) for row in rows]
    assert [(row.place, row.rank) for row in ranked(rows)] == [
        ("b", 1), ("a", 2), ("c", 2), ("d", 4), ("e", None),
    ]  # fmt: skip


def test_a_league_ranks_its_banners_and_a_revision_moves_nothing(week: ReviewWeek) -> None:
    scope = week.region.scope("league-reviewer-parent")

    def look() -> dict[str, tuple[int | None, Fraction | None]]:
        found = assessment.assess(scope, week.office("parent"), YEAR, BEFORE_DUE)
        return {row.place: (row.rank, row.score) for row in found.rows if row.tally.owed}

    before = look()
    assert set(before) == {week.office("own"), week.office("sibling")}
    assert before[week.office("sibling")][0] == 1
    week.file("own0", 9, now_ms=BEFORE_DUE, week=WEEKS[0], reason="录入有误")
    assert look() == before


# --- fees --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on_time", "yuan"), [(59, 0), (60, 5000), (100, 5000)])
def test_the_rate_itself_is_enough_for_the_fee(on_time: int, yuan: int) -> None:
    assert incentives.amount(Tally(owed=100, filed=100, on_time=on_time), new=True, on=ON) == yuan


def test_the_list_is_computed_and_cites_unverified_rules(week: ReviewWeek) -> None:
    scope = week.region.scope("banner-reviewer-own")
    found = incentives.incentives(scope, week.office("own"), FORM, 2026, BEFORE_DUE)
    assert {row.party for row in found.rows if row.meets} == {
        week.firms["own0"],
        week.firms["own2"],
    }
    assert found.total_yuan == 10_000
    assert all(row.new for row in found.rows)
    assert not any(rule["verified"] for rule in found.rules)
    mine = incentives.standing(week.scope("own1"), week.firms["own1"], FORM, 2026, BEFORE_DUE)
    assert mine["yuan"] == 0


# --- many firms, one device --------------------------------------------------------------------


def _note(rf: RequestFactory, seq: int, address: str, agent: str = "A") -> None:
    request = rf.get("/", REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    devices.note(request, Receipt(seq, "", b"", b"", 0))


def test_more_firms_than_the_limit_on_one_address_are_a_signal(week: ReviewWeek, rf) -> None:  # type: ignore[no-untyped-def]
    keys = ["own0", "own1", "own2", "own3", "sib0", "sib1", "neighbour0"]
    scope = week.region.scope("banner-reviewer-own")
    view = (FORM, WEEK, week.office("own"))
    for number, key in enumerate(keys):
        seq = week.file(key, 1, now_ms=BEFORE_DUE + number)
        _note(rf, seq, "192.0.2.9", agent="AB"[number % 2])
        found = devices.signal(scope, view, list(week.firms.values()))
        assert bool(found.shared) is (number >= 5)
    (one,) = found.shared
    assert (one.firms, one.devices) == (7, 2)
    assert set(one.names) == {week.names[key] for key in keys[:4]}


def test_what_is_kept_is_no_address_and_not_for_ever(week: ReviewWeek, rf) -> None:  # type: ignore[no-untyped-def]
    seq = week.file("own0", 1, now_ms=BEFORE_DUE)
    _note(rf, seq, "192.0.2.9")
    _note(rf, seq, "192.0.2.10")
    row = DeviceUse.objects.get()
    assert b"192.0.2" not in bytes(row.network) + bytes(row.device)
    assert bytes(row.network) == devices.digest("network", "192.0.2.9")
    assert devices.forget_old(BEFORE_DUE + 399 * 86_400_000) == 0
    assert devices.forget_old(BEFORE_DUE + 401 * 86_400_000) == 1
