"""The day counted again from the filings alone, in plain Python: no numpy, no folding, no rollup.

Nothing here imports the domain: a return is a line of `kernel_filing`, a body is JSON.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Cell = tuple[str, str, str]
"""(basis, unit, item) of a figure."""


@dataclass
class Stand:
    """Where one firm's return stands, told by the log from its beginning."""

    place: str = ""
    seq: int = 0
    columns: Mapping[str, list[Any]] = field(default_factory=dict)
    returned: bool = False
    passed: bool = False
    waived: bool = False
    owed: bool = False
    versions: int = 0


@dataclass
class Recount:
    """One form's period: where every firm stands, and the sums by basis, unit and item."""

    firms: dict[str, Stand]
    sums: dict[Cell, Counter[str]]


def filings(period: str) -> Iterator[tuple[int, str, str, str, int | None, Any]]:
    """(log index, form, filer, place, supersedes, body) of every filing of a period, in order."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, form, filer, place, supersedes, body FROM kernel_filing"
            " WHERE period=%s ORDER BY seq",
            [period],
        )
        for seq, form, filer, place, supersedes, body in cursor.fetchall():
            yield seq, form, filer, place, supersedes, json.loads(bytes(body))


def recount(
    form: Any, period: str, units: tuple[Mapping[str, str], str], until: int = 2**62
) -> Recount:
    """Tell the log again up to an index: openings, returns, 退回, 审核通过, 免报; then add up.

    `units`: (reporting unit of each place, the root's code).
    """
    (unit_of, root), stands = units, defaultdict[str, Stand](Stand)
    for seq, kind, filer, place, _, body in filings(period):
        if seq > until:
            break
        if kind == form.code:
            stand = stands[filer]
            stand.place, stand.seq, stand.columns = place, seq, body["columns"]
            stand.returned = stand.passed = False
            stand.versions += 1
        elif isinstance(body, dict) and body.get("form") == form.code:
            _control(stands, kind, body)
    return Recount(dict(stands), _sums(form, stands, unit_of, root))


def _control(stands: dict[str, Stand], kind: str, body: Mapping[str, Any]) -> None:
    if kind == "K-OPEN":
        for party, place, _ in body["respondents"]:
            stands[party].owed = True
            stands[party].place = stands[party].place or place
    elif kind == "K-SENDBACK" and stands[body["party"]].seq == body["target"]:
        stands[body["party"]].returned = True
        stands[body["party"]].passed = False
    elif kind == "K-WAIVE":
        stands[body["party"]].waived = not body["lifted"]
    elif kind == "K-ACCEPT":
        for party, target in body["targets"]:
            stand = stands[party]
            stand.passed = stand.passed or stand.seq == target


def _sums(
    form: Any, stands: Mapping[str, Stand], unit_of: Mapping[str, str], root: str
) -> dict[Cell, Counter[str]]:
    found: dict[Cell, Counter[str]] = defaultdict(Counter)
    roles, first = form.roles, form.principal.code
    said = roles.price or first
    for stand in stands.values():
        counts = bool(stand.seq) and not stand.returned
        bases = [b for b in ("all", "reviewed") if counts and (b == "all" or stand.passed)]
        owes = stand.owed and (bool(stand.seq) or not stand.waived)
        for number, item in enumerate(form.leaves):
            for unit in (unit_of[stand.place], root):
                for basis in ("all", "reviewed"):
                    found[basis, unit, item.code]["expected"] += owes
                for basis in bases:
                    _add(found[basis, unit, item.code], stand.columns, number, (said, roles))
    return found


def _add(
    total: Counter[str], columns: Mapping[str, list[Any]], number: int, how: tuple[str, Any]
) -> None:
    said, roles = how

    def cell(code: str | None) -> int | None:
        value = columns[code][number] if code is not None and code in columns else None
        return value if isinstance(value, int) else None

    total["filed"] += 1
    price, sold = cell(said), cell(roles.quantity) if roles.price else None
    total["sales"] += cell(roles.value) or 0
    total["stock"] += cell(roles.stock) or 0
    total["out_of_stock"] += columns[said][number] == "o"
    if price is not None:
        weight = max(sold or 0, 1)
        total["quotes"] += 1
        total["sum_price"] += price
        if roles.price:
            total["quantity"] += weight
            total["sum_price_qty"] += price * weight
        else:
            total["quantity"] = 1
            total["sum_price_qty"] += price


COUNTED = (
    "expected", "filed", "quotes", "sum_price", "quantity", "sum_price_qty", "sales", "stock",
    "out_of_stock",
)  # fmt: skip


def differences(form: Any, period: str, mine: Recount) -> list[str]:
    """Every sum of the read model that the recount does not give, and the other way round."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT basis, unit, item, {','.join(COUNTED)} FROM market_rollup WHERE slice=%s",
            [f"{form.code}|{period}"],
        )
        theirs = {tuple(row[:3]): dict(zip(COUNTED, row[3:], strict=True)) for row in cursor}
    found = []
    for cell in sorted(theirs.keys() | mine.sums.keys()):
        here, there = mine.sums.get(cell, Counter()), theirs.get(cell, {})
        for name in COUNTED:
            if here[name] != int(there.get(name, 0)):
                found.append(
                    f"{form.code} {'/'.join(cell)} {name}: {there.get(name)} ≠ {here[name]}"
                )
    return found


def unequal_to_units(mine: Recount, theirs: Mapping[Cell, int], root: str) -> list[str]:
    """Figures of the region that are not the sum of the units': {(basis, unit, item): n}."""
    whole: Counter[tuple[str, str]] = Counter()
    parts: Counter[tuple[str, str]] = Counter()
    for (basis, unit, item), number in theirs.items():
        (whole if unit == root else parts)[basis, item] += number
    return [f"{k}: {whole[k]} ≠ {parts[k]}" for k in whole.keys() | parts.keys()
            if whole[k] != parts[k]]  # fmt: skip
