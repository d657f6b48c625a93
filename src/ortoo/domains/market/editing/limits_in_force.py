"""The soft limits a firm's return is judged by: the dated table, and over it what its place's own
history says (MON-LIMITS), as in force when the period began.

Limits are filed by the system party and not computed when a return is checked: what a firm was
asked a reason for must not depend on which later returns happened to be in the log (Law 13), and a
rebuilt projection must meet the same limits. A period is judged by the newest limits whose `since`
lies on or before its first day, whenever its return comes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from ortoo.kernel.filings import read
from ortoo.kernel.forms.compiled import compiled
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.nodes import LimitRef
from ortoo.kernel.forms.periods import Period

FORM = "MON-LIMITS"
NAME = "price_change"
SEASONS: Mapping[str, tuple[int, ...]] = {
    "winter": (12, 1, 2, 3),
    "spring": (4, 5),
    "summer": (6, 7, 8, 9),
    "autumn": (10, 11),
}
"""The dated tables' winter and summer, and what lies between."""
SEASON_OF = {month: name for name, months in SEASONS.items() for month in months}


@dataclass(frozen=True, slots=True, eq=False)
class PlaceLimits(LimitTable):
    """A dated table with a place's own limits over it; `basis`: (item, month) → on what."""

    basis: Mapping[tuple[str, int], str] = field(default_factory=dict)


def thread(form: str, place: str) -> str:
    return f"{FORM}|{form}|{place}"


def in_force(form: str, places: Iterable[str], on: dt.date) -> dict[str, int]:
    """Log index of the limits of each place in force on a day; places without any left out."""
    threads = {thread(form, place): place for place in places}
    found = {}
    for name, lines in read.thread_lines(threads).items():
        fitting = [
            (str(line.detail.get("since", "")), line.seq)
            for line in lines
            if line.kind == "limits" and str(line.detail.get("since", "")) <= on.isoformat()
        ]
        if fitting:
            found[threads[name]] = max(fitting)[1]
    return found


def overlaid(
    table: LimitTable, form: str, period: Period, places: Iterable[str]
) -> dict[str, LimitTable]:
    """By place, the table with the limits of that place over it; the table itself where none are
    in force. One read, whatever the number of places."""
    wanted = set(places)
    seqs = in_force(form, wanted, period.start)
    filings = read.by_seqs(seqs.values()) if seqs else {}
    # A restored log has another filing at that index: its digest is part of the key.
    return {
        place: _overlaid(table, seqs[place], filings[seqs[place]].digest)
        if place in seqs
        else table
        for place in sorted(wanted)
    }


@lru_cache(maxsize=64)
def _overlaid(table: LimitTable, seq: int, _digest: bytes) -> LimitTable:
    filing = read.get(seq)
    body = json.loads(filing.body) if filing is not None else {}
    values, basis = dict(table.values), {}
    for row in body.get("limits", ()):
        item, _, season = str(row["code"]).partition(".")
        for month in SEASONS.get(season, ()):
            values[NAME, item, month] = Fraction(int(row["change"]), 10_000)
            basis[item, month] = words(body, row)
    return PlaceLimits(
        table.code, table.since, table.until, f"MON-LIMITS 第 {seq} 号报件", table.verified,
        values, basis,
    )  # fmt: skip


def words(body: Mapping[str, object], row: Mapping[str, object]) -> str:
    """「本盟市本季节近五年98%的周变动在±12.0%以内」, with how many periods that rests on."""
    share, years = int(str(body["share"])), int(str(body["years"]))
    limit = f"±{_percent(row['change'])}"
    if not row.get("moves") or row.get("usual") is None:
        return f"本地历史不足，按拟定界限{limit}"
    return (
        f"本地本季节近{years}年{share / 10:g}%的变动在±{_percent(row['usual'])}以内"
        f"（{row['moves']}期），单店按{limit}提示"
    )


def _percent(tenths_of_permille: object) -> str:
    return f"{int(str(tenths_of_permille)) / 100:.1f}%"


def basis_of(table: LimitTable | None, item: str, month: int) -> str:
    """On what the limit of an item and month rests; "" for the dated table's own."""
    return table.basis.get((item, month), "") if isinstance(table, PlaceLimits) else ""


@lru_cache(maxsize=32)
def rules_of_limit(form: Form) -> frozenset[str]:
    """Rules of a form that ask how far a price may move."""
    return frozenset(
        one.rule.id
        for one in compiled(form).leaf_rules
        if any(isinstance(node, LimitRef) and node.name == NAME for node in one.nodes())
    )
