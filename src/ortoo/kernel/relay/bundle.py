"""A bundle 交换件: one filing on its way to another installation, with the proof that it was filed.

It holds the filing's envelope, body, original and attachments as they stand, its place in the log
of its home (inclusion proof and signed checkpoint), and the keys of the filings it refers to, all
under one signature of that log's key. Whoever trusts the key recomputes the digest under the form
version known here by its digest, and files the statement here: same form, filer and body, mode
`relay`. The bundle's own bytes are kept as the original of that filing, so that what arrived can be
shown and proved for ever; the foreign document within lies inside them (`inner_original`), and
attachments, which bodies name by address, are kept as attachments too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import Behaviour, behaviour_of, canonical
from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.relay.content import (
    FOLLOWS,
    MAGIC,
    MAX_BUNDLE,
    MEDIA_TYPE,
    REFERENCES,
    Bundle,
    Content,
    File,
    Signed,
    behaviour_under,
    check_form,
    opened,
    refusal,
    signed_text,
    too_large,
    unpacked,
)
from ortoo.kernel.relay.homes import RELAY, SEND, SENT, Instances, home_of, instances
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.note import Note
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.procedure import procedure_of

# --- making ----------------------------------------------------------------------------------


def export(seq: int, *, now_ms: int | None = None) -> bytes:
    """Filing `seq` of this log as a bundle; a checkpoint over it is signed if there is none.

    Asks nobody's leave: the caller knows that the addressee may have the whole filing. Refused
    RELAY-UNKNOWN, RELAY-FORM; LogError of `seal.log`.
    """
    from django.conf import settings

    from ortoo.kernel.filings.clock import now_ms as clock
    from ortoo.kernel.seal import log
    from ortoo.kernel.seal.disclosure import _leaves

    row = read.get(seq)
    if row is None:
        raise refusal("RELAY-UNKNOWN", f"没有第 {seq} 号报件。", "请核对报件号。", 404)
    check_form(row.form)
    at = clock() if now_ms is None else now_ms
    proof = log.inclusion(seq, now_ms=at)
    behaviour = behaviour_of(row.form, row.form_version)
    content = Content(
        settings.LOG_ORIGIN, seq, _leaves(row)[0].removeprefix(b"envelope\x00"), row.body,
        _original(row.original), _attached(behaviour, row.body),
        _references(row, behaviour), _before(seq), _procedures(seq),
        proof.digest, proof.digest_sm3, b"".join(proof.hashes), b"".join(proof.hashes_sm3),
        proof.note,
    )  # fmt: skip
    plain = msgspec.msgpack.encode(content)
    text = signed_text(content, plain)
    signed = Note(text, (notes.sign(text, settings.LOG_ORIGIN, log._signer(at)),))
    data = MAGIC + msgspec.msgpack.encode(Signed(plain, str(signed)))
    if len(data) > MAX_BUNDLE:
        raise too_large(len(data))
    return data


def _original(address: bytes | None) -> File | None:
    found = _files([address]) if address is not None else []
    return found[0] if found else None


def _files(addresses: Sequence[bytes]) -> list[File]:
    from ortoo.kernel.filings import models

    rows = {bytes(row.sha256): row for row in models.Original.objects.filter(sha256__in=addresses)}
    if set(addresses) - rows.keys():
        raise refusal(
            "RELAY-ORIGINAL", "报件的原件或附件缺失。", "请运行 ./ortoo verify 核对。", 409
        )
    found = (rows[address] for address in addresses)
    return [(bytes(row.content), row.media_type, row.name) for row in found]


def _attached(behaviour: Behaviour, body: bytes) -> list[File]:
    named = getattr(behaviour, "attachment_addresses", None)
    return _files(list(dict.fromkeys(named(body)))) if named is not None else []


def _references(row: read.FilingRow, behaviour: Behaviour) -> dict[int, str]:
    wanted = {seq for name in FOLLOWS if (seq := getattr(row, name)) is not None}
    field = REFERENCES.get(behaviour.code)
    wanted |= {int(json.loads(row.body)[field])} if field else set()
    wanted |= set(_before(row.seq).values())
    return {
        # What was sent here for a thread of ours is ours: it goes by our number.
        seq: found.key if found.mode == "relay" and found.actor.startswith(RELAY) else ""
        for seq, found in read.by_seqs(wanted).items()
    }


def _before(seq: int) -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT own.thread, MAX(e.seq) FROM kernel_thread_entry own"
            " JOIN kernel_thread_entry e ON e.thread = own.thread AND e.seq < own.seq"
            " WHERE own.seq = %s GROUP BY own.thread",
            [seq],
        )
        return {str(thread): int(last) for thread, last in cursor.fetchall()}


def _procedures(seq: int) -> list[tuple[str, int, bytes]]:
    """The versions of procedures that the filing opens threads under or moves them to."""
    from ortoo.kernel.threads.models import ThreadEntry

    found = set()
    for entry in ThreadEntry.objects.filter(seq=seq, kind__in=("open", "migrate")):
        procedure = procedure_of(entry.thread)
        detail = json.loads(entry.detail) if isinstance(entry.detail, str) else entry.detail
        version = detail.get("version", detail.get("to"))
        if isinstance(procedure, FileProcedure) and version in procedure.plans:
            digest = procedure.plans[version].definition.digest
            found.add((procedure.code, int(version), digest))
    return sorted(found)


# --- receiving -------------------------------------------------------------------------------


def accept(data: bytes, *, now_ms: int, known: Instances | None = None) -> Receipt:
    """File here what a bundle holds; once, however often it comes. Refused as `opened`, and
    RELAY-FORKED, RELAY-FILER, RELAY-ORDER, PROCEDURE-DIGEST-UNKNOWN, or as the form refuses."""
    from ortoo.kernel.filings.write import file

    found = opened(data, instances() if known is None else known)
    earlier = read.rows("key = %s", [found.key])
    if earlier:
        return _again(found, earlier[0])
    draft = draft_of(found)
    _check_said(found, draft)
    return file(draft, now_ms=now_ms)


def _again(found: Bundle, earlier: read.FilingRow) -> Receipt:
    kept = original_of(earlier)
    if kept is None or unpacked(kept)[1].digest != found.content.digest:
        raise refusal(
            "RELAY-FORKED",
            f"“{found.content.origin}”第 {found.content.seq} 号先后送来两个不同的报件。",
            "请立即与对方核对日志：同一位置不得有两份报件。",
            409,
        )
    return Receipt(
        earlier.seq, earlier.key, earlier.digest, earlier.digest_sm3, earlier.received_at, True
    )


def draft_of(found: Bundle) -> Draft:
    """The statement as it is filed here. Refused RELAY-ORDER, FORM-DIGEST-UNKNOWN."""
    original = Original(found.data, MEDIA_TYPE, f"{found.content.seq}.ortoo")
    named = {name: _followed(found, name) for name in FOLLOWS}
    said = Draft(
        form=found.said("form"),
        filer=found.said("filer"),
        actor=f"{RELAY}{found.content.origin}",
        key=found.key,
        body=_local_body(found),
        said_at=int(str(found.envelope["said_at"])),
        period=found.said("period"),
        subject=found.said("subject"),
        place=found.said("place"),
        reason=found.said("reason"),
        mode="relay",
        version=found.behaviour.version,
        original=original,
        attachments=tuple(Original(*file) for file in found.content.attachments),
        supersedes=named["supersedes"],
        annuls=named["annuls"],
        corrects=named["corrects"],
    )
    return _sent(found, said) if said.form == SEND else said


def _followed(found: Bundle, name: str) -> int | None:
    """The log index here of what the envelope follows by `name`."""
    seq = found.envelope.get(name)
    return _local(found, seq) if isinstance(seq, int) else None


def _sent(found: Bundle, carrier: Draft) -> Draft:
    """The statement that a K-SEND carries, as its party's own statement to a thread here."""
    said = json.loads(found.content.body)
    form, version = str(said["form"]), int(said["version"])
    check_form(form)
    # Known here under the very definition its party used, or refused.
    behaviour_under({"form": form, "form_version": version, "form_digest": said["digest"]})
    corrected = str(said.get("supersedes", ""))
    return replace(
        carrier,
        form=form,
        version=version,
        body=canonical(said["body"]),
        actor=f"{SENT}{found.content.origin}",
        supersedes=_here(corrected, found) if corrected else None,
    )


