"""Law 14 of the bundle: what it claims is recomputed, and it is filed once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ortoo.kernel.filings import behaviour as register
from ortoo.kernel.filings import outbox, read
from ortoo.kernel.filings.behaviour import RecordBehaviour
from ortoo.kernel.filings.draft import Draft, Entry, Original
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History, history
from ortoo.kernel.relay import bundle, content
from ortoo.kernel.relay.homes import (
    Instance,
    Instances,
    admit_home,
    home_of,
    instances,
    judged_at_home,
    placed,
    register_relay_forms,
    sending,
)
from ortoo.kernel.seal import log
from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import Ed25519Signer
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.procedure import ThreadLine

__all__ = ["history"]
THERE, HERE = "there.example/log", "here.example/log"
DOCUMENT = Original(b"<epcis/>", "application/xml", "a.xml")


@pytest.fixture
def known(history: History, settings: Any) -> Instances:
    """One log plays both: what it filed as THERE is received as HERE."""
    settings.LOG_ORIGIN = THERE
    history.register(sealed=False)
    log.checkpoint(now_ms=NOW)
    register_relay_forms()
    return Instances((Instance(THERE, log.log_keys(), frozenset(FIRMS)),))


def exported(history: History, settings: Any, fen: int = 7) -> bytes:
    settings.LOG_ORIGIN = THERE
    seq = history.move(fen, DOCUMENT).seq
    data = bundle.export(seq, now_ms=NOW + 99)
    settings.LOG_ORIGIN = HERE
    return data


def code_of(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.message and caught.value.remedy
    return caught.value.code


@pytest.mark.law(14)
def test_a_bundle_is_filed_once_with_the_same_form_party_and_body(
    history: History, settings: Any, known: Instances
) -> None:
    data = exported(history, settings)
    there = read.get(read.tail())
    receipt = bundle.accept(data, now_ms=NOW + 200, known=known)
    row = read.get(receipt.seq)
    assert there is not None and row is not None
    assert (row.form, row.filer, row.body, row.subject) == (
        there.form, there.filer, there.body, there.subject
    )  # fmt: skip
    assert (row.mode, row.actor, row.key) == ("relay", f"relay:{THERE}", f"{THERE}#{there.seq}")
    assert bundle.original_of(row) == data
    assert bundle.inner_original(row) == DOCUMENT
    again = bundle.accept(data, now_ms=NOW + 300, known=known)
    assert again.duplicate and again.seq == receipt.seq
    settings.LOG_ORIGIN = THERE
    assert verify() == []


@pytest.mark.law(14)
def test_a_bundle_altered_in_any_byte_is_refused_with_a_code(
    history: History, settings: Any, known: Instances
) -> None:
    data = exported(history, settings)
    tail = read.tail()
    codes = set()
    for at in range(len(data)):
        for flip in (1, 128):
            other = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
            codes.add(code_of(bundle.accept, other, now_ms=NOW, known=known))
    for cut in (0, 1, len(data) // 2, len(data) - 1):
        codes.add(code_of(bundle.accept, data[:cut], now_ms=NOW, known=known))
    codes.add(code_of(bundle.accept, data + b"\x00", now_ms=NOW, known=known))
    assert {"RELAY-SHAPE", "RELAY-SIGNATURE"} <= codes <= {
        "RELAY-SHAPE", "RELAY-SIGNATURE", "RELAY-ORIGIN", "RELAY-LARGE"
    }  # fmt: skip
    assert read.tail() == tail


def _signed_anew(data: bytes, **changes: Any) -> bytes:
    """What a trusted instance could say that does not hold: other content, its own signature."""
    import msgspec

    from ortoo.kernel.seal import note as notes

    _, inner = content.unpacked(data)
    made = msgspec.structs.replace(inner, **changes)
    plain = msgspec.msgpack.encode(made)
    text = content.signed_text(made, plain)
    line = notes.sign(text, THERE, log._signer(NOW))
    signed = content.Signed(plain, str(notes.Note(text, (line,))))
    return content.MAGIC + msgspec.msgpack.encode(signed)


@pytest.mark.law(14)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": b'{"fen":8}'}, "RELAY-DIGEST"),
        ({"body": b'{"fen": 7}'}, "RELAY-DIGEST"),
        ({"original": (b"<other/>", "application/xml", "a.xml")}, "RELAY-DIGEST"),
        ({"original": None}, "RELAY-DIGEST"),
        ({"attachments": [(b"%PDF-", "application/pdf", "x.pdf")]}, "RELAY-DIGEST"),
        ({"digest": bytes(32)}, "RELAY-DIGEST"),
        ({"seq": 1}, "RELAY-INCLUSION"),
        ({"seq": 900}, "RELAY-INCLUSION"),
        ({"path": b""}, "RELAY-INCLUSION"),
        ({"path_sm3": bytes(32)}, "RELAY-INCLUSION"),
        ({"checkpoint": "nothing"}, "RELAY-INCLUSION"),
        ({"envelope": b"{}"}, "RELAY-SHAPE"),
        ({"origin": "stranger.example"}, "RELAY-ORIGIN"),
    ],
    ids=str,
)
def test_a_trusted_signature_does_not_make_up_for_what_does_not_hold(
    changes: dict[str, Any], code: str, history: History, settings: Any, known: Instances
) -> None:
    data = exported(history, settings)
    assert code_of(bundle.accept, _signed_anew(data, **changes), now_ms=NOW, known=known) == code


def test_an_unknown_key_of_a_known_origin_is_not_believed(
    history: History, settings: Any, known: Instances
) -> None:
    data = exported(history, settings)
    stranger = VerifierKey(THERE, Ed25519Signer.generate().public_bytes)
    other = Instances((replace(known.known[0], keys=(stranger,)),))
    assert code_of(bundle.accept, data, now_ms=NOW, known=other) == "RELAY-SIGNATURE"
    assert code_of(bundle.accept, data, now_ms=NOW, known=Instances()) == "RELAY-ORIGIN"


def test_a_party_that_is_not_at_home_there_is_not_spoken_for(
    history: History, settings: Any, known: Instances
) -> None:
    data = exported(history, settings)
    other = Instances((replace(known.known[0], parties=frozenset()),))
    assert code_of(bundle.accept, data, now_ms=NOW, known=other) == "RELAY-FILER"


@pytest.mark.law(13)
def test_another_definition_under_the_same_number_is_not_taken_for_it(
    history: History, settings: Any, known: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = exported(history, settings)
    monkeypatch.setattr(register, "_REGISTER", dict(register._REGISTER))

    class Other(RecordBehaviour):
        digest = bytes(32)  # type: ignore[assignment]

    register.register(Other("T-MOVE", 1, lambda body: ()))
    assert code_of(bundle.accept, data, now_ms=NOW, known=known) == "FORM-DIGEST-UNKNOWN"
    del register._REGISTER["T-MOVE", 1]
    assert code_of(bundle.accept, data, now_ms=NOW, known=known) == "FORM-DIGEST-UNKNOWN"


@pytest.mark.law(5)
def test_a_correction_waits_for_what_it_corrects_and_then_follows_it(
    history: History, settings: Any, known: Instances
) -> None:
    register.register(
        RecordBehaviour(
            "T-NOTE", 1, lambda body: (), lambda draft, body: [Entry("T-NOTE|1", "note", {})]
        )
    )
    settings.LOG_ORIGIN = THERE
    first = history.file("T-NOTE", FIRMS[0], {"text": "一"}).seq
    more = {"supersedes": first, "reason": "录错"}
    second = history.file("T-NOTE", FIRMS[0], {"text": "二"}, **more).seq
    bundles = [bundle.export(seq, now_ms=NOW + 99) for seq in (first, second)]
    settings.LOG_ORIGIN = HERE
    assert code_of(bundle.accept, bundles[1], now_ms=NOW, known=known) == "RELAY-ORDER"
    here = [bundle.accept(data, now_ms=NOW + 200, known=known).seq for data in bundles]
    row = read.get(here[1])
    assert row is not None and row.supersedes == here[0] and row.reason == "录错"


def test_a_huge_bundle_is_refused_unread(known: Instances, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_BUNDLE", 100)
    data = content.MAGIC + bytes(200)
    assert code_of(bundle.accept, data, now_ms=NOW, known=known) == "RELAY-LARGE"


def test_what_is_about_one_installation_stays_there(history: History, known: Instances) -> None:
    assert code_of(bundle.export, 1, now_ms=NOW) == "RELAY-FORM"
    assert code_of(bundle.export, 999, now_ms=NOW) == "RELAY-UNKNOWN"


def test_a_sent_statement_may_not_be_of_such_a_form_either(
    history: History, settings: Any, known: Instances
) -> None:
    body = {"to": "OFFICE", "form": "K-PARTY", "version": 1, "digest": "0" * 64, "body": {}}
    seq = history.file("K-SEND", FIRMS[0], body).seq
    data = bundle.export(seq, now_ms=NOW)
    settings.LOG_ORIGIN = HERE
    assert code_of(bundle.accept, data, now_ms=NOW, known=known) == "RELAY-FORM"


def test_two_filings_under_one_place_of_a_log_are_told_at_once(
    history: History, settings: Any, known: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = exported(history, settings)
    bundle.accept(data, now_ms=NOW + 200, known=known)
    opened = content.opened

    def other(given: bytes, instances: Instances) -> content.Bundle:
        import msgspec

        found = opened(given, instances)
        return replace(found, content=msgspec.structs.replace(found.content, digest=bytes(32)))

    monkeypatch.setattr(bundle, "opened", other)
    assert code_of(bundle.accept, data, now_ms=NOW, known=known) == "RELAY-FORKED"


# --- homes: pure -----------------------------------------------------------------------------

OPEN = Entry("T|1", "open", {"version": 1})
DRAFT = Draft("F", "FIRM", "account:x", "k", {}, 1)
RELAYED = replace(DRAFT, mode="relay", actor=f"relay:{THERE}")


@pytest.mark.law(14)
def test_a_copy_moves_only_by_what_its_home_passes_on() -> None:
    copy = [ThreadLine(1, "open", {"home": THERE}), ThreadLine(2, "decide", {})]
    own = [ThreadLine(1, "open", {})]
    refusal = admit_home(copy, DRAFT)
    assert refusal is not None and refusal.code == "THREAD-ELSEWHERE" and THERE in refusal.message
    for stranger in (
        replace(RELAYED, actor="relay:third.example"),
        replace(RELAYED, actor=f"sent:{THERE}"),
        replace(DRAFT, actor=f"relay:{THERE}"),
    ):
        assert admit_home(copy, stranger) is not None
    assert admit_home(copy, RELAYED) is None
    assert admit_home(own, DRAFT) is None and admit_home([], DRAFT) is None
    assert (home_of(copy), home_of(own), home_of([])) == (THERE, "", None)


def test_the_home_is_named_where_an_opening_was_passed_on() -> None:
    decide = Entry("T|1", "decide", {})
    assert placed([OPEN, decide], RELAYED)[0].detail == {"version": 1, "home": THERE}
    assert placed([OPEN, decide], RELAYED)[1] is decide
    assert placed([OPEN], DRAFT) == placed([OPEN], replace(RELAYED, actor="sent:x")) == (OPEN,)


def test_what_the_home_admitted_is_not_judged_again_and_nothing_else_is_spared() -> None:
    copy, own = [ThreadLine(1, "open", {"home": THERE})], [ThreadLine(1, "open", {})]
    decide = Entry("T|1", "decide", {})
    assert judged_at_home(copy, RELAYED, decide) and judged_at_home([], RELAYED, OPEN)
    assert not judged_at_home(own, RELAYED, decide)
    assert not judged_at_home(own, RELAYED, OPEN), "nobody opens our threads from elsewhere"
    assert not judged_at_home([], RELAYED, decide)
    assert not judged_at_home([], DRAFT, OPEN)


def test_a_statement_for_elsewhere_holds_the_words_and_moves_nothing_here(
    history: History, known: Instances
) -> None:
    said = Draft("T-MOVE", FIRMS[0], "account:x", "sent-1", {"fen": 3}, NOW)
    row = read.get(history.batch(sending(said, to="OFFICE"))[0].seq)
    assert row is not None and row.form == "K-SEND" and row.filer == FIRMS[0]
    assert outbox.addressees(row.seq) == ["OFFICE"]
    from ortoo.kernel.postings.models import Posting

    assert not Posting.objects.filter(seq=row.seq).exists()


@pytest.mark.parametrize(
    "text",
    [
        "instance = 3",
        '[[instance]]\norigin = "x"\nkeys = ["nonsense"]\nparties = []\n',
        '[[instance]]\norigin = "x"\nparties = []\n',
        '[[instance]]\norigin = ""\nkeys = []\nparties = []\n',
        '[[instance]]\norigin = "x"\nkeys = []\nparties = ["P"]\n'
        '[[instance]]\norigin = "y"\nkeys = []\nparties = ["P"]\n',
    ],
)
def test_a_list_of_instances_that_is_misread_is_refused(text: str, tmp_path: Any) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(text, "utf-8")
    assert code_of(instances, path) == "RELAY-INSTANCES"
    assert instances(tmp_path / "none.toml") == Instances()
