"""A grid form as an Excel workbook: the printed form out, what was filled in back by codes."""

from ortoo.connectors.form_workbooks.layout import Identity
from ortoo.connectors.form_workbooks.reader import Upload, read_workbook
from ortoo.connectors.form_workbooks.refusal import RefusedCell, WorkbookError
from ortoo.connectors.form_workbooks.writer import Filling, write_workbook

__all__ = [
    "Filling", "Identity", "RefusedCell", "Upload", "WorkbookError", "read_workbook",
    "write_workbook",
]  # fmt: skip
