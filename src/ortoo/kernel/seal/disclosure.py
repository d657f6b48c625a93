"""Disclosure 分部出示: some parts of one filing, and the proof that they stand in the signed log.

A document holds the shown parts' bytes, the hashes that lead from them to the filing's digest, from
there to the log's root, and the signed checkpoint. Whoever has the log's public key checks it
without this system and without a network. It shows that these words stood at this place of the log
before the checkpoint was signed: unaltered, not true.

The document is `ortoo1`, then raw deflate (RFC 1951, preset dictionary `WORDS`) of a msgpack array
in the order of `_Document`. The envelope is a part like the others: without it nothing is proved of
who filed, which form, or when it came, except that it was before the checkpoint.

The number of parts is not bound by the digest and is not proved. Parts that are not salted (see
`salting`) can be guessed from the hashes beside a shown one; `Disclosure.guessable` names them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ortoo.algorithms.merkle import HASH_NAMES, HASH_SIZE, inclusion_fault, leaf_hash
from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.digest import leaf_data
from ortoo.kernel.seal import multiproof, salting
from ortoo.kernel.seal.checkpoint import Checkpoint, CheckpointError, verify_checkpoint
from ortoo.kernel.seal.note import NoteError, VerifierKey

if TYPE_CHECKING:
    from ortoo.kernel.filings.read import FilingRow

MAGIC = b"ortoo"
VERSION = b"1"
MAX_DOCUMENT = 4_000_000
MAX_PLAIN = 6_000_000
ENVELOPE = b"envelope\x00"
PART = b"part\x00"
ORIGINAL = b"original\x00"
# Words that every document has, so that they cost a few bits each. Part of format 1: never change.
WORDS = (
    b'"quantityList":[{"epcClass":"quantity":"uom":"KGM"}],"bizTransactionList":[{"bizTransaction":'
    b'"sourceList":"destinationList":"parentID":"childEPCs":"inputEPCList":"outputEPCList":"ilmd":{'
    b'"type":"AggregationEvent"}"type":"TransformationEvent"}"type":"TransactionEvent"}"DELETE""ADD"'
    b'{"action":"OBSERVE","bizLocation":{"id":"https://id.gs1.org/414/"},"bizStep":"shipping",'
    b'"disposition":"in_transit","epcList":["https://id.gs1.org/01/","/21/"],"eventID":"urn:uuid:",'
    b'"eventTime":"2026-","eventTimeZoneOffset":"+08:00","readPoint":{"id":"https://id.gs1.org/414/'
    b'"},"type":"ObjectEvent"}part\x00salted/event.\x00'
    b'envelope\x00{"actor":"account:","annuls":null,"corrects":null,"filer":"91150000","form":"'
    b'","form_digest":"","form_version":1,"key":"","mode":"own","period":"","place":"",'
    b'"reason":"","received_at":17,"said_at":17,"subject":"","supersedes":null,"thread":"|"}'
    b"\nsm3 =\nafter 0\nsigned 17\n\n\xe2\x80\x94 "
)
FACTS = ("actor", "filer", "form", "key", "mode", "period", "place", "subject", "thread")
TIMES = ("received_at", "said_at")


class DisclosureError(Exception):
    """A document cannot be made, or does not hold.

    Codes: DISCLOSURE-UNKNOWN-PART, DISCLOSURE-NO-PART, DISCLOSURE-RECORD (making);
    DISCLOSURE-SIZE, -VERSION, -SHAPE, -PART-NAME, -ENVELOPE, -PART, -INCLUSION (checking); and, of
    the checkpoint within, CHECKPOINT-… and NOTE-… as `checkpoint` and `note` give them.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A document to hand over. `guessable`: withheld parts whose short values could be tried."""

    seq: int
    parts: tuple[str, ...]
    document: bytes
    guessable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part that was proved: its name without salt, its bytes as they were filed."""

    name: str
    value: bytes
    salted: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What a document proves. `envelope` is None where it was withheld; `original` is the address
    of the foreign bytes (see `filings.draft.original_address`) where that part was shown."""

    seq: int
    digest: bytes
    hash_name: str
    envelope: Mapping[str, object] | None
    parts: tuple[ShownPart, ...]
    original: bytes | None
    checkpoint: Checkpoint
    key: VerifierKey


class _Document(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """`shown`: (index, leaf bytes) by index; `siblings` and `path`: hashes one after another;
    `digest` the filing's under `hash_name`, `twin` its other digest."""

    hash_name: str
    seq: int
    count: int
    shown: list[tuple[int, bytes]]
    siblings: bytes
    digest: bytes
    twin: bytes
    path: bytes
    note: str


