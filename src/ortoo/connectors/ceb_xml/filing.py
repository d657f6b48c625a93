"""A CEB message as a filing: the bytes kept, each field a salted part, persons sealed.

body: {"message": {...}, "fields": {name: text}, "signature": {...}, "secret": …}. A field of a
person holds only its commitment (Law 3). Parts: `message`, `signature`, and each field by its name,
so that an agency is handed the fields of its classes and can check them against the log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from django.db import connection

from ortoo.connectors.ceb_xml.message import Message, class_of, parse, role_of
from ortoo.connectors.ceb_xml.signature import judge, verifier_of
from ortoo.connectors.ceb_xml.tree import XmlRefused
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import JsonObject, register
from ortoo.kernel.filings.draft import Draft, Original, Receipt, SealedValue
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import models, personal
from ortoo.kernel.seal.contacts import subject_keys
from ortoo.kernel.seal.disclosure import Disclosure, disclose
from ortoo.kernel.seal.personal import Opened, PersonalField
from ortoo.kernel.seal.salting import FIELD, SaltedRecord, secret_for, secret_problem

CODE = "CEB-MESSAGE"
NAME = "ceb-xml"
OPEN = ("envelope", "message")
"""What every agency that is handed anything is handed too: who sent which message when."""


@dataclass(frozen=True)
class CebBehaviour(SaltedRecord):
    """A salted record whose body must be what its original says."""

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused CEB-ORIGINAL, CEB-DIFFERS or what the parser refuses."""
        if draft.original is None:
            raise Refused("CEB-ORIGINAL", "没有附上报文原件。", "请连同原始报文报送。")
        said = json.loads(data)
        found = parsed(draft.original.content)
        plain = {name: value for name, value in found.fields.items() if not role_of(name)}
        shown = {name: value for name, value in said["fields"].items() if not role_of(name)}
        same = said["message"] == _head(found) and plain == shown
        if not same or said["fields"].keys() != found.fields.keys():
            raise Refused("CEB-DIFFERS", "正文与报文原件不符。", "请由系统按原件重新生成。")


def _validate(body: JsonObject) -> Iterator[str]:
    for name in ("message", "fields", "signature"):
        if not isinstance(body.get(name), dict):
            yield f"字段「{name}」缺失或类型不符"
    unknown = [name for name in body if name not in ("message", "fields", "signature", FIELD)]
    if unknown:
        yield f"不认识的字段「{unknown[0][:40]}」"
    problem = secret_problem(body)
    if problem:
        yield problem


def _split(body: JsonObject) -> Iterable[tuple[str, object]]:
    fields = cast("Mapping[str, object]", body["fields"])
    yield "message", body["message"]
    yield "signature", body["signature"]
    yield from ((name, fields[name]) for name in sorted(fields))


BEHAVIOUR = CebBehaviour(code=CODE, version=1, validate=_validate, split=_split)


def register_ceb(trusted: Collection[str] = ()) -> None:
    """Make messages fileable, and the verifier known to record forms as `ceb-xml`.

    `trusted`: SHA-256 fingerprints of certificates somebody vouches for.
    """
    from ortoo.kernel.forms.record_documents import register_verifier

    register(BEHAVIOUR)
    register_verifier(NAME, verifier_of(trusted))


def parsed(content: bytes) -> Message:
    """The message in the bytes; Refused with the parser's code."""
    try:
        return parse(content)
    except XmlRefused as error:
        raise Refused(error.code, error.message, "请核对报文并重新导出。") from error


def _head(message: Message) -> dict[str, object]:
    return {
        "kind": message.kind,
        "guid": message.guid,
        "version": message.version,
        "documents": message.documents,
        "transfer": dict(message.transfer),
    }


# --- writing ---------------------------------------------------------------------------------


def file_message(
    *,
    content: bytes,
    name: str,
    filer: str,
    actor: str,
    key: str,
    now_ms: int,
    trusted: Collection[str] = (),
) -> Receipt:
    """File a message as it came. A signature that fails is filed as failed: what came, came.

    Refused XML-…, CEB-… The same key and bytes again return the first receipt.
    """
    message = parsed(content)
    values, sealed = _sealed(message, key, now_ms)
    body = {
        "message": _head(message),
        "fields": {**message.fields, **values},
        "signature": judge(content, now_ms, trusted).plain(NAME),
        FIELD: secret_for(key),
    }
    original = Original(content, "application/xml", name)
    draft = Draft(CODE, filer, actor, key, body, now_ms, original=original, sealed=sealed)
    return file(draft, now_ms=now_ms)


def _sealed(
    message: Message, key: str, now_ms: int
) -> tuple[dict[str, str], tuple[SealedValue, ...]]:
    """Field → commitment, and the sealed values; one sealing key a person and document."""
    fields = {name: _field(key, name) for name in message.fields if role_of(name)}
    if not fields:
        return {}, ()
    keys = subject_keys().ensure({each.subject for each in fields.values()}, now_ms=now_ms)
    commitments: dict[str, str] = {}
    values: list[SealedValue] = []
    for name, each in fields.items():
        found = personal.seal_now(each, message.fields[name].encode(), keys[each.subject])
        commitments[name] = found.commitment.hex()
        values.append(SealedValue(found.commitment, name, each.subject, found.ciphertext))
    return commitments, tuple(values)


def _field(key: str, name: str) -> PersonalField:
    document = name.split(".")[1]
    named = hashlib.sha256(key.encode()).hexdigest()[:32]
    return PersonalField(f"ceb:{named}:{document}:{role_of(name)}", key, name)


# --- handing over ----------------------------------------------------------------------------


def share(seq: int, classes: Collection[str], *, now_ms: int) -> Disclosure:
    """The fields of some classes, with envelope and head, to hand to an agency.

    The caller has checked that the agency may see these classes. Of a person's field the document
    holds the commitment; `open_fields` gives what opens it.
    """
    return disclose(seq, [*OPEN, *names_of(seq, classes)], now_ms=now_ms)


def names_of(seq: int, classes: Collection[str]) -> list[str]:
    """Names of the filing's fields in these classes. Refused CEB-UNKNOWN."""
    row = _row(seq)
    fields = json.loads(row.body)["fields"]
    return sorted(name for name in fields if class_of(name) in classes)


def open_fields(seq: int, names: Collection[str]) -> dict[str, Opened]:
    """Value and salt of persons' fields. Whoever calls has filed or logged why (Law 15).

    Erased persons are KeystoreError KEY-DESTROYED.
    """
    row = _row(seq)
    found: dict[str, Opened] = {}
    rows = models.Sealed.objects.filter(filing_key=row.key, path__in=list(names))
    for each in rows:
        sealed = personal.Sealed(bytes(each.commitment), each.subject, bytes(each.ciphertext))
        field = PersonalField(each.subject, row.key, each.path)
        found[each.path] = personal.open_value(sealed, field, subject_keys().get(each.subject))
    return found


def original_of(seq: int) -> bytes:
    """The message's bytes exactly as they came. Refused CEB-UNKNOWN."""
    row = _row(seq)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM kernel_original WHERE sha256 = %s", [row.original])
        return bytes(cursor.fetchone()[0])


def _row(seq: int) -> read.FilingRow:
    row = read.get(seq)
    if row is None or row.form != CODE:
        raise Refused("CEB-UNKNOWN", f"第 {seq} 号不是跨境电商报文。", "请核对报件号。", 404)
    return row
