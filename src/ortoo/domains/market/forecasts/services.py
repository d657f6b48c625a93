"""Runs: what the system party forecasts after a period's review has ended, filed once a period.

A run is long work: it is done by the background process, never inside a request and never by the
minute's clock. What it says is a function of the panel at a log index and of the model; a second
process that gets there at the same time files nothing new.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from ortoo.domains.market import monitored, panels, publication
from ortoo.domains.market.forecasts import approvals, model, statement
from ortoo.domains.market.forecasts.computing import compute, origins_of
from ortoo.domains.market.forecasts.model import CADENCES, Cadence
from ortoo.domains.market.forecasts.series import Floats, Observed, positive
from ortoo.domains.market.forecasts.staging import Interrupted, Staging, digest_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.places.active import active_pack

log = logging.getLogger("ortoo.jobs")
BACKFILLED = "补算：按现在已知的数回算当时的预测"
Say = Callable[[int, int, str], None]
"""(steps done, steps in all, what is being done)."""


@dataclass(frozen=True, slots=True)
class Work:
    """How long work is done: whether to stop, and whom to tell how far it has come."""

    stopped: Callable[[], bool] = lambda: False
    say: Say = lambda done, total, note: None


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is owed: the form, and the newest period whose review has ended."""

    form: Form
    period: Period


def cadence_of(form: Form) -> Cadence | None:
    """How a form is forecast; None for a daily one, which runs only while it is ordered."""
    if not monitored.opened_by_calendar(form):
        return None
    return CADENCES.get(form.period_types[-1].kind)


def work_folder() -> Path:
    return Path(settings.DATA) / "forecast-work"


def due(now_ms: int) -> list[Due]:
    """Runs that are owed and not filed: one a form, of forms with enough history."""
    return list(_due(now_ms))


def _due(now_ms: int) -> Iterator[Due]:
    for form in monitored.forms():
        cadence = cadence_of(form)
        if cadence is None or _spoken_of(form) < cadence.least:
            continue
        panel = panels.whole(form.code)
        ended = [one for one in panel.periods if publication.is_due(form, one, now_ms)]
        if ended and not is_filed(form.code, ended[-1].code):
            seen = observed(panel.upto(ended[-1]), cadence)
            if seen is not None and _enough(seen, cadence):
                yield Due(form, ended[-1])


def _spoken_of(form: Form) -> int:
    """Periods known of a form, cheaply; of the one with 历史汇总 it may be more."""
    if form.code == panels.HISTORY_OF:
        return len(panels.whole(form.code).periods)
    from ortoo.domains.market.selectors import periods_of

    return len(periods_of(form.code))


def _enough(seen: Observed, cadence: Cadence) -> bool:
    return bool((np.isfinite(seen.main).sum(axis=2) >= cadence.least).any())


def is_filed(form: str, period: str) -> bool:
    """Whether a period's run is on the log."""
    return bool(read.thread_lines([statement.thread_of(form, period)]).popitem()[1])


def run_due(now_ms: int, work: Work | None = None) -> list[Receipt]:
    """Every run that is owed; what was begun and broken off is taken up again."""
    receipts = []
    for one in due(now_ms):
        receipt = run(form=one.form.code, period=one.period.code, now_ms=now_ms, work=work)
        if receipt is not None:
            receipts.append(receipt)
    return receipts


def run(
    *, form: str, period: str, now_ms: int, work: Work | None = None, said_at: int | None = None
) -> Receipt | None:
    """Forecast from a period on and file it; None where nothing can be said, where it was told to
    stop, or where another process is at it.

    `said_at`: of a run that is made up later for a past period, which says so.
    """
    work = work or Work()
    panel = panels.whole(form)
    cadence, span = cadence_of(panel.form), parse(period)
    if cadence is None or span not in panel.periods or is_filed(form, period):
        return None
    seen = observed(panel.upto(span), cadence)
    if seen is None or not _enough(seen, cadence):
        return None
    signed = approvals.in_force()
    if signed is not None and len(seen.units) * len(seen.items) > signed.budget:
        log.warning("%s %s: more series than the signed budget; not forecast", form, period)
        return None
    total = 1 + len(origins_of(seen, cadence))
    note = f"{panel.form.title['zh']}　{span.label_zh}"
    staging = Staging(work_folder(), work.stopped, lambda done: work.say(done, total, note))
    with staging.alone() as alone:
        if not alone:
            return None
        try:
            name = digest_of(seen)[:32]
            found = compute(seen, cadence, staging.recall(name))
        except Interrupted:
            return None
        approval = signed.seq if signed is not None and said_at is None else 0
        known = statement.Known(
            form, period, panel.log_index, approval, "" if said_at is None else BACKFILLED,
            panel.upto(span).last(seen.length).periods[0].code,
            _scale(panel.form, panel.form.roles.price or panel.form.principal.code),
            _scale(panel.form, panel.form.roles.quantity),
        )  # fmt: skip
        receipt = _file(statement.body_of(seen, found, known), now_ms, said_at)
        staging.clear(name)
    return receipt


