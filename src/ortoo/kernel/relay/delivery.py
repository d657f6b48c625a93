"""Delivery 传送 by files: bundles into a shared folder, receipts 回执 back out of it.

The folder may be a share, a mailbox or a disk that is carried: below it stands one folder for each
installation, named after its origin, and whoever sends puts files there. Every step may be
repeated: a bundle is named after its filing and received once, a receipt closes a row once. A file
appears whole or not at all, and is taken away only after what follows from it is on the disk. So a
cut between any two steps loses nothing and doubles nothing; the next round does the rest.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ortoo.kernel.filings import outbox, read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.storage import wait_durable
from ortoo.kernel.forms.record_behaviour import RecordFormBehaviour
from ortoo.kernel.relay import bundle
from ortoo.kernel.relay.content import MAX_BUNDLE, Bundle, opened, refusal
from ortoo.kernel.relay.homes import Instance, Instances, instances
from ortoo.kernel.seal import log
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.keystore import sync_folder
from ortoo.kernel.seal.note import Note, NoteError
from ortoo.kernel.threads.rebuild import draft_of

# What may still come right by itself, or by loading a pack: the file stays and is tried again.
WAITING = frozenset({"RELAY-ORDER", "FORM-DIGEST-UNKNOWN", "PROCEDURE-DIGEST-UNKNOWN"})
RECEIPT = "ortoo-receipt/1"
ACCEPTED = "ACCEPTED"
LARGEST_RECEIPT = 4_000
_NAME = re.compile(r"([A-Za-z0-9_.-]+)~(\d{1,15})\.(bundle|receipt)")


@dataclass(slots=True)
class Round:
    """What one round did. `held`: (addressee or file, why) of what is not sent or taken yet."""

    sent: list[int] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refused: list[tuple[str, Refused]] = field(default_factory=list)
    held: list[tuple[str, Refused]] = field(default_factory=list)
    closed: list[tuple[int, str]] = field(default_factory=list)


def place_of(folder: Path, origin: str) -> Path:
    """Where files for an installation are put: its origin made safe, and told apart by a digest."""
    return folder / named(origin)


def named(origin: str) -> str:
    """An origin as a file name."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", origin).lstrip(".")[:40]
    return f"{plain}-{hashlib.sha256(origin.encode('utf-8')).hexdigest()[:8]}"


# --- sending ---------------------------------------------------------------------------------


def deliver(folder: Path, *, now_ms: int, known: Instances | None = None) -> Round:
    """Write a bundle for every outbox row without a receipt whose addressee is at home elsewhere.

    Nothing leaves before it is on the disk here (Law 16). Rows of addressees at home here, and of
    parties unknown, are left alone.
    """
    others = instances() if known is None else known
    done = Round()
    outbox.follow_threads()
    wait_durable()
    written: set[tuple[str, int]] = set()
    for seq, addressee in outbox.unanswered():
        instance = others.of(addressee)
        if instance is None or (instance.origin, seq) in written:
            continue
        try:
            _check_shares(seq, addressee)
            path = _file(place_of(folder, instance.origin), seq, "bundle")
            if not path.exists():
                _put(path, bundle.export(seq, now_ms=now_ms))
                done.sent.append(seq)
            written.add((instance.origin, seq))
        except Refused as refused:
            done.held.append((addressee, refused))
    return done


def _file(place: Path, seq: int, ending: str) -> Path:
    from django.conf import settings

    return place / f"{named(settings.LOG_ORIGIN)}~{seq:012d}.{ending}"


def _check_shares(seq: int, addressee: str) -> None:
    """A whole filing goes only to who may have all of it: where a form declares share classes, to
    who is handed every class that occurs. Refused RELAY-SHARES."""
    row = read.get(seq)
    assert row is not None
    behaviour = behaviour_of(row.form, row.form_version)
    if not isinstance(behaviour, RecordFormBehaviour) or not behaviour.form.shares:
        return
    given = behaviour.handed(draft_of(row), row.body).get(addressee, frozenset())
    classes = {behaviour.share_of(name) for name, _ in behaviour.parts(row.body)}
    if not classes <= given:
        raise refusal(
            "RELAY-SHARES",
            f"第 {seq} 号只有一部分可给 {addressee}，不能整件交换。",
            "请改用分部出示（disclosure）。",
            403,
        )


