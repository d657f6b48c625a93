"""The read model of forecasts: every series of every run, from the filings alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ortoo.domains.market.forecasts import statement
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.projection import Header, Projection, Row, Table, register_projection

COLUMNS = (
    "slice", "seq", "form", "period", "unit", "item", "approval", *statement.HEAD, "series"
)  # fmt: skip


def slices(header: Header) -> Iterable[str]:
    """A run is one slice."""
    if header.form != statement.FORM:
        return ()
    return (header.thread.split("|", 1)[1],)


def rows(slice_: str) -> Mapping[str, list[Row]]:
    """Every series of one run."""
    form, period = slice_.split("|")
    found = read.rows("key=%s AND form=%s", [statement.key_of(form, period), statement.FORM])
    table: list[Row] = []
    for filing in found:
        body = json.loads(filing.body)
        for unit, items in body["cells"].items():
            for item, said in items.items():
                steps = said[len(statement.HEAD) :]
                series = canonical(steps).decode() if steps else ""
                head = (slice_, filing.seq, form, period, unit, item, body["approval"])
                table.append((*head, *said[: len(statement.HEAD)], series))
    return {"market_forecast": table}


def register_forecasts() -> None:
    """Have the kernel take forecasts in and keep their read model."""
    statement.register_forecast_form()
    register_projection(
        Projection("market-forecast", (Table("market_forecast", COLUMNS),), slices, rows)
    )
