"""Definition packs 定义包: reviewed files, listed and signed by a publisher (Law 13).

A pack is a folder: `pack.toml` lists every file with its SHA-256, `pack.note` is a C2SP signed note
over that list (see `packs_list`) by a publisher's Ed25519 key. Reading a pack takes every byte into
memory once and checks those bytes, so that what is loaded is what was checked. Loading makes its
versions known and sets nothing in motion: a version acts from the day that K-ACTIVATE names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal import note as notes
from ortoo.kernel.seal.note import Note, NoteError, VerifierKey
from ortoo.kernel.seal.signer import Signer
from ortoo.kernel.threads import packs_list
from ortoo.kernel.threads.packs_definitions import definitions, kind_of
from ortoo.kernel.threads.packs_list import (
    LIST,
    MAX_FILES,
    NOTE,
    Head,
    Listed,
    PackFile,
    refusal,
)

MAX_FILE = 2_000_000
MAX_PACK = 20_000_000
FIXED = "请向发布单位重新取得完整的定义包。"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack whose list, files and signature hold. `key` is the publisher's that signed it."""

    head: Head
    files: tuple[PackFile, ...]
    key: VerifierKey
    note: str = field(repr=False)

    @property
    def text(self) -> str:
        return packs_list.canonical(self.head, (file.listed for file in self.files))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signed list: the pack's address."""
        return packs_list.digest_of(self.text)

    @property
    def title(self) -> str:
        """As activations name it: `name v2 publisher`."""
        return f"{self.head.name} v{self.head.version} {self.head.publisher}"


def build(folder: Path, signer: Signer) -> Pack:
    """List and sign the files of a folder whose `pack.toml` gives name, version, publisher, date.

    The list and the note are written anew; every file must be a definition that can be read.
    Refused PACK-….
    """
    head, _ = packs_list.parse(_required(folder, LIST, "PACK-ABSENT"))
    found = [
        PackFile(path, kind_of(path, content), content)
        for path, content in _contents(folder)
        if path not in (LIST, NOTE)
    ]
    definitions(found)
    text = packs_list.canonical(head, (file.listed for file in found))
    signed = Note(text, (notes.sign(text, head.publisher, signer),))
    (folder / LIST).write_text(
        packs_list.written(head, (file.listed for file in found)), encoding="utf-8"
    )
    (folder / NOTE).write_text(str(signed), encoding="utf-8")
    return read(folder, [VerifierKey(head.publisher, signer.public_bytes, signer.algorithm)])


def read(folder: Path, trusted: Sequence[VerifierKey]) -> Pack:
    """The pack in a folder, once every byte of it is what a trusted publisher signed.

    Refused: PACK-ABSENT, PACK-SHAPE, PACK-PATH, PACK-UNSIGNED, PACK-PUBLISHER, PACK-SIGNATURE,
    PACK-NOTE, PACK-LINK, PACK-LARGE, PACK-MISSING, PACK-EXTRA, PACK-ALTERED.
    """
    head, files = packs_list.parse(_required(folder, LIST, "PACK-ABSENT"))
    wire = _required(folder, NOTE, "PACK-UNSIGNED")
    key, text = _signed(head, wire, trusted)
    if text != packs_list.canonical(head, files):
        raise refusal("PACK-NOTE", f"{LIST} 与所签的清单不一致。", FIXED)
    return Pack(head, _checked(folder, files), key, wire.decode("utf-8"))


def _signed(head: Head, wire: bytes, trusted: Sequence[VerifierKey]) -> tuple[VerifierKey, str]:
    try:
        note = notes.parse(wire.decode("utf-8"))
    except (NoteError, UnicodeDecodeError) as error:
        raise refusal("PACK-SIGNATURE", f"{NOTE} 不是签名文本：{error}", FIXED) from error
    known = [key for key in trusted if key.name == head.publisher and not key.cosigner]
    try:
        signers = notes.verified_by(note, known)
    except NoteError as error:
        raise refusal("PACK-SIGNATURE", f"{head.publisher} 的签名与清单不符。", FIXED) from error
    if not signers:
        raise refusal(
            "PACK-PUBLISHER",
            f"定义包由“{head.publisher}”发布，不是本机信任的发布单位，或所用密钥不同。",
            "请向发布单位核对公钥，列入信任名单（publishers.txt）后再装入。",
        )
    return signers[0], note.text


def _checked(folder: Path, files: Sequence[Listed]) -> tuple[PackFile, ...]:
    listed = {file.path: file for file in files}
    found: dict[str, PackFile] = {}
    for path, content in _contents(folder):
        if path in (LIST, NOTE):
            continue
        if path not in listed:
            raise refusal("PACK-EXTRA", f"定义包内有清单未列的文件“{path}”。", FIXED)
        found[path] = PackFile(path, listed[path].kind, content)
        if found[path].sha256 != listed[path].sha256:
            raise refusal("PACK-ALTERED", f"文件“{path}”与清单所列摘要不符。", FIXED)
    missing = sorted(listed.keys() - found.keys())
    if missing:
        raise refusal("PACK-MISSING", f"缺少清单所列的文件“{missing[0]}”。", FIXED)
    return tuple(found[file.path] for file in packs_list.sorted_files(files))


# --- reading a folder nobody vouches for -----------------------------------------------------


def _required(folder: Path, name: str, code: str) -> bytes:
    path = folder / name
    if not os.path.lexists(path):
        raise refusal(code, f"{folder} 内没有 {name}。", _REMEDIES[code])
    return _bytes(path, name)


_REMEDIES = {
    "PACK-ABSENT": "请指明定义包所在的文件夹。",
    "PACK-UNSIGNED": "未签名的定义包不能装入；请由发布单位签名（./ortoo pack build）。",
}


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(path with slashes, bytes) of every file below, by path."""
    total = 0
    paths = sorted(_walked(folder, ""))
    if len(paths) > MAX_FILES + 2:
        raise _large(f"定义包有 {len(paths)} 个文件，上限 {MAX_FILES} 个。")
    for path in paths:
        content = _bytes(folder / path, path)
        total += len(content)
        if total > MAX_PACK:
            raise _large(f"定义包超过 {MAX_PACK:,} 字节。")
        yield path, content


def _walked(folder: Path, above: str, depth: int = 1) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = above + entry.name
            if entry.is_symlink():
                raise _link(path)
            if entry.is_dir(follow_symlinks=False):
                if depth >= packs_list.DEEPEST:
                    packs_list.safe_path(f"{path}/…")
                yield from _walked(Path(entry.path), f"{path}/", depth + 1)
            elif path in (LIST, NOTE):
                yield path
            else:
                yield packs_list.safe_path(path)


def _bytes(path: Path, shown: str) -> bytes:
    """The bytes of a regular file that is no link; never more than may be."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise _link(shown) from error
        raise refusal("PACK-MISSING", f"文件“{shown}”读不出：{error.strerror}", FIXED) from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _link(shown)
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise _large(f"文件“{shown}”超过 {MAX_FILE:,} 字节。")
    return content


def _link(path: str) -> Refused:
    return refusal(
        "PACK-LINK", f"“{path}”是链接或特殊文件，可能指向包外。", "定义包只能含普通文件。"
    )


def _large(message: str) -> Refused:
    return refusal("PACK-LARGE", message, "请拆成几包。")
