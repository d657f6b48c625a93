"""Soft limits from history, filed once a year by the system party (Law 6): MON-LIMITS.

Computed from the units' weekly prices (returns, and 历史汇总 where there are none) and the moves of
single firms in the periods the log holds (`algorithms.editing.limits`). Idempotent: a unit that has
limits of this year gets no others. What was filed holds for periods that begin from that day on.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from ortoo.algorithms.editing.limits import SHARE, Learnt, learn, moves_of
from ortoo.domains.market import checking, observations, panels
from ortoo.domains.market.editing.limits_in_force import NAME, SEASON_OF, SEASONS, in_force, thread
from ortoo.domains.market.panels import Panel
from ortoo.domains.market.parameters import civil_day
from ortoo.domains.market.thread_keys import digest_key
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form

SYSTEM = "SYSTEM"
FORMS = ("SCJC-W1", "SCJC-W2")
"""Weekly price forms with a dated table; the others keep that table."""
LOOK_BACK = 26
"""Periods of single firms' returns that are read."""
LEAST_PERIODS = 20


def file_due(now_ms: int) -> list[Receipt]:
    """The limits of this year for every unit that has none yet."""
    today = civil_day(now_ms)
    return [one for form in FORMS for one in file_limits(form=form, since=today, now_ms=now_ms)]


def file_limits(*, form: str, since: dt.date, now_ms: int) -> list[Receipt]:
    """File the limits of a form's units that have none of `since`'s year. → receipts, by unit.

    Nothing is filed while the history is shorter than `LEAST_PERIODS` periods.
    """
    definition = registry.get(form)
    panel = panels.whole(form)
    known = [unit for unit in panel.units if not unit.endswith("*")]
    done = _filed_in(form, known, since)
    waiting = [unit for unit in known if unit not in done]
    if not waiting or definition.limits is None or len(panel.periods) < LEAST_PERIODS:
        return []
    learnt = limits_from(definition, panel, since)
    drafts = [
        _draft(panel, learnt, unit, since, now_ms) for unit in waiting
        if (learnt.moves[panel.unit(unit)] > 0).any()
    ]  # fmt: skip
    return file_many(drafts, now_ms=now_ms) if drafts else []


def _filed_in(form: str, units: list[str], since: dt.date) -> set[str]:
    """Units that have limits which begin in that year."""
    now = in_force(form, units, dt.date(since.year, 12, 31))
    before = in_force(form, units, dt.date(since.year - 1, 12, 31))
    return {unit for unit, seq in now.items() if seq != before.get(unit)}


def limits_from(form: Form, panel: Panel, since: dt.date) -> Learnt:
    """What is learnt from everything before a day. [units × items × seasons]"""
    keep = [at for at, period in enumerate(panel.periods) if period.end < since]
    names = list(SEASONS)
    season = np.array([names.index(SEASON_OF[panel.periods[at].end.month]) for at in keep], int)
    table = checking.dated_limits(form, since)
    dated = np.array(
        [
            [_share(table.value(NAME, item, SEASONS[name][0]) if table else None) for name in names]
            for item in panel.items
        ]
    )
    return learn(panel.price[:, :, keep], season, dated, _firm_moves(panel, since))


def _share(value: object) -> float:
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]


def _firm_moves(panel: Panel, since: dt.date) -> NDArray[np.float64] | None:
    """|ln relatives| of single firms' prices, [moves × items], over the last periods."""
    measure = panel.form.roles.price
    spans = [period for period in panel.periods if period.end < since][-LOOK_BACK:]
    loaded = [observations.load(panel.form.code, span.code) for span in spans]
    parties = sorted({party for one in loaded for party in one.parties})
    if measure is None or not parties:
        return None
    row = {party: at for at, party in enumerate(parties)}
    price = np.full((len(parties), len(panel.items), len(spans)), np.nan)
    for at, one in enumerate(loaded):
        if one.parties:
            values = one.cells[measure]
            price[[row[party] for party in one.parties], :, at] = np.where(
                values == observations.MISSING, np.nan, values
            )
    moved = moves_of(price)
    return np.moveaxis(moved, 1, 2).reshape(-1, len(panel.items))


def _draft(panel: Panel, learnt: Learnt, unit: str, since: dt.date, now_ms: int) -> Draft:
    at, form = panel.unit(unit), panel.form.code
    rows: list[dict[str, object]] = []
    for item, code in enumerate(panel.items):
        for number, season in enumerate(SEASONS):
            limit, usual = learnt.limit[at, item, number], learnt.usual[at, item, number]
            if np.isnan(limit):
                continue
            row: dict[str, object] = {
                "code": f"{code}.{season}",
                "change": max(round(float(limit) * 10_000), 1),
                "moves": int(learnt.moves[at, item, number]),
            }
            if not np.isnan(usual):
                row["usual"] = round(float(usual) * 10_000)
            rows.append(row)
    first = next((one for one in panel.periods if one.end < since), panel.periods[0])
    return Draft(
        form="MON-LIMITS",
        filer=SYSTEM,
        actor=SYSTEM,
        key=digest_key("limits", form, unit, str(since.year)),
        mode="system",
        said_at=now_ms,
        subject=thread(form, unit),
        place=unit,
        body={
            "form": form,
            "place": unit,
            "since": since.isoformat(),
            "until_seq": panel.log_index,
            "share": round(SHARE * 1000),
            "years": max(round((since - first.start).days / 365.25), 1),
            "limits": rows,
        },
    )
