from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from django.test import Client

from ortoo.domains.market import services
from ortoo.domains.market.services import SYSTEM
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import clock, read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse, previous_on
from ortoo.kernel.grants.models import Account
from ortoo.kernel.parties.codes import is_fictional
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.seal.contacts import reveal
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site import demo_clock
from ortoo.site.jobs.history import HistoryJob
from ortoo.site.jobs.models import Job
from ortoo.site.jobs.periodic import Rounds
from ortoo.site.operations import cast, demonstration, history, serving
from ortoo.site.tests.demo_fixtures import MACHINE_MS, entered

FORM = "SCJC-W1"


def test_a_small_demonstration_seeds_and_says_what_it_holds(demo):
    found = demonstration.counts()
    openings = read.rows("form='K-OPEN' AND key LIKE %s", [f"open:{FORM}:%"])
    assert len({row.period for row in openings}) == demonstration.SMALL_WEEKS
    assert found[FORM] > 40 and found["K-ACCEPT"] > 5
    assert found["accounts"] >= len(cast.script()["role"])
    assert demonstration.marker(demo)["complete"] is True


def test_every_organisation_lies_in_the_reserved_block(demo):
    codes = Party.objects.exclude(kind="system").values_list("code", flat=True)
    assert codes and all(is_fictional(code) for code in codes)


def test_contacts_are_sealed_and_open_to_who_may_ask(demo):
    firm = ListMember.objects.filter(list_code=services.SAMPLE).first().party
    body = b"".join(row.body for row in read.rows("form = 'K-PARTY'", []))
    person = reveal(firm)
    assert person.phone.startswith("199-0000-")
    assert person.phone.encode() not in body and person.name.encode() not in body


def test_replaying_the_demonstration_gives_the_same_rows(demo):
    assert [table.table for table in rebuild_all(fix=False) if not table.equal] == []


def test_the_log_of_the_demonstration_verifies(demo):
    assert verify() == []


def test_the_log_never_goes_back_and_ends_before_the_morning(demo):
    rows = read.after(0, read.tail())
    received = [row.received_at for row in rows]
    assert received == sorted(received)
    assert received[-1] <= demonstration.marker(demo)["now_ms"]
    assert all(row.said_at <= row.received_at for row in rows)


def test_a_return_filed_before_the_deadline_is_received_before_it(demo):
    for row in read.rows("form = %s", [FORM]):
        state = services.Matter(FORM, row.period, row.subject).state()
        if row.supersedes is None:
            assert (row.said_at <= state.due_at) == (row.received_at <= state.due_at)


def test_past_weeks_are_reviewed_and_the_present_one_is_half_filed(demo):
    period = parse(demonstration.marker(demo)["period"])
    earlier = previous_on(registry.get(FORM), period)
    assert _share_accepted(earlier.code) > 0.8
    filed = {row.subject for row in read.rows("form=%s AND period=%s", [FORM, period.code])}
    owed = Duty.objects.filter(kind="file", period=period.code).count()
    assert 0.3 < len(filed) / owed < 0.95


def _share_accepted(period: str) -> float:
    parties = Duty.objects.filter(kind="file", period=period).values_list("subject", flat=True)
    states = [services.Matter(FORM, period, party).state() for party in parties]
    return sum(state.locked for state in states) / len(states)


def test_the_truth_is_kept_apart_as_one_line_a_planted_cell(demo):
    lines = [json.loads(line) for line in (demo / demonstration.TRUTH).open(encoding="utf-8")]
    assert all({"firm", "item", "measure", "true", "reported"} <= set(line) for line in lines)


def test_the_morning_is_the_last_time_a_deadline_was_eighty_minutes_ahead():
    form = registry.get(FORM)
    period, at = demonstration.morning(form, "Asia/Shanghai", MACHINE_MS)
    assert datetime.fromtimestamp(at / 1000, UTC).isoformat() == "2026-11-23T02:40:00+00:00"
    assert period.code == "W2026-11-14"
    _, before = demonstration.morning(form, "Asia/Shanghai", at - 1)
    assert at - before == 7 * demo_clock.DAY_MS


