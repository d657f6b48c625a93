"""A record form as the write path sees it.

Parts (law 2). One part a top-level field or attachment slot, named by its code; one part a line,
`lines.0007`. Where the fields of a line fall in several share classes, one part a line and class,
`lines.0007@customs`. A form that declares share classes has for each class that occurs one more
part, `@customs`, the list of the names of that class's parts. An agency that is handed the parts
of its classes with their proofs so has exactly its fields, and knows that none of them is missing.
Its parts are salted (`kernel.seal.salting`): from the hashes in a proof nobody tries out the rest.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import msgspec

from ortoo.kernel.filings.behaviour import (
    MAX_BODY_BYTES,
    Annulment,
    JsonObject,
    canonical,
    parse,
)
from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.record_attachments import draft_faults
from ortoo.kernel.forms.record_check import RecordChecker, checker, values_of
from ortoo.kernel.forms.record_definition import (
    SECRET,
    SIGNATURE,
    UNSHARED,
    Group,
    Post,
    RecordForm,
    Say,
    line_name,
)
from ortoo.kernel.forms.record_issues import RecordIssue
from ortoo.kernel.forms.record_templates import ABSENT, ENVELOPE, filled, filled_detail

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LINES = msgspec.json.Decoder(list[msgspec.Raw])
_BODY = msgspec.json.Decoder(dict[str, Any])
Part = tuple[str, bytes]
SALTED = "salted/"
SALT_SIZE = 16
RecordCheck: TypeAlias = Callable[[Draft, JsonObject], None]
_CHECKS: dict[str, RecordCheck] = {}


def register_record_check(code: str, check: RecordCheck) -> None:
    """What a domain asks of every version of a form beyond what its file can say, wherever that
    version was loaded from. `check(draft, body)` raises Refused."""
    _CHECKS[code] = check


@dataclass(frozen=True, eq=False)
class RecordFormBehaviour:
    """Behaviour of one version of a record form."""

    form: RecordForm

    @property
    def code(self) -> str:
        return self.form.code

    @property
    def version(self) -> int:
        return self.form.version

    @property
    def digest(self) -> bytes:
        return self.form.digest

    @property
    def supersedable(self) -> bool:
        return self.form.supersedable

    @cached_property
    def corrected_by(self) -> frozenset[str]:
        return frozenset(self.form.corrected_by)

    @cached_property
    def annulment(self) -> Annulment | None:
        rule = self.form.annulment
        return None if rule is None else Annulment(frozenset(rule.forms), frozenset(rule.kinds))

    def encode(self, body: object) -> bytes:
        """The one canonical encoding. Refused BODY-INVALID with an issue a problem, or BODY-…"""
        if isinstance(body, bytes):
            if len(body) > MAX_BODY_BYTES:
                raise _too_large(len(body))
            body = parse(body)
        hard = [i for i in self._checker.issues(body) if i.severity == "hard"]
        if hard:
            raise refused("BODY-INVALID", hard)
        data = canonical(body)
        if len(data) > MAX_BODY_BYTES:
            raise _too_large(len(data))
        return data

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Attachments, the foreign document and its signature against the encoded body.

        Refused with the code of the first problem: ATTACH-…, DOCUMENT-…, SIGNATURE-…
        """
        if draft.mode == "relay":
            # Its original is the bundle it came in, whose digest covers document and files.
            return
        if self.form.slots or self.form.document or draft.attachments or draft.original:
            found = draft_faults(self.form, draft, _BODY.decode(data))
            if found:
                raise refused(found[0].code, found)
        asks = _CHECKS.get(self.form.code)
        if asks is not None:
            asks(draft, _BODY.decode(data))

    def parts(self, data: bytes) -> Sequence[Part]:
        """Named parts in a fixed order: by field, lines in theirs, then the lists of classes."""
        found: list[Part] = []
        by_class: dict[str, list[str]] = {}
        groups, classes = self.form.group_by_code, self._classes
        # The stored bytes are canonical, so each value's own bytes are its canonical form.
        values = _RAW.decode(data)
        secret = values.pop(SECRET, None)
        for name, raw in values.items():
            group = groups.get(name)
            if group is None:
                found.append((name, bytes(raw)))
                by_class.setdefault(classes[name], []).append(name)
                continue
            for line, share, inner in _line_parts(group, bytes(raw)):
                found.append((line, inner))
                by_class.setdefault(share, []).append(line)
        if secret is None:
            return found
        found += [(f"@{code}", canonical(by_class[code])) for code in sorted(by_class)]
        key = bytes.fromhex(bytes(secret)[1:-1].decode())
        return [(SALTED + name, _salt(key, name) + value) for name, value in found]

    def share_of(self, part_name: str) -> str:
        """The share class of a part; `own` for what no agency is handed. KeyError if unknown."""
        name, _, share = part_name.removeprefix(SALTED).partition("@")
        if share:
            return share
        return self._classes[name.partition(".")[0]]

    def visible_parts(self, data: bytes, classes: Collection[str]) -> list[Part]:
        """The parts a holder of some share classes may be handed, in digest order."""
        return [part for part in self.parts(data) if self.share_of(part[0]) in classes]

    def visible_body(self, data: bytes, classes: Collection[str]) -> dict[str, object]:
        """The body as a holder of some share classes sees it; lines keep their numbers."""
        seen: dict[str, object] = {}
        for code, value in _BODY.decode(data).items():
            if code == SECRET:
                continue
            group = self.form.group_by_code.get(code)
            if group is None:
                if self.share_of(code) in classes:
                    seen[code] = value
                continue
            shown = {field.code for field in group.fields if field.share in classes}
            if shown:
                seen[code] = [{k: v for k, v in row.items() if k in shown} for row in value]
        return seen

    def entries(self, draft: Draft, data: bytes) -> Sequence[Entry]:
        """What the filing says to threads, in the order of `says` and of the lines."""
        body = _BODY.decode(data)
        links = {
            name: seq
            for name in ("supersedes", "annuls", "corrects")
            if (seq := getattr(draft, name)) is not None
        }
        return [
            entry
            for say in self.form.says
            for row in _rows(say, body)
            if (entry := _entry(say, links, _Look(draft, body, row))) is not None
        ]

    def moves(self, draft: Draft, data: bytes) -> Sequence[Move]:
        """What the filing posts, in the order of `posts` and of the lines."""
        if not self.form.posts:
            return ()
        body = _BODY.decode(data)
        return [
            move
            for post in self.form.posts
            for row in _rows(post, body)
            for move in _moved(post, _Look(draft, body, row))
        ]

    def addressees(self, draft: Draft, data: bytes) -> Sequence[str]:
        """The parties the filing is relayed to, each once."""
        return tuple(self.handed(draft, data))

    def handed(self, draft: Draft, data: bytes) -> dict[str, frozenset[str]]:
        """Party → the share classes it is handed."""
        found: dict[str, frozenset[str]] = {}
        if not self.form.sends:
            return found
        body = _BODY.decode(data)
        look = _Look(draft, body, body)
        for send in self.form.sends:
            party = filled(send.party, look)
            if party is not ABSENT and (send.when is None or send.when.holds(body)):
                found[party] = found.get(party, frozenset()) | frozenset(send.shares)
        return found

    def sealed_references(self, data: bytes) -> list[tuple[bytes, str]]:
        """(commitment, path) of every sealed value in an encoded body."""
        return sealed_references(self.form, _BODY.decode(data))

    def attachment_addresses(self, data: bytes) -> list[bytes]:
        """Addresses of every attachment an encoded body names."""
        if not self.form.slots:
            return []
        body = _BODY.decode(data)
        return [
            bytes.fromhex(address)
            for slot in self.form.slots
            for address in body.get(slot.code, ())
        ]

    @cached_property
    def _classes(self) -> Mapping[str, str]:
        """The share class of every top-level key, and of the lines of groups of one class."""
        found = {SIGNATURE: UNSHARED}
        found |= {group.code: group.classes[0] for group in self.form.groups}
        found |= {slot.code: slot.share for slot in self.form.slots}
        return found | {field.code: field.share for field in self.form.fields}

    @cached_property
    def _checker(self) -> RecordChecker:
        try:
            return checker(self.form, plain=False)
        except FormError as error:
            raise Refused(error.code, error.message, "请联系系统管理员。", 503) from error


