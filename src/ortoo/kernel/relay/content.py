"""What a bundle holds, and everything it claims recomputed before anybody believes it.

`ortoo-relay/1` is `ortooR1`, then a msgpack array of the content's bytes and a signed note over
their SHA-256. Nothing here writes; the registers of forms are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ortoo.algorithms.merkle import HASH_SIZE, inclusion_fault, leaf_hash
from ortoo.kernel.filings.behaviour import Behaviour, behaviour_of, canonical
from ortoo.kernel.filings.digest import digests, leaf_data, leaves
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.relay.homes import SEND, Instance, Instances
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.checkpoint import Checkpoint, CheckpointError, verify_checkpoint
from ortoo.kernel.seal.note import NoteError

MAGIC = b"ortooR1"
FORMAT = "ortoo-relay/1"
MEDIA_TYPE = "application/vnd.ortoo.relay"
# The bundle and the attachments it brings are kept both; together they fit an original's limit.
MAX_BUNDLE = 24_000_000
# The kernel's forms that are about a thread. Its others are about one installation and stay there:
# nobody registers parties, grants or activates anything in another's log.
THREAD_FORMS = frozenset(
    f"K-{word}"
    for word in ("DECIDE", "ASK", "ANSWER", "HOLD", "RESUME", "RECOGNISE", "LINK", "MIGRATE",
                 "WITHDRAW", "ANNUL", "DEEM", "ESCALATE", "OVERRIDE")
)  # fmt: skip
# Fields of their bodies that are log indexes, and so mean another filing in every log.
REFERENCES = {
    "K-ANSWER": "ask", "K-RESUME": "hold", "K-ANNUL": "target", "K-RECOGNISE": "seq",
}  # fmt: skip
FOLLOWS = ("supersedes", "annuls", "corrects")
File = tuple[bytes, str, str]


class Content(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """`references`: log index there → the key under which it was relayed there, "" for its own.
    `before`: thread → the filing before this one on it. `procedures`: code, version, digest."""

    origin: str
    seq: int
    envelope: bytes
    body: bytes
    original: File | None
    attachments: list[File]
    references: dict[int, str]
    before: dict[str, int]
    procedures: list[tuple[str, int, bytes]]
    digest: bytes
    digest_sm3: bytes
    path: bytes
    path_sm3: bytes
    checkpoint: str


class Signed(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    content: bytes
    note: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose signature, place in the log and digest hold."""

    content: Content
    envelope: Mapping[str, object]
    behaviour: Behaviour
    checkpoint: Checkpoint
    instance: Instance
    data: bytes

    @property
    def key(self) -> str:
        """Its identity here: the same bundle is the same filing."""
        return f"{self.content.origin}#{self.content.seq}"

    def said(self, name: str) -> str:
        return str(self.envelope.get(name) or "")


def refusal(code: str, message: str, remedy: str, status: int = 422) -> Refused:
    return Refused(code, message, remedy, status, rule="LAW-14")


def signed_text(content: Content, plain: bytes) -> str:
    return f"{FORMAT}\n{content.origin}\n{content.seq}\n{hashlib.sha256(plain).hexdigest()}\n"


def check_form(form: str) -> None:
    if form.startswith("K-") and form not in (*THREAD_FORMS, SEND):
        raise refusal("RELAY-FORM", f"{form} 只管本机，不能交换。", "请在各实例分别办理。", 403)


# --- checking --------------------------------------------------------------------------------


def opened(data: bytes, known: Instances) -> Bundle:
    """The bundle, once everything it claims has been recomputed. Files nothing.

    Refused RELAY-LARGE, RELAY-SHAPE, RELAY-ORIGIN, RELAY-SIGNATURE, RELAY-FORM, RELAY-INCLUSION,
    FORM-DIGEST-UNKNOWN, RELAY-DIGEST.
    """
    signed, content = unpacked(data)
    instance = known.at(content.origin)
    if instance is None:
        raise refusal(
            "RELAY-ORIGIN",
            f"“{content.origin[:80]}”不是本机信任的实例。",
            "请向对方核对公钥，列入交换对象名单（relay.toml）。",
            403,
        )
    _check_signature(signed, content, instance)
    envelope = _envelope(content.envelope)
    check_form(str(envelope["form"]))
    behaviour = behaviour_under(envelope)
    _check_digest(content, behaviour)
    return Bundle(content, envelope, behaviour, _check_log(content, instance), instance, data)