def test_a_folder_with_other_data_is_never_touched(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    arguments = type("A", (), {"seed": 1, "small": True, "fresh": True})()
    assert demonstration._ready(tmp_path, arguments) is False
    assert (tmp_path / "data").exists() and "不会改动" in capsys.readouterr().out


def test_two_demonstrations_do_not_share_a_folder(tmp_path):
    with demonstration._alone(tmp_path) as first, demonstration._alone(tmp_path) as second:
        assert first and not second


def test_an_occupied_port_is_said_plainly(capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = serving.Address("127.0.0.1", taken.getsockname()[1])
        assert serving.is_free(address) is False
    assert "占用" in capsys.readouterr().err


# --- the clock ---------------------------------------------------------------------------------


def test_forward_over_an_opening_opens_the_next_period_at_its_hour(demo):
    stop = next(
        s for s in demo_clock.stops(registry.get(FORM), demo_clock.now_ms()) if s.code == "opening"
    )
    opened = demo_clock.forward(stop.at_ms)
    assert "W2026-11-21" in opened
    filing = read.rows("key = %s", [f"open:{FORM}:W2026-11-21"])[0]
    assert filing.filer == SYSTEM and stop.at_ms - filing.received_at == demo_clock.MINUTE_MS
    assert clock.now_ms() >= stop.at_ms


def test_a_leap_over_several_weeks_leaves_no_week_unopened(demo):
    opened = demo_clock.forward(demo_clock.now_ms() + 25 * demo_clock.DAY_MS)
    weeks = ["W2026-11-21", "W2026-11-28", "W2026-12-05", "W2026-12-12"]
    assert [code for code in opened if code in weeks] == weeks
    received = [row.received_at for row in read.after(0, read.tail())]
    assert received == sorted(received)


def test_the_clock_never_goes_back(demo):
    with pytest.raises(Refused, match="CLOCK-BACK"):
        demo_clock.forward(demo_clock.now_ms() - 1000)
    with pytest.raises(Refused, match="CLOCK-FAR"):
        demo_clock.forward(demo_clock.now_ms() + 90 * demo_clock.DAY_MS)


def test_the_page_of_the_clock_moves_it_and_refuses_politely(demo):
    client = Client()
    assert "10:4" in client.get("/demo/clock/").content.decode()
    assert client.post("/demo/clock/", {"stop": "after"}).status_code == 302
    assert "13:0" in client.get("/demo/clock/").content.decode()
    back = client.post("/demo/clock/", {"at": "2026-11-01T10:00"})
    assert back.status_code == 409 and "只能向前" in back.content.decode()
    assert client.post("/demo/clock/", {"at": "yesterday"}).status_code == 422


def test_outside_a_demonstration_there_is_no_clock_to_move(demo, settings):
    settings.DEMO = False
    assert Client().get("/demo/clock/").status_code == 404


def test_a_demonstration_taken_up_again_goes_on_where_it_stopped(demo):
    stopped = demo_clock.now_ms()
    demo_clock.remember()
    demo_clock.resume(0)
    assert 0 <= demo_clock.now_ms() - stopped < 5000
    demo_clock.resume(stopped + demo_clock.DAY_MS)
    assert demo_clock.now_ms() > stopped + demo_clock.DAY_MS


# --- work in the background --------------------------------------------------------------------


def _history() -> history.Past:
    return history.Past(now_ms=clock.now_ms, rest_s=0)


def test_a_week_of_history_is_filed_now_about_then_and_leaves_no_duty_open(demo):
    players = demonstration.cast()
    period = history.periods_before(players, demonstration.first_period(players))[0]
    before = Duty.objects.filter(closed_seq__isnull=True, void_seq__isnull=True).count()
    assert history.file_period(players, period, _history())
    rows = read.rows("form=%s AND period=%s", [FORM, period.code])
    assert {(row.mode, row.reason) for row in rows} == {("import", "历史补录")}
    assert all(row.said_at < row.received_at - 14 * demo_clock.DAY_MS for row in rows)
    after = Duty.objects.filter(closed_seq__isnull=True, void_seq__isnull=True).count()
    assert after == before and history.is_filed(FORM, period)


def test_history_broken_off_is_taken_up_again_without_filing_twice(demo):
    players = demonstration.cast()
    period = history.periods_before(players, demonstration.first_period(players))[0]
    broken = history.Past(now_ms=clock.now_ms, rest_s=0, stopped=lambda: True)
    assert history.file_period(players, period, broken) is False
    assert not history.is_filed(FORM, period)
    assert history.file_period(players, period, _history())
    parties = [row.subject for row in read.rows("form=%s AND period=%s", [FORM, period.code])]
    assert len(parties) == len(set(parties))
    assert rebuild_all(fix=False) and all(t.equal for t in rebuild_all(fix=False))


def test_the_history_job_counts_its_weeks_and_can_be_held(demo):
    job = HistoryJob(threading.Event())
    assert job.step()
    found = Job.objects.get(name="history")
    assert (found.state, found.done) == ("running", 1) and found.total > 280
    assert entered("operator").post("/jobs/", {"hold": "history"}).status_code == 302
    assert not job.step() and Job.objects.get(name="history").done == 1
    entered("operator").post("/jobs/", {"go": "history"})
    assert job.step() and Job.objects.get(name="history").done == 2
    assert "2/" in Client().get("/jobs/").content.decode()


def test_a_turn_of_the_rounds_opens_seals_and_files_quiet_days(demo):
    demo_clock.forward(demo_clock.now_ms() + 26 * demo_clock.HOUR_MS)
    size = read.tail()
    Rounds().turn(demo_clock.machine_ms())
    from ortoo.kernel.filings.checkpointing import last_checkpoint

    assert last_checkpoint().size >= size
    assert verify() == []


def test_jobs_are_the_operators_outside_a_demonstration(demo, settings):
    client = entered("clerk")
    settings.DEMO = False
    assert client.get("/jobs/").status_code in (302, 401, 403)


def test_accounts_of_others_cannot_be_entered_without_a_password(demo):
    others = Account.objects.filter(demo=False)
    assert others.exists() and not any(account.has_usable_password() for account in others)
