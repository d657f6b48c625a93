"""One thing that a check found, in full sentences for the person who must mend it."""

from __future__ import annotations

from dataclasses import dataclass

from ortoo.kernel.forms.definition import Cell, Severity


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` is stable (GRID-BLANK, RULE-SOFT…); `rule` is the form's own id, or the code again.

    `expected` says the condition in words; `values` what went into it; `reasons` the list a soft
    issue may be answered with; `reason` the answer already given, if any.
    """

    code: str
    rule: str
    severity: Severity
    item: str
    measure: str
    value: Cell
    message: str
    remedy: str
    expected: str = ""
    values: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    reason: str | None = None
