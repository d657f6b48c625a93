"""Files out, receipts in. The folder holds addresses in the clear, so it is for its owner alone."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RECEIPTS = "receipts"
UNREADABLE = "unreadable"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
LARGEST_RECEIPT = 16_384
MOST_RECEIPTS = 5_000
LONGEST_REASON = 100
STATES = ("delivered", "failed")
_NAME = re.compile(r"[0-9a-f]{32}-[1-9][0-9]?\Z")
# A gateway may repeat the address in its reason; it must not come back into the system.
_NUMBER = re.compile(r"\d[\d\s-]{4,}\d")
_MAIL = re.compile(r"\S+@\S+")


class FolderFault(OSError):
    """The folder cannot be used. Codes: OUTBOX-NAME, OUTBOX-OPEN, OUTBOX-WRITE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}：{message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Report:
    """What the channel says became of a message. `again`: it may be tried once more."""

    name: str
    state: str
    reason: str = ""
    again: bool = False


class MessageFolder:
    """`put` writes one file a message, whole or not at all; `receipts` reads what came back."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def put(self, name: str, document: Mapping[str, object]) -> Path:
        """Write the message `name`; a second time the same name is left as it stands."""
        if not _NAME.fullmatch(name):
            raise FolderFault("OUTBOX-NAME", f"消息名「{name[:60]}」不合规定。")
        self._prepare()
        path = self.place / f"{name}.json"
        if path.exists():
            return path
        data = json.dumps(document, ensure_ascii=False, indent=1).encode()
        try:
            handle, new = tempfile.mkstemp(dir=self.place, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(new).chmod(PRIVATE_FILE)
            Path(new).replace(path)
        except OSError as error:
            raise FolderFault("OUTBOX-WRITE", f"写不进 {self.place}：{error.strerror}") from error
        return path

    def receipts(self) -> list[Report]:
        """What came back, oldest name first; unreadable files are put aside, never guessed at."""
        place = self.place / RECEIPTS
        if not place.is_dir():
            return []
        found = []
        for path in sorted(place.glob("*.json"))[:MOST_RECEIPTS]:
            report = read_receipt(path)
            if report is None:
                self._put_aside(path)
            else:
                found.append(report)
        return found

    def close(self, name: str) -> None:
        """Remove a message and its receipt: the address is kept no longer than it is needed."""
        for path in (self.place / f"{name}.json", self.place / RECEIPTS / f"{name}.json"):
            path.unlink(missing_ok=True)

    def _prepare(self) -> None:
        try:
            for folder in (self.place.parent, self.place, self.place / RECEIPTS):
                folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            open_to_others = os.name == "posix" and self.place.stat().st_mode & 0o077
        except OSError as error:
            raise FolderFault("OUTBOX-WRITE", f"建不了 {self.place}：{error.strerror}") from error
        if open_to_others:
            raise FolderFault("OUTBOX-OPEN", f"{self.place} 可被他人读取；请先执行 chmod 700。")

    def _put_aside(self, path: Path) -> None:
        aside = path.parent / UNREADABLE
        aside.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        path.replace(aside / path.name)


def read_receipt(path: Path) -> Report | None:
    """One receipt file `{"state": "delivered"|"failed", "reason": …, "again": …}`, or None."""
    if path.is_symlink() or not path.is_file() or not _NAME.fullmatch(path.stem):
        return None
    if path.stat().st_size > LARGEST_RECEIPT:
        return None
    try:
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError):
        return None
    if not isinstance(said, dict) or said.get("state") not in STATES:
        return None
    reason = said.get("reason", "")
    text = shown_reason(reason if isinstance(reason, str) else "")
    return Report(path.stem, str(said["state"]), text, said.get("again") is True)


def shown_reason(text: str) -> str:
    """A channel's reason without numbers and addresses, on one line."""
    masked = _MAIL.sub("［地址］", _NUMBER.sub("［号码］", " ".join(text.split())))
    return masked[:LONGEST_REASON]
