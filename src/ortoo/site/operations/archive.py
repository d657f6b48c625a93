"""The files of a backup 备份: a chain of segments, each a folder that appears whole or not at all.

    DIR/000001-000000000000-000000012345/     the base: log indexes 1 … 12 345
    DIR/000002-000000012345-000000013000/     a segment: what was filed since
        kernel_filing.jsonl.gz …              one table a file: one JSON array a row, gzip
        manifest.note                         what the files hold, signed like a checkpoint
    DIR/HEAD                                  SHA-256 of the newest manifest

A manifest names the SHA-256 of every file and of the manifest before it, so that no file and no
segment can be altered, exchanged or left out unnoticed. In a row a number, text or null stands for
itself; `{"b": …}` is bytes in base64, `{"u": …}` bytes that are UTF-8, `{"d": …}` a moment. Nothing
here needs the database or Django: a backup is readable without this program.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.keystore import sync_folder, write_private
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.kernel.seal.signer import Signer, SignerError

FORMAT = 1
HEADLINE = "ortoo-backup"
MANIFEST, HEAD, SUFFIX = "manifest.note", "HEAD", ".jsonl.gz"
NAME = re.compile(r"(\d{6})-(\d{12})-(\d{12})")
UTF8_COLUMNS = frozenset({"body"})
PRIVATE_FOLDER, BLOCK = 0o700, 1 << 20

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a segment: which table, how many rows and bytes, SHA-256 in hex."""

    name: str
    table: str
    columns: tuple[str, ...]
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one segment says of itself.

    Log indexes `start` < seq ≤ `end`; `roots` are the log's SHA-256 and SM3 roots at `end` (hex,
    empty for an empty log); `keys` the public history of the signing keys; `schema` the newest
    migration of each application; `grown` how far tables that only grow were read.
    """

    number: int
    previous: str
    origin: str
    start: int
    end: int
    made_at: int
    roots: tuple[str, str]
    keys: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, str]
    grown: Mapping[str, int]
    parts: tuple[Part, ...]
    digest: str = ""

    @property
    def folder(self) -> str:
        return f"{self.number:06d}-{self.start:012d}-{self.end:012d}"

    def part(self, table: str) -> Part | None:
        return next((part for part in self.parts if part.table == table), None)

    def text(self) -> str:
        """The signed text."""
        said = {k: v for k, v in asdict(self).items() if k != "digest"}
        return f"{HEADLINE} {FORMAT}\n{canonical(said).decode()}\n"


@dataclass(frozen=True, slots=True)
class Chain:
    """The segments of a backup folder, in order, their manifests signed and linked."""

    folder: Path
    segments: tuple[Manifest, ...]

    @property
    def last(self) -> Manifest:
        return self.segments[-1]

    def up_to(self, seq: int) -> tuple[Manifest, ...]:
        """The segments needed for the first `seq` filings: at least the base, and those made while
        the log stood at just that index."""
        return tuple(
            one for one in self.segments if one.number == 1 or one.start < seq or one.end == seq
        )

    def rows(self, segment: Manifest, table: str) -> Iterator[Row]:
        """Rows of one table in one segment, as they were written; none for an absent table."""
        part = segment.part(table)
        if part is not None:
            yield from _rows(self.folder / segment.folder / part.name, part)


# --- writing ---------------------------------------------------------------------------------


class PartWriter:
    """One table's file while it is written."""

    def __init__(self, folder: Path, table: str, columns: Sequence[str]) -> None:
        self.table, self.columns, self.rows = table, tuple(columns), 0
        self.path = folder / (table + SUFFIX)
        self._raw = self.path.open("wb")
        # No time and no name in the header: the same rows give the same bytes.
        self._zip = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", mtime=0)
        self._utf8 = [name in UTF8_COLUMNS for name in columns]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        lines = [
            json.dumps(
                [_coded(v, u) for v, u in zip(row, self._utf8, strict=True)],
                ensure_ascii=False, separators=(",", ":"),
            )
            for row in rows
        ]  # fmt: skip
        # A text that is no Unicode (somebody altered the database) is kept as it is.
        self._zip.write("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))
        self.rows += len(rows)

    def close(self) -> Part:
        """On disk when this returns."""
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        size, sha256 = _measured(self.path)
        return Part(self.path.name, self.table, self.columns, self.rows, size, sha256)

    def abandon(self) -> None:
        with contextlib.suppress(OSError):
            self._raw.close()


@contextlib.contextmanager
def unfinished(folder: Path, number: int) -> Iterator[Path]:
    """A folder beside the chain to write a segment into; gone afterwards unless it was sealed."""
    place = folder / f".{number:06d}.part"
    _discard(place)
    place.mkdir(mode=PRIVATE_FOLDER)
    try:
        yield place
    finally:
        _discard(place)


def _discard(place: Path) -> None:
    if place.exists():
        for path in place.iterdir():
            path.unlink()
        place.rmdir()


def seal(place: Path, manifest: Manifest, signer: Signer) -> Manifest:
    """Sign, put on disk, and let the segment take its place in the chain."""
    text = manifest.text()
    wire = str(notes.Note(text, (notes.sign(text, manifest.origin, signer),))).encode()
    write_private(place / MANIFEST, wire)
    sync_folder(place)
    place.rename(place.parent / manifest.folder)
    digest = hashlib.sha256(wire).hexdigest()
    write_private(place.parent / HEAD, (digest + "\n").encode())
    return Manifest(**{**_fields(manifest), "digest": digest})


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def _coded(value: Any, utf8: bool) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, dt.datetime):
        return {"d": value.isoformat()}
    data = bytes(value)
    if utf8:
        with contextlib.suppress(UnicodeDecodeError):
            return {"u": data.decode("utf-8")}
    return {"b": base64.b64encode(data).decode("ascii")}


