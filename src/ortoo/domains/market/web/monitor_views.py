"""注册情况 and 报送情况: who is registered to report, and who has reported, late or waived."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, observations, selectors
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.sample import frame
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_contributions import STAGES
from ortoo.domains.market.web.figures_request import (
    civil_day,
    form_of,
    period_of,
    place_name,
    shown_forms,
)
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.domains.market.web.search import leading
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack

READ = "read_unit_figures"
SHOWN = 400
STATES = {
    "filed": "已报", "missing": "未报", "late": "迟报", "waived": "免报", "assisted": "代录",
    "sent_back": "已退回",
}  # fmt: skip


def _readable(scope: Scope, form: str | None = None) -> frozenset[str]:
    """Places whose firms this reader may list. Raises Refused SCOPE-… where there are none."""
    places = scope.places(READ, form)
    if not places:
        scope.require(READ, form=form, place=active_pack().root.code)
    return places


def _units(places: Iterable[str], today: dt.date) -> dict[str, str]:
    """Place → its reporting unit (the root for what stands there), of the places given."""
    pack = active_pack()
    unit_of = pack.unit_of(today)
    return {place: unit_of.get(place, pack.root.code) for place in places}


# --- 注册情况 ------------------------------------------------------------------------------------


@require_safe
def registered(request: HttpRequest) -> HttpResponse:
    """Firms on the lists, by list and unit; since when, and whether their log-in is in use."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    places, now = _readable(scope), now_ms()
    today = civil_day(now)
    unit_of = _units(places, today)
    parties = {
        party.code: party
        for party in Party.objects.filter(kind="enterprise", place__in=sorted(places))
    }
    seats = _seats(parties, today)
    chosen_list, chosen_unit = request.GET.get("list", ""), request.GET.get("unit", "")
    chosen = [
        seat
        for seat in seats
        if chosen_list in ("", seat.list_code)
        and chosen_unit in ("", unit_of[parties[seat.party].place])
    ]
    accounts = _accounts({seat.party for seat in chosen})
    access.record(scope, "registered", chosen_unit, len(chosen), now_ms=now)
    context = {
        "lists": [(code, title, code == chosen_list) for code, title in frame.lists().items()],
        "units": _unit_choices(unit_of.values(), chosen_unit),
        "counts": _counts_sheet(seats, parties, unit_of),
        "firms": _firms_sheet(chosen[:SHOWN], parties, accounts),
        "total": len(chosen),
        "more": max(0, len(chosen) - SHOWN),
        "today": f"{today.year}年{today.month}月{today.day}日",
    }
    return render(request, "market/monitor/registered.html", context)


