"""Runs of the warnings: what the system party files once a period's figures are issued."""

from __future__ import annotations

import math

import numpy as np

from ortoo.algorithms.warning.crossing import Chances, Crossing, chances
from ortoo.domains.market import issued, monitored, panels
from ortoo.domains.market.opening import SYSTEM
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.warnings import record, signals
from ortoo.domains.market.warnings.rules import WarnedOf, warned_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period

MODEL = "crossing/1"
"""Name and version of the method; a change of its arithmetic is another version."""
LEAST_PERIODS = 78
"""A year to compare with and half a year to learn from."""
ARRIVALS = "SCJC-W2"


def forms_warned() -> tuple[Form, ...]:
    """Weekly price forms that are opened by the calendar."""
    return tuple(
        form
        for form in monitored.forms()
        if form.cadence == "week" and form.roles.price and monitored.opened_by_calendar(form)
    )


def due() -> list[tuple[Form, Period]]:
    """Forms whose newest issued period has no run yet and whose past is long enough."""
    found = []
    for form in forms_warned():
        given = issued.periods(form.code)
        if not given:
            continue
        panel = panels.whole(form.code)
        out = [period for period in panel.periods if period.code in given]
        if out and len(panel.periods) >= LEAST_PERIODS and not _is_filed(form, out[-1]):
            found.append((form, out[-1]))
    return found


def _is_filed(form: Form, period: Period) -> bool:
    return bool(read.rows("key=%s", [record.key_of(form.code, period.code)]))


def run_due(now_ms: int) -> list[Receipt]:
    """File every run that is due; twice, or by two processes, files once."""
    receipts = []
    for form, period in due():
        try:
            receipts.append(_file(form, period, now_ms))
        except Refused as refused:
            # Another process was faster: what it filed stands.
            if refused.code != "FILING-KEY-REUSED":
                raise
    return receipts


def _file(form: Form, period: Period, now_ms: int) -> Receipt:
    panel = panels.whole(form.code).upto(period)
    body = {
        "form": form.code,
        "period": period.code,
        "log_index": panel.log_index,
        "model": MODEL,
        "rules": {one.code: _told(panel, one) for one in warned_of(period.end)},
    }
    draft = Draft(
        form=record.FORM,
        filer=SYSTEM,
        actor=SYSTEM,
        key=record.key_of(form.code, period.code),
        body=body,
        said_at=now_ms,
        period=period.code,
        mode="system",
    )
    return file(draft, now_ms=now_ms)


def _told(panel: Panel, one: WarnedOf) -> dict[str, object]:
    """A rule's probabilities at every unit and item, and their record, as integers."""
    unit, item = (axis.ravel() for axis in np.indices(panel.price.shape[:2]))
    arrivals = panels.whole(ARRIVALS) if panel.form.code != ARRIVALS else None
    columns = signals.of_panel(panel, one.weeks, arrivals)
    flat = {name: column.reshape(len(unit), -1) for name, column in columns.items()}
    found = chances(
        panel.price.reshape(len(unit), -1),
        (item, unit),
        flat,
        Crossing(float(one.share), one.weeks),
    )
    return {
        "share": _ppm(float(one.share)),
        "weeks": one.weeks,
        "tells": found.record.tells,
        "record": _record(found),
        "cells": _cells(panel, found),
    }


def _cells(panel: Panel, found: Chances) -> dict[str, dict[str, list[int | None]]]:
    shape = panel.price.shape[:2]
    probability, calendar = found.probability.reshape(shape), found.calendar.reshape(shape)
    cells: dict[str, dict[str, list[int | None]]] = {}
    for row, unit in enumerate(panel.units):
        told = {
            item: [_ppm(probability[row, at]), _ppm(calendar[row, at])]
            for at, item in enumerate(panel.items)
            if math.isfinite(probability[row, at]) and math.isfinite(calendar[row, at])
        }
        if told:
            cells[unit] = told
    return cells


def _record(found: Chances) -> dict[str, object]:
    said = found.record
    return {
        "rows": said.rows,
        "events": said.events,
        "auc": _ppm(said.auc),
        "auc_calendar": _ppm(said.auc_calendar),
        "brier_skill": _ppm(said.brier_skill),
        "slope": _ppm(said.slope),
        "gain": [_ppm(bound) for bound in said.gain],
        "bins": [[one.rows, _ppm(one.said), _ppm(one.happened)] for one in said.bins],
    }


def _ppm(value: float) -> int | None:
    """Millionths; None for what cannot be told."""
    return round(value * record.PPM) if math.isfinite(value) else None
