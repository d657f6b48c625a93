"""Law 14: a step met by another thread's decision, and what happens when that decision falls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.read import thread_lines
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.filings.write import file
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.seal.log import checkpoint
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.kernel.threads.recalls import file_recalled, recalled_now
from ortoo.kernel.threads.state import ThreadFold
from ortoo.kernel.threads.steps import register_step_forms
from ortoo.kernel.threads.tests.matter import DAY, FOLDER
from ortoo.kernel.threads.tests.pack_folders import forget

__all__ = ["history"]
OFFICE = fictional_uscc("150000", 801, kind="11")
ROLES = {"office": OFFICE, "customs": "CUSTOMS", "border": "BORDER", "quarantine": "PLANTS",
         "filer": "FIRM"}  # fmt: skip
CERT, GATE = "T-CERT|1", "T-GATE|2"


def _openings(draft: Draft, body: Mapping[str, Any]) -> Iterator[Entry]:
    detail = {"version": 1, "subject": draft.subject, "place": "P1", "agencies": ROLES}
    yield Entry(str(body["thread"]), "open", detail)


@dataclass
class Port:
    """A certificate's thread and the thread of the goods it is for."""

    now: int = NOW

    def file(
        self, form: str, filer: str, body: Mapping[str, Any], *, after: int = 60_000, **more: Any
    ) -> int:
        self.now += after
        said = {"subject": "GOODS-1", "place": "P1", **more}
        draft = Draft(form, filer, "account:x", f"k{self.now}", dict(body), self.now, **said)
        return file(draft, now_ms=self.now).seq

    def open(self, thread: str, **more: str) -> int:
        return self.file("T-DECLARE", "FIRM", {"thread": thread}, **more)

    def decide(self, thread: str, step: str, filer: str, outcome: str, **more: Any) -> int:
        body = {"thread": thread, "step": step, "outcome": outcome}
        return self.file("K-DECIDE", filer, body, **more)

    def recognise(self, seq: int, **more: Any) -> int:
        row = read.get(seq)
        assert row is not None
        body = {"thread": GATE, "step": "quarantine", "other": CERT, "other_step": "issue",
                "seq": seq, "outcome": "pass", "decided_at": row.received_at}  # fmt: skip
        return self.file("K-RECOGNISE", "PLANTS", body, **more)

    def annul(self, thread: str, target: int) -> int:
        body = {"thread": thread, "target": target}
        return self.file("K-ANNUL", OFFICE, body, annuls=target, reason="证书系伪造")

    def state(self, thread: str) -> ThreadFold:
        procedure = CATALOGUE.procedure(thread.split("|", 1)[0])
        return procedure.fold(thread_lines([thread])[thread])

    def owed(self, thread: str = GATE) -> dict[str, str]:
        rows = Duty.objects.filter(thread=thread, closed_seq__isnull=True, void_seq__isnull=True)
        return {row.key.rsplit("|", 1)[1]: row.owner for row in rows}

    def kinds(self, thread: str) -> list[str]:
        return [line.kind for line in thread_lines([thread])[thread]]


@pytest.fixture
def port(history: History, monkeypatch: pytest.MonkeyPatch) -> Port:
    forget(monkeypatch)
    register_step_forms()
    register(RecordBehaviour("T-DECLARE", 1, lambda body: (), _openings))
    CATALOGUE.load_folders([FOLDER / "T-GATE.1.yaml", FOLDER / "T-CERT.1.yaml"])
    party = {"code": OFFICE, "kind": "agency", "name": "口岸办", "place": "152501"}
    history.file("K-PARTY", "SYSTEM", {"parties": [party]})
    from ortoo.kernel.filings.projection import catch_up

    catch_up()
    found = Port()
    found.open(CERT)
    found.open(GATE)
    return found


