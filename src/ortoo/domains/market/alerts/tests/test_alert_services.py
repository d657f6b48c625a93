"""What the system party raises and what the office files: the whole matter on the record."""

from __future__ import annotations

from typing import Any

import pytest

from ortoo.domains.market.alerts import engine, evidence, matters, services
from ortoo.domains.market.alerts.services import Call
from ortoo.domains.market.alerts.tests.alert_week import FILED, NOW, WEEK, AlertWeek, alert_week
from ortoo.domains.market.tests.review_week import at, clock_at
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import role_scope

pytestmark = pytest.mark.django_db
HOUR = 3_600_000


@pytest.fixture
def world():  # type: ignore[no-untyped-def]
    with clock_at(NOW):
        yield alert_week()


def refused(expected: str, service: Any, **given: Any) -> None:
    with pytest.raises(Refused) as fault:
        service(**given)
    assert fault.value.code == expected


def steps(world: AlertWeek) -> dict[str, int | None]:
    return dict(world.alert().open_steps)


def call(text: str = "涨价四成") -> Call:
    return Call("市场科值班", "自治区商务厅值班室", NOW - 60_000, text)


def test_a_shock_in_two_banners_is_raised_once_with_its_clocks(world: AlertWeek) -> None:
    assert world.raised() == []
    world.shock()
    before = read.tail()
    receipts = world.raised()
    assert len(receipts) == 1 and world.raised() == []
    services.forget()
    assert world.raised() == [], "another process files nothing more"
    alert = world.alert()
    assert (alert.level, alert.stage, alert.newest.rule) == (3, "open", "NM-RISE-3")
    assert alert.newest.log_index == before and not alert.newest.verified
    assert alert.open_steps["phone"] == NOW + HOUR and alert.open_steps["report"] == NOW + 2 * HOUR
    owed = Duty.objects.filter(thread=alert.thread, closed_seq__isnull=True)
    assert {duty.owner for duty in owed} == {world.league.party}


def test_what_is_raised_is_what_is_computed_anew_at_its_log_index(world: AlertWeek) -> None:
    world.shock()
    world.raised()
    alert = world.alert()
    recorded = [dict(line) for line in alert.newest.lines]
    # The shops correct their prices afterwards; what was known then stays what it was.
    for key in ("own0", "own1", "sib0", "sib1"):
        world.file(key, 100, now_ms=NOW + HOUR, reason="更正")
    then = engine.matters_of(engine.detect("SCJC-W1", WEEK, alert.newest.log_index))
    assert [services.figure_lines(one) for one in then if one.key == alert.key] == [recorded]
    assert engine.detect("SCJC-W1", WEEK) == []
    page = evidence.evidence(world.league, alert, alert.newest.log_index)
    assert page.findings and page.still
    now = evidence.evidence(world.league, alert)
    assert now.findings == () and not now.still
    world.raised(NOW + 2 * HOUR)
    assert world.alert().stage == "open", "falling below never closes"


def test_one_firm_alone_and_a_few_returns_raise_nothing(world: AlertWeek) -> None:
    world.file("own0", 180)
    assert world.raised() == []
    world.file("own1", 100)
    assert world.raised() == []


def test_a_higher_level_is_a_further_filing_on_the_same_thread(world: AlertWeek) -> None:
    world.file("own0", 140)
    world.file("own1", 140)
    world.raised()
    first = world.alert()
    assert first.level == 4 and "phone" not in first.open_steps
    world.file("sib0", 140, now_ms=NOW)
    world.file("sib1", 140, now_ms=NOW)
    assert len(world.raised(NOW + HOUR)) == 1
    alert = world.alert()
    assert alert.thread == first.thread and [one.level for one in alert.raised] == [4, 3]
    assert {"phone", "report", "follow3"} <= set(alert.open_steps)
    assert read.by_seqs([alert.newest.seq])[alert.newest.seq].reason.startswith("升级")
    services.forget()
    assert world.raised(NOW + 2 * HOUR) == []


