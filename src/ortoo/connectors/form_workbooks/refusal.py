"""How a filled-in workbook is refused: as a whole with one sentence, or cell by cell. Pure."""

from __future__ import annotations

from dataclasses import dataclass


class WorkbookError(ValueError):
    """A workbook that is not the one asked for: a code, what is wrong, and what to do."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{code} {message}；{remedy}")
        self.code, self.message, self.remedy = code, message, remedy


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """One cell that was not taken: sheet row (from 1), item and measure code, what stood there.

    `rule` names what the cell broke where that is not the code itself.
    """

    code: str
    row: int
    item: str
    measure: str
    text: str
    message: str
    remedy: str
    rule: str = ""
