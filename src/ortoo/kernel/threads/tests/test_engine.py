"""Laws 5, 6, 7 and 10 on threads that follow a file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ortoo.kernel.threads.loader import load
from ortoo.kernel.threads.tests.matter import (
    DAY,
    FOLDER,
    HOUR,
    PANEL,
    PARTIES,
    Matter,
    opened,
    panel,
    refused,
)

CASES = tomllib.loads((Path(__file__).parent / "cases/gate.toml").read_text("utf-8"))["case"]
FIELDS = {
    "decide": ("step", "outcome"), "ask": ("step", "to"), "answer": ("ask",),
    "hold": ("step", "kind"), "resume": ("hold",), "withdraw": (),
    "deem": ("step", "outcome", "regulation"), "escalate": ("step", "to", "regulation"),
    "override": ("action", "step", "outcome"), "annul": ("target",), "whisper": ("step",),
}  # fmt: skip
REST = {
    "ask": {"question": "数量？"}, "hold": {"against": "FIRM", "basis": "布控"}, "decide": {},
}  # fmt: skip


def say(matter: Matter, line: str) -> int:
    """One line of a case: who, what, and the fields in their order."""
    who, kind, *words = line.split()
    values = [int(word) if word.isdigit() else word for word in words]
    detail = dict(zip(FIELDS[kind], values, strict=False)) | REST.get(kind, {})
    filer = {"system": "SYSTEM", "firm": "FIRM"}.get(who) or PARTIES[who]
    return matter.say(kind, filer, detail, reason="按规程")


@pytest.mark.law(7)
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_goes_as_it_is_told(case) -> None:
    matter = opened()
    *before, last = case["said"]
    for line in before:
        say(matter, line)
    if "refused" in case:
        assert refused(say, matter, last) == case["refused"]
        return
    say(matter, last)
    assert matter.open_duties() == case["owed"]
    assert (matter.state.ended.code if matter.state.ended else "") == case.get("ended", "")


# --- opening -----------------------------------------------------------------------------------


def test_steps_without_needs_open_at_once_each_with_its_own_time() -> None:
    matter = opened()
    assert matter.open_duties() == {
        "decide|border": "BORDER", "decide|customs": "CUSTOMS", "decide|quarantine": "PLANTS"
    }  # fmt: skip
    begun = matter.now
    assert matter.duty("decide|border").due_at == begun + 2 * HOUR
    assert matter.duty("decide|customs").due_at == begun + 4 * HOUR
    assert matter.duty("decide|quarantine").due_at == (begun // DAY + 1) * DAY + 17 * HOUR


def test_an_optional_step_falls_away_where_nobody_was_named_for_it() -> None:
    parties = {role: party for role, party in PARTIES.items() if role != "quarantine"}
    matter = opened(parties=parties)
    matter.decide("customs")
    matter.decide("border")
    assert matter.open_duties() == {"release|release": "OFFICE"}


def test_a_step_that_must_be_taken_needs_somebody_to_take_it() -> None:
    assert refused(Matter().open, parties={"office": "OFFICE", "customs": "C"}) == "OPEN-AGENCY"
    assert refused(Matter().open, parties={**PARTIES, "customs": ""}) == "OPEN-AGENCY"


def test_nobody_opens_a_matter_for_strangers() -> None:
    assert refused(Matter().open, parties={**PARTIES, "filer": "OTHER"}) == "OPEN-FILER"


def test_a_matter_is_opened_once_and_by_a_form_of_its_procedure() -> None:
    matter = opened()
    assert refused(matter.open) == "THREAD-EXISTS"
    other = Matter()
    detail = {"version": 1, "subject": "FIRM", "place": "P", "agencies": PARTIES}
    assert refused(other.say, "open", "FIRM", detail, form="T-OTHER") == "OPEN-FORM"
    assert refused(other.say, "open", "FIRM", {}, form="T-DECLARE") == "ENTRY-SHAPE"


def test_nothing_is_said_to_a_matter_that_is_not_open() -> None:
    matter = Matter()
    detail = {"step": "customs", "outcome": "pass"}
    assert refused(matter.say, "decide", "CUSTOMS", detail) == "THREAD-NOT-OPEN"


@pytest.mark.law(13)
def test_a_new_matter_follows_the_newest_version_and_an_old_one_its_own() -> None:
    matter = opened()
    matter.procedure.add(load(FOLDER / "T-GATE.2.yaml"))
    matter.decide("customs", "bond")
    assert "decide|border" in matter.open_duties()
    other = Matter(procedure=matter.procedure)
    assert refused(other.open, version=1) == "OPEN-VERSION"
    assert refused(other.open, version=3) == "OPEN-VERSION"
    other.open(version=2)
    assert "decide|inspection" in other.open_duties()


# --- correcting --------------------------------------------------------------------------------


@pytest.mark.law(5)
def test_an_owner_may_correct_its_decision_until_the_matter_is_closed() -> None:
    matter = opened()
    first = matter.decide("customs", "pass")
    second = matter.decide("customs", "bond", supersedes=first, reason="录错")
    assert matter.state.decisions["customs"].seq == second
    assert refused(matter.decide, "customs", "pass", supersedes=first) == "STEP-STALE"
    matter.decide("border", "refuse")
    code = refused(matter.decide, "customs", "pass", supersedes=second)
    assert code == "THREAD-CLOSED"


@pytest.mark.law(7)
def test_a_corrected_refusal_takes_away_what_no_longer_follows() -> None:
    matter = Matter(procedure=panel(), thread="T-PANEL|1")
    matter.open(parties=PANEL)
    matter.decide("first", "pro")
    second = matter.decide("second", "pro")
    assert matter.open_duties() == {"pay|pay": "FIRM"}
    matter.decide("second", "con", supersedes=second, reason="漏看材料")
    assert matter.open_duties() == {"decide|third": "THREE"} or matter.open_duties() == {
        "decide|third#2": "THREE"
    }
    assert matter.duty("pay|pay").void_seq == matter.seq
    matter.decide("third", "pro")
    assert matter.open_duties() == {"pay|pay#2": "FIRM"}


@pytest.mark.law(5)
def test_a_question_cannot_be_corrected_afterwards() -> None:
    matter = opened()
    asked = matter.ask()
    assert refused(matter.ask, supersedes=asked, reason="改") == "SUPERSEDE-KIND"


@pytest.mark.law(5)
def test_the_opening_may_be_corrected_and_moves_the_duties_to_whom_it_names() -> None:
    matter = opened()
    first = matter.seq
    matter.decide("border")
    matter.open(parties={**PARTIES, "customs": "OTHER"}, supersedes=first, reason="海关有误")
    assert matter.open_duties()["decide|customs"] == "OTHER"
    assert "decide|border" not in matter.open_duties()
    assert refused(matter.open, supersedes=first, reason="x") == "THREAD-STALE"


@pytest.mark.law(5)
def test_an_annulled_decision_is_owed_again_and_what_followed_is_not() -> None:
    matter = opened()
    matter.decide("border")
    matter.decide("quarantine")
    wrong = matter.decide("customs")
    assert matter.open_duties() == {"release|release": "OFFICE"}
    matter.say("annul", "OFFICE", {"target": wrong}, reason="依据")
    assert matter.open_duties() == {"decide|customs#2": "CUSTOMS"}
    assert matter.duty("decide|customs").closed_seq == wrong, "what was owed then stays so"
    assert refused(matter.say, "annul", "OFFICE", {"target": wrong}) == "ANNUL-UNKNOWN"
    assert refused(matter.say, "annul", "FIRM", {"target": 1}) == "ANNUL-OTHER"
    matter.decide("customs")
    assert matter.open_duties() == {"release|release#2": "OFFICE"}


@pytest.mark.law(5)
def test_annulling_the_refusal_that_closed_a_matter_opens_it_again() -> None:
    matter = opened()
    matter.ask()
    wrong = matter.decide("border", "refuse")
    assert matter.open_duties() == {}
    matter.say("annul", "OFFICE", {"target": wrong}, reason="复议决定")
    assert matter.state.ended is None
    assert sorted(matter.open_duties()) == [
        "decide|border#2", "decide|customs#2", "decide|quarantine#2"
    ]  # fmt: skip


@pytest.mark.law(5)
def test_annulling_an_answer_makes_it_owed_again() -> None:
    matter = opened()
    asked = matter.ask()
    answered = matter.answer(asked)
    matter.say("annul", "OFFICE", {"target": answered}, reason="伪造")
    assert matter.open_duties()["answer|customs#2"] == "FIRM"
    assert matter.duty("decide|customs").due_at is None


def test_annulling_the_opening_leaves_nothing_owed() -> None:
    matter = opened()
    matter.ask()
    matter.say("annul", "OFFICE", {"target": 1}, reason="依据")
    assert matter.open_duties() == {}
    assert refused(matter.ask) == "THREAD-NOT-OPEN"


# --- joins -------------------------------------------------------------------------------------


def test_all_are_heard_where_the_procedure_says_so() -> None:
    matter = Matter()
    matter.procedure.add(load(FOLDER / "T-GATE.2.yaml"))
    matter.open(version=2)
    matter.decide("inspection", "refuse")
    assert matter.state.ended is None
    assert matter.open_duties() == {"decide|quarantine": "PLANTS"}
    matter.decide("quarantine", "pass")
    assert matter.state.ended and matter.state.ended.code == "refused"


def test_a_quorum_decides_as_soon_as_it_can_and_no_sooner() -> None:
    matter = Matter(procedure=panel(), thread="T-PANEL|1")
    matter.open(parties=PANEL)
    matter.decide("first", "con")
    assert matter.state.ended is None
    matter.decide("second", "pro")
    assert sorted(matter.open_duties()) == ["decide|third"]
    matter.decide("third", "pro")
    assert matter.open_duties() == {"pay|pay": "FIRM"}
    other = Matter(procedure=panel(), thread="T-PANEL|2")
    other.open(parties=PANEL)
    other.decide("first", "con")
    other.decide("second", "con")
    assert other.state.ended and other.state.ended.code == "turned-down"
    assert other.open_duties() == {}


def test_steps_in_turn_wait_for_each_other_and_an_outcome_may_end_the_matter() -> None:
    matter = Matter(procedure=panel(), thread="T-PANEL|1")
    matter.open(parties=PANEL)
    matter.decide("first", "pro")
    matter.decide("second", "pro")
    assert refused(matter.decide, "sign", "issued") == "STEP-NOT-OPEN"
    assert refused(matter.decide, "third", "pro") == "STEP-NOT-OPEN", "no longer asked"
    assert refused(matter.decide, "pay", "paid") == "STEP-FORM"
    matter.decide("pay", "paid", form="T-PAY")
    signing = matter.now
    assert matter.duty("decide|sign").due_at == (signing // DAY + 3) * DAY + 17 * HOUR
    matter.decide("sign", "denied")
    assert matter.state.ended and matter.state.ended.code == "turned-down"


# --- time --------------------------------------------------------------------------------------


@pytest.mark.law(6)
def test_a_decision_is_deemed_once_its_time_and_grace_have_passed() -> None:
    matter = opened()
    due = matter.duty("decide|border").due_at
    assert due is not None
    detail = {"step": "border", "outcome": "pass", "regulation": "T-RULE-3"}
    matter.now = due
    code = refused(matter.say, "deem", "SYSTEM", detail, after=HOUR)
    assert code == "DEEM-EARLY", "the grace of an hour has just passed, not yet more than it"
    matter.now = due
    matter.say("deem", "SYSTEM", detail, after=HOUR + 1)
    assert matter.duty("decide|border").closed_seq == matter.seq
    assert matter.state.decisions["border"].by == "deem"
    assert refused(matter.decide, "border") == "STEP-DECIDED"


@pytest.mark.law(6)
def test_nothing_is_deemed_while_the_clock_stands() -> None:
    matter = opened()
    matter.ask("border")
    detail = {"step": "border", "outcome": "pass", "regulation": "T-RULE-3"}
    assert refused(matter.say, "deem", "SYSTEM", detail, after=30 * DAY) == "DEEM-EARLY"


@pytest.mark.law(6)
def test_an_overdue_step_is_brought_to_the_office_once() -> None:
    matter = opened()
    detail = {"step": "customs", "to": "OFFICE", "regulation": "T-RULE-2"}
    matter.say("escalate", "SYSTEM", detail, after=2 * DAY)
    assert matter.open_duties()["supervise|customs"] == "OFFICE"
    assert refused(matter.say, "escalate", "SYSTEM", detail) == "ESCALATE-DONE"
    matter.decide("customs")
    assert "supervise|customs" not in matter.open_duties()
    assert matter.duty("supervise|customs").closed_seq == matter.seq


def test_recovery_needs_a_reason() -> None:
    matter = opened()
    detail = {"action": "skip", "step": "border"}
    assert refused(matter.say, "override", "OFFICE", detail) == "REASON-NEEDED"


# --- other threads -----------------------------------------------------------------------------


def certificate(matter: Matter, days: int) -> dict[str, object]:
    return {"step": "quarantine", "other": "T-CERT|7", "other_step": "issue", "seq": 3,
            "outcome": "pass", "decided_at": matter.now - days * DAY}  # fmt: skip


@pytest.mark.law(14)
def test_a_certificate_of_another_thread_meets_the_step_for_a_week() -> None:
    matter = opened()
    assert refused(matter.say, "recognise", "PLANTS", certificate(matter, 8)) == "RECOGNISE-LATE"
    other = {**certificate(matter, 1), "other": "T-OTHER|7"}
    assert refused(matter.say, "recognise", "PLANTS", other) == "RECOGNISE-RULE"
    no = {**certificate(matter, 1), "outcome": "refuse"}
    assert refused(matter.say, "recognise", "PLANTS", no) == "RECOGNISE-RULE"
    later = certificate(matter, -1)
    assert refused(matter.say, "recognise", "PLANTS", later) == "RECOGNISE-RULE"
    code = refused(matter.say, "recognise", "BORDER", certificate(matter, 1))
    assert code == "STEP-OTHER-OWNER"
    matter.say("recognise", "PLANTS", certificate(matter, 6))
    assert "decide|quarantine" not in matter.open_duties()
    assert matter.state.decisions["quarantine"].by == "recognise"


@pytest.mark.law(14)
def test_only_a_decision_that_stands_and_says_yes_may_be_relied_upon() -> None:
    matter = opened()
    seq = matter.decide("customs")
    noted = {"step": "customs", "seq": seq, "by": "T-X|1", "decided_at": matter.now}
    matter.say("recognised", "ANYBODY", noted)
    late = {**noted, "decided_at": matter.now - DAY}
    assert refused(matter.say, "recognised", "ANYBODY", late) == "RECOGNISE-TARGET"
    no = matter.decide("border", "refuse")
    noted = {"step": "border", "seq": no, "by": "T-X|1", "decided_at": matter.now}
    assert refused(matter.say, "recognised", "ANYBODY", noted) == "RECOGNISE-TARGET"


def test_threads_are_linked_as_the_procedure_says_and_by_who_takes_part() -> None:
    matter = opened()
    parent = {"relation": "parent", "other": "T-GATE|9"}
    assert refused(matter.say, "link", "STRANGER", parent) == "LINK-OTHER"
    assert refused(matter.say, "link", "FIRM", {**parent, "other": "T-X|1"}) == "LINK-RULE"
    assert refused(matter.say, "link", "FIRM", {**parent, "other": "T-GATE|1"}) == "LINK-RULE"
    matter.say("link", "FIRM", parent)
    assert [line.detail["other"] for line in matter.state.linked] == ["T-GATE|9"]


def test_a_merged_thread_goes_on_in_the_other() -> None:
    matter = Matter(procedure=panel(), thread="T-PANEL|1")
    matter.open(parties=PANEL)
    merged = {"relation": "merged", "other": "T-PANEL|2"}
    assert refused(matter.say, "link", "FIRM", merged) == "LINK-OTHER"
    matter.say("link", "OFFICE", merged)
    assert matter.open_duties() == {}
    assert refused(matter.decide, "first", "pro") == "THREAD-CLOSED"
    other = Matter(procedure=panel(), thread="T-PANEL|2")
    other.open(parties=PANEL)
    told = {"relation": "merged", "other": "T-PANEL|1", "absorbs": True, "inverse": True}
    other.say("link", "OFFICE", told)
    assert other.state.ended is None
