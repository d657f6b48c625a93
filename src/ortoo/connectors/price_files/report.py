"""What a reading found, in words for the person who sent the file."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from ortoo.connectors.price_files.reject import EXCLUDED, REASONS

if TYPE_CHECKING:
    from ortoo.connectors.price_files.reader import Reading

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def summary_zh(reading: Reading, *, examples: int = 5) -> str:
    """Counts that add up to the file's records, then the first examples of each reason."""
    lines = [
        f"{reading.profile.title}（{reading.encoding}）：共 {reading.total} 条记录，"
        f"接收 {len(reading.rows)} 条，未接收 {len(reading.rejects)} 条。"
    ]
    for code, count in sorted(reading.counts.items()):
        kind = "略过" if code in EXCLUDED else "退回"
        lines.append(f"  {kind} {count} 条 {code} {REASONS[code][0]}")
        shown = [reject for reject in reading.rejects if reject.code == code][:examples]
        lines += [f"    {reject}" for reject in shown if not reject.excluded]
    if reading.unused_columns:
        lines.append(f"  未使用的列：{'、'.join(reading.unused_columns)}")
    return "\n".join((*lines, *(f"  {note}" for note in reading.notes)))


def rejects_csv(reading: Reading) -> str:
    """All rejects as CSV. A value that a spreadsheet would run as a formula gets a leading '."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["行号", "代码", "列", "内容", "原因", "处理办法"])
    for r in reading.rejects:
        value = f"'{r.value}" if r.value.startswith(FORMULA_STARTS) else r.value
        writer.writerow([r.line, r.code, r.column, value, r.reason, r.remedy])
    return out.getvalue()