# --- making ----------------------------------------------------------------------------------


def disclose(
    seq: int, parts: Sequence[str], *, now_ms: int, hash_name: str = "sha256"
) -> Disclosure:
    """Show the parts named `parts` of filing `seq` ("envelope", "original" or a part's name).

    A checkpoint over the filing is signed at `now_ms` if there is none. Asks nobody's leave: the
    caller has checked that the reader may see these parts. DisclosureError; LogError of `log`.
    """
    from ortoo.kernel.filings.read import get
    from ortoo.kernel.seal import log

    proof = log.inclusion(seq, now_ms=now_ms)
    row = get(seq)
    assert row is not None
    leaves = _leaves(row)
    names = [_name(leaf) for leaf in leaves]
    chosen = sorted({_index(names, name, seq) for name in parts})
    if not chosen:
        raise DisclosureError("DISCLOSURE-NO-PART", "没有指定要出示的部分。")
    own, twin = proof.digest, proof.digest_sm3
    path = proof.hashes
    if hash_name == "sm3":
        own, twin, path = twin, own, proof.hashes_sm3
    given = multiproof.siblings([leaf_hash(each, hash_name) for each in leaves], chosen, hash_name)
    shown = {index: leaves[index] for index in chosen}
    if multiproof.root_of(len(leaves), shown, given, hash_name) != own:
        raise DisclosureError("DISCLOSURE-RECORD", f"第 {seq} 号报件与其摘要不符；请运行核对。")
    document = _Document(
        hash_name, seq, len(leaves), list(shown.items()), b"".join(given), own, twin,
        b"".join(path), proof.note,
    )  # fmt: skip
    guessable = tuple(
        name
        for at, name in enumerate(names)
        if at not in shown and not name.startswith(salting.PREFIX)
    )
    shown_names = tuple(names[at].removeprefix(salting.PREFIX) for at in chosen)
    return Disclosure(seq, shown_names, pack(document), guessable)


def part_names(seq: int) -> list[str]:
    """The names that `disclose` takes for filing `seq`, in the order of its digest."""
    from ortoo.kernel.filings.read import get

    row = get(seq)
    if row is None:
        raise DisclosureError("DISCLOSURE-UNKNOWN-PART", f"没有第 {seq} 号报件。")
    return [_name(leaf).removeprefix(salting.PREFIX) for leaf in _leaves(row)]


def _leaves(row: FilingRow) -> list[bytes]:
    from ortoo.kernel.filings import digest
    from ortoo.kernel.filings.behaviour import behaviour_of
    from ortoo.kernel.threads.rebuild import draft_of

    said = digest.envelope(
        draft_of(row),
        version=row.form_version,
        form_digest=row.form_digest,
        thread=row.thread,
        now_ms=row.received_at,
    )
    parts = behaviour_of(row.form, row.form_version).parts(row.body)
    return digest.leaves(said, parts, row.original)


def _name(leaf: bytes) -> str:
    kind, _, rest = leaf.partition(b"\x00")
    return rest.partition(b"\x00")[0].decode() if kind == b"part" else kind.decode()


def _index(names: Sequence[str], name: str, seq: int) -> int:
    for wanted in (name, salting.PREFIX + name):
        if wanted in names:
            return names.index(wanted)
    raise DisclosureError("DISCLOSURE-UNKNOWN-PART", f"第 {seq} 号报件没有名为「{name}」的部分。")


def pack(document: _Document) -> bytes:
    """The bytes of a document."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    return MAGIC + VERSION + packer.compress(msgspec.msgpack.encode(document)) + packer.flush()


def unpack(document: bytes) -> _Document:
    """The inverse of `pack`. DisclosureError DISCLOSURE-SIZE, -VERSION, -SHAPE."""
    if len(document) > MAX_DOCUMENT:
        raise DisclosureError("DISCLOSURE-SIZE", f"文件 {len(document):,} 字节，超过上限。")
    head, packed = document[: len(MAGIC) + 1], document[len(MAGIC) + 1 :]
    if head != MAGIC + VERSION:
        raise DisclosureError("DISCLOSURE-VERSION", "不是分部出示文件，或版本高于本程序所识。")
    unpacker = zlib.decompressobj(-15, WORDS)
    try:
        plain = unpacker.decompress(packed, MAX_PLAIN + 1)
        if len(plain) > MAX_PLAIN:
            raise DisclosureError("DISCLOSURE-SIZE", f"文件展开后超过 {MAX_PLAIN:,} 字节。")
        if not unpacker.eof or unpacker.unused_data:
            raise DisclosureError("DISCLOSURE-SHAPE", "文件残缺，或末尾有多余内容。")
        found = msgspec.msgpack.decode(plain, type=_Document)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DisclosureError("DISCLOSURE-SHAPE", "文件不能读取：已损坏或被改动。") from error
    if msgspec.msgpack.encode(found) != plain:
        raise DisclosureError("DISCLOSURE-SHAPE", "文件不是规范写法。")
    return found


# --- checking --------------------------------------------------------------------------------


def verify_disclosure(document: bytes, log_keys: Sequence[VerifierKey]) -> Verified:
    """What the document proves under the log's public keys. Pure. DisclosureError says why not."""
    said = unpack(document)
    shown = _shown(said)
    envelope, parts, original = _read(shown)
    _check_part_path(said, shown)
    try:
        signed = verify_checkpoint(said.note, log_keys)
    except (CheckpointError, NoteError) as error:
        raise DisclosureError(error.code, error.message) from error
    _check_log_path(said, signed.checkpoint)
    return Verified(
        said.seq, said.digest, said.hash_name, envelope, parts, original, signed.checkpoint,
        signed.key,
    )  # fmt: skip


