"""Packs this installation has loaded, kept by the digest of their signed list: `packs/<hex>/`.

A restart knows what was loaded, since filings under it stand on the log. A kept pack answers to the
key that signed it on the day it was loaded, whoever is trusted since.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal.keystore import sync_folder
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.kernel.threads import packs_list
from ortoo.kernel.threads.packs import Pack, read
from ortoo.kernel.threads.packs_list import LIST, NOTE, refusal

FOLDER, CONTENT, LOADED = "packs", "pack", "loaded.json"
PUBLISHERS = "publishers.txt"


@dataclass(frozen=True, slots=True)
class Kept:
    """A pack as kept: where its files are, and the pack or why it cannot be used any more."""

    folder: Path
    pack: Pack | None
    fault: Refused | None


def home() -> Path:
    """`packs/` of this installation."""
    from django.conf import settings

    return Path(settings.HOME) / FOLDER


def trusted_publishers(path: Path | None = None) -> tuple[VerifierKey, ...]:
    """Public keys of the publishers this installation trusts, `name+hash+base64` a line.

    The file is `settings.PACK_PUBLISHERS`, or publishers.txt of the installation; # begins a
    remark. None there: nobody is trusted. Refused PACK-TRUST.
    """
    from django.conf import settings

    given = path or getattr(settings, "PACK_PUBLISHERS", None)
    file = Path(given) if given else Path(settings.HOME) / PUBLISHERS
    if not file.exists():
        return ()
    lines = [line.split("#", 1)[0].strip() for line in file.read_text("utf-8").splitlines()]
    try:
        return tuple(VerifierKey.parse(line) for line in lines if line)
    except NoteError as error:
        raise refusal(
            "PACK-TRUST", f"信任名单 {file.name} 不能读取：{error.message}", "请逐行核对公钥。"
        ) from error


def keep(pack: Pack, folder: Path) -> Path:
    """Keep a pack and return the folder of its files; a second time nothing happens.

    Whole or not at all: it is made beside and renamed once it is on the disk.
    """
    place = folder / pack.digest.hex()
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
        try:
            _write(pack, made)
            try:
                made.rename(place)
            except OSError:
                if not place.exists():  # else another process kept the same pack meanwhile
                    raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        sync_folder(folder)
    return place / CONTENT


def _write(pack: Pack, made: Path) -> None:
    files = {LIST: packs_list.written(pack.head, (f.listed for f in pack.files)).encode()}
    files |= {NOTE: pack.note.encode()} | {file.path: file.content for file in pack.files}
    said = json.dumps({"key": str(pack.key)}) + "\n"
    inside = {f"{CONTENT}/{path}": content for path, content in files.items()}
    for path, content in {**inside, LOADED: said.encode()}.items():
        target = made / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for below in [made, *(path for path in made.rglob("*") if path.is_dir())]:
        sync_folder(below)


def kept(folder: Path) -> Iterator[Kept]:
    """Every pack kept, oldest list first, checked again; a broken one with its fault."""
    found = [_kept(place) for place in sorted(folder.glob("[0-9a-f]*")) if place.is_dir()]
    yield from sorted(found, key=_age)


def _age(one: Kept) -> tuple[str, str, int]:
    head = one.pack.head if one.pack else None
    return (head.made.isoformat(), head.name, head.version) if head else ("", one.folder.name, 0)


def _kept(place: Path) -> Kept:
    content = place / CONTENT
    try:
        key = VerifierKey.parse(json.loads((place / LOADED).read_text("utf-8"))["key"])
        pack = read(content, [key])
    except Refused as refused:
        return Kept(content, None, refused)
    except (OSError, ValueError, KeyError, TypeError, NoteError) as error:
        return Kept(content, None, _broken(place.name, str(error)))
    if pack.digest.hex() != place.name:
        return Kept(content, None, _broken(place.name, "内容不是其摘要"))
    return Kept(content, pack, None)


def _broken(name: str, why: str) -> Refused:
    return refusal(
        "PACK-KEPT", f"所存定义包 {name[:12]} 不能使用：{why}。", "请从备份恢复 packs 文件夹。"
    )
