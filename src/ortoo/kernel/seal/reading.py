"""Reading a disclosure 核验出示文件: what the consumer's command prints. Needs no database.

    ./ortoo disclosure FILE --key KEYFILE

KEYFILE holds the log's public keys as `str(VerifierKey)` writes them, one a line; `#` begins a
comment. It comes from somewhere else than the document, or the document proves nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ortoo.kernel.seal.disclosure import DisclosureError, ShownPart, Verified, verify_disclosure
from ortoo.kernel.seal.note import NoteError, VerifierKey

LIMITS = (
    "以上证明内容自存证后未被改动，不证明内容属实。",
    "未出示的部分不在本文件内；报件共有几个部分，本文件不作证明。",
)


def keys_of(text: str) -> tuple[VerifierKey, ...]:
    """The keys of a key file. NoteError NOTE-KEY for a line that is none, or when there is none."""
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(VerifierKey.parse(line) for line in lines if line and not line.startswith("#"))
    if not found:
        raise NoteError("NOTE-KEY", "公钥文件中没有公钥。")
    return found


def told(held: Verified) -> Iterator[str]:
    """What is proved, as lines of Chinese."""
    signed = _said(held.checkpoint.extensions, "signed")
    yield f"核验通过：第 {held.seq:,} 号报件在存证日志「{held.checkpoint.origin}」中。"
    yield f"　检查点：前 {held.checkpoint.size:,} 件{'，签署于 ' + _time(signed) if signed else ''}"
    yield f"　报件摘要（{held.hash_name.upper()}）：{held.digest.hex()}"
    yield from _envelope(held, signed)
    for part in held.parts:
        yield from _part(part)
    if held.original is not None:
        yield f"　原件地址：{held.original.hex()}（据以核对另行取得的原件）"
    yield from (f"　{line}" for line in LIMITS)


def _envelope(held: Verified, signed: int | None) -> Iterator[str]:
    said = held.envelope
    if said is None:
        before = f"（早于 {_time(signed)}）" if signed else ""
        yield f"　封面未出示：由谁报送、何表式、何时收到，本文件不作证明{before}。"
        return
    yield f"　表式：{_plain(said['form'])}　报送单位：{_plain(said['filer'])}"
    yield f"　收到：{_time(int(str(said['received_at'])))}　经办：{_plain(said['actor'])}"
    for name, word in (("subject", "对象"), ("place", "地区"), ("period", "期别")):
        if said[name]:
            yield f"　{word}：{_plain(said[name])}"
    for name, word in (("supersedes", "更正"), ("annuls", "撤销"), ("corrects", "更正其中一条")):
        if said.get(name) is not None:
            yield f"　{word}：第 {_plain(said[name])} 号，原因：{_plain(said.get('reason', ''))}"


def _part(part: ShownPart) -> Iterator[str]:
    yield f"　分部「{part.name}」{'（加盐）' if part.salted else ''}："
    try:
        value = json.loads(part.value)
    except (ValueError, RecursionError):
        yield f"　　{part.value.hex()}"
        return
    text = json.dumps(value, ensure_ascii=False, indent=2)
    yield from (f"　　{_plain(line)}" for line in text.split("\n"))


def _said(extensions: Sequence[str], word: str) -> int | None:
    for line in extensions:
        name, _, value = line.partition(" ")
        if name == word and value.isascii() and value.isdecimal() and len(value) < 16:
            return int(value)
    return None


def _time(time_ms: int) -> str:
    """UTC, to the second: the consumer's zone is not known here."""
    try:
        return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(time_ms)


def _plain(value: object) -> str:
    """Without control characters: what somebody filed must not steer the reader's terminal."""
    return "".join(char if char.isprintable() else "�" for char in str(value))


def run(arguments: Any) -> int:
    """`./ortoo disclosure FILE --key KEYFILE`: 0 proved, 1 not proved, 2 a file cannot be read."""
    try:
        keys = keys_of(Path(arguments.key).read_text("utf-8"))
        document = Path(arguments.file).read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        print(f"不能读取文件：{error}", file=sys.stderr)
        return 2
    except NoteError as error:
        print(f"{error.code}：{error.message}", file=sys.stderr)
        return 2
    try:
        held = verify_disclosure(document, keys)
    except DisclosureError as error:
        print(f"核验不通过 {error.code}：{error.message}")
        return 1
    print("\n".join(told(held)))
    return 0
