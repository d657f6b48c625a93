"""The list of a definition pack 定义包: what `pack.toml` says, and the text a publisher signs.

The signed text is made from the list alone, so that white space, comments and the order of a TOML
file mean nothing and every name, kind and digest does:

    ortoo-pack/1
    name 周报第五版
    version 2
    publisher bureau.region.example
    date 2026-11-20
    <sha256, hex> <kind> <path>          one line a file, by path
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from json import dumps
from typing import Any

from ortoo.kernel.filings.refusal import Refused

FORMAT = "ortoo-pack/1"
LIST, NOTE = "pack.toml", "pack.note"
KINDS = ("form", "record", "procedure", "regulation", "calendar")
MAX_FILES = 300
LONGEST_PATH, LONGEST_NAME, DEEPEST = 120, 60, 4
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEAD = {"name", "version", "publisher", "date"}


def refusal(code: str, message: str, remedy: str) -> Refused:
    """A pack's refusal; packs are the operator's business and never a respondent's."""
    return Refused(code, message, remedy, 422, rule="LAW-13")


@dataclass(frozen=True, slots=True)
class Head:
    """What a pack is called, which edition it is, who answers for it and when it was made."""

    name: str
    version: int
    publisher: str
    made: date


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the list names it; `sha256` in hexadecimal."""

    path: str
    kind: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack, as it was read and checked."""

    path: str
    kind: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def listed(self) -> Listed:
        return Listed(self.path, self.kind, self.sha256)


def canonical(head: Head, files: Iterable[Listed]) -> str:
    """The text that is signed."""
    lines = [
        FORMAT, f"name {head.name}", f"version {head.version}", f"publisher {head.publisher}",
        f"date {head.made.isoformat()}",
        *(f"{file.sha256} {file.kind} {file.path}" for file in sorted_files(files)),
    ]  # fmt: skip
    return "\n".join([*lines, ""])


def sorted_files(files: Iterable[Listed]) -> list[Listed]:
    """By path, by code point."""
    return sorted(files, key=lambda file: file.path)


def digest_of(text: str) -> bytes:
    """SHA-256 of a signed text: the address of the pack."""
    return hashlib.sha256(text.encode("utf-8")).digest()


def written(head: Head, files: Iterable[Listed]) -> str:
    """`pack.toml`; JSON's strings are TOML's basic strings."""
    lines = [
        f"name = {dumps(head.name, ensure_ascii=False)}", f"version = {head.version}",
        f"publisher = {dumps(head.publisher)}", f"date = {head.made.isoformat()}", "",
    ]  # fmt: skip
    for file in sorted_files(files):
        lines += [
            "[[files]]", f"path = {dumps(file.path)}", f"kind = {dumps(file.kind)}",
            f"sha256 = {dumps(file.sha256)}", "",
        ]  # fmt: skip
    return "\n".join(lines)


def parse(data: bytes) -> tuple[Head, tuple[Listed, ...]]:
    """Read `pack.toml`. Refused PACK-SHAPE, PACK-PATH or PACK-LARGE."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _shape(f"读不懂：{error}") from error
    unknown = sorted(set(table) - _HEAD - {"files"})
    if unknown:
        raise _shape(f"不认识的字段 {'、'.join(unknown)}")
    rows = table.get("files", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _shape("files 应为 [[files]] 表")
    if len(rows) > MAX_FILES:
        raise refusal(
            "PACK-LARGE", f"定义包列有 {len(rows)} 个文件，上限 {MAX_FILES} 个。", "请拆成几包。"
        )
    files = tuple(_listed(row) for row in rows)
    # On some disks a name in capitals is the same file, and one of the two would be lost.
    names = [file.path.lower() for file in files]
    if len(set(names)) != len(names):
        raise _shape("同一路径列了两次")
    return _head(table), files


def _head(table: Mapping[str, Any]) -> Head:
    name, version = table.get("name"), table.get("version")
    publisher, made = table.get("publisher"), table.get("date")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise _shape(f"name 应为 1—{LONGEST_NAME} 字")
    if type(version) is not int or not 0 < version < 100_000:
        raise _shape("version 应为正整数")
    if not isinstance(publisher, str) or not re.fullmatch(r"[^\s+]{1,80}", publisher):
        raise _shape("publisher 应为签名密钥的名称，不含空白和加号")
    if type(made) is not date:
        raise _shape("date 应为日期，例如 2026-11-20")
    return Head(name, version, publisher, made)


def _listed(row: Mapping[str, Any]) -> Listed:
    path, kind, digest = row.get("path"), row.get("kind"), row.get("sha256")
    if set(row) != {"path", "kind", "sha256"} or not isinstance(digest, str):
        raise _shape("每个文件须且只须写 path、kind、sha256")
    if kind not in KINDS:
        raise _shape(f"kind 只能是 {'、'.join(KINDS)}")
    if not _DIGEST.fullmatch(digest):
        raise _shape("sha256 应为 64 位小写十六进制数")
    return Listed(safe_path(path), str(kind), digest)


def safe_path(path: object) -> str:
    """A path that stays inside the pack, whatever system it is unpacked on. Refused PACK-PATH."""
    if isinstance(path, str) and len(path) <= LONGEST_PATH:
        parts = path.split("/")
        sound = all(_SEGMENT.fullmatch(part) for part in parts) and len(parts) <= DEEPEST
        if sound and path not in (LIST, NOTE):
            return path
    raise refusal(
        "PACK-PATH",
        f"定义包列有不允许的路径“{str(path)[:80]}”。",
        "路径应在包内，只用字母、数字、点、横线和下划线，以 / 分隔，不得以点开头。",
    )


def _shape(what: str) -> Refused:
    return refusal("PACK-SHAPE", f"{LIST}：{what}。", "请改正后由发布单位重新签名。")
