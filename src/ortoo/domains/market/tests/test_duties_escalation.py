"""升级: an office hears of missing returns at the form's hours, once, and answers by a deed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ortoo.domains.market import calls, escalation, services
from ortoo.domains.market.calls import NewCall
from ortoo.domains.market.tests.review_week import FORM, WEEK, ReviewWeek, at, review_week
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused

pytestmark = pytest.mark.django_db
TWO, DAY = at("2026-11-23 14:05"), at("2026-11-24 12:05")


@pytest.fixture
def week(settings, tmp_path: Path) -> ReviewWeek:
    settings.HOME = tmp_path
    return review_week(own=2, sibling=1)


def filed(lifted: bool = False) -> dict[tuple[str, str], set[str]]:
    rows = read.rows("form='K-OVERDUE' AND period=%s", [WEEK])
    bodies = [json.loads(row.body) for row in rows]
    return {
        (body["office"], body["level"]): set(body["parties"])
        for body in bodies
        if body["lifted"] is lifted
    }


def duty(week: ReviewWeek, site: str) -> Duty:
    return Duty.objects.get(kind="escalated", place=week.office(site), period=WEEK)


def test_the_nearest_office_hears_first_and_the_one_above_a_day_later(week: ReviewWeek) -> None:
    own = {week.firms["own0"], week.firms["own1"]}
    assert escalation.file_due(at("2026-11-23 13:59")) == []
    escalation.file_due(TWO)
    escalation.file_due(TWO + 60_000)
    assert filed()[week.office("own"), "旗县"] == own
    assert (week.office("parent"), "盟市") not in filed()
    escalation.file_due(DAY)
    assert filed()[week.office("parent"), "盟市"] == own | {week.firms["sib0"]}
    # The unit that reports to the region has no league above it: the region itself hears.
    assert filed()[week.office("planned"), "旗县"] == {week.firms["planned0"]}
    assert filed()[week.office("root"), "盟市"] == {week.firms["planned0"]}


def test_an_escalation_is_a_duty_of_the_office_that_hears(week: ReviewWeek) -> None:
    escalation.file_due(TWO)
    owed = duty(week, "own")
    assert owed.owner == week.region.sites["own"].office
    assert owed.due_at == TWO + escalation.ANSWER_HOURS * 3_600_000
    (shown,) = escalation.open_escalations(week.region.scope("banner-reviewer-own"))
    assert {party for party, _ in shown.missing} == {week.firms["own0"], week.firms["own1"]}
    assert escalation.open_escalations(week.region.scope("league-reviewer-parent")) == []


def test_it_is_lifted_when_all_have_filed_or_were_waived_and_not_before(week: ReviewWeek) -> None:
    escalation.file_due(TWO)
    week.file("own0", 1, now_ms=TWO + 1000)
    escalation.file_due(TWO + 2000)
    assert duty(week, "own").closed_seq is None
    services.waive(
        scope=week.region.scope("banner-reviewer-own"),
        matter=week.matter("own1"),
        office=week.office("own"),
        text="停业",
        now_ms=TWO + 3000,
    )
    escalation.file_due(TWO + 4000)
    escalation.file_due(TWO + 5000)
    assert duty(week, "own").closed_seq is not None
    assert filed(lifted=True) == {
        (week.office("own"), "旗县"): {week.firms["own0"], week.firms["own1"]}
    }


def _call(week: ReviewWeek, key: str, now_ms: int, login: str, site: str) -> None:
    calls.log_call(
        scope=week.region.scope(login),
        new=NewCall(week.matter(key), week.office(site), "clerk", "promised"),
        now_ms=now_ms,
    )


def test_calls_to_every_firm_named_close_it_and_a_reminder_by_the_clock_does_not(
    week: ReviewWeek,
) -> None:
    from ortoo.domains.market import reminders

    escalation.file_due(TWO)
    reminders.send_due(TWO + 1000)
    assert read.rows("form='K-CHASE' AND actor='SYSTEM'", [])
    assert duty(week, "own").closed_seq is None
    _call(week, "own0", TWO + 2000, "banner-reviewer-own", "own")
    assert duty(week, "own").closed_seq is None
    _call(week, "own1", TWO + 3000, "banner-reviewer-own", "own")
    assert duty(week, "own").closed_seq is not None


def test_nothing_is_escalated_when_all_have_filed(week: ReviewWeek) -> None:
    for key in week.firms:
        week.file(key, 1, now_ms=at("2026-11-23 11:00"))
    assert escalation.file_due(TWO) == []


def test_a_call_is_filed_with_the_reminder_it_was(week: ReviewWeek) -> None:
    _call(week, "own0", TWO, "banner-reviewer-own", "own")
    scope = week.region.scope("banner-reviewer-own")
    (logged,) = calls.calls_of(scope, week.office("own"), week.firms.values())
    assert (logged.party, logged.outcome, logged.at) == (week.firms["own0"], "promised", TWO)
    (chase,) = read.rows("form='K-CHASE' AND period=%s", [WEEK])
    assert json.loads(chase.body)["channel"] == "phone"


@pytest.mark.parametrize("note", ["回电19900000101", "0471-123 4567"])
def test_a_number_in_the_note_of_a_call_is_refused(week: ReviewWeek, note: str) -> None:
    with pytest.raises(Refused, match="不得写电话号码"):
        calls.log_call(
            scope=week.region.scope("banner-reviewer-own"),
            new=NewCall(week.matter("own0"), week.office("own"), "clerk", "promised", note),
            now_ms=TWO,
        )
    assert read.rows("form='MON-CALL' OR form='K-CHASE'", []) == []


def test_an_unknown_outcome_files_neither_half(week: ReviewWeek) -> None:
    with pytest.raises(Refused):
        calls.log_call(
            scope=week.region.scope("banner-reviewer-own"),
            new=NewCall(week.matter("own0"), week.office("own"), "clerk", "whatever"),
            now_ms=TWO,
        )
    assert read.rows("form='MON-CALL' OR form='K-CHASE'", []) == []


def test_another_banner_neither_calls_nor_reads(week: ReviewWeek) -> None:
    with pytest.raises(Refused) as refused:
        _call(week, "own0", TWO, "banner-reviewer-sibling", "sibling")
    assert refused.value.status == 403
    _call(week, "own0", TWO, "banner-reviewer-own", "own")
    sibling = week.region.scope("banner-reviewer-sibling")
    assert calls.calls_of(sibling, week.office("sibling"), week.firms.values()) == []
    with pytest.raises(Refused):
        calls.calls_of(sibling, week.office("own"), week.firms.values())
    assert FORM