def _salt(secret: bytes, name: str) -> bytes:
    """As `kernel.seal.salting.salt_of`, which a test pins to this."""
    return hmac.digest(secret, name.encode(), "sha256")[:SALT_SIZE]


def sealed_references(form: RecordForm, body: JsonObject) -> list[tuple[bytes, str]]:
    """(commitment, path) of every sealed value of a body that was accepted."""
    if not form.persons:
        return []
    return [
        (bytes.fromhex(str(value)), path)
        for path, field, value in values_of(form, body)
        if field.personal is not None
    ]


def refused(code: str, issues: Sequence[RecordIssue]) -> Refused:
    """A refusal that carries every issue as a structured object."""
    told = "；".join(f"{i.path}：{i.message}" if i.path else i.message for i in issues[:5])
    more = f"（共 {len(issues)} 处）" if len(issues) > 5 else ""
    return Refused(
        code, told + more, issues[0].remedy or "请更正后重新报送。", rule=issues[0].rule,
        details=[issue.plain() for issue in issues],
    )  # fmt: skip


def _too_large(size: int) -> Refused:
    return Refused(
        "BODY-TOO-LARGE",
        f"报文 {size:,} 字节，超过上限 {MAX_BODY_BYTES:,} 字节。",
        "请拆分后分批报送。",
        413,
    )


