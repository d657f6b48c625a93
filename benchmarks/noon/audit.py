"""After the rush: everything acknowledged is on the log, sealed, projected and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.noon.scene import FORM, Scene


def audit(scene: Scene, receipts: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Keys of the bench that say whether anything was lost; all counts are read from the log."""
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.filings.read import rows
    from ortoo.kernel.seal.verify import findings
    from ortoo.kernel.threads.rebuild import rebuild_all

    acknowledged = {seq: firm for firm, seqs in receipts.items() for seq in seqs}
    stored = {row.seq: row.filer for row in rows("form=%s AND period=%s", [FORM, scene.period])}
    kept_up = _cursors_reach(max(stored, default=0))
    catch_up()
    tables = rebuild_all(lambda line: None, fix=False)
    return {
        "acknowledged": len(acknowledged),
        "stored": len(stored),
        "lost": sum(stored.get(seq) != firm for seq, firm in acknowledged.items()),
        "unacknowledged": len(stored.keys() - acknowledged.keys()),
        "verify_ok": not list(findings(say=lambda line: None)),
        "projections_caught_up": kept_up,
        "rebuild_equal": all(table.equal for table in tables),
        "counted_in_region": _counted(scene),
    }


def _cursors_reach(seq: int) -> bool:
    """Whether every read model has taken in the last return, with nobody's help."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MIN(seq), 0) FROM kernel_projection_cursor")
        return int(cursor.fetchone()[0]) >= seq


def _counted(scene: Scene) -> int:
    """How many returns the region's own figure says it is made of."""
    from django.db import connection

    from ortoo.kernel.places.active import active_pack

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT MAX(filed) FROM market_rollup WHERE slice=%s AND basis='all' AND unit=%s",
            [f"{FORM}|{scene.period}", active_pack().root.code],
        )
        return int(cursor.fetchone()[0] or 0)
