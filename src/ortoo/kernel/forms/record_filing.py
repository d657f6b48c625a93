"""Filing a record: files named in the body, the document read, persons sealed (law 3).

This is the one module of record forms that draws at random, reads the keys folder and writes.

A person is referred to as `kind:` and the first half of HMAC-SHA256 over the identifying values,
keyed by a secret that lies in the keys folder and in no backup: the reference can be made again
from the number (so that known values are found and offered), and nobody without the key can try
numbers against it. Each person has a sealing key; destroying it (`seal.erasure`) erases every value
of that person in every filing. Nothing here asks who looks: callers check scope and log the look.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.draft import Draft, Original, Receipt, SealedValue
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.resealing import SealedRow
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.record_attachments import file_faults
from ortoo.kernel.forms.record_behaviour import (
    RecordFormBehaviour,
    refused,
    sealed_references,
)
from ortoo.kernel.forms.record_check import check
from ortoo.kernel.forms.record_definition import (
    SECRET,
    SIGNATURE,
    RecordField,
    RecordForm,
    line_name,
)
from ortoo.kernel.forms.record_documents import differences, judged, recomputed
from ortoo.kernel.forms.record_issues import RecordIssue
from ortoo.kernel.forms.record_registry import record_form, registered
from ortoo.kernel.seal import models
from ortoo.kernel.seal.cipher import framed
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.persons import Said, opened, seal_fields, subject_keys
from ortoo.kernel.seal.salting import secret_for
from ortoo.kernel.seal.subjects import RESERVED, SubjectKeys

REFERENCE_KEY = f"{RESERVED}person-references"
REFERENCE_DIGITS = 32
CHUNK = 500
PAGE = 5_000
Files = Mapping[str, Sequence[Original]]
_Value = tuple[str, str, dict[str, object], str]
"""(path, subject, the mapping the value stands in, its name there)."""


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A personal value found again: where it was said, and what."""

    filing_key: str
    path: str
    value: object


def file_record(draft: Draft, *, files: Files | None = None, now_ms: int) -> Receipt:
    """Make the draft ready and file it. See `draft_record`. Refused."""
    return file(draft_record(draft, files=files, now_ms=now_ms), now_ms=now_ms)


def draft_record(draft: Draft, *, files: Files | None = None, now_ms: int) -> Draft:
    """The draft as it is to be filed: `body` of the given one holds persons in the clear.

    `files`: attachment slot → files; their addresses are put into the body. Where the draft has an
    original and the form a parser, fields that the body leaves out are filled from it. Refused
    BODY-INVALID, ATTACH-…, DOCUMENT-…, KEY-DESTROYED; nothing is filed.
    """
    form = record_form(draft.form, draft.version)
    if not isinstance(draft.body, Mapping):
        raise Refused("BODY-SHAPE", f"{form.code} 的报文应为对象。", "请按表式填写各项。")
    body = _copied(draft.body)
    attached = _attach(form, body, files or {})
    _read_document(form, body, draft)
    hard = [issue for issue in check(form, body) if issue.severity == "hard"]
    if hard:
        raise refused("BODY-INVALID", hard)
    if form.salted:
        body[SECRET] = secret_for(draft.key)
    sealed = _seal(form, body, draft.key, now_ms)
    return replace(
        draft, body=body, version=form.version, sealed=(*draft.sealed, *sealed),
        attachments=(*draft.attachments, *attached),
    )  # fmt: skip


def _copied(body: Mapping[str, object]) -> dict[str, object]:
    """A body that may be changed: lines copied too, anything else as it is."""
    return {
        code: [dict(row) if isinstance(row, Mapping) else row for row in value]
        if isinstance(value, list)
        else value
        for code, value in body.items()
    }


def _attach(form: RecordForm, body: dict[str, object], files: Files) -> list[Original]:
    found: list[RecordIssue] = []
    attached: dict[str, Original] = {}
    for code, given in files.items():
        slot = form.slot_by_code.get(code)
        if slot is None:
            message = f"表式没有附件「{code}」。"
            found.append(RecordIssue(code, "ATTACH-EXTRA", "", "", message, "请核对表式。"))
            continue
        for number, one in enumerate(given, 1):
            path = line_name(code, number)
            found += file_faults(one, slot.media, slot.largest, path)
            attached.setdefault(one.address.hex(), one)
        if given:
            body[code] = [one.address.hex() for one in given]
    if found:
        raise refused(found[0].code, found)
    return list(attached.values())


def _read_document(form: RecordForm, body: dict[str, object], draft: Draft) -> None:
    document, original = form.document, draft.original
    if document is None or original is None:
        return
    faults = [*file_faults(original, document.media, document.largest, "")]
    if faults:
        raise refused(faults[0].code, faults)
    found = recomputed(document, original.content, original.media_type)
    said = {code: value for code, value in found.items() if code in body}
    unlike = [*differences(form, said, body, plain=True)]
    if unlike:
        raise refused("DOCUMENT-DIFFERS", unlike)
    body.update({c: v for c, v in _copied(found).items() if c not in body})
    if document.verifier is not None:
        body[SIGNATURE] = judged(document, original.content, draft.said_at)


