"""A channel: how it is called, what it accepts as an address and how a message is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ortoo.connectors.message_folder.folder import MessageFolder


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address, as it is handed over. `expires_at` in ms."""

    name: str
    address: str
    text: str
    subject: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Channel:
    """`fault(address)` says why an address cannot be used, "" where it can."""

    code: str
    title: str
    fault: Callable[[str], str]
    document: Callable[[Letter], Mapping[str, object]]

    def folder(self, home: Path) -> MessageFolder:
        """Where this installation hands messages over: `HOME/outbox/<channel>`."""
        return MessageFolder(home / "outbox" / self.code)
