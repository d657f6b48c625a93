"""Files between installations: who gets the whole of a filing, and which receipts are believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ortoo.kernel.filings import behaviour as register
from ortoo.kernel.filings import outbox, read
from ortoo.kernel.filings.models import Original as Kept
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History, history
from ortoo.kernel.forms.record_filing import file_record
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.forms.tests.record_samples import FOLDER, PDF, draft, plain_body
from ortoo.kernel.relay import bundle, content, delivery
from ortoo.kernel.relay.homes import Instance, Instances
from ortoo.kernel.seal import log
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.note import Note
from ortoo.kernel.seal.signer import Ed25519Signer

__all__ = ["history"]
THERE, HERE = "there.example/log", "here.example/log"
PARTY = "ORG-WFP"


@pytest.fixture
def known(history: History, settings: Any) -> Iterator[Instances]:
    """One log plays both; `PARTY`, to whom T-MOVE is sent, is at home at HERE."""
    settings.LOG_ORIGIN = THERE
    history.register(sealed=False)
    log.checkpoint(now_ms=NOW)
    keys = log.log_keys()
    own = tuple(replace(key, name=HERE) for key in keys)
    yield Instances(
        (Instance(THERE, keys, frozenset(FIRMS)), Instance(HERE, own, frozenset({PARTY})))
    )


def sent(history: History, known: Instances, share: Path) -> tuple[int, Path]:
    seq = history.move(7).seq
    done = delivery.deliver(share, now_ms=NOW + 50, known=known)
    assert done.sent == [seq]
    return seq, next(delivery.place_of(share, HERE).glob("*.bundle"))


def receipts(seq: int) -> list[str]:
    from ortoo.kernel.relay.models import Outbox

    return list(Outbox.objects.filter(seq=seq).values_list("receipt", flat=True))


@pytest.mark.law(14)
def test_a_filing_goes_out_once_and_its_receipt_closes_the_row(
    history: History, known: Instances, settings: Any, tmp_path: Path
) -> None:
    seq, path = sent(history, known, tmp_path)
    assert delivery.deliver(tmp_path, now_ms=NOW + 51, known=known).sent == []
    settings.LOG_ORIGIN = HERE
    done = delivery.collect(tmp_path, now_ms=NOW + 52, known=known)
    assert done.taken == [f"{THERE}#{seq}"] and not path.exists()
    settings.LOG_ORIGIN = THERE
    assert receipts(seq) == [""]
    assert delivery.collect(tmp_path, now_ms=NOW + 53, known=known).closed == [(seq, PARTY)]
    assert receipts(seq)[0].startswith(f"{HERE} ACCEPTED ")
    assert delivery.deliver(tmp_path, now_ms=NOW + 54, known=known).sent == []
    assert list(tmp_path.rglob("*.receipt")) == list(tmp_path.rglob("*.bundle")) == []


def test_what_was_relayed_here_is_not_passed_on(
    history: History, known: Instances, settings: Any, tmp_path: Path
) -> None:
    sent(history, known, tmp_path)
    settings.LOG_ORIGIN = HERE
    delivery.collect(tmp_path, now_ms=NOW + 52, known=known)
    copy = read.tail()
    assert outbox.addressees(copy) == [PARTY], "its form names an addressee here as well"
    assert copy not in [seq for seq, _ in outbox.unanswered()]


def test_a_file_nobody_signed_is_put_aside_and_answered_by_nobody(
    history: History, known: Instances, settings: Any, tmp_path: Path
) -> None:
    _, path = sent(history, known, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    settings.LOG_ORIGIN = HERE
    done = delivery.collect(tmp_path, now_ms=NOW + 52, known=known)
    assert [refused.code for _, refused in done.refused] in (["RELAY-SIGNATURE"], ["RELAY-SHAPE"])
    assert path.with_suffix(".refused").exists() and not list(tmp_path.rglob("*.receipt"))


@pytest.mark.parametrize("wrong", ["signer", "digest", "origin", "seq", "shape", "long"])
def test_a_receipt_that_does_not_hold_closes_nothing(
    wrong: str, history: History, known: Instances, tmp_path: Path
) -> None:
    seq, _ = sent(history, known, tmp_path)
    row = read.get(seq)
    assert row is not None
    lines = {
        "kind": delivery.RECEIPT, "origin": THERE, "seq": str(seq), "digest": row.digest.hex(),
        "sender": HERE, "said": "ACCEPTED 1 00",
    }  # fmt: skip
    changes = {"digest": "0" * 64, "origin": "else.example", "seq": "1"}
    lines |= {wrong: changes[wrong]} if wrong in changes else {}
    text = "\n".join([*lines.values(), ""])
    signer = Ed25519Signer.generate() if wrong == "signer" else log._signer(NOW)
    data = str(Note(text, (notes.sign(text, HERE, signer),))).encode()
    data = {"shape": b"hello", "long": b"x" * 5_000}.get(wrong, data)
    place = delivery.place_of(tmp_path, THERE)
    place.mkdir(parents=True)
    (place / f"{delivery.named(HERE)}~{seq:012d}.receipt").write_bytes(data)
    done = delivery.collect(tmp_path, now_ms=NOW + 60, known=known)
    assert [refused.code for _, refused in done.refused] == ["RELAY-RECEIPT"]
    assert receipts(seq) == [""]


def test_a_full_disk_is_no_answer_the_bundle_stays(
    history: History, known: Instances, settings: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    _, path = sent(history, known, tmp_path)

    def full(*_: Any, **__: Any) -> None:
        raise Refused("STORAGE-FULL", "磁盘已满。", "腾出空间。", 507)

    monkeypatch.setattr(bundle, "accept", full)
    settings.LOG_ORIGIN = HERE
    done = delivery.collect(tmp_path, now_ms=NOW + 52, known=known)
    assert [refused.code for _, refused in done.held] == ["STORAGE-FULL"] and path.exists()


def test_origins_that_look_alike_have_folders_of_their_own() -> None:
    names = {delivery.named(origin) for origin in ("a/b", "a_b", "a b", "../a", ".a", "A/B")}
    assert len(names) == 6 and not any("/" in name or name.startswith(".") for name in names)


# --- records with files and share classes ----------------------------------------------------


@pytest.fixture
def consign(known: Instances, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(register, "_REGISTER", dict(register._REGISTER))
    monkeypatch.setattr(register, "_LATEST", dict(register._LATEST))
    register_record_forms([FOLDER / "T-CONSIGN-1.yaml"])
    given = draft(plain_body(), key="one")
    return file_record(given, files={"invoice": [PDF]}, now_ms=NOW).seq


@pytest.mark.law(14)
def test_a_record_is_relayed_with_its_files_and_its_persons_stay_sealed(
    consign: int, known: Instances, settings: Any
) -> None:
    data = bundle.export(consign, now_ms=NOW + 1)
    assert "巴特尔".encode() not in data
    there = read.get(consign)
    assert there is not None
    settings.LOG_ORIGIN = HERE
    trusting = Instances((replace(known.known[0], parties=frozenset({there.filer})),))
    row = read.get(bundle.accept(data, now_ms=NOW + 2, known=trusting).seq)
    assert row is not None and row.body == there.body
    _, inner = content.unpacked(data)
    assert inner.attachments == [(PDF.content, PDF.media_type, PDF.name)]
    assert Kept.objects.filter(sha256=PDF.address).exists()


def test_who_may_have_only_some_classes_is_not_sent_the_whole(
    consign: int, known: Instances, tmp_path: Path
) -> None:
    given = outbox.addressees(consign)
    assert given, "the sample is sent to somebody"
    others = Instances((Instance(HERE, known.known[1].keys, frozenset(given)),))
    done = delivery.deliver(tmp_path, now_ms=NOW + 50, known=others)
    assert {refused.code for _, refused in done.held} == {"RELAY-SHARES"}
    assert done.sent == [] and list(tmp_path.rglob("*.bundle")) == []
