"""Time in a campaign: the system party opens its days (law 6), and 免报 of the weekly return."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from ortoo.domains.market.campaigns import plan as plans
from ortoo.domains.market.campaigns.plan import Campaign
from ortoo.domains.market.campaigns.services import all_campaigns, firms_on
from ortoo.domains.market.opening import SYSTEM, Order, open_period
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import day_of, opens_at_ms, period_on
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return, return_thread

DAY_FORM = "MON-DAY"
LONGEST = 92
"""Days a campaign may run on after its first, as rule C2 of the form says."""
_WEEK_DAYS = 7
_DAY = dt.timedelta(days=1)


def open_due(now_ms: int) -> list[Receipt]:
    """Open today's part of every campaign whose hour has come. Idempotent.

    A day missed by a stopped system is caught up only while it can still be met: a day whose hour
    for returns is past is not opened, and shows as 未开放.
    """
    zone = active_pack().head.time_zone
    today = plans.day_of(now_ms, zone)
    found: list[Receipt] = []
    for campaign in all_campaigns().values():
        if campaign.plan.covers(today):
            found += _open_day(campaign, today, now_ms)
        if campaign.plan.weekly == plans.PAUSED:
            found += _settle_weekly(campaign, today, now_ms)
    if found:
        catch_up()
    return found


def opening_key(campaign: Campaign, day: dt.date) -> str:
    """The key of the K-OPEN of one day; the same whatever the campaign was changed to since."""
    return f"open:{campaign.plan.form}:{day_of(day).code}:{campaign.code}"


def _filed(key: str) -> read.FilingRow | None:
    rows = read.rows("key=%s", [key])
    return rows[0] if rows else None


def _open_day(campaign: Campaign, today: dt.date, now_ms: int) -> list[Receipt]:
    plan, zone = campaign.plan, active_pack().head.time_zone
    form, period = registry.get(plan.form), day_of(today)
    opening = _filed(opening_key(campaign, today))
    found = []
    due = plans.moment_ms(today, plan.due_minute, zone)
    if opening is None and opens_at_ms(form, period, zone) <= now_ms < due:
        order = Order(
            seq=campaign.seq,
            parties=tuple(firms_on(plan, form, today)),
            asked=plan.asked(form),
            due_at=due,
            review_due_at=plans.moment_ms(today, plan.review_minute, zone),
            label=campaign.code,
        )
        try:
            found.append(
                open_period(form=form.code, period=period.code, now_ms=now_ms, order=order)
            )
        except Refused as refusal:
            # Every firm has left the lists since: there is nobody to ask, and nothing to file.
            if refusal.code != "OPENING-EMPTY":
                raise
            return []
        opening = _filed(opening_key(campaign, today))
    if opening is not None:
        found += _ask_offices(campaign, today, opening, now_ms)
    return found


def _ask_offices(
    campaign: Campaign, today: dt.date, opening: read.FilingRow, now_ms: int
) -> list[Receipt]:
    """MON-DAY: every office of the chain below the ordering one owes its 情况, and on the last day
    the analysis."""
    plan, zone = campaign.plan, active_pack().head.time_zone
    offices = json.loads(opening.body)["offices"]
    owing = [
        {"place": place, "office": office}
        for place, office in sorted(offices.items())
        if place != plan.place
    ]
    wanted = [("situation", plan.situation_minute)]
    if today == plan.last:
        wanted.append(("narrative", plan.narrative_minute))
    found = []
    for kind, minute in wanted:
        key = f"day:{campaign.code}:{today}:{kind}"
        if minute is None or not owing or _filed(key) is not None:
            continue
        due = plans.moment_ms(today, minute, zone)
        if now_ms >= due:
            continue
        body = {
            "campaign": campaign.code,
            "order": campaign.seq,
            "day": today.isoformat(),
            "kind": kind,
            "due_at": due,
            "offices": owing,
        }
        draft = Draft(
            DAY_FORM, SYSTEM, SYSTEM, key, body, now_ms,
            period=day_of(today).code, subject=campaign.code, place=plan.place, mode="system",
        )  # fmt: skip
        found.append(file(draft, now_ms=now_ms))
    return found


# --- 期间周报 -----------------------------------------------------------------------------------


def _settle_weekly(campaign: Campaign, today: dt.date, now_ms: int) -> list[Receipt]:
    """免报 for weeks wholly inside the campaign, taken back where it was shortened since.

    A week of which a day lies outside is owed as ever: no week is left without figures of some day.
    """
    plan = campaign.plan
    if not plan.first <= today <= plan.first + (LONGEST + 2 * _WEEK_DAYS) * _DAY:
        return []
    weekly = registry.get(plan.weekly_form)
    days = (plan.first + n * _DAY for n in range(0, LONGEST + 1, _WEEK_DAYS))
    drafts: list[Draft] = []
    for span in dict.fromkeys(period_on(weekly, day) for day in days):
        whole = plan.status == plans.STANDING and plan.first <= span.start and span.end <= plan.last
        if whole:
            firms = firms_on(plan, registry.get(plan.form), max(plan.first, min(today, plan.last)))
            drafts += _waivers(campaign, span.code, firms, now_ms)
        else:
            drafts += _lifted(campaign, span.code, now_ms)
    return file_many(drafts, now_ms=now_ms) if drafts else []


def _waivers(campaign: Campaign, period: str, firms: Sequence[str], now_ms: int) -> list[Draft]:
    drafts = []
    threads = {return_thread(campaign.plan.weekly_form, period, firm): firm for firm in firms}
    for thread, lines in read.thread_lines(threads).items():
        state = fold_return(lines)
        if state.opened_seq is None or state.versions or state.archived_seq is not None:
            continue
        # What somebody lifted, or waived for another reason, stays as it was decided.
        if not any(line.kind == "waive" for line in lines):
            drafts.append(_waiver(campaign, period, (threads[thread], state), False, now_ms))
    return drafts


def _lifted(campaign: Campaign, period: str, now_ms: int) -> list[Draft]:
    rows = read.rows(
        "form='K-WAIVE' AND period=%s AND key LIKE %s", [period, f"waive:{campaign.code}:%"]
    )
    waived = {row.subject: row.seq for row in rows}
    threads = {return_thread(campaign.plan.weekly_form, period, firm): firm for firm in waived}
    drafts = []
    for thread, lines in read.thread_lines(threads).items():
        state, firm = fold_return(lines), threads[thread]
        if state.archived_seq is None and state.waived_seq == waived[firm]:
            drafts.append(_waiver(campaign, period, (firm, state), True, now_ms))
    return drafts


def _waiver(
    campaign: Campaign, period: str, one: tuple[str, ReturnState], lifted: bool, now_ms: int
) -> Draft:
    firm, state = one
    said = "提前结束，恢复周报" if lifted else "期间免报周报"
    body = {
        "form": campaign.plan.weekly_form,
        "period": period,
        "party": firm,
        "office": state.final_office or campaign.plan.place,
        "text": f"专项监测「{campaign.title}」（{campaign.code}）{said}。",
        "lifted": lifted,
    }
    key = f"{'lift' if lifted else 'waive'}:{campaign.code}:{period}:{firm}"
    return Draft(
        "K-WAIVE", SYSTEM, SYSTEM, key, body, now_ms, period=period, subject=firm, mode="system"
    )
