"""One thing that is wrong with a record, for the person or program that must mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ortoo.kernel.forms.definition import Severity

SHOWN = 40


@dataclass(frozen=True, slots=True)
class RecordIssue:
    """`path` names the value (`lines.0007.weight`), `code` is stable, `rule` says which rule."""

    path: str
    code: str
    rule: str
    value: str
    message: str
    remedy: str
    severity: Severity = "hard"
    source: str = ""

    def plain(self) -> dict[str, Any]:
        """As it stands in `Refused.details`."""
        return asdict(self)


def shown(value: object) -> str:
    """A value as an issue may repeat it: short, printable, never an endless number."""
    if isinstance(value, dict):
        return f"对象（{len(value)} 项）"
    if isinstance(value, list | tuple):
        return f"列表（{len(value)} 项）"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 128:
        return f"整数（{value.bit_length()} 位二进制）"
    text = str(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    short = text[:SHOWN] + ("…" if len(text) > SHOWN else "")
    return "".join(sign if sign.isprintable() else "�" for sign in short)