def unpacked(data: bytes) -> tuple[Signed, Content]:
    if len(data) > MAX_BUNDLE:
        raise too_large(len(data))
    broken = refusal("RELAY-SHAPE", "交换件已损坏、被改动或版本不符。", "请对方重新发送。")
    if not data.startswith(MAGIC):
        raise broken
    try:
        signed = msgspec.msgpack.decode(data[len(MAGIC) :], type=Signed)
        content = msgspec.msgpack.decode(signed.content, type=Content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise broken from error
    whole = msgspec.msgpack.encode(content) == signed.content
    if not whole or MAGIC + msgspec.msgpack.encode(signed) != data:
        raise broken
    return signed, content


def _check_signature(signed: Signed, content: Content, instance: Instance) -> None:
    try:
        note = notes.parse(signed.note)
        held = notes.verified_by(note, instance.keys)
    except NoteError as error:
        raise _forged(content.origin) from error
    if not held or note.text != signed_text(content, signed.content) or str(note) != signed.note:
        raise _forged(content.origin)


def _forged(origin: str) -> Refused:
    return refusal(
        "RELAY-SIGNATURE", f"交换件的签名不是“{origin}”的，或内容被改动。", "请对方重新发送。"
    )


def _envelope(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    texts = ("form", "form_digest", "filer", "key", "period", "subject", "place", "reason")
    numbers = ("form_version", "said_at", "received_at")
    if not (
        isinstance(found, dict)
        and canonical(found) == data
        and all(isinstance(found.get(name), str) for name in texts)
        and all(type(found.get(name)) is int for name in numbers)
    ):
        raise refusal("RELAY-SHAPE", "交换件的封面缺少应有的字段。", "请对方重新发送。")
    return found


def behaviour_under(envelope: Mapping[str, object]) -> Behaviour:
    form, version = str(envelope["form"]), envelope["form_version"]
    try:
        found = behaviour_of(form, int(str(version)))
    except Refused:
        found = None
    if found is None or found.digest.hex() != envelope["form_digest"]:
        raise _unknown_form(form, version)
    return found


def _unknown_form(form: str, version: object) -> Refused:
    return refusal(
        "FORM-DIGEST-UNKNOWN",
        f"本机没有 {form} 第 {version} 版的这个定义。",
        "请装入对方所用的定义包（./ortoo pack load）后再收。",
        409,
    )


def _check_digest(content: Content, behaviour: Behaviour) -> None:
    try:
        original = Original(*content.original).address if content.original else None
        parts = behaviour.parts(content.body)
        found = digests(leaves(content.envelope, parts, original))
        sound = canonical(json.loads(content.body)) == content.body
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, msgspec.MsgspecError):
        found, sound = (b"", b""), False
    attached = {Original(*file).address for file in content.attachments}
    named = getattr(behaviour, "attachment_addresses", None)
    wanted = set(named(content.body)) if sound and named is not None else set()
    if not sound or found != (content.digest, content.digest_sm3) or attached != wanted:
        raise refusal("RELAY-DIGEST", "内容与摘要不符。", "请对方运行 ./ortoo verify。")


def _check_log(content: Content, instance: Instance) -> Checkpoint:
    try:
        said = verify_checkpoint(content.checkpoint, instance.keys).checkpoint
    except (CheckpointError, NoteError) as error:
        raise refusal(
            "RELAY-INCLUSION", f"检查点不成立：{error.message}", "请对方重新发送。"
        ) from error
    roots = {"sha256": (said.root_sha256, content.path), "sm3": (said.root_sm3, content.path_sm3)}
    data = leaf_data(content.digest, content.digest_sm3)
    for name, (root, path) in roots.items():
        hashes = [path[at : at + HASH_SIZE] for at in range(0, len(path), HASH_SIZE)]
        position = (content.seq - 1, said.size)
        fault = root is None or inclusion_fault(leaf_hash(data, name), position, root, hashes, name)
        if fault:
            raise refusal("RELAY-INCLUSION", "报件不在所称的位置。", "请对方重新发送。")
    return said


def too_large(size: int) -> Refused:
    told = f"交换件 {size:,} 字节，上限 {MAX_BUNDLE:,} 字节。"
    return refusal("RELAY-LARGE", told, "请改用其他方式传送附件。", 413)
