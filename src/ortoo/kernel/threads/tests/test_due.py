"""Silence has a consequence only once the system party has filed it, and it is filed once."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from ortoo.kernel.filings.behaviour import RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.read import get, thread_lines
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.threads import due
from ortoo.kernel.threads.calendar_files import read_calendars
from ortoo.kernel.threads.catalogue import Catalogue
from ortoo.kernel.threads.definition import Span
from ortoo.kernel.threads.due import due_now, file_due, overdue_query, warnings_begun
from ortoo.kernel.threads.loader import parse, read_yaml
from ortoo.kernel.threads.rebuild import rebuild_threads
from ortoo.kernel.threads.steps import register_step_forms

TEXT = """
procedure: T-DUE
version: 1
title: {zh: 试验限时办理}
subject: {zh: 货物}
opens_with: [T-DUE-OPEN]
calendar: CN
home: office
agencies:
  - {role: customs, title: {zh: 海关}}
  - {role: border, title: {zh: 边检}}
  - {role: office, title: {zh: 口岸办}}
steps:
  - code: look
    title: {zh: 查验}
    owner: customs
    due: {working_hours: 2, source: 试验值}
    warnings: [{working_hours: 1}, {hours: 30}]
    on_timeout:
      - {action: escalate, to: office, regulation: T-R1}
      - {action: deem, outcome: pass, regulation: T-R2, after: {working_days: 1, source: 试验值}}
    pauses: {asks: 1}
    outcomes:
      - {code: pass, kind: positive, title: {zh: 通过}}
      - {code: fail, kind: negative, title: {zh: 不通过}}
  - code: listen
    title: {zh: 听取意见}
    owner: border
    due: {hours: 1, source: 试验值}
    on_timeout: [{action: remind, regulation: T-R1}]
    outcomes: [{code: heard, kind: positive, title: {zh: 已听取}}]
joins:
  - {code: both, title: {zh: 会签}, of: [look, listen], policy: any}
ends:
  - {code: out, kind: released, title: {zh: 办结}, when: [both]}
  - {code: denied, kind: refused, title: {zh: 不予}, when: [both]}