def _unit_choices(units: Iterable[str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(code, place_name(code, short=True), code == chosen) for code in sorted(set(units))]


def _seats(parties: Iterable[str], today: dt.date) -> list[ListMember]:
    """Memberships in force today."""
    day, known = today.isoformat(), set(parties)
    found = ListMember.objects.filter(valid_from__lte=day)
    return sorted(
        (
            seat
            for seat in found
            if seat.party in known and (not seat.valid_to or seat.valid_to >= day)
        ),
        key=lambda seat: (seat.list_code, seat.party),
    )


def _accounts(parties: set[str]) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = {}
    for account in Account.objects.filter(party__in=sorted(parties)):
        found.setdefault(account.party, []).append(account)
    return found


def _log_in(accounts: Sequence[Account]) -> str:
    """Whether a firm's log-in is in use; names and times of persons are not said."""
    if not accounts:
        return "未开通"
    if not any(account.is_active for account in accounts):
        return "已停用"
    return "已登录过" if any(account.last_login for account in accounts) else "未登录过"


def _counts_sheet(
    seats: Sequence[ListMember], parties: dict[str, Party], unit_of: dict[str, str]
) -> Sheet:
    lists = [code for code in frame.lists() if any(seat.list_code == code for seat in seats)]
    counts = Counter((unit_of[parties[seat.party].place], seat.list_code) for seat in seats)
    rows = [
        Row((sheet.text(place_name(unit, short=True)),
             *(sheet.count(counts[unit, code]) for code in lists)))
        for unit in sorted({unit for unit, _ in counts})
    ]  # fmt: skip
    totals = [sum(counts[unit, code] for unit, one in counts if one == code) for code in lists]
    rows.append(Row((sheet.text("合计"), *(sheet.count(total) for total in totals)), "total"))
    columns = (
        Column("盟市", "", False),
        *(Column(frame.title_of(code), "家") for code in lists),
    )
    return Sheet("counts", "各名录在册企业", columns, tuple(rows), empty="没有在册企业")


def _firms_sheet(
    seats: Sequence[ListMember], parties: dict[str, Party], accounts: dict[str, list[Account]]
) -> Sheet:
    rows = tuple(
        Row((
            sheet.text(parties[seat.party].name, reverse("firm", kwargs={"party": seat.party})),
            sheet.text(seat.party), sheet.text(place_name(parties[seat.party].place, short=True)),
            sheet.text(frame.title_of(seat.list_code)), sheet.text(seat.valid_from),
            sheet.text(_log_in(accounts.get(seat.party, ()))),
        ))
        for seat in seats
    )  # fmt: skip
    columns = tuple(
        Column(title, "", False)
        for title in ("企业", "统一社会信用代码", "地区", "名录", "在册起始", "账号")
    )
    return Sheet("firms", "在册企业", columns, rows, empty="没有符合条件的企业")


# --- 报送情况 ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """How one respondent of a period stands. `states` are keys of STATES."""

    party: str
    place: str
    unit: str
    states: frozenset[str]
    stage: str
    filed_at: int | None
    due_at: int | None
    seq: int | None


@require_safe
def returns(request: HttpRequest) -> HttpResponse:
    """One period of one form: who has reported, late, waived, keyed in by an office."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    _readable(scope)
    forms = [f for f in monitored.forms() if scope.places(READ, f.code)]
    form = form_of(request.GET.get("form", "") or _leading(scope, forms))
    places = _readable(scope, form.code)
    periods = _periods(form)
    code = request.GET.get("period", "")
    period = period_of(form, code) if code in {p.code for p in periods} else None
    period = period or (periods[0] if periods else None)
    request.paper = (form.code, period.code if period else "")  # type: ignore[attr-defined]
    unit, state = request.GET.get("unit", ""), request.GET.get("state", "")
    reports = _reports(form, period, places) if period else []
    chosen = [
        one for one in reports if unit in ("", one.unit) and (not state or state in one.states)
    ]
    access.record(scope, "reported", f"{form.code}|{code}", len(chosen), now_ms=now)
    context: dict[str, Any] = {
        "forms": forms, "form": form, "periods": periods, "period": period,
        "units": _unit_choices((one.unit for one in reports), unit),
        "states": [(key, words_, key == state) for key, words_ in STATES.items()],
        "counts": _report_counts(reports), "total": len(chosen),
        "reports": _report_sheet(chosen[:SHOWN]), "more": max(0, len(chosen) - SHOWN),
    }  # fmt: skip
    return render(request, "market/monitor/returns.html", context)


def _leading(scope: Scope, forms: Sequence[Form]) -> str:
    return leading(shown_forms(scope)) or leading(forms)


def _periods(form: Form) -> list[Period]:
    return selectors.periods_of(form.code)


def _reports(form: Form, period: Period, places: frozenset[str]) -> list[Report]:
    found = observations.load(form.code, period.code)
    unit_of = active_pack().unit_of(period.end)
    firsts = read.by_seqs(s.versions[0] for s in found.states if s.versions)
    out = []
    for party, place, state in zip(found.parties, found.places, found.states, strict=True):
        if place not in places:
            continue
        first = firsts.get(state.versions[0]) if state.versions else None
        late = bool(first and state.due_at is not None and first.arrived_at > state.due_at)
        told = {
            "filed": first is not None, "missing": state.stage == "missing", "late": late,
            "waived": state.stage == "waived", "sent_back": state.stage == "sent_back",
            "assisted": first is not None and first.mode == "assisted",
        }  # fmt: skip
        out.append(Report(
            party, place, unit_of.get(place, active_pack().root.code),
            frozenset(key for key, holds in told.items() if holds), state.stage,
            first.arrived_at if first else None, state.due_at, state.effective,
        ))  # fmt: skip
    return out


def _report_counts(reports: Sequence[Report]) -> Sheet:
    """By unit: 应报 (免报 left out), and each state."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in reports:
        counts.update({(one.unit, state): 1 for state in one.states})
        counts[one.unit, "owed"] += "waived" not in one.states
    units = sorted({one.unit for one in reports})

    def row(name: Cell, chosen: Sequence[str], role: Any = "item") -> Row:
        sums = {key: sum(counts[unit, key] for unit in chosen) for key in ("owed", *STATES)}
        return Row((
            name, sheet.count(sums["owed"]), *(sheet.count(sums[key]) for key in STATES),
            sheet.rate(sums["filed"], sums["owed"]),
            sheet.rate(sums["filed"] - sums["late"], sums["owed"]),
        ), role)  # fmt: skip

    rows = [row(sheet.text(place_name(unit, short=True)), [unit]) for unit in units]
    rows.append(row(sheet.text("合计"), units, "total"))
    columns = (
        Column("盟市", "", False), Column("应报", "家"),
        *(Column(title, "家") for title in STATES.values()), Column("报送率"), Column("及时率"),
    )  # fmt: skip
    return Sheet("counts", "各盟市报送情况", columns, tuple(rows), empty="本期没有应报企业")


def _report_sheet(reports: Sequence[Report]) -> Sheet:
    names = names_of(one.party for one in reports)
    order = {"missing": 0, "sent_back": 1}
    rows = tuple(
        Row((
            sheet.text(names.get(one.party, one.party),
                       reverse("firm", kwargs={"party": one.party})),
            sheet.text(place_name(one.place, short=True)),
            sheet.text("免报" if one.stage == "waived" else STAGES.get(one.stage, one.stage)),
            sheet.text(words.full_moment(one.filed_at),
                       reverse("filing", kwargs={"seq": one.seq}) if one.seq else "")
            if one.filed_at else NONE,
            sheet.text("是") if "late" in one.states else NONE,
            sheet.text("是") if "assisted" in one.states else NONE,
        ))
        for one in sorted(reports, key=lambda r: (order.get(r.stage, 2), r.unit, r.party))
    )  # fmt: skip
    columns = tuple(
        Column(title, "", False)
        for title in ("企业", "地区", "状态", "首次报送", "迟报", "代录")
    )
    return Sheet("reports", "逐家情况", columns, rows, empty="没有符合条件的企业")