def _shown(said: _Document) -> dict[int, bytes]:
    """Index → leaf bytes, once the document's fields have been found sound."""
    shown = dict(said.shown)
    ordered = [index for index, _ in said.shown] == sorted(shown)
    whole = len(said.siblings) % HASH_SIZE == 0 and len(said.path) % HASH_SIZE == 0
    sized = len(said.digest) == HASH_SIZE and len(said.twin) == HASH_SIZE
    if not (shown and ordered and whole and sized and said.hash_name in HASH_NAMES):
        raise DisclosureError("DISCLOSURE-SHAPE", "文件各字段不完整或次序不对。")
    return shown


def _read(
    shown: Mapping[int, bytes],
) -> tuple[Mapping[str, object] | None, tuple[ShownPart, ...], bytes | None]:
    envelope: Mapping[str, object] | None = None
    original: bytes | None = None
    parts: list[ShownPart] = []
    for leaf in shown.values():
        if leaf.startswith(ENVELOPE):
            envelope = _envelope(leaf.removeprefix(ENVELOPE))
        elif leaf.startswith(ORIGINAL):
            original = leaf.removeprefix(ORIGINAL)
        else:
            parts.append(_part(leaf))
    return envelope, tuple(parts), original


def _part(leaf: bytes) -> ShownPart:
    kind, _, rest = leaf.partition(b"\x00")
    name, mark, data = rest.partition(b"\x00")
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = ""
    if kind != b"part" or not mark or not text.isprintable() or not text:
        raise DisclosureError("DISCLOSURE-PART-NAME", "所示部分不是报件的封面、分部或原件。")
    return ShownPart(*salting.opened(text, data))


def _envelope(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data)
        sound = isinstance(found, dict) and canonical(found) == data
    except (ValueError, RecursionError):
        found, sound = {}, False
    if not (
        sound
        and all(isinstance(found.get(name), str) for name in FACTS)
        and all(type(found.get(name)) is int for name in TIMES)
    ):
        raise DisclosureError("DISCLOSURE-ENVELOPE", "所示封面缺少应有的字段，或不是规范写法。")
    return dict(found)


def _check_part_path(said: _Document, shown: Mapping[int, bytes]) -> None:
    try:
        found = multiproof.root_of(said.count, shown, _hashes(said.siblings), said.hash_name)
    except multiproof.MultiproofError as error:
        raise DisclosureError("DISCLOSURE-PART", error.message) from error
    if found != said.digest:
        raise DisclosureError("DISCLOSURE-PART", "所示内容与报件摘要不符：内容或其证明被改动。")


def _check_log_path(said: _Document, checkpoint: Checkpoint) -> None:
    own, twin, root = said.digest, said.twin, checkpoint.root_sha256
    if said.hash_name == "sm3":
        if checkpoint.root_sm3 is None:
            raise DisclosureError("DISCLOSURE-INCLUSION", "检查点没有 SM3 根。")
        own, twin, root = twin, own, checkpoint.root_sm3
    leaf = leaf_hash(leaf_data(own, twin), said.hash_name)
    position = (said.seq - 1, checkpoint.size)
    fault = inclusion_fault(leaf, position, root, _hashes(said.path), said.hash_name)
    if fault is not None:
        raise DisclosureError(
            "DISCLOSURE-INCLUSION", f"报件不在已签名的日志的所称位置：{fault.message}"
        )


def _hashes(joined: bytes) -> list[bytes]:
    return [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)]
