"""商务部统一平台: the filed return in its row order, and its exports read and compared."""

from ortoo.connectors.unified_platform.block import block_of, paste_text, write_block
from ortoo.connectors.unified_platform.comparison import FirmComparison, Statement, compare
from ortoo.connectors.unified_platform.exported import Exported, ExportedRow, read_export
from ortoo.connectors.unified_platform.mapping import Mapping, MappingError, mappings

__all__ = [
    "Exported", "ExportedRow", "FirmComparison", "Mapping", "MappingError", "Statement",
    "block_of", "compare", "mappings", "paste_text", "read_export", "write_block",
]  # fmt: skip
