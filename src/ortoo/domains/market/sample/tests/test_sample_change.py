"""A sample change from nomination to effect, and what must be refused on the way."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from ortoo.domains.market import observations, opening
from ortoo.domains.market import services as market
from ortoo.domains.market.sample import carrying, frame, matters, services
from ortoo.domains.market.sample.rules import Move, members_in
from ortoo.domains.market.sample.tests.sample_week import (
    LATER,
    NEXT,
    NOW,
    SampleWeek,
    sample_week,
)
from ortoo.domains.market.tests.review_week import FORM, WEEK, WEEKS, at
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> SampleWeek:
    return sample_week()


def refused(code: str):  # type: ignore[no-untyped-def]
    return pytest.raises(Refused, check=lambda error: error.code == code)


def test_a_replacement_is_nominated_agreed_approved_and_in_the_next_period(
    world: SampleWeek,
) -> None:
    matter = world.nominate()
    assert (matter.stage, matter.holder) == ("agree", world.region.party)
    assert matter.due_at is not None
    matter = world.agree(matter)
    assert matter.stage == "approve"
    before = read.tail()
    matter = world.approve(matter)
    assert matter.stage == "approved" and matter.holder == ""
    assert matter.approval is not None and matter.approval.approval == "国统制〔2026〕1号"
    filed = read.rows("seq > %s", [before])
    assert [row.form for row in filed] == ["SAMPLE-DECIDE", "K-LIST"]
    assert filed[1].subject == matter.thread and str(matter.seq) in filed[1].reason
    stays = frame.tenures(market.SAMPLE)
    old, new = world.firm("own0"), world.spare["own"]
    assert old in members_in(stays, parse(WEEK)) and new not in members_in(stays, parse(WEEK))
    assert new in members_in(stays, parse(NEXT)) and old not in members_in(stays, parse(NEXT))
    ended = next(stay for stay in stays if stay.party == old)
    assert (ended.first, ended.last) == ("2026-01-01", "2026-11-20")
    opening.open_period(form=FORM, period=NEXT, now_ms=NOW)
    assert new in observations.load(FORM, NEXT).parties
    assert old not in observations.load(FORM, NEXT).parties


def test_of_two_nominations_for_one_seat_the_second_is_refused(world: SampleWeek) -> None:
    world.nominate()
    other = world.asks(join="sib")
    with refused("SAMPLE-SEAT-CLAIMED"):
        world.nominate(other, "page-2")
    assert len(matters.matters(world.region)) == 1


def test_a_seat_is_free_again_after_a_refusal_and_after_a_withdrawal(world: SampleWeek) -> None:
    matter = world.nominate()
    verdict = services.Verdict("agree", "refuse", reason="不足以代表")
    services.decide(scope=world.region, matter=matter, verdict=verdict, now_ms=NOW)
    assert world.again(matter).stage == "refused"
    matter = world.nominate(key="page-2")
    services.withdraw(scope=world.league, matter=matter, reason="另荐", now_ms=NOW)
    assert world.again(matter).stage == "withdrawn"
    assert world.nominate(key="page-3").stage == "agree"
    assert frame.tenures(market.SAMPLE) == [
        stay for stay in frame.tenures(market.SAMPLE) if not stay.last
    ]


def test_a_refusal_says_why_and_an_approval_cites_its_number(world: SampleWeek) -> None:
    matter = world.nominate()
    with refused("SAMPLE-REASON"):
        services.decide(
            scope=world.region, matter=matter, verdict=services.Verdict("agree", "refuse"),
            now_ms=NOW,
        )  # fmt: skip
    matter = world.agree(matter)
    with refused("SAMPLE-APPROVAL"):
        services.decide(
            scope=world.region, matter=matter, verdict=services.Verdict("approve", "pass"),
            now_ms=NOW,
        )  # fmt: skip


def test_what_is_asked_back_waits_for_the_bureau_and_goes_on_where_it_stood(
    world: SampleWeek,
) -> None:
    matter = world.nominate()
    services.ask_back(scope=world.region, matter=matter, text="请附停业证明", now_ms=NOW)
    asked = world.again(matter)
    assert (asked.stage, asked.holder) == ("asked", world.league.party)
    with refused("SAMPLE-STAGE"):
        world.agree(asked)
    services.amend(
        scope=world.league, matter=asked, new=world.asks(join="sib", reason="停业，改荐"),
        reason="换一家", key="page-1b", now_ms=NOW,
    )  # fmt: skip
    amended = world.again(matter)
    assert amended.stage == "agree" and amended.asks.parties("join") == (world.spare["sib"],)
    assert amended.seq > matter.seq
    # The firm that is no longer nominated is free for another nomination.
    claims = frame.claims_of(market.SAMPLE, list(world.spare.values()))
    assert set(claims) == {world.spare["sib"]}


def test_an_effective_date_in_an_archived_period_is_refused(world: SampleWeek) -> None:
    market.archive(form=FORM, period=WEEKS[0], now_ms=NOW)
    with refused("SAMPLE-PERIOD-ARCHIVED"):
        world.nominate(world.asks(period=WEEKS[0]))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"period": WEEK}, "SAMPLE-PERIOD-OPEN"),
        ({"period": NEXT, "midway": True}, "SAMPLE-PERIOD-NOT-OPEN"),
        ({"period": "W2026-10-03"}, "SAMPLE-PERIOD-PAST"),
        ({"period": "W2026-11-22"}, "SAMPLE-PERIOD"),
        ({"period": "nonsense"}, "SAMPLE-PERIOD"),
        ({"reason": "  "}, "SAMPLE-REASON"),
        ({"moves": ()}, "SAMPLE-EMPTY"),
        ({"kind": "add"}, "SAMPLE-KIND"),
        ({"list": "nobody"}, "SAMPLE-LIST"),
        ({"form": "FOREIGN-M1"}, "SAMPLE-FORM"),
    ],
)
def test_a_nomination_that_cannot_be_is_refused_with_its_code(
    world: SampleWeek, changes: dict[str, object], code: str
) -> None:
    with refused(code):
        world.nominate(world.asks(**changes))
    assert matters.matters(world.region) == []


def test_a_bureau_nominates_only_firms_of_its_own_league(world: SampleWeek) -> None:
    with refused("SAMPLE-OUTSIDE"):
        world.nominate(world.asks(leave="neighbour0"))
    with refused("SAMPLE-OUTSIDE"):
        world.nominate(world.asks(join="neighbour"))


def test_the_neighbours_bureau_neither_sees_nor_touches_a_nomination(world: SampleWeek) -> None:
    matter = world.nominate()
    assert matters.matters(world.neighbour) == []
    with refused("SAMPLE-MATTER"):
        matters.matter(world.neighbour, matter.nominator, matter.case)
    with refused("SCOPE-PLACE"):
        services.withdraw(scope=world.neighbour, matter=matter, reason="x", now_ms=NOW)
    for scope in (world.neighbour, world.league):
        with refused("SCOPE-PLACE"):
            services.decide(
                scope=scope, matter=matter, verdict=services.Verdict("agree", "pass"), now_ms=NOW
            )
    names = {
        one.party for one in frame.members(world.neighbour, market.SAMPLE, dt.date(2026, 11, 23))
    }
    assert names == {world.firm("neighbour0")}


def test_a_clerk_sees_no_list(world: SampleWeek) -> None:
    clerk = world.week.region.scope("clerk-own")
    with refused("SCOPE-VERB"):
        frame.members(clerk, market.SAMPLE, dt.date(2026, 11, 23))
    with refused("SCOPE-VERB"):
        services.nominate(scope=clerk, new=world.asks(), key="x", now_ms=NOW)


def test_a_firm_that_closes_midweek_is_waived_and_its_replacement_owes_the_open_period(
    world: SampleWeek,
) -> None:
    matter = world.agree(world.nominate(world.asks(period=WEEK, midway=True)))
    matter = world.approve(matter)
    assert not carrying.outstanding(matter)
    old, new = world.firm("own0"), world.spare["own"]
    filed = {row.form: row for row in carrying.filings_of(matter)}
    assert set(filed) == {"K-LIST", "K-OPEN", "K-WAIVE"}
    assert json.loads(filed["K-OPEN"].body)["order"] == matter.approval.seq  # type: ignore[union-attr]
    assert "停业" in json.loads(filed["K-WAIVE"].body)["text"]
    waived = market.Matter(FORM, WEEK, old).state()
    assert waived.stage == "waived"
    joined = market.Matter(FORM, WEEK, new).state()
    assert joined.opened_seq is not None and joined.order == matter.approval.seq  # type: ignore[union-attr]
    assert Duty.objects.get(owner=new, kind="file", period=WEEK).closed_seq is None
    assert not Duty.objects.filter(
        owner=old, kind="file", period=WEEK, void_seq__isnull=True
    ).exists()
    before = read.tail()
    assert carrying.carry_out(scope=world.region, matter=matter, now_ms=NOW) == []
    assert read.tail() == before


def test_a_firm_that_has_filed_this_period_is_not_replaced_in_it(world: SampleWeek) -> None:
    world.week.file("own0", 0, now_ms=at("2026-11-23 09:00"))
    with refused("SAMPLE-FILED"):
        world.nominate(world.asks(period=WEEK, midway=True))


def test_a_removal_from_a_later_period_leaves_the_open_return_owed(world: SampleWeek) -> None:
    asks = world.asks(join="", kind="remove")
    world.approve(world.agree(world.nominate(asks)))
    owed = Duty.objects.get(owner=world.firm("own0"), kind="file", period=WEEK)
    assert owed.closed_seq is None and owed.void_seq is None


def test_an_approval_after_the_period_opened_is_refused_and_changes_nothing(
    world: SampleWeek,
) -> None:
    matter = world.agree(world.nominate())
    opening.open_period(form=FORM, period=NEXT, now_ms=NOW)
    before = read.tail()
    with refused("SAMPLE-PERIOD-OPEN"):
        world.approve(matter)
    assert read.tail() == before


def test_a_successor_inherits_the_seat_and_is_registered(world: SampleWeek) -> None:
    world.approve(world.agree(world.nominate(world.asks(kind="merge", reason="吸收合并"))))
    history = frame.seat(world.region, market.SAMPLE, world.firm("own0"), dt.date(2026, 11, 23))
    assert history.successor == world.spare["own"]
    assert world.spare["own"] in members_in(frame.tenures(market.SAMPLE), parse(NEXT))
    assert [said.kind for said in history.said] == ["claim", "settle"]


def test_a_seat_ends_where_the_successor_is_in_the_list_already(world: SampleWeek) -> None:
    asks = world.asks(kind="merge", join="", reason="并入本旗另一样本企业")
    world.approve(world.agree(world.nominate(asks)))
    assert world.firm("own0") not in members_in(frame.tenures(market.SAMPLE), parse(NEXT))


def test_a_rotation_draft_takes_the_longest_serving_and_keeps_the_overlap(
    world: SampleWeek,
) -> None:
    draft = frame.proposed_rotation(world.league, market.SAMPLE, dt.date(2026, 11, 23), 70)
    leaving = [old for old, _ in draft.pairs] + list(draft.unpaired)
    assert len(leaving) == 2  # of seven seats of the league at most 30 %
    stays = frame.tenures(market.SAMPLE)
    assert draft.pairs and not {new for _, new in draft.pairs} & members_in(stays, parse(WEEK))
    moves = [
        move
        for pair, (old, new) in enumerate(draft.pairs, 1)
        for move in (Move(old, "leave", pair), Move(new, "join", pair))
    ]
    assert world.nominate(world.asks(kind="rotate", moves=tuple(moves))).stage == "agree"


def test_a_replaced_firm_may_come_back_in_a_later_period(world: SampleWeek) -> None:
    world.approve(world.agree(world.nominate()))
    back = world.asks(leave="", join=world.firm("own0"), kind="add", period=LATER, reason="复业")
    world.approve(world.agree(world.nominate(back, "page-2")))
    stays = [s for s in frame.tenures(market.SAMPLE) if s.party == world.firm("own0")]
    assert [(s.first, s.last) for s in stays] == [
        ("2026-01-01", "2026-11-20"), ("2026-11-28", ""),
    ]  # fmt: skip