def _line_parts(group: Group, raw: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(name, share class, bytes) of every part of a group's lines."""
    classes = group.classes
    share = {field.code: field.share for field in group.fields}
    for number, line in enumerate(_LINES.decode(raw), 1):
        name = line_name(group.code, number)
        if len(classes) == 1:
            yield name, classes[0], bytes(line)
            continue
        by_class: dict[str, list[bytes]] = {}
        for code, value in _RAW.decode(line).items():
            by_class.setdefault(share[code], []).append(b'"%b":%b' % (code.encode(), bytes(value)))
        # A class of which the line says nothing has its part too: an empty object.
        for known in classes:
            yield f"{name}@{known}", known, b"{%b}" % b",".join(by_class.get(known, ()))


def _rows(rule: Say | Post, body: JsonObject) -> Iterable[JsonObject]:
    """The lines a template is filled for, or the body once; none where `when` does not hold."""
    when = rule.when
    if not rule.each:
        return (body,) if when is None or when.holds(body) else ()
    rows = cast("Sequence[JsonObject]", body.get(rule.each, ()))
    return [row for row in rows if when is None or when.holds(row, body)]


class _Look:
    """A name's value: the line's, then the body's; with @ the envelope's."""

    __slots__ = ("_body", "_draft", "_row")

    def __init__(self, draft: Draft, body: JsonObject, row: JsonObject) -> None:
        self._draft, self._body, self._row = draft, body, row

    def __call__(self, name: str) -> object:
        if name[0] == "@":
            return _enveloped(self._draft, name[1:])
        if name in self._row:
            return self._row[name]
        return self._body.get(name, ABSENT)


def _enveloped(draft: Draft, name: str) -> object:
    value = getattr(draft, name) if name in ENVELOPE else ""
    return value or ABSENT


def _entry(say: Say, links: Mapping[str, int], look: _Look) -> Entry | None:
    thread = filled(say.thread, look)
    if thread is ABSENT:
        raise Refused(
            "RECORD-THREAD",
            f"案卷编号「{say.thread}」有一段没有填写。",
            "请补填构成案卷编号的各项。",
        )
    return Entry(thread, say.kind, {**filled_detail(say.detail, look), **links})


def _moved(post: Post, look: _Look) -> Iterator[Move]:
    quantity = look(post.quantity)
    if quantity is ABSENT:
        return
    signed = -cast(int, quantity) if post.negative else cast(int, quantity)
    commodity, on = filled(post.commodity, look), look(post.on)
    account, source = filled(post.account, look), filled(post.source, look)
    if ABSENT in (commodity, on, account, source):
        raise Refused(
            "RECORD-POSTING",
            f"账户「{post.account}」记账所需的一项没有填写。",
            "请补填商品、日期与账户。",
        )
    yield Move(account, commodity, signed, cast(str, on))
    if post.source:
        yield Move(source, commodity, -signed, cast(str, on))
