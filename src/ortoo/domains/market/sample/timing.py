"""When a change may take effect: not in what is archived, nor beside a period that runs."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from ortoo.domains.market.sample.matters import Nomination
from ortoo.domains.market.sample.rules import LEAVE
from ortoo.domains.market.services import Matter
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import Period, is_period_of, parse, period_on
from ortoo.kernel.places.active import active_pack

AHEAD = 8


def civil_day(at_ms: int) -> dt.date:
    """The region's day of a moment."""
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(active_pack().head.time_zone)).date()


def is_open(form: str, period: str) -> bool:
    """Whether a period has been opened by the form's own calendar."""
    return bool(read.rows("form='K-OPEN' AND key=%s", [f"open:{form}:{period}"]))


def is_archived(form: str, period: str) -> bool:
    return bool(read.rows("form='K-ARCHIVE' AND key=%s", [f"archive:{form}:{period}"]))


def choices(form: Form, now_ms: int) -> list[tuple[Period, bool]]:
    """(period, whether it runs already) from which a change may take effect, soonest first."""
    period = period_on(form, civil_day(now_ms))
    found = []
    if is_open(form.code, period.previous().code):
        period = period.previous()
    for _ in range(AHEAD):
        if not is_archived(form.code, period.code):
            found.append((period, is_open(form.code, period.code)))
        period = period.next()
    return found


def refuse_period(new: Nomination, now_ms: int) -> None:
    """Raises Refused SAMPLE-PERIOD, -ARCHIVED, -PAST, -OPEN, -NOT-OPEN, SAMPLE-FILED."""
    span = _span(new)
    if is_archived(new.form, new.period):
        raise Refused(
            "SAMPLE-PERIOD-ARCHIVED",
            f"{span.label_zh}已归档，样本不能再变动。",
            "请选择尚未开期的报告期。",
            409,
        )
    running = is_open(new.form, new.period)
    if running and not new.midway:
        raise Refused(
            "SAMPLE-PERIOD-OPEN",
            f"{span.label_zh}已经开期，应报名单已定。",
            "请选择下一期；企业已停业、须本期补换的，选“期中补换”。",
            409,
        )
    if not running and new.midway:
        raise Refused(
            "SAMPLE-PERIOD-NOT-OPEN",
            f"{span.label_zh}尚未开期。",
            "期中补换只用于已开期的报告期。",
            409,
        )
    if not running and span.end < civil_day(now_ms):
        raise Refused(
            "SAMPLE-PERIOD-PAST", f"{span.label_zh}已经过去。", "请选择尚未开期的报告期。", 409
        )
    if new.midway:
        _refuse_filed(new, span)


def _span(new: Nomination) -> Period:
    try:
        span = parse(new.period)
        known = is_period_of(registry.get(new.form), span)
    except FormError:
        known = False
    if not known:
        raise Refused("SAMPLE-PERIOD", f"没有报告期 {new.period}。", "请从列表中选择。", 422)
    return span


def _refuse_filed(new: Nomination, span: Period) -> None:
    """What a firm has said of a running period stands: it cannot be replaced in it."""
    for party in new.parties(LEAVE):
        state = Matter(new.form, new.period, party).state()
        if state.versions:
            raise Refused(
                "SAMPLE-FILED",
                f"企业 {party} {span.label_zh}已报（第 {state.effective} 号），本期不再补换。",
                "请自下一期起变动；已报的数字照常使用。",
                409,
            )
