"""The kernel's forms of a thread, filed through the one write and replayed from the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import RecordBehaviour, behaviour_of, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import CODE, NOW, PERIOD, History, counts
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.threads.catalogue import Catalogue
from ortoo.kernel.threads.procedure import procedure_of
from ortoo.kernel.threads.rebuild import rebuild_threads
from ortoo.kernel.threads.steps import annulling, register_step_forms
from ortoo.kernel.threads.tests.matter import FOLDER

ROLES = ("office", "customs", "border", "quarantine")
AGENCY = {role: fictional_uscc("150000", 400 + n, kind="11") for n, role in enumerate(ROLES)}
FIRM = fictional_uscc("150000", 410)
THREAD = "T-GATE|1"


def _opening(draft: Draft, body: Any) -> list[Entry]:
    detail = {"version": body["version"], "subject": FIRM, "place": "150825",
              "agencies": {**AGENCY, "filer": FIRM}}  # fmt: skip
    return [Entry(body["thread"], "open", detail)]


class Office(History):
    """A history with the made-up procedure and its parties registered."""

    def begin(self, *threads: str, version: int = 2) -> None:
        register_step_forms()
        register(RecordBehaviour("T-DECLARE", 1, lambda body: (), _opening))
        Catalogue().load_folders([FOLDER])
        parties = [
            {"code": code, "kind": "agency", "name": role, "place": "150825"}
            for role, code in AGENCY.items()
        ]
        parties.append({"code": FIRM, "kind": "enterprise", "name": "某公司", "place": "150825"})
        self.file("K-PARTY", "SYSTEM", {"parties": parties})
        catch_up()
        for thread in threads or (THREAD,):
            self.file("T-DECLARE", "SYSTEM", {"thread": thread, "version": version})

    def say(self, form: str, by: str, thread: str = THREAD, **fields: Any) -> int:
        envelope = {
            name: fields.pop(name)
            for name in ("supersedes", "reason", "annuls", "mode")
            if name in fields
        }
        filer = AGENCY.get(by) or {"firm": FIRM, "system": "SYSTEM"}[by]
        said = {"subject": FIRM, **envelope}
        draft = self.draft(form, filer, {"thread": thread, **fields}, **said)
        return file(annulling(draft) if form == "K-ANNUL" else draft, now_ms=NOW + self.step).seq


@pytest.fixture
def office(history: History, monkeypatch: pytest.MonkeyPatch) -> Office:
    from ortoo.kernel.threads import procedure

    monkeypatch.setattr(procedure, "_PROCEDURES", dict(procedure._PROCEDURES))
    return Office()


def stored() -> dict[str, tuple[str, int, int | None, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, owner, opened_seq, closed_seq, void_seq FROM kernel_duty"
            " WHERE thread LIKE 'T-GATE|%%'"
        )
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def open_keys() -> set[str]:
    return {
        key for key, (_, _, closed, void) in stored().items() if closed is None and void is None
    }


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    before = counts()
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert counts() == before, "a refusal wrote something"
    return caught.value.code


@pytest.mark.law(7, 9)
def test_a_whole_matter_through_the_one_write_replays_to_the_same_rows(office: Office) -> None:
    office.begin(version=2)
    asked = office.say("K-ASK", "customs", step="inspection", to=FIRM, question="数量？")
    office.say("K-DECIDE", "quarantine", step="quarantine", outcome="pass")
    office.say("K-ANSWER", "firm", ask=asked, text="二十吨")
    held = office.say("K-HOLD", "customs", step="inspection", kind="inspect", against=FIRM,
                      basis="布控 7")  # fmt: skip
    office.say("K-RESUME", "customs", hold=held)
    decided = office.say("K-DECIDE", "customs", step="inspection", outcome="pass")
    assert open_keys() == {f"release|{THREAD}|release"}
    office.say("K-ANNUL", "office", target=decided, reason="依据某条")
    assert open_keys() == {f"decide|{THREAD}|inspection#2"}
    office.say("K-OVERRIDE", "office", action="override", step="inspection", outcome="pass",
               reason="系统故障")  # fmt: skip
    office.say("K-DECIDE", "office", step="release", outcome="released")
    assert open_keys() == set()
    assert all(result.equal for result in rebuild_threads())


@pytest.mark.law(7)
def test_agencies_in_one_batch_and_one_by_one_leave_the_same_duties(office: Office) -> None:
    office.begin(THREAD, "T-GATE|2")
    for thread, together in ((THREAD, True), ("T-GATE|2", False)):
        drafts = [
            office.draft("K-DECIDE", AGENCY[role],
                         {"thread": thread, "step": step, "outcome": "pass"})
            for role, step in (("quarantine", "quarantine"), ("customs", "inspection"))
        ]  # fmt: skip
        if together:
            file_many(drafts, now_ms=NOW + office.step)
        else:
            for draft in drafts:
                file(draft, now_ms=NOW + office.step)
    found = stored()
    for key, (owner, _, closed, void) in found.items():
        if THREAD in key:
            twin = found[key.replace(THREAD, "T-GATE|2")]
            assert (owner, closed is None, void is None) == (
                twin[0], twin[2] is None, twin[3] is None
            )  # fmt: skip
    assert all(result.equal for result in rebuild_threads())


@pytest.mark.law(5)
def test_a_corrected_decision_says_which_it_corrects(office: Office) -> None:
    office.begin()
    first = office.say("K-DECIDE", "customs", step="inspection", outcome="refuse")
    again = {"step": "inspection", "outcome": "pass", "supersedes": first}
    assert refused(office.say, "K-DECIDE", "customs", **again) == "REASON-NEEDED"
    second = office.say("K-DECIDE", "customs", **again, reason="录错")
    lines = read.thread_lines([THREAD])[THREAD]
    assert lines[-1].detail["supersedes"] == first
    assert lines[-1].at > 0
    assert procedure_of(THREAD).fold(lines).decisions["inspection"].seq == second


@pytest.mark.law(5)
def test_a_decision_is_annulled_by_an_agency_of_the_matter_that_names_it_twice(
    office: Office,
) -> None:
    office.begin()
    decided = office.say("K-DECIDE", "customs", step="inspection", outcome="pass")
    body = {"thread": THREAD, "target": decided}
    draft = office.draft("K-ANNUL", AGENCY["office"], body, reason="依据")
    assert refused(file, draft, now_ms=NOW) == "ANNUL-TARGET"
    firm = office.draft("K-ANNUL", FIRM, body, reason="依据", annuls=decided)
    assert refused(file, firm, now_ms=NOW) == "ANNUL-AUTHORITY"
    elsewhere = office.draft("K-ANNUL", AGENCY["office"], {**body, "thread": "T-GATE|9"},
                             reason="依据", annuls=decided)  # fmt: skip
    assert refused(file, elsewhere, now_ms=NOW) == "ANNUL-THREAD"
    office.say("K-ANNUL", "office", target=decided, reason="依据")
    assert f"decide|{THREAD}|inspection#2" in open_keys()


@pytest.mark.law(14)
def test_a_recognition_stands_on_both_threads_and_is_checked_on_both(office: Office) -> None:
    office.begin(THREAD, "T-CERT|7", version=1)
    issued = office.say("K-DECIDE", "office", "T-CERT|7", step="issue", outcome="issued")
    at = read.thread_lines(["T-CERT|7"])["T-CERT|7"][-1].at
    fields = {"step": "quarantine", "other": "T-CERT|7", "other_step": "issue", "seq": issued,
              "outcome": "pass", "decided_at": at}  # fmt: skip
    for wrong, code in (
        ({"seq": 2}, "RECOGNISE-TARGET"),
        ({"decided_at": at - 1}, "RECOGNISE-TARGET"),
        ({"other": "T-CERT|8"}, "THREAD-NOT-OPEN"),
        ({"other_step": "stamp"}, "RECOGNISE-RULE"),
    ):
        assert refused(office.say, "K-RECOGNISE", "quarantine", **{**fields, **wrong}) == code
    office.say("K-RECOGNISE", "quarantine", **fields)
    assert f"decide|{THREAD}|quarantine" not in open_keys()
    noted = read.thread_lines(["T-CERT|7"])["T-CERT|7"][-1]
    assert (noted.kind, noted.detail["by"]) == ("recognised", THREAD)
    assert all(result.equal for result in rebuild_threads())


def test_a_step_is_said_only_to_a_thread_that_has_steps(office: Office) -> None:
    office.begin()
    for thread in (f"{CODE}|{PERIOD}|{FIRM}", "T-NOBODY|1"):
        code = refused(office.say, "K-DECIDE", "office", thread, step="s", outcome="o")
        assert code == "THREAD-PROCEDURE"


def test_a_link_stands_on_both_threads(office: Office) -> None:
    office.begin(THREAD, "T-GATE|2")
    office.say("K-LINK", "office", relation="merged", other="T-GATE|2")
    one, two = (read.thread_lines([t])[t][-1].detail for t in (THREAD, "T-GATE|2"))
    assert (one["relation"], one["other"]) == ("merged", "T-GATE|2")
    assert (two["other"], two["absorbs"]) == (THREAD, True)
    assert not any(THREAD in key for key in open_keys())
    assert any("T-GATE|2" in key for key in open_keys())


@pytest.mark.law(13)
def test_a_thread_is_migrated_by_a_filing(office: Office) -> None:
    office.begin(THREAD, version=2)
    code = refused(office.say, "K-MIGRATE", "customs", to=1, map={})
    assert code == "MIGRATE-OTHER"
    assert refused(office.say, "K-MIGRATE", "office", to=2, map={}) == "MIGRATE-VERSION"
    office.say("K-MIGRATE", "office", to=1, map={"inspection": "customs"})
    assert f"decide|{THREAD}|customs" in open_keys()
    assert f"decide|{THREAD}|border" in open_keys()
    assert all(result.equal for result in rebuild_threads())


GOOD = {
    "K-DECIDE": {"step": "s", "outcome": "o"},
    "K-ASK": {"step": "s", "to": "P", "question": "问\n再问"},
    "K-ANSWER": {"ask": 3},
    "K-HOLD": {"step": "s", "kind": "k", "against": "P", "basis": "依据"},
    "K-RESUME": {"hold": 3},
    "K-RECOGNISE": {"step": "s", "other": "T-X|1", "other_step": "t", "seq": 3, "outcome": "o",
                    "decided_at": 5},
    "K-LINK": {"relation": "part", "other": "T-X|1"},
    "K-MIGRATE": {"to": 2, "map": {"a": "b"}},
    "K-WITHDRAW": {},
    "K-ANNUL": {"target": 3},
    "K-DEEM": {"step": "s", "outcome": "o", "regulation": "R"},
    "K-ESCALATE": {"step": "s", "to": "P", "regulation": "R"},
    "K-OVERRIDE": {"action": "skip", "step": "s"},
}  # fmt: skip
BAD: dict[type, list[object]] = {
    str: ["", " ", "长" * 2000, "a\x07b", 3, None, [], {"a": "b"}],
    int: [0, -1, True, "3", None, 2**60, [], 1.5],
    dict: [
        None,
        "a",
        ["a"],
        {"": "b"},
        {"a": 3},
        {"a": "长" * 41},
        {str(n): "b" for n in range(101)},
    ],
}


@pytest.mark.parametrize("code", GOOD)
def test_every_field_of_a_form_is_checked(code: str) -> None:
    register_step_forms()
    form = behaviour_of(code)
    good = {"thread": "T-X|2", **GOOD[code]}
    form.encode(good)
    said = form.entries(Draft(code, "P", "a", "k", good, 1, supersedes=9), form.encode(good))
    assert said[0].thread == "T-X|2"
    assert said[0].kind == code.removeprefix("K-").lower()
    assert said[0].detail == {**GOOD[code], "supersedes": 9}
    for name, value in good.items():
        for bad in BAD[type(value)]:
            assert refused_body(form, {**good, name: bad}), (name, bad)
        if (code, name) != ("K-OVERRIDE", "step"):
            assert refused_body(form, {k: v for k, v in good.items() if k != name}), name
    assert refused_body(form, {**good, "more": 1})


def refused_body(form: Any, body: Any) -> bool:
    with pytest.raises(Refused) as caught:
        form.encode(body)
    return caught.value.code in ("BODY-INVALID", "BODY-TEXT")


@pytest.mark.parametrize("thread", ["T-X", "|1", "T-X|", "T-X| ", "", "T X|1", "T-X|\n1", 7])
def test_a_thread_is_a_procedure_and_a_case(thread: object) -> None:
    register_step_forms()
    assert refused_body(behaviour_of("K-WITHDRAW"), {"thread": thread})
