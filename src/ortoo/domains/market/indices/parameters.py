"""The dated parameters 法定参数 of the price index, read once from their file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ortoo.kernel.forms.definition import Form
from ortoo.kernel.regulations.regulation import Dated, Regulations, load

FOLDER = Path(__file__).resolve().parent / "regulations"
ORIGIN, BASE = "MARKET-INDEX-ORIGIN", "MARKET-INDEX-BASE"
PATIENCE, REGULATED = "MARKET-INDEX-PATIENCE", "MARKET-REGULATED-PRICES"


@lru_cache(maxsize=1)
def parameters() -> Regulations:
    return load([FOLDER])


def origin(on: dt.date) -> dt.date:
    """The day from which periods take part."""
    return dt.date.fromisoformat(str(parameters().value(ORIGIN, on)))


def base(on: dt.date) -> dt.date:
    """A day of the base period."""
    return dt.date.fromisoformat(str(parameters().value(BASE, on)))


def patience(form: Form, on: dt.date) -> int:
    """Periods a quote may be away before it counts as replaced."""
    weeks, tendays = parameters().items_of(PATIENCE, on)
    return int(str(tendays if form.cadence == "tenday" else weeks))


def regulated(form: Form, on: dt.date) -> frozenset[str]:
    """Items of the form whose price the law sets on a day."""
    listed = (str(one).partition(".") for one in parameters().items_of(REGULATED, on))
    return frozenset(item for code, _, item in listed if code == form.code)


def cited(on: dt.date) -> Iterator[tuple[str, str, str, bool]]:
    """(title, value in words, source, verified) of every parameter, as a page cites them."""
    for one in parameters().values():
        found: Dated = one.on(on)
        values = found.value if isinstance(found.value, tuple) else (found.value,)
        yield (
            one.title, "、".join(str(value) for value in values), found.source, found.verified
        )  # fmt: skip