def _seal(
    form: RecordForm, body: dict[str, object], filing_key: str, now_ms: int
) -> tuple[SealedValue, ...]:
    """Replace every personal value by its commitment; the body was checked before."""
    if not form.persons:
        return ()
    with subject_keys().held() as keys:
        found = [*_personal_values(form, body, keys, _secret(keys, now_ms))]
        fields = {path: Said(subject, _text(place[name])) for path, subject, place, name in found}
        try:
            sealed = seal_fields(filing_key=filing_key, fields=fields, now_ms=now_ms, held=keys)
        except KeystoreError as error:
            raise Refused(error.code, error.message, "请刷新页面后重试。", 409) from error
    for path, _, place, name in found:
        place[name] = sealed.commitments[path]
    return sealed.values


def _personal_values(
    form: RecordForm, body: dict[str, object], keys: SubjectKeys, secret: bytes
) -> Iterator[_Value]:
    scopes: list[tuple[str, dict[str, object], Sequence[RecordField]]] = [("", body, form.fields)]
    for group in form.groups:
        rows = body.get(group.code)
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            scopes.append((f"{line_name(group.code, number)}.", row, group.fields))
    for prefix, place, fields in scopes:
        subjects: dict[str, str] = {}
        for field in fields:
            if field.personal is None or field.code not in place:
                continue
            if field.personal not in subjects:
                person = form.person_by_code[field.personal]
                named = reference(person.kind, [place[name] for name in person.by], secret)
                subjects[field.personal] = _living(named, keys)
            yield prefix + field.code, subjects[field.personal], place, field.code


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _secret(keys: SubjectKeys, now_ms: int) -> bytes:
    try:
        return keys.get(REFERENCE_KEY)
    except KeystoreError as error:
        if error.code != "KEY-ABSENT":
            raise
        return keys.ensure([REFERENCE_KEY], now_ms=now_ms)[REFERENCE_KEY]


def reference(kind: str, values: Iterable[object], secret: bytes) -> str:
    """The internal reference of a person; the same for a number however it was spaced or cased."""
    plain = [
        "".join(unicodedata.normalize("NFKC", str(value)).upper().split()).encode()
        for value in values
    ]
    message = framed(b"person", kind.encode(), *plain)
    digest = hmac.new(secret, message, hashlib.sha256).hexdigest()
    return f"{kind}:{digest[:REFERENCE_DIGITS]}"


def _living(first: str, keys: SubjectKeys) -> str:
    """A person who was erased and is named again is a new subject: the old key never returns."""
    number, subject = 1, first
    while keys.is_destroyed(subject):
        number += 1
        subject = f"{first}#{number}"
    return subject


def subject_of(kind: str, *values: object) -> str | None:
    """The present reference of a person; None where this instance never sealed anything."""
    keys = subject_keys()
    try:
        secret = keys.get(REFERENCE_KEY)
    except KeystoreError as error:
        if error.code == "KEY-ABSENT":
            return None
        raise
    return _living(reference(kind, values, secret), keys)


def known_values(subject: str) -> list[KnownValue]:
    """Everything said of a person that can still be opened, by filing key and path; for prefill.

    [] after an erasure. PersonalError or CipherError when what is stored is not what was filed.
    """
    keys = _keys(subject)
    if not keys:
        return []
    rows = models.Sealed.objects.filter(subject=subject).order_by("filing_key", "path")
    return [KnownValue(row.filing_key, row.path, _opened(row, keys)) for row in rows]


def revealed(seq: int) -> dict[str, object]:
    """Path → value of a filing's personal values; those of erased persons are left out."""
    filing = read.get(seq)
    if filing is None:
        raise Refused("TARGET-UNKNOWN", f"第 {seq} 号报件不存在。", "请核对报件号。", 404)
    form = record_form(filing.form, filing.form_version)
    commitments = [found for found, _ in sealed_references(form, json.loads(filing.body))]
    rows: list[models.Sealed] = []
    for start in range(0, len(commitments), CHUNK):
        chunk = commitments[start : start + CHUNK]
        rows += models.Sealed.objects.filter(commitment__in=chunk)
    keys = {subject: _keys(subject) for subject in {row.subject for row in rows}}
    return {row.path: _opened(row, keys[row.subject]) for row in rows if keys[row.subject]}


def _keys(subject: str) -> tuple[bytes, ...]:
    """The keys that open a person's values; none where there never was one or it was destroyed."""
    try:
        return subject_keys().opening(subject)
    except KeystoreError as error:
        if error.code in ("KEY-ABSENT", "KEY-DESTROYED"):
            return ()
        raise


def _opened(row: models.Sealed, keys: Iterable[bytes]) -> object:
    stored = SealedRow(bytes(row.commitment), row.filing_key, row.path, bytes(row.ciphertext))
    value: object = json.loads(opened(row.subject, stored, keys).value)
    return value


def attachment_references() -> Iterator[tuple[int, bytes]]:
    """(seq, address) of every attachment that a filing on the log names, in log order."""
    codes = sorted({form.code for form in registered() if form.slots})
    if not codes:
        return
    marks = ",".join(["%s"] * len(codes))
    for start in range(0, read.tail(), PAGE):
        where = f"form IN ({marks}) AND seq > %s AND seq <= %s"
        for row in read.rows(where, [*codes, start, start + PAGE]):
            behaviour = behaviour_of(row.form, row.form_version)
            if isinstance(behaviour, RecordFormBehaviour):
                yield from ((row.seq, found) for found in behaviour.attachment_addresses(row.body))