def _put(path: Path, data: bytes) -> None:
    """The whole file or none, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


# --- receiving -------------------------------------------------------------------------------


def collect(folder: Path, *, now_ms: int, known: Instances | None = None) -> Round:
    """Take what arrived for this installation: receipts first, then bundles in log order.

    Each bundle taken or finally refused is answered by a signed receipt in its sender's folder.
    """
    from django.conf import settings

    others = instances() if known is None else known
    done = Round()
    place = place_of(folder, settings.LOG_ORIGIN)
    for path in _arrived(place, "receipt"):
        _take_receipt(path, others, done)
    for path in _arrived(place, "bundle"):
        _take_bundle(folder, path, others, done, now_ms)
    return done


def _arrived(place: Path, ending: str) -> Iterator[Path]:
    if place.is_dir():
        for path in sorted(place.glob(f"*.{ending}")):
            if _NAME.fullmatch(path.name) and not path.is_symlink() and path.is_file():
                yield path


def _take_bundle(folder: Path, path: Path, others: Instances, done: Round, now_ms: int) -> None:
    found: Bundle | None = None
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BUNDLE + 1)
        found = opened(data, others)
        receipt = bundle.accept(data, now_ms=now_ms, known=others)
        said = f"{receipt.seq} {receipt.digest.hex()}"
    except Refused as refused:
        if refused.code in WAITING or refused.status >= 500:
            done.held.append((path.name, refused))
            return
        done.refused.append((path.name, refused))
        if found is None:
            # Nobody to answer: who sent it is not known to be who it says.
            path.replace(path.with_suffix(".refused"))
            return
        said = f"{refused.code} {_one_line(refused.message)}"
    else:
        done.taken.append(found.key)
        said = f"{ACCEPTED} {said}"
    wait_durable()
    answer = place_of(folder, found.content.origin)
    _put(_file(answer, found.content.seq, "receipt"), _answered(found, said, now_ms))
    _remove(path)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


# --- receipts --------------------------------------------------------------------------------


def _answered(found: Bundle, said: str, now_ms: int) -> bytes:
    """A receipt: whose filing, its digest, who answers and what; signed by this log's key."""
    from django.conf import settings

    here = settings.LOG_ORIGIN
    lines = [RECEIPT, found.content.origin, str(found.content.seq), found.content.digest.hex(),
             here, said]  # fmt: skip
    text = "\n".join([*lines, ""])
    return str(Note(text, (notes.sign(text, here, log._signer(now_ms)),))).encode()


def _take_receipt(path: Path, others: Instances, done: Round) -> None:
    """Close the rows a receipt answers; one that does not hold closes nothing."""
    try:
        with path.open("rb") as file:
            sender, seq, said = _read_receipt(file.read(LARGEST_RECEIPT + 1), others)
    except Refused as refused:
        done.refused.append((path.name, refused))
        path.replace(path.with_suffix(".refused"))
        return
    for addressee in outbox.addressees(seq):
        if addressee in sender.parties and outbox.close(seq, addressee, f"{sender.origin} {said}"):
            done.closed.append((seq, addressee))
    wait_durable()
    _remove(path)


def _read_receipt(data: bytes, others: Instances) -> tuple[Instance, int, str]:
    """(who answers, our filing, what). Refused RELAY-RECEIPT."""
    from django.conf import settings

    try:
        note = notes.parse(data.decode("utf-8") if len(data) <= LARGEST_RECEIPT else "")
        kind, origin, seq, digest, sender, said, _ = note.text.split("\n")
        instance = others.at(sender)
        held = instance is not None and notes.verified_by(note, instance.keys)
        row = read.get(int(seq)) if kind == RECEIPT and origin == settings.LOG_ORIGIN else None
    except (NoteError, UnicodeDecodeError, ValueError):
        instance, held, row, said, digest = None, False, None, "", ""
    if instance is None or not held or row is None or row.digest.hex() != digest:
        raise refusal("RELAY-RECEIPT", "回执不成立。", "请对方重新发送。")
    return instance, row.seq, said
