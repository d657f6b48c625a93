"""A file that somebody posts: read within bounds, and kept for the next step of the same person.

What waits between a preview and its confirmation lies in a folder of this installation, named by a
digest over its owner, for a day. Nobody else's address opens it, and none of it is a record.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope

MAX_BYTES = 20 * 1024 * 1024
KEPT_SECONDS = 86_400
_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Posted:
    """A file as it came: its bytes and what it was called."""

    data: bytes
    name: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def posted_file(request: HttpRequest, field: str = "file") -> Posted:
    """The file of a form. Raises Refused FILE-MISSING, FILE-TOO-LARGE."""
    found = request.FILES.get(field)
    if found is None:
        raise Refused("FILE-MISSING", "没有选择文件。", "请先选择要上传的文件。")
    if (found.size or 0) > MAX_BYTES:
        raise Refused(
            "FILE-TOO-LARGE", f"文件超过 {MAX_BYTES >> 20} MB。", "请拆成几个文件后再上传。", 413
        )
    return Posted(found.read(), plain_name(str(found.name or "")))


def plain_name(name: str) -> str:
    """A file's name without folders and unprintable signs, short enough for an envelope."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in base if sign.isprintable())[-120:] or "上传文件"


def keep(scope: Scope, posted: Posted) -> str:
    """Keep a file for its owner's next step; returns the token that finds it again."""
    folder = _folder()
    _forget_old(folder)
    token = posted.sha256
    place = folder / _name(scope, token)
    place.write_bytes(posted.data)
    place.chmod(0o600)
    place.with_suffix(".json").write_text(json.dumps({"name": posted.name}), encoding="utf-8")
    return token


def kept(scope: Scope, token: str) -> Posted:
    """The file that the same person kept under a token. Raises Refused UPLOAD-GONE."""
    gone = Refused(
        "UPLOAD-GONE", "上传的文件已不在（保留一天，且只限上传人）。", "请重新选择文件上传。", 409
    )
    if len(token) != _DIGITS or not set(token) <= set("0123456789abcdef"):
        raise gone
    place = _folder() / _name(scope, token)
    try:
        data = place.read_bytes()
        name = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError) as error:
        raise gone from error
    return Posted(data, str(name))


def _folder() -> Path:
    folder = Path(settings.HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _name(scope: Scope, token: str) -> str:
    return hashlib.sha256(f"{scope.actor}\x1f{token}".encode()).hexdigest()


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for place in folder.iterdir():
        try:
            if place.stat().st_mtime < oldest:
                place.unlink()
        except OSError:
            continue  # another process was faster
