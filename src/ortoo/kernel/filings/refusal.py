"""How the kernel says no: one exception that carries a code, what was wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Refused(Exception):
    """A filing or a read that may not happen.

    `code` is stable ASCII (`RETURN-STALE`), `message` says what was wrong and where in Chinese,
    `remedy` what to do now; `status` is the HTTP status an edge should answer with. `details` holds
    further coded findings, such as a form's issues.
    """

    code: str
    message: str
    remedy: str = ""
    status: int = 422
    rule: str = ""
    details: list[object] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}{' ' + self.remedy if self.remedy else ''}"
