"""Futures settlements 期货结算价 as their source published them: filed, never owed or rolled up.

A day's settlements of one exchange are one filing of `FUTURES-D1` by the source, its file kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.kernel.filings import read
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import day_of, parse

FORM = "FUTURES-D1"


@dataclass(frozen=True, slots=True)
class Pair:
    """A future and the spot item it is set beside; `contents`: spot units in one futures unit."""

    future: str
    name: str
    form: str
    item: str
    contents: Fraction
    note: str = "期货合约标准品与现货规格不同，价差含品级、地点和流通环节。"


PAIRS = (
    Pair("JD", "鸡蛋", "SCJC-W1", "0501", Fraction(500)),
    Pair("Y", "豆油", "SCJC-W1", "0202", Fraction(1000) / Fraction(92, 100),
         "桶装油按每升 0.92 公斤折算；期货为散油，价差含包装和流通环节。"),
    Pair("SR", "白糖", "SCJC-W1", "0701", Fraction(1000)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settlement:
    """One day's settlement price in fen of the future's own unit, and the filing that says it."""

    day: dt.date
    price: int
    seq: int


def series(future: str, first: dt.date, last: dt.date) -> list[Settlement]:
    """Settlements in force of one future, oldest first. Public: a source published them."""
    rows = _standing(first, last)
    found = []
    for row in rows:
        form = registry.get(FORM, row.form_version)
        index = form.leaf_index.get(future)
        if index is None:
            continue
        value = codec.decode(form, row.body).columns[form.principal.code][index]
        if isinstance(value, int):
            found.append(Settlement(parse(row.period).start, value, row.seq))
    return sorted(found, key=lambda one: one.day)


def _standing(first: dt.date, last: dt.date) -> Sequence[read.FilingRow]:
    rows = read.rows(
        "form=%s AND period>=%s AND period<=%s",
        [FORM, day_of(first).code, day_of(last).code],
    )
    gone = {row.supersedes for row in rows if row.supersedes is not None}
    return [row for row in rows if row.seq not in gone]


def source() -> str:
    """Who said the newest settlement; "" where nothing was filed."""
    from ortoo.domains.market.registers import names_of

    rows = read.rows("form=%s", [FORM])
    if not rows:
        return ""
    newest = max(rows, key=lambda row: row.seq).filer
    return names_of([newest]).get(newest, newest)