def _decoded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    if kind == "u":
        return text.encode("utf-8")
    return dt.datetime.fromisoformat(text) if kind == "d" else base64.b64decode(text)


# --- reading ---------------------------------------------------------------------------------


def exists(folder: Path) -> bool:
    """Whether a folder holds a chain."""
    return folder.is_dir() and any(NAME.fullmatch(path.name) for path in folder.iterdir())


def read_chain(folder: Path, trusted: Sequence[VerifierKey]) -> Chain:
    """The chain, its manifests verified by `trusted` keys and linked without a gap.

    Refused: ARCHIVE-ABSENT, -GAP, -ORDER, -MANIFEST, -FORMAT, -KEY, -SIGNATURE.
    """
    previous, end = "", 0
    segments: list[Manifest] = []
    for number, path in enumerate(_folders(folder), 1):
        found, note = _parsed(path)
        _check_place(path, found, number, (previous, end))
        _check_signature(path, note, found, trusted)
        segments.append(found)
        previous, end = found.digest, found.end
    head = folder / HEAD
    known = {one.digest for one in segments}
    if head.exists() and head.read_text("ascii", "replace").strip() not in known:
        raise Refused(
            "ARCHIVE-GAP",
            f"{folder} 缺少最新的一段：HEAD 所指的清单不在其中。",
            "请找回缺失的段；确要放弃它，请先删去 HEAD 文件。",
        )
    return Chain(folder, tuple(segments))


def _folders(folder: Path) -> list[Path]:
    found = sorted(p for p in folder.iterdir() if NAME.fullmatch(p.name)) if folder.is_dir() else []
    if not found:
        raise Refused(
            "ARCHIVE-ABSENT", f"{folder} 中没有备份。", "请核对路径；备份由一段或多段文件夹组成。"
        )
    return found