def _file(body: dict[str, object], now_ms: int, said_at: int | None) -> Receipt | None:
    form, period = str(body["form"]), str(body["period"])
    draft = Draft(
        statement.FORM, statement.SYSTEM, statement.SYSTEM, statement.key_of(form, period), body,
        now_ms if said_at is None else said_at, period=period,
        mode="system" if said_at is None else "import",
        reason="" if said_at is None else BACKFILLED,
    )  # fmt: skip
    try:
        receipt = file(draft, now_ms=now_ms)
    except Refused as refused:
        if refused.code != "FILING-KEY-REUSED":
            raise
        # Somebody else's run of the same period came first, with a filing less or more behind it.
        return None
    catch_up()
    return receipt


def backfill(
    *, form: str, backs: tuple[int, ...], now_ms: int, work: Work | None = None
) -> list[Receipt]:
    """Runs as they would have been so many periods ago, marked 补算 and never taken for then's:
    what a region that begins today can judge its model by."""
    receipts = []
    for period in _past_periods(form, backs, now_ms):
        said_at = publication.published_at(panels.whole(form).form, period)
        receipt = run(form=form, period=period.code, now_ms=now_ms, work=work, said_at=said_at)
        if receipt is not None:
            receipts.append(receipt)
    return receipts


def missing(*, form: str, backs: tuple[int, ...], now_ms: int) -> list[str]:
    """Codes of the periods of which `backfill` would file something."""
    found = []
    for period in _past_periods(form, backs, now_ms):
        panel = panels.whole(form)
        cadence = cadence_of(panel.form)
        seen = observed(panel.upto(period), cadence) if cadence is not None else None
        if cadence is not None and seen is not None and _enough(seen, cadence):
            found.append(period.code)
    return found


def _past_periods(form: str, backs: tuple[int, ...], now_ms: int) -> list[Period]:
    panel = panels.whole(form)
    ended = [one for one in panel.periods if publication.is_due(panel.form, one, now_ms)]
    wanted = [ended[-1 - back] for back in backs if back < len(ended)]
    return [period for period in wanted if not is_filed(form, period.code)]


# --- from panels ---------------------------------------------------------------------------------


def observed(panel: panels.Panel, cadence: Cadence) -> Observed | None:
    """A panel's newest periods as what is forecast; None where there is nothing."""
    panel = panel.last(cadence.span + cadence.gap * cadence.checks)
    if not panel.periods or not panel.units:
        return None
    form = panel.form
    price = positive(panel.price) if form.roles.price else None
    quantity = positive(panel.price) if price is None else _quantity(panel)
    return Observed(
        panel.units, panel.items, price, quantity,
        rooted=panel.units[0] == active_pack().root.code,
        quotes=panel.sums["quotes"][:, :, -1].astype(np.int64),
        source=panel.source[:, :, -1].astype(np.int64),
    )  # fmt: skip


def _quantity(panel: panels.Panel) -> Floats:
    """What was sold, in the quantity's shown unit: of returns, else 历史汇总's value ÷ price."""
    form = panel.form
    factor = 10.0 ** _scale(form, form.roles.quantity)
    found = positive(panel.sums["quantity"] / factor)
    unit = next((m.unit for m in form.measures if m.code == form.roles.value), "")
    worth = positive(panel.value) * (10_000.0 if unit.startswith("万") else 1.0)
    return np.where(np.isfinite(found), found, worth / positive(panel.price))


def _scale(form: Form, code: str | None) -> int:
    return next((measure.scale for measure in form.measures if measure.code == code), 0)


def model_words() -> str:
    """The model as a page names it."""
    return f"{model.NAME} 第{model.VERSION}版（{model.digest()[:8]}）"
