"""Writes of alerts: what the system party raises, and each step of their handling."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market import observations
from ortoo.domains.market.alerts import engine, matters, tables, wording
from ortoo.domains.market.alerts.engine import Matter
from ortoo.domains.market.alerts.matters import Alert, thread_of
from ortoo.domains.market.opening import SYSTEM
from ortoo.domains.market.parameters import civil_day
from ortoo.domains.market.selectors import periods_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import Period, due_at_ms
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
STILL_LOOKED_AT_MS = 54 * HOUR_MS
"""How long after its due time a period is still run: late returns and the first review."""
MOST_LINES = 200
SCALE = 10_000
log = logging.getLogger("ortoo.jobs")


# --- what the system party raises ---------------------------------------------------------------

_looked: dict[tuple[str, str], tuple[int, bytes]] = {}
"""(form, period) → the last filing that touched it when the rules were run."""


def raise_due(now_ms: int) -> list[Receipt]:
    """Run the rules on every period that has moved since, and file what is new or higher.

    Cheap when nothing was filed: one look at an index a period. Idempotent: an alert's key is its
    place, sort, goods, first period and level. A figure that falls below never closes anything.
    """
    receipts: list[Receipt] = []
    for form in tables.forms_in_force(civil_day(now_ms)):
        for period in _running(form, now_ms):
            stands = _stands(form, period)
            if _looked.get((form, period.code)) != stands:
                receipts += _raise(form, period, now_ms)
                _looked[form, period.code] = stands
    if receipts:
        catch_up()
    return receipts


def forget() -> None:
    """Look at every period again: for a test whose log indexes come again."""
    _looked.clear()
    engine.forget()


def _stands(form: str, period: Period) -> tuple[int, bytes]:
    touched = read.last_touch(f"{form}|{period.code}|")
    return touched, observations.witness(touched)


def _running(form: str, now_ms: int) -> list[Period]:
    """The newest period with a return, and those due not long ago, oldest first."""
    definition, zone = registry.get(form), active_pack().head.time_zone
    found: list[Period] = []
    for period in periods_of(form, 4):
        due = due_at_ms(definition, period, zone)
        if now_ms <= due + STILL_LOOKED_AT_MS:
            found.append(period)
        elif not any(observations.load(form, one.code).counted.any() for one in found):
            found.append(period)
            break
    return sorted(found)


def _raise(form: str, period: Period, now_ms: int) -> list[Receipt]:
    log_index = read.tail()
    findings = engine.detect(form, period.code)
    if read.tail() != log_index:
        # Something was filed meanwhile: what is cited must be what was computed.
        findings = engine.detect(form, period.code, log_index)
    known = matters.every() if findings else []
    receipts: list[Receipt] = []
    for matter in engine.matters_of(findings):
        draft = _raising(matter, period, known, log_index, now_ms)
        if draft is not None:
            receipts += _filed(draft, now_ms)
    return receipts


def _raising(
    matter: Matter, period: Period, known: Sequence[Alert], log_index: int, now_ms: int
) -> Draft | None:
    """The filing that says it: a first one, a higher level of an open one, or nothing."""
    same = [one for one in known if one.key == (matter.place, matter.sort, matter.goods)]
    standing = next((one for one in same if one.stage == "open"), None)
    if standing is not None:
        if matter.level >= standing.level or period < standing.span:
            return None
        return _raise_draft(matter, standing, log_index, now_ms)
    for one in same:
        # Dealt with in this period, or in a later one: what was ended is not said again.
        ended = civil_day(one.ended_at) if one.ended_at is not None else period.end
        if period.start <= ended or one.first_period == period.code:
            return None
    return _raise_draft(matter, None, log_index, now_ms)


def _raise_draft(matter: Matter, standing: Alert | None, log_index: int, now_ms: int) -> Draft:
    chief, plan = matter.chief, matter.chief.rule.plan
    first = standing.first_period if standing else chief.period
    case = standing.case if standing else f"{matter.sort[0].upper()}.{matter.goods}.{first}"
    office, region = _office(matter.place), _office(active_pack().root.code)
    title = active_pack()[matter.place].zh
    body: dict[str, object] = {
        "case": case, "place": matter.place, "sort": matter.sort, "goods": matter.goods,
        "level": matter.level, "rule": chief.rule.code, "table": plan.code,
        "table_version": plan.version, "verified": chief.rule.verified, "form": chief.form,
        "period": chief.period, "first_period": first, "log_index": log_index,
        "said": wording.headline(matter, title), "office": office, "region": region,
        "lines": figure_lines(matter), **_clocks(matter, standing, office),
    }  # fmt: skip
    key = f"alert:{matter.sort}:{matter.goods}:{matter.place}:{first}:{matter.level}"
    reason = ""
    if standing is not None:
        before, after = wording.LEVELS[standing.level], wording.LEVELS[matter.level]
        reason = f"升级：由{before}升为{after}，依 {chief.rule.code}"
    draft = Draft(
        matters.RAISE, SYSTEM, SYSTEM, key, body, now_ms, period=chief.period,
        subject=thread_of(matter.place, case), place=matter.place, mode="system",
        supersedes=standing.newest.seq if standing else None, reason=reason,
    )  # fmt: skip
    return draft_record(draft, now_ms=now_ms)


def figure_lines(matter: Matter) -> list[dict[str, object]]:
    """The figures an alert rests on, as its filing holds them: values times 10,000."""
    found: list[dict[str, object]] = []
    for finding in matter.findings:
        rule = finding.rule
        for cell in finding.cells:
            found.append(
                {
                    "number": len(found) + 1, "rule": rule.code, "item": cell.item,
                    "place": cell.place, "statistic": rule.condition.statistic,
                    "value": round(cell.value * SCALE),
                    "limit": round(float(rule.condition.threshold) * SCALE), "firms": cell.firms,
                }
            )  # fmt: skip
    return found[:MOST_LINES]


def _clocks(matter: Matter, standing: Alert | None, office: str) -> dict[str, str]:
    """Who owes which report: those of any rule that fires; a step up owes one of its own."""
    rules = [finding.rule for finding in matter.findings]
    found = {}
    if any(rule.phone for rule in rules):
        found["caller"] = office
    if any(rule.report for rule in rules):
        found["reporter"] = office
    if standing is not None:
        # A step named once stays: its duty was owed and perhaps met.
        for role in ("caller", "reporter", "follow3", "follow2", "follow1"):
            step = {"caller": "phone", "reporter": "report"}.get(role, role)
            if standing.owners.get(step):
                found[role] = office
        found[f"follow{matter.level}"] = office
    return found


def _office(place: str) -> str:
    """The agency at a place. Refused ALERT-OFFICE where none is registered."""
    found = Party.objects.filter(kind="agency", place=place).order_by("code").first()
    if found is None:
        raise Refused("ALERT-OFFICE", f"{place} 没有登记主管部门。", "请先登记主体。", 409)
    return str(found.code)


def _filed(draft: Draft, now_ms: int) -> Iterable[Receipt]:
    try:
        return [file(draft, now_ms=now_ms)]
    except Refused as refused:
        # Another process was faster, at another log index: what it filed stands.
        if refused.code not in ("FILING-KEY-REUSED", "THREAD-EXISTS", "THREAD-STALE"):
            raise
        log.info("alert %s is already filed: %s", draft.key, refused.code)
        return []


# --- what the office files ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """A telephone report: who called whom, when (ms), what was said and answered."""

    from_post: str
    to_post: str
    called_at: int
    text: str
    answer: str = ""


def verify(
    *, scope: Scope, alert: Alert, outcome: str, cause: str, text: str, key: str, now_ms: int
) -> Receipt:
    """核实: confirmed, or a false alarm with its cause, which ends the alert."""
    body = {"outcome": outcome, "text": _said(text, "核实情况", 1000)}
    if outcome == "false_alarm":
        if not cause:
            raise Refused("ALERT-FALSE-CAUSE", "误报须选择原因。", "请选择填报差错、季节等。", 422)
        body["cause"] = cause
    return _step(scope, alert, matters.VERIFY, body, key, now_ms)


def log_call(*, scope: Scope, alert: Alert, call: Call, key: str, now_ms: int) -> Receipt:
    """电话报告: a call that was made, put down afterwards; it meets the one-hour duty.

    Refused ALERT-PHONE-TIME for a call in the future or before anything was known.
    """
    if not alert.at - DAY_MS <= call.called_at <= now_ms:
        raise Refused(
            "ALERT-PHONE-TIME",
            "通话时间在将来，或早于提示一天以上。",
            "请填写实际通话的时间。",
            422,
        )
    body: dict[str, object] = {
        "from_post": _said(call.from_post, "报告人", 60),
        "to_post": _said(call.to_post, "接报人", 60),
        "called_at": call.called_at,
        "text": _said(call.text, "报告内容", 1000),
    }
    if call.answer.strip():
        body["answer"] = call.answer.strip()[:500]
    return _step(scope, alert, matters.PHONE, body, key, now_ms)


def report(
    *, scope: Scope, alert: Alert, step: str, said: Mapping[str, str], key: str, now_ms: int
) -> Receipt:
    """书面报告 or 续报. `said`: cause, done, text. Refused ALERT-REPORT-BLANK while anything of
    the draft is still to be filled in."""
    if step not in matters.REPORTS:
        raise Refused("ALERT-STEP", "没有这种报告。", "请从页面上选择。", 422)
    asked = (("cause", "原因", 1000), ("done", "已采取措施", 1000), ("text", "报告正文", 4000))
    text = {name: _said(said.get(name, ""), label, most) for name, label, most in asked}
    if any(wording.BLANK in one for one in text.values()):
        raise Refused(
            "ALERT-REPORT-BLANK",
            f"报告里还有{wording.BLANK}。",
            "请补写原因和已采取措施；不清楚的写“正在核实”。",
            422,
        )
    body = {"step": step, "raised": alert.newest.seq, **text}
    return _step(scope, alert, matters.REPORT, body, key, now_ms)


def propose(
    *, scope: Scope, alert: Alert, measures: Sequence[str], text: str, key: str, now_ms: int
) -> Receipt:
    """处置建议: measures of the list and what is meant. Refused ALERT-MEASURES for none."""
    chosen = list(dict.fromkeys(measures))
    if not chosen or any(one not in wording.MEASURES[alert.sort] for one in chosen):
        raise Refused("ALERT-MEASURES", "没有选择措施。", "请至少选择一项列出的措施。", 422)
    body = {
        "lines": [{"measure": one} for one in chosen],
        "text": _said(text, "说明", 1000),
    }
    return _step(scope, alert, matters.MEASURES, body, key, now_ms)


def close(*, scope: Scope, alert: Alert, text: str, key: str, now_ms: int) -> Receipt:
    """解除: the office ends the alert, with why."""
    day: dt.date = civil_day(now_ms)
    body = {"ended_on": day.isoformat(), "text": _said(text, "解除理由", 1000)}
    return _step(scope, alert, matters.CLOSE, body, key, now_ms)


def _said(text: str, label: str, longest: int) -> str:
    found = text.replace("\r\n", "\n").strip()
    if not found:
        raise Refused("ALERT-TEXT", f"没有填写{label}。", f"请填写{label}。", 422)
    if len(found) > longest:
        raise Refused("TEXT-LONG", f"{label}超过 {longest} 字。", "请精简。", 422)
    return found


def _step(
    scope: Scope, alert: Alert, form: str, body: Mapping[str, object], key: str, now_ms: int
) -> Receipt:
    """File a step; whether it is open, and whose, the procedure itself refuses (STEP-…)."""
    scope.require("review", place=alert.place)
    draft = Draft(
        form, scope.party, scope.actor, key, {"case": alert.case, "place": alert.place, **body},
        now_ms, subject=alert.thread, place=alert.place,
    )  # fmt: skip
    receipt = file(draft_record(draft, now_ms=now_ms), now_ms=now_ms)
    catch_up()
    return receipt
