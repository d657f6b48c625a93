"""Any uploaded table as sheets of text: Excel, CSV, TSV, and the web pages tills name `.xls`."""

from ortoo.connectors.sheets.reader import read_sheets
from ortoo.connectors.sheets.sheet import Limits, Sheet, SheetError

__all__ = ["Limits", "Sheet", "SheetError", "read_sheets"]