def _parsed(path: Path) -> tuple[Manifest, notes.Note]:
    try:
        wire = (path / MANIFEST).read_bytes()
        note = notes.parse(wire.decode("utf-8"))
        head, body, _ = note.text.split("\n")
        word, _, version = head.partition(" ")
        if word != HEADLINE:
            raise ValueError(head)
        said = json.loads(body)
    except (OSError, ValueError, NoteError) as error:
        raise Refused(
            "ARCHIVE-MANIFEST",
            f"段 {path.name} 的清单缺失或不能读取（{type(error).__name__}）。",
            "请换用这一段的另一份拷贝。",
        ) from error
    if version != str(FORMAT):
        raise Refused(
            "ARCHIVE-FORMAT",
            f"段 {path.name} 的格式是第 {version} 版，本程序只认第 {FORMAT} 版。",
            "请用写出它的版本或更新的程序恢复。",
        )
    said["parts"] = tuple(Part(**p | {"columns": tuple(p["columns"])}) for p in said["parts"])
    said["roots"], said["keys"] = tuple(said["roots"]), tuple(said["keys"])
    return Manifest(**said, digest=hashlib.sha256(wire).hexdigest()), note


def _check_place(path: Path, found: Manifest, number: int, follows: tuple[str, int]) -> None:
    if int(path.name[:6]) != number:
        raise Refused(
            "ARCHIVE-GAP",
            f"备份缺少第 {number} 段，其后是 {path.name}。",
            "请找回缺失的段；此前各段仍可单独恢复：把其后各段与 HEAD 移出即可。",
        )
    if found.folder != path.name or (found.previous, found.start) != follows:
        raise Refused(
            "ARCHIVE-ORDER",
            f"{path.name} 不接在前一段之后：清单自称第 {found.number} 段，"
            f"自第 {found.start} 号起。",
            "段的先后或文件夹名被改动，或混入了另一套备份；请按清单恢复原名。",
        )


def _check_signature(
    path: Path, note: notes.Note, found: Manifest, trusted: Sequence[VerifierKey]
) -> None:
    try:
        # A key is trusted for its bytes; under which name it signed, the manifest says itself.
        own = [VerifierKey(found.origin, key.public, key.algorithm) for key in trusted]
        signed = notes.verified_by(note, own)
    except (NoteError, SignerError) as error:
        raise Refused(
            "ARCHIVE-SIGNATURE",
            f"段 {path.name} 的清单签名不成立：{error.message}",
            "清单被改动；请换用另一份拷贝。",
        ) from error
    if not signed:
        raise Refused(
            "ARCHIVE-KEY",
            f"段 {path.name} 的清单不是由本机信任的签名密钥签署的（来源 {found.origin}）。",
            "请把原机构的密钥目录放到 HOME/keys，或用 --key 给出另存的日志公钥。",
        )


def check_parts(folder: Path, segment: Manifest) -> None:
    """Re-read every file of a segment. Refused ARCHIVE-PART, -TRUNCATED, -ALTERED."""
    for part in segment.parts:
        path = folder / segment.folder / part.name
        if not path.is_file():
            raise Refused(
                "ARCHIVE-PART",
                f"段 {segment.folder} 缺少文件 {part.name}。",
                "请换用这一段的另一份拷贝。",
            )
        size, sha256 = _measured(path)
        if size < part.size:
            raise Refused(
                "ARCHIVE-TRUNCATED",
                f"{segment.folder}/{part.name} 只有 {size:,} 字节，应为 {part.size:,} 字节。",
                "文件被截短，多为拷贝中断；请重新拷贝这一段。",
            )
        if sha256 != part.sha256:
            raise Refused(
                "ARCHIVE-ALTERED",
                f"{segment.folder}/{part.name} 的 SHA-256 与清单不符。",
                "内容被改动或介质损坏；请换用另一份拷贝。",
            )


def _measured(path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            size += len(block)
            digest.update(block)
    return size, digest.hexdigest()


def _rows(path: Path, part: Part) -> Iterator[Row]:
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield tuple(map(_decoded, json.loads(line.decode("utf-8", "surrogatepass"))))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Refused(
            "ARCHIVE-ALTERED", f"{part.name} 读到一半出错：{error}", "请换用另一份拷贝。"
        ) from error
