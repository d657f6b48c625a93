"""Starting, changing and ending a 专项监测; each is a MON-CAMPAIGN filing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from ortoo.domains.market.campaigns import plan as plans
from ortoo.domains.market.campaigns.plan import Campaign, Plan
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.respondents import chosen_firms
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack

VERB = "run_campaign"
_TRIES = 4
_DAY = dt.timedelta(days=1)


def all_campaigns() -> dict[str, Campaign]:
    """Every campaign ever ordered, by code, in the order of their first filings."""
    return plans.campaigns_of(read.rows("form=%s", [plans.FORM]))


def campaign(code: str) -> Campaign:
    """Refused CAMPAIGN-UNKNOWN (404)."""
    found = all_campaigns().get(code)
    if found is None:
        raise Refused("CAMPAIGN-UNKNOWN", f"没有专项监测 {code}。", "请从专项监测列表进入。", 404)
    return found


def firms_on(plan: Plan, form: Form, day: dt.date) -> list[str]:
    """Party codes a campaign asks on a day: members of its lists and named firms in its places."""
    return chosen_firms(
        form,
        within=plan.place,
        places=plan.places,
        lists=plan.lists,
        parties=plan.parties,
        on=day,
    )


def start(*, scope: Scope, new: Plan, key: str, now_ms: int) -> Receipt:
    """开展专项监测. Refused CAMPAIGN-… with the remedy; a repeated post gets the first receipt."""
    scope.require(VERB, form=new.form, place=new.place)
    for _ in range(_TRIES):
        known = _filed(key, scope)
        if known is not None:
            return known
        standing = all_campaigns()
        today = plans.day_of(now_ms, active_pack().head.time_zone)
        _check(new, None, standing, now_ms)
        number = 1 + sum(1 for code in standing if code.startswith(f"C{today:%Y%m%d}-"))
        receipt = _file(scope, new, f"C{today:%Y%m%d}-{number}", standing, (key, None, ""), now_ms)
        if receipt is not None:
            return receipt
    raise Refused("CAMPAIGN-RACED", "同时有多项专项监测发出。", "请稍后重新提交。", 409)


def change(*, scope: Scope, code: str, new: Plan, reason: str, key: str, now_ms: int) -> Receipt:
    """调整: extend, add firms or items, other hours; in force from the next day that is opened."""
    found = campaign(code)
    scope.require(VERB, form=found.plan.form, place=found.plan.place)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "调整专项监测须写明原因。", "请填写原因。")
    if found.filer != scope.party:
        raise Refused("CAMPAIGN-OTHER-OFFICE", "只有发起机关可以调整。", "请联系发起机关。", 403)
    for _ in range(_TRIES):
        known = _filed(key, scope)
        if known is not None:
            return known
        standing = all_campaigns()
        found = standing[code]
        _check(new, found, standing, now_ms)
        receipt = _file(scope, new, code, standing, (key, found.seq, reason.strip()), now_ms)
        if receipt is not None:
            return receipt
    raise Refused("CAMPAIGN-RACED", "同时有多项专项监测调整。", "请稍后重新提交。", 409)


def end(*, scope: Scope, code: str, reason: str, key: str, now_ms: int) -> Receipt:
    """提前结束: today is the last day and runs on; not yet begun, it is cancelled."""
    found = campaign(code)
    today = plans.day_of(now_ms, active_pack().head.time_zone)
    if today < found.plan.first:
        new = replace(found.plan, status=plans.CANCELLED)
    else:
        new = replace(found.plan, last=min(today, found.plan.last))
    return change(scope=scope, code=code, new=new, reason=reason, key=key, now_ms=now_ms)


def _filed(key: str, scope: Scope) -> Receipt | None:
    rows = read.rows("key=%s AND form=%s AND filer=%s", [key, plans.FORM, scope.party])
    return (
        Receipt(rows[0].seq, key, rows[0].digest, rows[0].digest_sm3, rows[0].received_at, True)
        if rows
        else None
    )


def _file(
    scope: Scope,
    new: Plan,
    code: str,
    standing: dict[str, Campaign],
    said: tuple[str, int | None, str],
    now_ms: int,
) -> Receipt | None:
    """None where somebody else's order came between: it is to be judged again."""
    key, supersedes, reason = said
    seen = max((found.seq for found in standing.values()), default=0)
    draft = Draft(
        form=plans.FORM,
        filer=scope.party,
        actor=scope.actor,
        key=key,
        body=new.body(code, seen),
        said_at=now_ms,
        subject=code,
        place=new.place,
        supersedes=supersedes,
        reason=reason,
    )
    try:
        receipt = file(draft, now_ms=now_ms)
    except Refused as refusal:
        if refusal.code in ("CAMPAIGN-RACED", "CAMPAIGN-EXISTS"):
            return None
        raise
    catch_up()
    return receipt


def daily_form(code: str) -> Form:
    """The form of that code if it is a daily one opened by order. Refused CAMPAIGN-FORM."""
    try:
        form = registry.get(code)
    except FormError:
        form = None
    if form is None or form.cadence != "day" or not form.period_types[-1].ordered:
        raise Refused(
            "CAMPAIGN-FORM", f"{code} 不是可按通知启动的日报表式。", "请从列表中选择日报表式。"
        )
    return form