def _local_body(found: Bundle) -> bytes:
    """The body, log indexes within it turned into those of this log."""
    field = REFERENCES.get(found.behaviour.code)
    if field is None:
        return found.content.body
    body = json.loads(found.content.body)
    return canonical({**body, field: _local(found, int(body[field]))})


def _local(found: Bundle, seq: int) -> int:
    """The log index here of filing `seq` there. Refused RELAY-ORDER while it has not arrived."""
    relayed = found.content.references.get(seq)
    return _here(relayed or f"{found.content.origin}#{seq}", found)


def _here(key: str, found: Bundle) -> int:
    from django.conf import settings

    origin, _, number = key.rpartition("#")
    if origin == settings.LOG_ORIGIN and number.isdigit():
        if read.get(int(number)) is not None:
            return int(number)
    else:
        rows = read.rows("key = %s AND mode = 'relay'", [key])
        if rows:
            return rows[0].seq
    raise _wait(found, key)


def _wait(found: Bundle, key: str) -> Refused:
    return refusal(
        "RELAY-ORDER",
        f"“{found.key}”所依据的“{key}”尚未送到。",
        "请等待前一件到达；仍未到的请对方重发。",
        409,
    )


def _check_said(found: Bundle, draft: Draft) -> None:
    """Who may say it to which thread, and whether what came before it is here."""
    behaviour = behaviour_of(draft.form, draft.version)
    entries = behaviour.entries(draft, behaviour.encode(draft.body))
    lines = read.thread_lines(entry.thread for entry in entries)
    homes = [(entry, home_of(lines[entry.thread])) for entry in entries]
    origin = found.content.origin
    theirs = bool(homes) and all(
        home == origin or (home is None and entry.kind == "open") for entry, home in homes
    )
    passed_on = draft.actor.startswith(RELAY) and theirs
    if draft.filer not in found.instance.parties and not passed_on:
        raise refusal(
            "RELAY-FILER",
            f"“{origin}”不能替 {draft.filer} 报送：该单位不在其名下。",
            "请核对交换对象名单（relay.toml）中的单位。",
            403,
        )
    for thread, seq in found.content.before.items():
        if isinstance(procedure_of(thread), FileProcedure):
            _local(found, seq)
    for code, version, digest in found.content.procedures:
        procedure = procedure_of(f"{code}|")
        if isinstance(procedure, FileProcedure):
            plan = procedure.plans.get(version)
            if plan is None or plan.definition.digest != digest:
                raise refusal(
                    "PROCEDURE-DIGEST-UNKNOWN",
                    f"本机没有办理规程 {code} 第 {version} 版的这个定义。",
                    "请装入对方所用的定义包（./ortoo pack load）后再收。",
                    409,
                )


# --- what arrived ----------------------------------------------------------------------------


def original_of(row: read.FilingRow) -> bytes | None:
    """The bundle's bytes of a relayed filing; None for any other."""
    if row.mode != "relay" or row.original is None:
        return None
    (content, media_type, _), *_rest = _files([row.original])
    return content if media_type == MEDIA_TYPE else None


def inner_original(row: read.FilingRow) -> Original | None:
    """The foreign document of the filing that was relayed, if it had one."""
    data = original_of(row)
    inner = unpacked(data)[1].original if data is not None else None
    return Original(*inner) if inner is not None else None
