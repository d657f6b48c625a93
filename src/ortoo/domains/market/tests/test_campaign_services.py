"""专项监测: ordering, overlap, daily opening, change, early end, the weekly return meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from ortoo.domains.market import situations
from ortoo.domains.market.campaigns import opening, selectors, services
from ortoo.domains.market.campaigns.plan import PAUSED, Plan, moment_ms
from ortoo.domains.market.services import Matter
from ortoo.domains.market.situations import Abnormal, Report
from ortoo.domains.market.tests.ordering_region import Clerks, clerks, ordering
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused

__all__ = ["clerks", "ordering"]
DAILY = "SCJC-D1"
ZONE = "Asia/Shanghai"
FIRST = dt.date(2026, 11, 21)
OFFICE = "league-reviewer-parent"


def plan(world: Clerks, **more: Any) -> Plan:
    said = {
        "form": DAILY,
        "title": "寒潮应急监测",
        "place": world.region.sites["parent"].place,
        "first": FIRST,
        "last": FIRST + dt.timedelta(days=6),
        "basis": "演示：寒潮应急预案",
        "parties": tuple(world.region.sites[key].firm for key in ("own", "sibling")),
    }
    return Plan(**{**said, **more})


def start(world: Clerks, new: Plan | None = None, key: str = "s1", login: str = OFFICE) -> str:
    receipt = services.start(
        scope=world.region.scope(login), new=new or plan(world), key=key, now_ms=world.clock.ms
    )
    return read.get(receipt.seq).subject  # type: ignore[union-attr]


def at(day: dt.date, hour: int) -> int:
    return moment_ms(day, hour * 60, ZONE)


def state(world: Clerks, key: str, day: dt.date) -> Any:
    return Matter(DAILY, f"D{day}", world.region.sites[key].firm).state()


def test_each_day_is_opened_once_for_the_firms_and_cites_the_order(ordering: Clerks) -> None:
    code = start(ordering)
    assert opening.open_due(at(FIRST - dt.timedelta(days=1), 11)) == []
    opened = opening.open_due(at(FIRST, 9))
    assert {read.get(r.seq).form for r in opened} == {"K-OPEN", "MON-DAY"}  # type: ignore[union-attr]
    assert opening.open_due(at(FIRST, 9) + 60_000) == []
    found = state(ordering, "own", FIRST)
    assert found.order == services.campaign(code).seq
    assert found.due_at == at(FIRST, 12)
    assert state(ordering, "planned", FIRST).opened_seq is None


def test_a_day_missed_until_its_hour_is_past_is_not_opened_and_a_later_morning_is(
    ordering: Clerks,
) -> None:
    start(ordering)
    opening.open_due(at(FIRST, 13))
    assert state(ordering, "own", FIRST).opened_seq is None
    second = FIRST + dt.timedelta(days=1)
    opening.open_due(at(second, 11))
    assert state(ordering, "own", second).opened_seq is not None


def test_a_second_campaign_on_the_same_form_firm_and_day_is_refused_naming_the_first(
    ordering: Clerks,
) -> None:
    start(ordering)
    root = ordering.region.sites["root"].place
    other = plan(ordering, place=root, title="全区监测", first=FIRST + dt.timedelta(days=3))
    with pytest.raises(Refused) as refusal:
        start(ordering, other, "s2", "region-reviewer-root")
    assert refusal.value.code == "CAMPAIGN-OVERLAP"
    assert "寒潮应急监测" in refusal.value.message and refusal.value.remedy
    planned = (ordering.region.sites["planned"].firm,)
    start(ordering, replace(other, parties=planned), "s3", "region-reviewer-root")
    later = replace(other, first=FIRST + dt.timedelta(days=7), last=FIRST + dt.timedelta(days=8))
    start(ordering, later, "s4", "region-reviewer-root")


def test_a_repeated_post_starts_one_campaign(ordering: Clerks) -> None:
    assert start(ordering) == start(ordering)
    assert len(services.all_campaigns()) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"form": "SCJC-W1"}, "CAMPAIGN-FORM"),
        ({"first": dt.date(2026, 11, 1)}, "CAMPAIGN-PAST"),
        ({"first": dt.date(2026, 11, 20), "due_minute": 600}, "CAMPAIGN-TODAY-PAST"),
        ({"items": ("nothing",)}, "CAMPAIGN-CELLS"),
        ({"parties": (), "lists": ("no-such",)}, "CAMPAIGN-LIST"),
        ({"last": dt.date(2026, 11, 20)}, "BODY-INVALID"),
        ({"last": dt.date(2027, 11, 20)}, "BODY-INVALID"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_with_its_remedy(
    ordering: Clerks, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        start(ordering, plan(ordering, **more))
    assert refusal.value.code == code and refusal.value.remedy


def test_neighbours_firms_and_places_cannot_be_asked_nor_a_banner_order(ordering: Clerks) -> None:
    sites = ordering.region.sites
    with pytest.raises(Refused, match="CAMPAIGN-FIRM"):
        start(ordering, plan(ordering, parties=(sites["neighbour"].firm,)))
    with pytest.raises(Refused, match="CAMPAIGN-PLACE"):
        start(ordering, plan(ordering, places=(sites["neighbour"].place,)))
    with pytest.raises(Refused, match="SCOPE-PLACE"):
        start(ordering, plan(ordering, place=sites["root"].place))
    with pytest.raises(Refused, match="SCOPE-VERB"):
        start(ordering, plan(ordering, place=sites["own"].place), login="banner-reviewer-own")


def test_a_change_is_in_force_from_the_next_opening_and_keeps_what_is_open(
    ordering: Clerks,
) -> None:
    code = start(ordering, plan(ordering, parties=(ordering.region.sites["own"].firm,)))
    opening.open_due(at(FIRST, 9))
    scope = ordering.region.scope(OFFICE)
    wider = plan(ordering)
    with pytest.raises(Refused, match="REASON-NEEDED"):
        services.change(
            scope=scope, code=code, new=wider, reason="", key="c0", now_ms=at(FIRST, 10)
        )
    services.change(
        scope=scope, code=code, new=wider, reason="扩大范围", key="c1", now_ms=at(FIRST, 10)
    )
    opening.open_due(at(FIRST, 11))
    assert state(ordering, "sibling", FIRST).opened_seq is None
    opening.open_due(at(FIRST + dt.timedelta(days=1), 9))
    assert state(ordering, "sibling", FIRST + dt.timedelta(days=1)).opened_seq is not None
    assert len(services.campaign(code).versions) == 2


def test_an_early_end_opens_no_more_days_and_asks_the_analysis_today(ordering: Clerks) -> None:
    code = start(ordering)
    opening.open_due(at(FIRST, 9))
    services.end(
        scope=ordering.region.scope(OFFICE), code=code, reason="天气转好", key="e1",
        now_ms=at(FIRST, 10),
    )  # fmt: skip
    opening.open_due(at(FIRST, 10) + 1)
    kinds = {one.kind for one in situations.owed(services.campaign(code), FIRST)}
    assert kinds == {"situation", "narrative"}
    assert opening.open_due(at(FIRST + dt.timedelta(days=1), 9)) == []
    assert services.campaign(code).stage(FIRST + dt.timedelta(days=1)) == "ended"
    with pytest.raises(Refused, match="CAMPAIGN-ENDED"):
        services.end(
            scope=ordering.region.scope(OFFICE), code=code, reason="再来", key="e2",
            now_ms=at(FIRST + dt.timedelta(days=1), 9),
        )  # fmt: skip


def test_a_campaign_not_begun_is_cancelled_and_another_may_take_its_days(
    ordering: Clerks,
) -> None:
    code = start(ordering)
    services.end(
        scope=ordering.region.scope(OFFICE), code=code, reason="改期", key="e1",
        now_ms=ordering.clock.ms,
    )  # fmt: skip
    assert services.campaign(code).stage(FIRST) == "cancelled"
    assert opening.open_due(at(FIRST, 9)) == []
    assert start(ordering, key="s9") != code


def test_offices_owe_a_zero_report_and_one_tap_closes_it(ordering: Clerks) -> None:
    code = start(ordering)
    opening.open_due(at(FIRST, 9))
    office, place = ordering.region.sites["own"].office, ordering.region.sites["own"].place
    duty = Duty.objects.get(owner=office, kind="situation", closed_seq__isnull=True)
    assert duty.due_at == at(FIRST, 16) and duty.period == f"D{FIRST}"
    # The ordering office reports to nobody on its own campaign.
    assert not Duty.objects.filter(owner=ordering.region.sites["parent"].office, kind="situation")
    zero = Report(code, FIRST, place, situations.ZERO)
    banner = ordering.region.scope("banner-reviewer-own")
    situations.report(scope=banner, new=zero, key="z1", now_ms=at(FIRST, 10))
    duty.refresh_from_db()
    assert duty.closed_seq is not None
    with pytest.raises(Refused, match=r"SITUATION-OTHER-OFFICE|SCOPE-PLACE"):
        situations.report(
            scope=ordering.region.scope("banner-reviewer-sibling"), new=zero, key="z2",
            now_ms=at(FIRST, 10),
        )  # fmt: skip


def test_an_abnormal_matter_reaches_the_office_above_and_not_the_neighbour(
    ordering: Clerks,
) -> None:
    code = start(ordering)
    opening.open_due(at(FIRST, 9))
    place = ordering.region.sites["own"].place
    said = Report(
        code, FIRST, place, situations.ABNORMAL, "食盐货架空", (Abnormal("rush", "食盐", "车站店"),)
    )
    situations.report(
        scope=ordering.region.scope("banner-reviewer-own"), new=said, key="a1", now_ms=at(FIRST, 10)
    )
    (seen,) = situations.abnormal_since(ordering.region.scope(OFFICE), at(FIRST, 0))
    assert seen.text == "食盐货架空" and seen.matters[0].what == "食盐"
    neighbour = ordering.region.scope("league-reviewer-neighbour-parent")
    assert situations.abnormal_since(neighbour, at(FIRST, 0)) == []
    assert situations.situations(neighbour, services.campaign(code)) == []


def test_weeks_wholly_inside_are_waived_and_owed_again_when_it_ends_early(
    ordering: Clerks,
) -> None:
    from ortoo.domains.market.services import open_period

    # W2026-11-21 runs from the 21st to the 27th, as the campaign does, and opens on the 26th.
    code = start(ordering, plan(ordering, weekly=PAUSED, weekly_form="SCJC-W1"))
    thursday = FIRST + dt.timedelta(days=5)
    open_period(form="SCJC-W1", period="W2026-11-21", now_ms=at(thursday, 8))
    opening.open_due(at(thursday, 9))
    own = ordering.matter("own", "W2026-11-21")
    planned = ordering.matter("planned", "W2026-11-21")
    assert own.state().stage == "waived" and planned.state().stage == "missing"
    assert ordering.matter("own").state().waived_seq is None
    assert opening.open_due(at(thursday, 9) + 1) == []
    services.end(
        scope=ordering.region.scope(OFFICE), code=code, reason="结束", key="e",
        now_ms=at(thursday, 10),
    )  # fmt: skip
    opening.open_due(at(thursday, 11))
    assert own.state().stage == "missing"


def test_only_the_chain_sees_a_campaign_and_its_progress(ordering: Clerks) -> None:
    code = start(ordering)
    opening.open_due(at(FIRST, 9))
    scope = ordering.region.scope(OFFICE)
    matrix = selectors.matrix(scope, selectors.one(scope, code), FIRST)
    assert matrix.total[0].owed == 2 and matrix.total[0].filed == 0
    assert len(matrix.rows) == 2 and len(matrix.missing) == 2
    banner = ordering.region.scope("banner-reviewer-own")
    mine = selectors.matrix(banner, selectors.one(banner, code), FIRST)
    assert mine.total[0].owed == 1
    for login in ("banner-reviewer-neighbour", "league-reviewer-neighbour-parent"):
        with pytest.raises(Refused, match="CAMPAIGN-UNKNOWN"):
            selectors.one(ordering.region.scope(login), code)
