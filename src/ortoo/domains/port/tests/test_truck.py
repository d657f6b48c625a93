"""Proof 1: a truck of coal declared once, decided by four in parallel, released once.

docs/proofs/1-truck-of-coal.md holds the tables that this test's own run prints.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ortoo.domains.port import services
from ortoo.domains.port.quotas import regulations
from ortoo.domains.port.registration import FORMS
from ortoo.domains.port.tests.gate import (
    DAY,
    FIRM,
    NAMES,
    OFFICES,
    OTHER_FIRM,
    PORT,
    THREAD,
    Gate,
    coal,
    due,
    ms,
    owed,
)
from ortoo.domains.port.tests.tables import thread_table, waiting_table
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.postings.balance import balance
from ortoo.kernel.relay.models import Outbox
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.due import file_due
from ortoo.kernel.threads.loader import load
from ortoo.kernel.threads.rebuild import rebuild_threads

PAGE = Path(__file__).parents[5] / "docs" / "proofs" / "1-truck-of-coal.md"
FOUR = {"decide|customs": "海关", "decide|border": "边检", "decide|health": "卫生检疫",
        "decide|transport": "交通运输"}  # fmt: skip
MINUTE = 60_000


def refused(work) -> str:
    with pytest.raises(Refused) as found:
        work()
    return found.value.code


def minutes(lengths) -> dict[str, int]:
    return {NAMES.get(who, who): length // MINUTE for who, length in lengths.items()}


def without(duties: dict[str, str], *keys: str) -> dict[str, str]:
    return {key: owner for key, owner in duties.items() if key not in keys}


def run_the_story(port: Gate) -> dict[int, dict[str, str]]:
    """Every filing of the morning; log index → what was owed when it had been filed."""
    moments: dict[int, dict[str, str]] = {}

    def then(receipt, expected: dict[str, str]) -> int:
        assert owed() == expected
        moments[receipt.seq] = expected
        return receipt.seq

    then(port.declare("08:00"), FOUR)
    assert {step: due(step) for step in ("customs", "border", "health", "transport")} == {
        "customs": "16:00", "border": "12:00", "health": "14:00", "transport": "12:00",
    }  # fmt: skip
    left = without(FOUR, "decide|border")
    then(port.decide("border", "08:20"), left)
    asked = port.ask("customs", "08:30", "合同约定的暂定价格依据是什么？")
    ask = then(asked, left | {"answer|customs": "申报单位"})
    assert due("customs") == "", "the clock stands while the declarant is asked"
    held = port.hold("health", "08:45", "检疫处理", "车体未消毒")
    hold = then(held, left | {"answer|customs": "申报单位", "resume|health": "卫生检疫"})
    left = without(left, "decide|transport")
    then(port.decide("transport", "09:00"),
         left | {"answer|customs": "申报单位", "resume|health": "卫生检疫"})  # fmt: skip
    then(port.answer(ask, "09:10"), left | {"resume|health": "卫生检疫"})
    assert due("customs") == "16:40"
    left = without(left, "decide|customs")
    then(port.decide("customs", "10:00"), left | {"resume|health": "卫生检疫"})
    then(port.resume("health", hold, "10:15"), left)
    assert due("health") == "15:30"
    then(port.decide("health", "10:40"), {"release|release": "口岸办"})
    assert due("release", "release") == "12:40"
    then(port.release("11:05"), {})
    return moments


@pytest.mark.law(1, 7, 8, 10)
def test_a_truck_of_coal_is_declared_once_decided_by_four_at_once_and_released_once(
    port: Gate,
) -> None:
    moments = run_the_story(port)
    lines = read.thread_lines([THREAD])[THREAD]
    assert [line.seq for line in lines] == list(range(3, 13)) == list(moments)
    assert [line.kind for line in lines] == [
        "open", "decide", "ask", "hold", "decide", "answer", "decide", "resume", "decide", "decide",
    ]  # fmt: skip
    state = port.state()
    assert state.ended is not None and (state.ended.code, state.ended.seq) == ("released", 12)
    assert Duty.objects.filter(thread=THREAD, kind="release").count() == 1

    table = {wait.step: wait for wait in port.waits("12:00")}
    own = {step: wait.working_ms // MINUTE for step, wait in table.items()}
    assert own == {"customs": 80, "border": 20, "health": 70, "transport": 60, "release": 25}
    paused = {step: minutes(wait.paused) for step, wait in table.items() if wait.paused}
    assert paused == {"customs": {"申报单位": 40}, "health": {"申报单位": 90}}
    # Between the declaration and the release the port office waited for health alone.
    assert minutes(table["release"].waited_for) == {"health": 160}
    assert not any(wait.late for wait in table.values())

    assert balance(f"yard|{FIRM}|{PORT}", "2701121000") == 84_260
    for seq in (4, 8, 11):
        assert owed(as_of=seq) == moments[seq]
        known = port.state(as_of=seq)
        assert known.ended is None
        assert set(known.decisions) == {
            line.detail["step"] for line in lines if line.kind == "decide" and line.seq <= seq
        }
    assert balance(f"yard|{FIRM}|{PORT}", "2701121000", as_of=11) == 0
    assert all(found.equal for found in rebuild_threads())
    assert verify() == []

    printed = (thread_table(lines), waiting_table(port.waits("12:00")))
    print("\n\n".join(printed))
    page = PAGE.read_text("utf-8")
    assert all(text in page for text in printed), "the printed page is not what this run prints"


@pytest.mark.law(2, 3)
def test_each_agency_is_handed_its_own_fields_and_the_driver_stands_nowhere_in_the_clear(
    port: Gate,
) -> None:
    from ortoo.kernel.filings.behaviour import behaviour_of

    seq = port.declare().seq
    row = read.get(seq)
    assert row is not None
    sent = set(Outbox.objects.filter(seq=seq).values_list("addressee", flat=True))
    assert sent == set(OFFICES.values())
    behaviour = behaviour_of("GK-TRUCK-ENTRY", 1)
    handed = behaviour.handed(services.declaration(
        body=coal("X"), declarant=FIRM, actor="a", key="x", now_ms=ms("08:00")), row.body)  # type: ignore[attr-defined]  # fmt: skip
    seen = {
        role: set(behaviour.visible_body(row.body, handed[OFFICES[role]]))  # type: ignore[attr-defined]
        for role in ("customs", "border", "health", "transport")
    }
    assert "value" in seen["customs"] and "value" not in seen["border"] | seen["transport"]
    assert "driver_document" in seen["border"]
    assert "driver_document" not in seen["customs"] | seen["health"] | seen["transport"]
    assert {"plate", "case"} <= set.intersection(*seen.values())
    assert b"7654321" not in row.body and "Бат-Эрдэнэ".encode() not in row.body


@pytest.mark.law(5)
def test_a_declarant_names_neither_its_own_agencies_nor_anothers_thread(port: Gate) -> None:
    draft = services.declaration(
        body=coal(), declarant=FIRM, actor="a", key="own", now_ms=ms("08:00")
    )
    assert isinstance(draft.body, dict)
    own = replace(draft, body={**draft.body, "customs": FIRM})
    assert refused(lambda: file(own, now_ms=ms("08:00"))) == "PORT-OFFICE"
    nowhere = replace(draft, body={**draft.body, "port": "150826"})
    assert refused(lambda: file(nowhere, now_ms=ms("08:00"))) == "PORT-UNKNOWN"
    # Nor where the same form comes again from elsewhere, such as a pack.
    register_record_forms([FORMS])
    assert refused(lambda: file(own, now_ms=ms("08:00"))) == "PORT-OFFICE"
    assert refused(lambda: port.say(
        "GK-OFFICES", FIRM, {"port": PORT, **OFFICES, "customs": FIRM, "basis": "自封"}, "08:01",
    )) == "OFFICES-PARTY"  # fmt: skip
    port.declare()
    services.declare(
        body=coal(), declarant=OTHER_FIRM, actor="b", key="other", now_ms=ms("08:05")
    )  # the same number of another firm is another case
    assert refused(lambda: services.declare(
        body=coal(), declarant=FIRM, actor="b", key="again", now_ms=ms("08:06")
    )) == "THREAD-EXISTS"  # fmt: skip
    assert refused(lambda: port.say(
        "K-DECIDE", FIRM, {"thread": THREAD, "step": "customs", "outcome": "pass"}, "08:07"
    )) == "STEP-OTHER-OWNER"  # fmt: skip


@pytest.mark.law(7)
def test_one_refusal_refuses_at_once_and_the_others_owe_nothing_more(port: Gate) -> None:
    port.declare()
    port.decide("border", "08:20")
    seq = port.decide("health", "08:40", "fail", body={"reason": "检疫不合格"}).seq
    state = port.state()
    assert state.ended is not None and (state.ended.code, state.ended.seq) == ("refused", seq)
    assert owed() == {}
    void = Duty.objects.filter(thread=THREAD, void_seq=seq).values_list("key", flat=True)
    assert {key.rsplit("|", 1)[1] for key in void} == {"customs", "transport"}
    assert refused(lambda: port.decide("customs", "08:50")) == "THREAD-CLOSED"
    assert refused(lambda: port.release("09:00")) == "THREAD-CLOSED"
    assert balance(f"yard|{FIRM}|{PORT}", "2701121000") == 0


@pytest.mark.law(5, 7)
def test_an_annulled_decision_takes_the_release_back_and_is_owed_again(port: Gate) -> None:
    port.declare()
    passed = port.decide("customs", "08:20").seq
    for role in ("border", "health", "transport"):
        port.decide(role, "08:30")
    assert owed() == {"release|release": "口岸办"}
    assert refused(lambda: port.annul(passed, "08:40", FIRM)) == "ANNUL-AUTHORITY"
    seq = port.annul(passed, "08:40", OFFICES["customs"]).seq
    assert owed() == {"decide|customs#2": "海关"}
    assert Duty.objects.get(key=f"release|{THREAD}|release").void_seq == seq
    assert refused(lambda: port.release("08:45")) == "STEP-NOT-OPEN"
    port.decide("customs", "09:00", "bond")
    assert owed() == {"release|release#2": "口岸办"}
    port.release("09:10")
    assert owed(as_of=seq) == {"decide|customs#2": "海关"}
    assert all(found.equal for found in rebuild_threads())


@pytest.mark.law(5, 12)
def test_an_annulled_release_takes_its_kilograms_back(port: Gate) -> None:
    port.declare()
    for role in ("customs", "border", "health", "transport"):
        port.decide(role, "08:30")
    seq = port.release("09:00").seq
    port.annul(seq, "09:30", OFFICES["port_office"])
    assert balance(f"yard|{FIRM}|{PORT}", "2701121000") == 0
    assert owed() == {"release|release#2": "口岸办"}


@pytest.mark.law(6)
def test_silence_of_the_weighbridge_is_deemed_only_by_a_filing_that_cites_the_regulation(
    port: Gate,
) -> None:
    port.declare()
    for role in ("customs", "border", "health"):
        port.decide(role, "08:30")
    assert file_due(ms("11:59")).receipts == ()
    assert owed() == {"decide|transport": "交通运输"}, "lateness alone moves nothing"
    (receipt,) = file_due(ms("12:01")).receipts
    row = read.get(receipt.seq)
    assert row is not None and (row.form, row.filer) == ("K-DEEM", "SYSTEM")
    said = json.loads(row.body)
    assert said["regulation"] == "GK-TRANSPORT-DEEMED"
    assert said["regulation"] in regulations()
    assert owed() == {"release|release": "口岸办"}
    assert file_due(ms("12:02")).receipts == (), "twice files once"
    assert port.state().decisions["transport"].by == "deem"
    port.release("12:30")
    assert verify() == []


@pytest.mark.law(6)
def test_silence_of_customs_is_brought_to_the_port_office_and_deems_nothing(port: Gate) -> None:
    port.declare()
    for role in ("border", "health", "transport"):
        port.decide(role, "08:30")
    (receipt,) = file_due(ms("16:01")).receipts
    row = read.get(receipt.seq)
    assert row is not None and row.form == "K-ESCALATE"
    assert owed() == {"decide|customs": "海关", "supervise|customs": "口岸办"}
    port.decide("customs", "16:30")
    assert owed() == {"release|release": "口岸办"}
    late = {wait.step: wait.late for wait in port.waits("17:00")}
    assert late["customs"] and not late["border"]


def test_none_of_the_ports_hours_claims_a_source_it_does_not_have() -> None:
    from datetime import date

    values = [regulations().dated(code, date.fromisoformat(DAY)) for code in regulations()]
    assert values and not any(value.verified for value in values)


@pytest.fixture
def merged(port: Gate):
    """A second version, known to these tests alone: health has gone over to customs."""
    CATALOGUE.register(load(Path(__file__).parent / "procedures" / "GK-TRUCK.2.yaml"))
    yield port
    CATALOGUE._versions["GK-TRUCK"].pop(2)
    CATALOGUE.procedure("GK-TRUCK").plans.pop(2)


@pytest.mark.law(13)
def test_a_running_truck_keeps_its_version_until_the_port_office_files_a_migration(
    port: Gate, request: pytest.FixtureRequest
) -> None:
    port.declare()
    request.getfixturevalue("merged")
    port.decide("border", "08:20")
    assert "decide|health" in owed(), "a newer file alone changes nothing"
    body = {"thread": THREAD, "to": 2, "map": {}}
    assert refused(lambda: port.say("K-MIGRATE", OFFICES["customs"], body, "08:30")) == (
        "MIGRATE-OTHER"
    )
    seq = port.say("K-MIGRATE", OFFICES["port_office"], body, "08:30").seq
    assert owed() == {"decide|customs": "海关", "decide|transport": "交通运输"}
    assert Duty.objects.get(key=f"decide|{THREAD}|health").void_seq == seq
    port.decide("customs", "08:40")
    port.decide("transport", "08:50")
    assert owed() == {"release|release": "口岸办"}, "the decision of border stood over"
    assert refused(lambda: port.declare("09:00", case="LATER")) == "OPEN-VERSION"
    assert all(found.equal for found in rebuild_threads())
