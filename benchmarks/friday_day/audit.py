"""After the day: nothing lost, nothing twice, everything equal however it is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.friday_day.day import Day
from benchmarks.friday_day.recount import Recount, differences, filings, recount, unequal_to_units


def audit(day: Day) -> dict[str, Any]:
    """Keys of the bench that say whether the day's books are straight."""
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.seal.verify import findings
    from ortoo.kernel.threads.rebuild import rebuild_all

    behind = _behind()
    catch_up()
    counted = {code: _recounted(day, code) for code in day.forms}
    found = [text for form, mine in counted.items() for text in _differ(day, form, mine)]
    uneven = [text for form in day.forms for text in _uneven(day, form)]
    tables = rebuild_all(lambda line: None, fix=False)
    return {
        "owed": {form: len(_owed(day, form)) for form in day.forms},
        "owed_unlike_lists": [
            form for form in day.forms if _owed(day, form) != day.scene.owed_by(form)
        ],
        "lost": _lost(day),
        "accepted_twice": _accepted_twice(day),
        "counted_twice": _twice(day, counted),
        "not_owed": sorted(
            f"{form} {firm}"
            for form, mine in counted.items()
            for firm, stand in mine.firms.items()
            if stand.seq and not stand.owed
        ),
        "sums_compared": sum(len(mine.sums) for mine in counted.values()),
        "recount_differs": len(found),
        "recount_samples": found[:5],
        "region_is_sum_of_units": not uneven,
        "region_samples": uneven[:5],
        "verify_findings": [str(finding) for finding in findings(say=lambda line: None)][:5],
        "projections_behind": behind,
        "rebuild_differs": [table.table for table in tables if not table.equal],
        **_left_open(day),
    }


def _recounted(day: Day, code: str) -> Recount:
    period = day.scene.periods[code]
    return recount(period.form, period.now.code, day.scene.reporting(period.now.end))


def _differ(day: Day, code: str, mine: Recount) -> list[str]:
    period = day.scene.periods[code]
    return differences(period.form, period.now.code, mine)


def _uneven(day: Day, code: str) -> list[str]:
    from django.db import connection

    found: list[str] = []
    for name in ("filed", "quotes", "sales", "stock", "sum_price", "expected"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT basis, unit, item, {name} FROM market_rollup WHERE slice=%s",
                [f"{code}|{day.scene.periods[code].now.code}"],
            )
            theirs = {(str(b), str(u), str(i)): int(n) for b, u, i, n in cursor.fetchall()}
        # The recount's own sums are not asked here: this is the read model against itself.
        found += unequal_to_units(Recount({}, {}), theirs, day.scene.pack.root.code)
    return found


def _behind() -> int:
    """Log indexes that the read model furthest behind has not taken in, with nobody's help."""
    from django.db import connection

    from ortoo.kernel.filings.read import tail

    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(seq) FROM kernel_projection_cursor")
        return max(0, tail() - int(cursor.fetchone()[0] or 0))


def _lost(day: Day) -> list[str]:
    """Receipts shown to a firm that stand on the log under another name, or not at all."""
    from ortoo.kernel.filings.read import by_seqs

    told = {seq: s for s in day.bureau.sheets.values() for seq in s.receipts if seq}
    rows = by_seqs(told)
    return [
        f"{sheet.form} {sheet.firm} {seq}"
        for seq, sheet in told.items()
        if seq not in rows or (rows[seq].form, rows[seq].filer) != (sheet.form, sheet.firm)
    ]


def _twice(day: Day, counted: dict[str, Recount]) -> list[str]:
    """Forms of which the region counts more firms than there are returns in force."""
    from django.db import connection

    found = []
    for code, mine in counted.items():
        one = day.scene.periods[code].now.code
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT MAX(filed) FROM market_rollup WHERE slice=%s AND basis='all' AND unit=%s",
                [f"{code}|{one}", day.scene.pack.root.code],
            )
            shown = int(cursor.fetchone()[0] or 0)
        force = sum(1 for s in mine.firms.values() if s.seq and not s.returned)
        if shown != force:
            found.append(f"{code}: {shown} ≠ {force}")
    return found


def _accepted_twice(day: Day) -> list[str]:
    """Returns that one office passed twice in the same version."""
    seen: Counter[str] = Counter()
    for code in day.forms:
        for _, kind, _, _, _, body in filings(day.scene.periods[code].now.code):
            if kind == "K-ACCEPT" and body["form"] == code:
                seen.update(f"{code} {body['office']} {p} {seq}" for p, seq in body["targets"])
    return sorted(matter for matter, times in seen.items() if times > 1)


def _left_open(day: Day) -> dict[str, Any]:
    """Duties of the day's periods still open, and those of them nobody can explain."""
    from django.db import connection

    mine = {(code, day.scene.periods[code].now.code) for code in day.forms}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, form, owner, place, period FROM kernel_duty WHERE closed_seq IS NULL"
            " AND void_seq IS NULL AND period <> ''"
        )
        rows = [tuple(map(str, row[:4])) for row in cursor.fetchall() if (row[1], row[4]) in mine]
    waived = set(day.bureau.done.waived)
    silent = {
        (form, firm)
        for form in day.forms
        for firm in _owed(day, form)
        if (form, firm) not in waived
        and not ((sheet := day.bureau.sheets.get((form, firm))) and sheet.filed)
    }
    strange = [row for row in rows if not (row[0] == "file" and (row[1], row[2]) in silent)]
    closed_although = sorted(silent - {(row[1], row[2]) for row in rows if row[0] == "file"})
    return {
        "duties_open": dict(Counter(f"{form} {kind}" for kind, form, _, _ in rows)),
        "silent_firms": len(silent),
        "duties_unexplained": dict(Counter(f"{form} {kind}" for kind, form, _, _ in strange)),
        "duties_unexplained_samples": [" ".join(row) for row in strange[:8]],
        "silent_without_duty": [" ".join(one) for one in closed_although[:8]],
    }


def _owed(day: Day, code: str) -> set[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner FROM kernel_duty WHERE kind='file' AND form=%s AND period=%s",
            [code, day.scene.periods[code].now.code],
        )
        return {str(row[0]) for row in cursor.fetchall()}