def _check(new: Plan, before: Campaign | None, standing: dict[str, Campaign], now_ms: int) -> None:
    zone = active_pack().head.time_zone
    today = plans.day_of(now_ms, zone)
    form = daily_form(new.form)
    _check_days(new, before, now_ms)
    _check_cells(new, form)
    _check_places(new, form, today)
    if new.status == plans.CANCELLED:
        return
    on = max(new.first, today)
    firms = firms_on(new, form, on)
    # Ending early asks nobody any more.
    if not firms and new.last >= on and (before is None or new.last > today):
        raise Refused(
            "CAMPAIGN-EMPTY", "所选地区和名录内没有企业。", "请放宽地区、换名录或指定企业。"
        )
    since = today if before is None else today + _DAY
    for other in standing.values():
        if before is None or other.code != before.code:
            _refuse_overlap(new, other, form, set(firms), since)


def _check_days(new: Plan, before: Campaign | None, now_ms: int) -> None:
    zone = active_pack().head.time_zone
    today = plans.day_of(now_ms, zone)
    if before is None:
        if new.first < today:
            raise Refused("CAMPAIGN-PAST", "开始日期已过。", "请从今天或以后开始。")
        if new.first == today and plans.moment_ms(today, new.due_minute, zone) <= now_ms:
            raise Refused(
                "CAMPAIGN-TODAY-PAST",
                f"今天 {plans.clock_zh(new.due_minute)} 的时限已过。",
                "请从明天开始，或把报送时限改到现在以后。",
            )
        return
    if (new.form, new.place) != (before.plan.form, before.plan.place):
        raise Refused("CAMPAIGN-FIXED", "表式和发起地区不能调整。", "请结束后另行发起。")
    begun = before.plan.first <= today
    if begun and new.first != before.plan.first:
        raise Refused("CAMPAIGN-BEGUN", "已经开始，开始日期不能改。", "只能调整结束日期。")
    if not begun and new.first < today:
        raise Refused("CAMPAIGN-PAST", "开始日期已过。", "请从今天或以后开始。")
    if before.stage(today) in ("ended", "cancelled"):
        raise Refused("CAMPAIGN-ENDED", "这项专项监测已结束。", "请另行发起一项。", 409)
    if begun and new.last < today:
        raise Refused("CAMPAIGN-PAST", "结束日期不能早于今天。", "请选今天或以后。")


def _check_cells(new: Plan, form: Form) -> None:
    leaves = {item.code for item in form.leaves}
    unknown = [code for code in new.items if code not in leaves]
    unknown += [code for code in new.measures if code not in form.measure_by_code]
    if unknown:
        raise Refused(
            "CAMPAIGN-CELLS",
            f"{form.code} 没有品种或指标 {'、'.join(unknown[:5])}。",
            "请从表式的品种和指标中选择。",
        )


def _check_places(new: Plan, form: Form, today: dt.date) -> None:
    pack = active_pack()
    if new.place not in pack:
        raise Refused("CAMPAIGN-PLACE", f"没有地区 {new.place}。", "请从列表中选择。")
    inside = pack.under(new.place, today)
    outside = [code for code in new.places if code not in inside]
    if outside:
        names = "、".join(pack[code].zh if code in pack else code for code in outside[:5])
        raise Refused("CAMPAIGN-PLACE", f"{names}不向发起机关报送。", "请只选本机关所辖地区。", 403)
    known = set(ListMember.objects.values_list("list_code", flat=True).distinct())
    missing = [code for code in new.lists if code not in known]
    if missing:
        raise Refused("CAMPAIGN-LIST", f"没有名录 {missing[0]}。", "请从列表中选择。")
    at = dict(Party.objects.filter(code__in=new.parties).values_list("code", "place"))
    strangers = [code for code in new.parties if at.get(code) not in inside]
    if strangers:
        raise Refused(
            "CAMPAIGN-FIRM", f"{len(strangers)} 家指定企业不在本机关所辖地区。", "请去掉。", 403
        )


def _refuse_overlap(
    new: Plan, other: Campaign, form: Form, firms: set[str], since: dt.date
) -> None:
    """Two campaigns on one form, firm and day: the second is refused and names the first."""
    days = new.overlaps(other.plan, since)
    if days is None:
        return
    both = sorted(firms & set(firms_on(other.plan, form, days[0])))
    if not both:
        return
    raise Refused(
        "CAMPAIGN-OVERLAP",
        f"与「{other.title}」（{other.code}，{other.plan.span_zh}）重叠：同一日报、"
        f"{len(both)} 家企业（{_first_names(both)}），{days[0]} 至 {days[1]}。",
        "请改日期，或去掉这些企业，或先调整、结束那一项；需要加品种时调整那一项即可。",
        409,
    )


def _first_names(parties: Sequence[str]) -> str:
    names = names_of(parties[:3])
    shown = "、".join(names.get(code, code) for code in parties[:3])
    return shown + ("等" if len(parties) > 3 else "")