def test_the_office_verifies_reports_proposes_and_ends(world: AlertWeek) -> None:
    world.shock()
    world.raised()
    given: dict[str, Any] = {"scope": world.league, "alert": world.alert(), "now_ms": NOW}
    refused("STEP-NOT-OPEN", services.close, **given, text="x", key="k0")
    services.verify(**given, outcome="confirmed", cause="", text="走访属实", key="k1")
    again = services.verify(**given, outcome="confirmed", cause="", text="走访属实", key="k1")
    assert again.duplicate, "a double click files once"
    refused(
        "STEP-DECIDED", services.verify,
        **given, outcome="confirmed", cause="", text="同事也点了", key="k2",
    )  # fmt: skip
    services.log_call(**given, call=call(), key="k3")
    said = {"cause": "暴雪阻断运输", "done": "已联系周边调运", "text": "报告"}
    refused(
        "ALERT-REPORT-BLANK", services.report,
        **given, step="report", said={**said, "text": "原因：【待填】"}, key="k4",
    )  # fmt: skip
    services.report(**given, step="report", said=said, key="k5")
    refused("ALERT-MEASURES", services.propose, **given, measures=[], text="x", key="k6")
    services.propose(**given, measures=["release", "transfer"], text="先投放后调运", key="k7")
    assert list(steps(world)) == ["close"]
    services.close(**given, text="价格回落", key="k8")
    assert world.alert().stage == "ended" and steps(world) == {}
    refused("THREAD-CLOSED", services.close, **given, text="再点一次", key="k9")
    services.forget()
    assert world.raised(NOW + HOUR) == [], "what was ended in this period is not said again"


def test_a_call_of_the_future_or_without_words_is_refused(world: AlertWeek) -> None:
    world.shock()
    world.raised()
    given: dict[str, Any] = {"scope": world.league, "alert": world.alert(), "now_ms": NOW}
    late = Call("值班", "值班室", NOW + 1, "说了")
    refused("ALERT-PHONE-TIME", services.log_call, **given, call=late, key="a")
    refused("ALERT-TEXT", services.log_call, **given, call=call("  "), key="b")
    services.log_call(**{**given, "now_ms": NOW + 5 * HOUR}, call=call(), key="c")
    assert "phone" not in steps(world), "late, and accepted"


def test_a_false_alarm_ends_with_its_cause_and_its_duties_fall_away(world: AlertWeek) -> None:
    world.shock()
    world.raised()
    given: dict[str, Any] = {"scope": world.league, "alert": world.alert(), "now_ms": NOW}
    refused(
        "ALERT-FALSE-CAUSE", services.verify,
        **given, outcome="false_alarm", cause="", text="错了", key="a",
    )  # fmt: skip
    services.verify(**given, outcome="false_alarm", cause="slip", text="单位填错", key="b")
    alert = world.alert()
    assert alert.stage == "false_alarm" and alert.open_steps == {}
    assert not Duty.objects.filter(
        thread=alert.thread, closed_seq__isnull=True, void_seq__isnull=True
    ).exists()


def test_neighbours_and_other_offices_cannot_open_or_act(world: AlertWeek) -> None:
    world.shock()
    world.raised()
    alert = world.alert()
    refused(
        "ALERT-UNKNOWN", matters.alert, scope=world.neighbour, place=alert.place, case=alert.case
    )
    assert matters.alerts(world.neighbour) == []
    assert [one.case for one in matters.alerts(world.region)] == [alert.case]
    text: dict[str, Any] = {"outcome": "confirmed", "cause": "", "text": "x", "now_ms": NOW}
    refused("SCOPE-PLACE", services.verify, scope=world.neighbour, alert=alert, key="a", **text)
    refused("STEP-OTHER-OWNER", services.verify, scope=world.region, alert=alert, key="b", **text)
    reader = role_scope(
        "region_reader", pack=world.week.region.pack, on=world.region.as_of,
        place=world.week.region.pack.root.code,
    )  # fmt: skip
    assert matters.may_see(reader, alert.place) and not matters.sees_firms(reader, alert.place)


def test_the_newest_and_the_recent_periods_are_run_and_no_older_one(world: AlertWeek) -> None:
    codes = [one.code for one in services._running("SCJC-W1", at("2026-11-23 10:40"))]
    assert WEEK in codes and "W2026-10-31" not in codes
    assert FILED < NOW