"""
PARTIES = {"customs": "CUSTOMS", "border": "BORDER", "office": "OFFICE", "filer": "FIRM"}
CALENDARS = read_calendars()
CATALOGUE = Catalogue()
THREAD = "T-DUE|1"
# Friday 09:30: the two hours end at 11:30, the working day after at Monday 17:30.
MORNING = int(datetime(2026, 11, 20, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
HOUR = 3_600_000
LATE = MORNING + 2 * HOUR
MONDAY_NIGHT = MORNING + 3 * 24 * HOUR + 12 * HOUR


def opening(draft: Draft, body: dict[str, object]) -> list[Entry]:
    detail = {"version": 1, "subject": "FIRM", "place": "", "agencies": PARTIES}
    return [Entry(str(body["thread"]), "open", detail)]


@pytest.fixture
def opened(db: None) -> int:
    """One thread, opened on Friday at half past nine; the log index of its opening."""
    register_step_forms()
    register(RecordBehaviour("T-DUE-OPEN", 1, lambda body: (), opening))
    CATALOGUE.use(calendar_of=lambda code, place: CALENDARS[code])
    CATALOGUE.register(parse(read_yaml(TEXT)))
    return say("T-DUE-OPEN", "FIRM", MORNING)


def say(form: str, filer: str, at: int, **body: object) -> int:
    draft = Draft(
        form, filer, f"account:{filer}", f"{form}-{filer}-{at}", {"thread": THREAD, **body}, at
    )
    return file(draft, now_ms=at).seq


def due_at() -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT due_at FROM kernel_duty WHERE thread = %s AND key LIKE '%%|look%%'"
                       " AND closed_seq IS NULL AND void_seq IS NULL", [THREAD])  # fmt: skip
        found = cursor.fetchone()
    return found[0] if found else None


def kinds() -> list[str]:
    return [line.kind for line in thread_lines([THREAD])[THREAD]]


@pytest.mark.law(6)
def test_nothing_is_filed_at_the_due_time_and_an_escalation_just_after(opened: int) -> None:
    assert due_at() == LATE
    assert due_now(LATE, catalogue=CATALOGUE) == []
    [draft] = due_now(LATE + 1, catalogue=CATALOGUE)
    assert (draft.form, draft.filer, draft.actor, draft.mode) == (
        "K-ESCALATE", "SYSTEM", "SYSTEM", "system",
    )  # fmt: skip
    assert draft.body == {"thread": THREAD, "step": "look", "to": "OFFICE", "regulation": "T-R1"}
    assert "T-R1" in draft.reason
    assert kinds() == ["open"]


@pytest.mark.law(6)
def test_a_second_round_files_nothing_more(opened: int) -> None:
    first = file_due(LATE + 1, catalogue=CATALOGUE)
    assert len(first.receipts) == 1 and not first.refusals
    again = file_due(LATE + 60_000, catalogue=CATALOGUE)
    assert again == due.Filed((), ())
    assert kinds() == ["open", "escalate"]


@pytest.mark.law(6)
def test_two_processes_that_drafted_the_same_file_it_once(opened: int) -> None:
    one = due_now(LATE + 1, catalogue=CATALOGUE)
    other = due_now(LATE + 5_000, catalogue=CATALOGUE)
    first = file(one[0], now_ms=LATE + 6_000)
    second = file(other[0], now_ms=LATE + 7_000)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.seq == second.seq
    assert kinds() == ["open", "escalate"]


@pytest.mark.law(6)
def test_a_decision_that_came_first_wins_and_the_refusal_is_calm(
    opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = due_now(LATE + 1, catalogue=CATALOGUE)
    say("K-DECIDE", "CUSTOMS", LATE + 2, step="look", outcome="pass")
    monkeypatch.setattr(due, "due_now", lambda now_ms, catalogue: stale)
    round_ = file_due(LATE + 3, catalogue=CATALOGUE)
    assert round_.receipts == ()
    [(draft, refused)] = round_.refusals
    assert draft is stale[0] and refused.status == 409
    assert kinds() == ["open", "decide"]


@pytest.mark.law(6)
def test_silence_for_a_working_day_more_is_deemed_consent_and_closes_the_duty(opened: int) -> None:
    file_due(LATE + 1, catalogue=CATALOGUE)
    # Saturday and Sunday do not count: still nothing on Monday at noon.
    assert due_now(MONDAY_NIGHT - 10 * HOUR, catalogue=CATALOGUE) == []
    [receipt] = file_due(MONDAY_NIGHT, catalogue=CATALOGUE).receipts
    filed = get(receipt.seq)
    assert filed is not None and (filed.form, filed.filer) == ("K-DEEM", "SYSTEM")
    assert kinds() == ["open", "escalate", "deem"]
    line = thread_lines([THREAD])[THREAD][-1]
    assert (line.detail["outcome"], line.detail["regulation"]) == ("pass", "T-R2")
    assert due_at() is None
    assert file_due(MONDAY_NIGHT + 1, catalogue=CATALOGUE) == due.Filed((), ())


def test_a_round_that_comes_late_deems_and_does_not_escalate_first(opened: int) -> None:
    [draft] = due_now(MONDAY_NIGHT, catalogue=CATALOGUE)
    assert draft.form == "K-DEEM"


def test_while_a_question_is_open_nothing_is_overdue(opened: int) -> None:
    say("K-ASK", "CUSTOMS", MORNING + HOUR, step="look", to="FIRM", question="数量？")
    assert due_now(MONDAY_NIGHT, catalogue=CATALOGUE) == []
    ask = thread_lines([THREAD])[THREAD][-1].seq
    # Answered on Monday at 09:30: one hour was left, so it is due at 10:30.
    monday = MORNING + 3 * 24 * HOUR
    say("K-ANSWER", "FIRM", monday, ask=ask)
    assert due_at() == monday + HOUR
    assert due_now(monday + HOUR, catalogue=CATALOGUE) == []
    assert len(due_now(monday + HOUR + 1, catalogue=CATALOGUE)) == 1


def test_a_thread_whose_version_is_gone_does_not_keep_the_others_waiting(
    opened: int, caplog: pytest.LogCaptureFixture
) -> None:
    fill(1, version=9)
    assert [draft.body["thread"] for draft in due_now(LATE + 1, catalogue=CATALOGUE)] == [THREAD]
    assert "T-DUE|x0" in caplog.text


def test_a_step_that_is_only_reminded_of_is_never_filed_about(opened: int) -> None:
    say("K-DECIDE", "CUSTOMS", MORNING + 1, step="look", outcome="pass")
    assert due_now(MONDAY_NIGHT, catalogue=CATALOGUE) == []


def test_nobody_but_the_system_may_file_what_silence_brings(opened: int) -> None:
    with pytest.raises(Refused) as refused:
        say("K-DEEM", "CUSTOMS", MONDAY_NIGHT, step="look", outcome="pass", regulation="T-R2")
    assert refused.value.code == "SYSTEM-ONLY"


@pytest.mark.law(9)
def test_what_was_filed_by_the_clock_is_replayed_without_the_clock(opened: int) -> None:
    file_due(LATE + 1, catalogue=CATALOGUE)
    file_due(MONDAY_NIGHT, catalogue=CATALOGUE)
    assert [found for found in rebuild_threads() if not found.equal] == []


def test_warnings_are_computed_when_read_and_never_filed(opened: int) -> None:
    step = CATALOGUE.definition("T-DUE").step("look")
    clock = CATALOGUE.clock_of("CN", "")
    assert warnings_begun(step, LATE, clock, LATE - HOUR - 1) == (Span("hours", 30),)
    assert warnings_begun(step, LATE, clock, LATE - HOUR) == (
        Span("hours", 30), Span("working_hours", 1),
    )  # fmt: skip
    assert warnings_begun(step, LATE, clock, LATE) == ()
    assert warnings_begun(step, None, clock, LATE) == ()
    assert kinds() == ["open"]


MANY = 100_000
# A table read from end to end, in the words of either database.
WHOLE = re.compile(r"SCAN kernel_|Seq Scan")


def fill(count: int, version: int = 1) -> None:
    """So many open threads, due one second apart from LATE on."""
    said = {"version": version, "subject": "FIRM", "place": "", "agencies": PARTIES}
    with connection.cursor() as cursor:
        numbers = range(count)
        cursor.executemany(
            "INSERT INTO kernel_duty (key, thread, kind, owner, form, period, place, subject,"
            " due_at, opened_seq) VALUES (%s, %s, 'decide', 'CUSTOMS', '', '', '', '', %s, 1)",
            [(f"decide|T-DUE|x{n}|look", f"T-DUE|x{n}", LATE + 1000 * n) for n in numbers],
        )
        cursor.executemany(
            "INSERT INTO kernel_thread_entry (thread, seq, kind, detail, at)"
            " VALUES (%s, 1, 'open', %s, %s)",
            [(f"T-DUE|x{n}", json.dumps(said), MORNING) for n in numbers],
        )
        cursor.execute("ANALYZE")


def plan_of(sql: str, parameters: list[object]) -> str:
    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {sql}", parameters)
        return "\n".join(" ".join(str(part) for part in row) for row in cursor.fetchall())


def test_with_100_000_open_threads_a_round_reads_a_range_of_an_index(opened: int) -> None:
    fill(MANY)
    plan = plan_of(*overdue_query(LATE + 3_000, ["T-DUE", "T-GATE"]))
    assert "duty_open_due" in plan
    assert not WHOLE.search(plan)
    # No entry of any thread is read before a duty says that it must be.
    assert "kernel_thread_entry" not in plan
    seen: list[str] = []

    def watch(execute, sql, parameters, many, context):  # type: ignore[no-untyped-def]
        seen.append(sql)
        return execute(sql, parameters, many, context)

    begun = time.perf_counter()
    with connection.execute_wrapper(watch):
        drafts = due_now(LATE + 3_000, catalogue=CATALOGUE)
    assert len(drafts) == 4
    assert time.perf_counter() - begun < 0.5
    entries = [sql for sql in seen if "kernel_thread_entry" in sql]
    assert len(entries) == 1 and "WHERE thread IN" in entries[0]
    read = "SELECT thread, seq FROM kernel_thread_entry WHERE thread IN (%s, %s)"
    assert not WHOLE.search(plan_of(read, ["a", "b"]))
    assert WHOLE.search(plan_of("SELECT thread FROM kernel_thread_entry WHERE detail = %s", ["a"]))
