"""Issued figures 已发布的数: what readers outside the reviewing chain see, by vintage.

A cell is a list of integers in the order of `FIELDS`; of a hidden one only who owed, who filed and
why it is hidden.
Means are kept to
a millionth of the price's minor unit, so that rounding them as printed rounds once; changes too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from django.db import connection

from ortoo.domains.market.rules.figures import Sums, weighted_mean
from ortoo.kernel.filings import read
from ortoo.kernel.filings.projection import Header, Projection, Row, Table, register_projection
from ortoo.kernel.indicators import issuing

FIELDS = (
    "expected", "filed", "quotes", "mean", "simple_mean", "matched", "matched_change",
    "out_of_stock",
)  # fmt: skip
COLUMNS = ("slice", "seq", "form", "period", "unit", "item", "hidden", *FIELDS)
MEAN_SCALE = CHANGE_SCALE = 1_000_000
SAID_OF_HIDDEN = 3
FEW, DOMINATED, BESIDE = 1, 2, 3
"""Why a cell is hidden: too few firms, one firm too large, or because of another hidden cell."""
Cells = Mapping[str, Mapping[str, Sequence[int]]]
"""{unit: {item: values in the order of FIELDS, cut short where hidden}}."""


def is_shown(values: Sequence[int]) -> bool:
    return len(values) > SAID_OF_HIDDEN


def values_of(sums: Sums, least: int, *, why: int = 0) -> list[int]:
    """What is given out of one cell; `least`: fewest firms a 同样本环比 may rest on.

    `why` it is hidden, 0 where it is shown.
    """
    if why:
        return [sums.expected, sums.filed, why]
    mean = weighted_mean(sums) or Fraction(0)
    simple = Fraction(sums.sum_price, sums.quotes) if sums.quotes else Fraction(0)
    matched = sums.matched if sums.matched >= least and sums.matched_before else 0
    change = Fraction(sums.matched_now, sums.matched_before) - 1 if matched else Fraction(0)
    # Who is out of stock among very few is a fact about a firm.
    out = sums.out_of_stock if sums.quotes + sums.out_of_stock >= least else 0
    return [
        sums.expected, sums.filed, sums.quotes, round(mean * MEAN_SCALE),
        round(simple * MEAN_SCALE), matched, round(change * CHANGE_SCALE), out,
    ]  # fmt: skip


def sums_of(values: Sequence[int]) -> Sums:
    """The sums that give back exactly the issued figures; nothing else is in them."""
    expected, filed, quotes, mean, simple, matched, change, out = values
    return Sums(
        expected=expected,
        filed=filed,
        quotes=quotes,
        sum_price=round(Fraction(simple * quotes, MEAN_SCALE)),
        quantity=MEAN_SCALE if quotes else 0,
        sum_price_qty=mean if quotes else 0,
        matched=matched,
        matched_now=CHANGE_SCALE + change if matched else 0,
        matched_before=CHANGE_SCALE if matched else 0,
        out_of_stock=out,
    )


@dataclass(frozen=True, slots=True)
class Vintage:
    """One issue of a period: its log index, when, the index it was computed at, and its cells."""

    seq: int
    at_ms: int
    log_index: int
    note: str
    cells: Cells


def vintages(form: str, period: str) -> list[Vintage]:
    """Every issue of a period, oldest first."""
    found = read.rows(
        "form=%s AND period=%s AND key LIKE %s", [issuing.FORM, period, f"issue:{form}:%"]
    )
    out = []
    for row in sorted(found, key=lambda one: one.seq):
        body = json.loads(row.body)
        cells = cast(Cells, body["cells"])
        out.append(Vintage(row.seq, row.arrived_at, body["log_index"], body["note"], cells))
    return out


def periods(form: str) -> frozenset[str]:
    """Codes of the periods of which something was issued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT period FROM kernel_filing WHERE form=%s AND key LIKE %s",
            [issuing.FORM, f"issue:{form}:%"],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def computed_at(form: str) -> dict[str, int]:
    """Period → the log index its newest issue was computed at, of every issued period."""
    found = read.thread_lines_like(f"{issuing.FORM}|{form}|")
    return {
        thread.rsplit("|", 1)[1]: max(int(cast(int, line.detail["log_index"])) for line in lines)
        for thread, lines in found.items()
        if lines
    }


def newest(found: Iterable[Vintage]) -> dict[tuple[str, str], Sequence[int]]:
    """(unit, item) → what is in force; a later issue may hold some of the items only."""
    cells: dict[tuple[str, str], Sequence[int]] = {}
    for vintage in found:
        for unit, items in vintage.cells.items():
            cells.update({(unit, item): values for item, values in items.items()})
    return cells


# --- the read model ----------------------------------------------------------------------------


def slices(header: Header) -> Iterable[str]:
    """A period's issues are one slice."""
    if header.form != issuing.FORM:
        return ()
    return (header.thread.split("|", 1)[1],)


def rows(slice_: str) -> Mapping[str, list[Row]]:
    """Every cell of every vintage of one period."""
    form, period = slice_.split("|")
    table: list[Row] = []
    for vintage in vintages(form, period):
        for unit, items in vintage.cells.items():
            for item, values in items.items():
                why = 0 if is_shown(values) else values[-1]
                said = values if not why else (*values[:2], *(0,) * (len(FIELDS) - 2))
                table.append((slice_, vintage.seq, form, period, unit, item, why, *said))
    return {"market_issued": table}


@dataclass(frozen=True, slots=True)
class Issued:
    """One issued cell: its sums as given out, and why its figures are hidden (0: they are not)."""

    sums: Sums
    hidden: int


def table_of(form: str, period: str) -> dict[tuple[str, str], Issued]:
    """(unit, item) → the newest issued cell; empty where nothing is issued."""
    found = _select("slice=%s", [f"{form}|{period}"])
    return {(row[1], row[2]): _cell(row) for row in found}


def lines_of(form: str) -> list[tuple[Any, ...]]:
    """(period, unit, item, hidden, fields…) of every issued cell in the order of issue."""
    columns = ",".join(("period", "unit", "item", "hidden", *FIELDS))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM market_issued WHERE form=%s ORDER BY seq", [form])
        return list(cursor.fetchall())


def series_of(form: str, unit: str, item: str) -> dict[str, Issued]:
    """Period → the newest issued cell of one item at one unit."""
    found = _select("form=%s AND unit=%s AND item=%s", [form, unit, item])
    return {row[0]: _cell(row) for row in found}


def _cell(row: Sequence[Any]) -> Issued:
    return Issued(sums_of(row[4:]), int(row[3]))


def _select(where: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    # In the order of issue, so that a later vintage takes the place of an earlier one.
    columns = ",".join(("period", "unit", "item", "hidden", *FIELDS))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM market_issued WHERE {where} ORDER BY seq", list(parameters)
        )
        return cursor.fetchall()


def register_issued() -> None:
    """Have the kernel keep what was issued."""
    register_projection(
        Projection("market-issued", (Table("market_issued", COLUMNS),), slices, rows)
    )
