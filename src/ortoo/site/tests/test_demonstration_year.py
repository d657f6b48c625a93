"""What the demonstration shows of a monitoring year: every form, every story, all of it filed."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest

from ortoo.domains.market import (
    checking,
    history,
    issued,
    monitored,
    observations,
    rosters,
    services,
)
from ortoo.domains.market.campaigns.services import all_campaigns
from ortoo.domains.market.duty_models import DeviceUse
from ortoo.domains.market.flash import services as flash
from ortoo.domains.market.flash.plan import ASKED, CLOSED
from ortoo.domains.market.known import newest_known
from ortoo.domains.market.sample import breaks, matters
from ortoo.domains.market.sample.design import design_on
from ortoo.domains.market.till import selectors as till
from ortoo.domains.market.till import services as till_writes
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.periods import day_of, parse
from ortoo.kernel.grants.models import Account, Grant
from ortoo.kernel.grants.selectors import load_scope, today
from ortoo.kernel.parties.models import ListMember
from ortoo.kernel.places.active import active_pack
from ortoo.site import demo_clock
from ortoo.site.operations import cast, demonstration
from ortoo.site.tests.demo_fixtures import entered

WEEKLY = "SCJC-W1"
CURRENT = "W2026-11-14"
PLAYED = {
    "SCJC-W1": 3, "SCJC-W2": 3, "SCSC-X1": 2, "EMG-STOCK": 1, "LTQY-M1": 1, "JYSC-M1": 1,
    "SCJC-W1-S07": 2, "SCJC-W1-S25": 2, "SCJC-D1": 6,
}  # fmt: skip


def scope(login: str):
    account = Account.objects.get(login=login)
    return load_scope(account, pack=active_pack(), on=today(demo_clock.now_ms()))


def firm(story: str) -> str:
    return demonstration.cast().stories[story]


def truth(home):
    return [json.loads(line) for line in (home / demonstration.TRUTH).open(encoding="utf-8")]


def test_every_form_has_its_last_periods_and_most_firms_filed_them(demo):
    periods: dict[str, set[str]] = {}
    for row in read.rows("form='K-OPEN'", []):
        said = json.loads(row.body)
        if parse(said["period"]).kind != "moment":
            periods.setdefault(said["form"], set()).add(said["period"])
    assert {form: len(found) for form, found in periods.items()} == PLAYED
    for form, found in periods.items():
        if len(found) > 1:
            first = min(found, key=lambda code: parse(code).start)
            filed = read.rows("form=%s AND period=%s", [form, first])
            owed = Duty.objects.filter(kind="file", form=form, period=first).count()
            assert len({row.subject for row in filed}) > 0.7 * owed, form


def test_no_return_stands_that_its_own_form_refuses(demo):
    for form in monitored.codes():
        for row in read.rows("form=%s", [form]):
            grid = codec.decode(registry.get(form, row.form_version), row.body)
            matter = services.Matter(form, row.period, row.subject)
            issues = checking.issues_of(registry.get(form), grid, matter)
            hard = [issue for issue in issues if issue.severity == "hard"]
            assert hard == [], (form, row.period, row.subject, hard[:2])


def test_every_list_has_members_and_every_member_a_log_in_that_nobody_can_enter(demo):
    for code in cast.LISTS.values():
        members = set(ListMember.objects.filter(list_code=code).values_list("party", flat=True))
        assert members, code
        assert members <= set(Account.objects.values_list("party", flat=True)), code


def test_two_clerks_serve_each_league(demo):
    holders = Counter(Grant.objects.filter(role="league_reviewer").values_list("place", flat=True))
    assert holders and set(holders.values()) == {2}


def test_every_planted_cell_that_was_filed_is_in_the_truth_with_what_was_reported(demo):
    lines = truth(demo)
    assert {"SCJC-W1", "SCSC-X1"} <= {line["form"] for line in lines}
    seen = 0
    for line in lines:
        if line["kept_out"]:
            continue
        rows = read.rows(
            "form=%s AND period=%s AND subject=%s AND supersedes IS NULL",
            [line["form"], line["period"], line["firm"]],
        )
        if not rows:
            continue
        form = registry.get(line["form"], rows[0].form_version)
        cell = codec.decode(form, rows[0].body).cell(form, line["item"], line["measure"])
        said = cell.value if isinstance(cell, Nil) else cell
        assert said == (line["reported"] if line["reported"] is not None
                        else line["reported_nil"] or None), line  # fmt: skip
        seen += 1
    assert seen > 4


def test_what_differs_from_the_world_and_is_not_in_the_truth_does_not_exist(demo):
    """The other direction: a first return without a line in the truth says what was true."""
    players = demonstration.cast()
    planted = {(x["form"], x["period"], x["firm"]) for x in truth(demo)}
    checked = 0
    for form in ("SCJC-W2", "SCSC-X1", "LTQY-M1"):
        definition = registry.get(form)
        simulated = players.region.other(definition)
        for period in {row.period for row in read.rows("form=%s", [form])}:
            found = {r.firm.code: r.grid for r in simulated.week(parse(period)).returns}
            for row in read.rows("form=%s AND period=%s AND supersedes IS NULL", [form, period]):
                if (form, period, row.subject) not in planted:
                    grid = codec.decode(definition, row.body)
                    assert grid.columns == found[row.subject].columns
                    checked += 1
    assert checked > 30


def test_every_observation_comes_from_a_filing(demo):
    for form in ("SCJC-W2", "EMG-STOCK", WEEKLY):
        for period in {row.period for row in read.rows("form=%s", [form])}:
            known = {row.subject for row in read.rows("form=%s AND period=%s", [form, period])}
            returns = observations.load(form, period)
            filed = {p for p, c in zip(returns.parties, returns.counted, strict=True) if c}
            assert filed <= known


# --- what each role finds on the morning -----------------------------------------------------


@pytest.mark.parametrize(
    ("story", "form", "period"),
    [
        ("unfiled", WEEKLY, CURRENT), ("till", WEEKLY, CURRENT), ("wholesale", "SCJC-W2", CURRENT),
        ("daily", "SCJC-D1", "D2026-11-23"), ("emergency", "EMG-STOCK", "M2026-10"),
    ],
)  # fmt: skip
def test_the_clerks_of_the_stories_still_owe_what_they_are_there_for(demo, story, form, period):
    duty = Duty.objects.get(kind="file", form=form, period=period, owner=firm(story))
    assert duty.closed_seq is None and duty.void_seq is None
    login = next(p.login for p in demonstration.cast().parts if p.story == story)
    page = entered(login).get("/").content.decode()
    assert period in page


def test_the_emergency_firm_is_on_three_lists_and_its_stock_is_known_from_the_week(demo):
    code = firm("emergency")
    lists = set(ListMember.objects.filter(party=code).values_list("list_code", flat=True))
    assert {services.SAMPLE, "supply_guarantors", "backbone_firms"} <= lists
    form = registry.get("EMG-STOCK")
    cells = [(item.code, "on_hand") for item in form.leaves]
    known = newest_known(code, form, cells, now_ms=demo_clock.now_ms())
    assert {one.form for one in known.values()} >= {WEEKLY} and len(known) > 10


def test_a_campaign_runs_with_days_filed_situations_said_and_a_roster(demo):
    [campaign] = all_campaigns().values()
    day = today(demo_clock.now_ms())
    assert campaign.stage(day) == "running" and len(campaign.plan.items) == 10
    assert len({row.period for row in read.rows("form='SCJC-D1'", [])}) == 6
    said = Counter(json.loads(row.body)["kind"] for row in read.rows("form='MON-SITUATION'", []))
    assert said["zero"] > 3 and said["abnormal"] == 1
    assert Duty.objects.filter(
        form="MON-SITUATION", period=day_of(day).code, closed_seq__isnull=True
    ).exists()
    assert rosters.rosters(scope("league-campaign"), day, now_ms=demo_clock.now_ms())


def test_one_flash_was_answered_and_one_waits_for_the_clerk(demo):
    fresh, past = flash.all_flashes()
    assert (fresh.status, past.status) == (ASKED, CLOSED)
    assert firm("unfiled") in fresh.request.parties
    answered = [s for s in flash.states_of(past).values() if s.versions]
    assert len(answered) >= 5
    waiting = Duty.objects.get(kind="file", period=fresh.code, owner=firm("unfiled"))
    assert waiting.closed_seq is None


def test_sample_changes_stand_approved_in_mid_period_and_waiting_at_the_region(demo):
    found = {(m.asks.kind, m.stage): m for m in matters.matters(scope("region"))}
    assert set(found) == {
        ("merge", "approved"), ("rotate", "approved"), ("replace", "approved"),
        ("rotate", "agree"),
    }  # fmt: skip
    midway = found["replace", "approved"]
    assert midway.asks.midway and midway.asks.period == CURRENT
    joined, left = midway.asks.parties("join")[0], midway.asks.parties("leave")[0]
    assert read.rows("form=%s AND period=%s AND subject=%s", [WEEKLY, CURRENT, joined])
    assert services.Matter(WEEKLY, CURRENT, left).state().waived_seq is not None
    assert design_on(services.SAMPLE, today(demo_clock.now_ms())) is not None


def test_the_break_of_the_merger_shows_on_a_published_series(demo):
    reader = scope("region")
    matter = next(m for m in matters.matters(reader) if m.asks.kind == "merge")
    period, root = parse(matter.asks.period), active_pack().root.code
    assert issued.vintages(WEEKLY, period.code)
    found = breaks.breaks(reader, WEEKLY, root, period.previous(), period, item="0101")
    [one] = [each for each in found if each.period == period]
    assert one.added == one.removed == 1 and one.plain_change is not None
    assert set(one.parties) == {move.party for move in matter.asks.moves}


def test_a_week_was_given_out_twice_with_what_was_restated(demo):
    lines = [line for line in truth(demo) if line["kind"] == "restated"]
    assert len(lines) == 4
    period, item = lines[0]["period"], lines[0]["item"]
    first, second = issued.vintages(WEEKLY, period)
    assert any(item in cells for cells in second.cells.values())
    assert first.log_index < second.log_index


def test_every_bureau_has_its_earlier_years_as_totals_without_firms(demo):
    agencies, root = demonstration.cast().agencies, active_pack().root.code
    first = demonstration.first_period(demonstration.cast())
    reader = scope("region")
    for place in (root, "152500"):
        held = history.standing_of(reader, place)
        years = {one.period.start.year for one in held}
        assert years == set(range(2021, 2027)) and held[-1].period.end < first.start
        assert all(a.period < b.period for a, b in pairwise(held))
        assert {one.row.filer for one in held} == {agencies[place]}
        assert held[0].grid.attributes["detail"] == history.DETAIL


def test_the_third_week_of_the_till_asks_little_and_its_file_lies_in_the_folder(demo):
    [path] = (demo / "till-export").iterdir()
    matter = services.Matter(WEEKLY, CURRENT, firm("till"))
    clerk, now = scope("clerk-till"), demo_clock.now_ms()
    export = till_writes.Export(path.name, path.read_bytes())
    till_writes.receive(scope=clerk, matter=matter, export=export, now_ms=now)
    found = till.till(clerk, matter)
    assert found is not None and found.understood
    assert len(found.reading.articles) > 5_000 and len(found.questions) <= 15
    assert len(found.sums) > 25


def test_devices_are_kept_as_digests_and_some_firms_share_one(demo):
    uses = DeviceUse.objects.all()
    returns = sum(len(read.rows("form=%s", [form])) for form in PLAYED)
    assert 0.8 * returns < uses.count() <= returns


def test_assisted_returns_have_their_evidence(demo):
    for form in PLAYED:
        for row in read.rows("form=%s AND mode='assisted'", [form]):
            papers = read.rows("form='MON-PAPER' AND period=%s", [row.period])
            said = [json.loads(paper.body) for paper in papers]
            assert any((p["form"], p["firm"]) == (form, row.subject) for p in said)