def code_of(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.message and caught.value.remedy
    return caught.value.code


def sound(port: Port) -> None:
    assert all(table.equal for table in rebuild_all(fix=False))
    checkpoint(now_ms=port.now)
    assert verify() == []


@pytest.mark.law(14)
def test_a_step_is_met_by_another_threads_decision_and_both_say_so(port: Port) -> None:
    issued = port.decide(CERT, "issue", OFFICE, "issued")
    relied = port.recognise(issued, after=6 * DAY)
    decision = port.state(GATE).decisions["quarantine"]
    assert (decision.seq, decision.by, decision.outcome) == (relied, "recognise", "pass")
    assert port.owed() == {"customs": "CUSTOMS", "border": "BORDER"}
    note = port.state(CERT).recognised[0]
    assert (note.seq, note.detail["by"], note.detail["seq"]) == (relied, GATE, issued)
    assert recalled_now(port.now) == []
    sound(port)


@pytest.mark.law(14)
def test_a_decision_too_old_negative_or_annulled_is_not_relied_upon(port: Port) -> None:
    issued = port.decide(CERT, "issue", OFFICE, "issued")
    assert code_of(port.recognise, issued, after=8 * DAY) == "RECOGNISE-LATE"
    port.annul(CERT, issued)
    assert code_of(port.recognise, issued, after=-7 * DAY) == "RECOGNISE-TARGET"
    refused = port.decide(CERT, "issue", OFFICE, "refused")
    assert code_of(port.recognise, refused) in ("RECOGNISE-TARGET", "THREAD-CLOSED")
    assert port.owed()["quarantine"] == "PLANTS"
    assert port.kinds(GATE) == ["open"], "a refusal leaves nothing on either thread"


@pytest.mark.law(14)
def test_a_certificate_of_other_goods_is_not_relied_upon(port: Port) -> None:
    port.open("T-CERT|9", subject="GOODS-9")
    issued = port.decide("T-CERT|9", "issue", OFFICE, "issued")
    row = read.get(issued)
    assert row is not None
    body = {"thread": GATE, "step": "quarantine", "other": "T-CERT|9", "other_step": "issue",
            "seq": issued, "outcome": "pass", "decided_at": row.received_at}  # fmt: skip
    for subject in ("GOODS-1", "GOODS-9", ""):
        code = code_of(port.file, "K-RECOGNISE", "PLANTS", body, subject=subject)
        assert code == "RECOGNISE-SUBJECT"


@pytest.mark.law(5, 14)
def test_when_the_decision_falls_the_thread_that_relied_on_it_is_told(port: Port) -> None:
    issued = port.decide(CERT, "issue", OFFICE, "issued")
    relied = port.recognise(issued)
    port.decide(GATE, "customs", "CUSTOMS", "pass")
    port.decide(GATE, "border", "BORDER", "pass")
    assert port.owed() == {"release": OFFICE}
    fell = port.annul(CERT, issued)
    assert port.owed() == {"release": OFFICE}, "nothing changes there before it is filed"

    told = file_recalled(port.now).receipts
    assert len(told) == 1
    row = read.get(told[0].seq)
    assert row is not None
    assert (row.filer, row.form, row.annuls) == ("SYSTEM", "K-ANNUL", relied)
    assert str(issued) in row.reason and CERT in row.reason
    assert port.kinds(CERT)[-1] == "annul" and port.kinds(GATE)[-1] == "annul"
    assert read.get(fell) is not None
    assert port.owed() == {"quarantine#2": "PLANTS"}, "the release waits for the step again"
    assert file_recalled(port.now + 1).receipts == (), "told once"
    port.decide(GATE, "quarantine", "PLANTS", "pass")
    assert port.owed() == {"release#2": OFFICE}
    sound(port)


@pytest.mark.law(14)
def test_a_thread_that_had_ended_by_it_is_open_again(port: Port) -> None:
    issued = port.decide(CERT, "issue", OFFICE, "issued")
    port.recognise(issued)
    port.decide(GATE, "customs", "CUSTOMS", "pass")
    port.decide(GATE, "border", "BORDER", "pass")
    port.decide(GATE, "release", OFFICE, "released")
    assert port.state(GATE).ended is not None
    port.annul(CERT, issued)
    file_recalled(port.now)
    assert port.state(GATE).ended is None
    assert port.owed() == {"quarantine#2": "PLANTS"}
    sound(port)


@pytest.mark.law(14)
def test_a_recognition_annulled_by_hand_is_not_annulled_again(port: Port) -> None:
    issued = port.decide(CERT, "issue", OFFICE, "issued")
    relied = port.recognise(issued)
    port.annul(GATE, relied)
    port.annul(CERT, issued)
    assert recalled_now(port.now) == []
