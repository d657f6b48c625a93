"""企业: one firm over time: what it owed and filed, its prices beside its place's, its questions.

Open to the firm itself and to readers of its place's single figures; to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import monitored, observations, selectors
from ortoo.domains.market.observations import MISSING
from ortoo.domains.market.sample import frame
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web import figures_sheet as sheet
from ortoo.domains.market.web.figures_contributions import STAGES
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_sheet import NONE, Cell, Column, Row, Sheet
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return

NEWEST = 60
FEWEST = 3
"""Of fewer quotes a median would tell one firm's price."""
Known = Sequence[tuple[Duty, ReturnState]]


@require_safe
def firm(request: HttpRequest, party: str) -> HttpResponse:
    """The firm's returns on every form, timeliness, newest prices and questions."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    found = Party.objects.filter(code=party, kind="enterprise").first()
    if found is None:
        raise Refused("FIRM-UNKNOWN", f"没有企业 {party[:20]}。", "请从查找中选择。", 404)
    scope.require_read(party=party, place=found.place)
    now = now_ms()
    known = _known(scope, found)
    firsts = read.by_seqs(state.versions[0] for _, state in known if state.versions)
    form, periods = _chosen(request, known)
    period = next((p for p in periods if p.code == request.GET.get("period", "")), None)
    period = period or (periods[0] if periods else None)
    access.record(scope, "firm", party, len(known), now_ms=now)
    context = {
        "firm": found,
        "place": place_name(found.place),
        "lists": _lists(party),
        "stats": _stats(known, firsts, now),
        "returns": _returns(known, firsts),
        "questions": _questions(known),
        "forms": sorted({duty.form for duty, state in known if state.effective}),
        "form": form,
        "periods": periods,
        "period": period,
        "prices": _prices(scope, found, form, period) if form and period else None,
        "newest": NEWEST,
    }
    return render(request, "market/monitor/firm.html", context)


def _known(scope: Scope, firm_: Party) -> Known:
    """The newest returns this reader may see of the firm, with where each stands."""
    every = Duty.objects.filter(owner=firm_.code, kind="file")
    # What was brought in from before was opened later than it was owed.
    duties = [
        duty
        for duty in sorted(every, key=lambda one: (parse(one.period).end, one.form), reverse=True)
        if monitored.is_monitored(duty.form)
        and scope.may_read(party=firm_.code, place=duty.place or firm_.place, form=duty.form)
    ][:NEWEST]
    lines = read.thread_lines(duty.thread for duty in duties)
    return [(duty, fold_return(lines[duty.thread])) for duty in duties]


def _chosen(request: HttpRequest, known: Known) -> tuple[Form | None, list[Period]]:
    filed = [(duty.form, parse(duty.period)) for duty, state in known if state.effective]
    code = request.GET.get("form", "") or (filed[0][0] if filed else "")
    periods = sorted({period for form, period in filed if form == code}, reverse=True)
    return (registry.get(code), periods) if periods else (None, [])


def _lists(party: str) -> list[tuple[str, str]]:
    rows = ListMember.objects.filter(party=party).order_by("valid_from")
    titles = frame.lists()
    return [
        (titles.get(row.list_code, row.list_code),
         f"{row.valid_from} 起" + (f"，至 {row.valid_to}" if row.valid_to else ""))
        for row in rows
    ]  # fmt: skip


def _is_late(state: ReturnState, firsts: Mapping[int, read.FilingRow]) -> bool:
    first = firsts.get(state.versions[0]) if state.versions else None
    return bool(first and state.due_at is not None and first.arrived_at > state.due_at)


def _stats(known: Known, firsts: Mapping[int, read.FilingRow], now: int) -> dict[str, Any]:
    owed = [
        state
        for _, state in known
        if state.stage != "waived" and (state.versions or (state.due_at or now) < now)
    ]
    filed = [state for state in owed if state.versions]
    late = sum(_is_late(state, firsts) for state in filed)
    assisted = sum(firsts[state.versions[0]].mode == "assisted" for state in filed)
    return {
        "owed": len(owed), "filed": len(filed), "late": late, "assisted": assisted,
        "rate": sheet.rate(len(filed) - late, len(owed)).text or "—",
        "corrected": sum(len(state.versions) > 1 for state in filed),
    }  # fmt: skip


def _returns(known: Known, firsts: Mapping[int, read.FilingRow]) -> Sheet:
    rows = []
    for duty, state in sorted(known, key=lambda pair: parse(pair[0].period).end, reverse=True):
        first = firsts.get(state.versions[0]) if state.versions else None
        href = reverse("filing", kwargs={"seq": state.effective}) if state.effective else ""
        stage = "免报" if state.stage == "waived" else STAGES.get(state.stage, state.stage)
        rows.append(Row((
            sheet.text(parse(duty.period).label_zh),
            sheet.text(registry.get(duty.form).title["zh"]),
            sheet.text(stage),
            sheet.text(words.full_moment(first.arrived_at), href) if first else NONE,
            sheet.text("是") if _is_late(state, firsts) else NONE,
            sheet.text("是") if first and first.mode == "assisted" else NONE,
            sheet.count(max(0, len(state.versions) - 1)), sheet.count(len(state.queries)),
        )))  # fmt: skip
    columns = (
        *(Column(t, "", False) for t in ("报告期", "表式", "状态", "首次报送", "迟报", "代录")),
        Column("更正", "次"), Column("核实", "次"),
    )  # fmt: skip
    return Sheet("returns", "各表报送", columns, tuple(rows), empty="还没有应报的报表")


def _questions(known: Known) -> Sheet:
    rows = []
    for duty, state in known:
        form = registry.get(duty.form)
        for query in state.queries:
            items = dict.fromkeys(cell.split(".", 1)[0] for cell in query.cells)
            names = [form.by_code[code].name["zh"] for code in items if code in form.by_code]
            rows.append(Row((
                sheet.text(parse(duty.period).label_zh), sheet.text(form.title["zh"]),
                sheet.text("、".join(names)),
                sheet.text("待答复" if query.answered_by is None else "已答复"),
            )))  # fmt: skip
    columns = tuple(Column(t, "", False) for t in ("报告期", "表式", "品种", "状态"))
    return Sheet("questions", "核实", columns, tuple(rows), empty="没有发过核实")


def _prices(scope: Scope, firm_: Party, form: Form, period: Period) -> Sheet | None:
    """The firm's figures of one period beside what its unit gave out, and the unit's median."""
    found = observations.load(form.code, period.code)
    row = found.row_of(firm_.code)
    if row is None:
        return None
    by, unit = Denomination(form), active_pack().unit_of(period.end).get(found.places[row], "")
    peers = _peers(scope, found, unit, form)
    table = _published(scope, form, period)
    rows = []
    for index, item in enumerate(form.leaves):
        value = int(found.cells[by.measure.code][row, index])
        if value == MISSING:
            continue
        middle = peers(index)
        given = table.figure(unit, item.code).mean if table and not by.totals else None
        rows.append(Row((
            sheet.text(item.name["zh"]), sheet.price(Fraction(value), "", by.scale),
            sheet.text(by.unit_of(item)), *_beside(value, given, by), *_beside(value, middle, by),
        )))  # fmt: skip
    columns = (
        Column("品种", "", False), Column("本企业"), Column("单位", "", False),
        Column("盟市均价"), Column("与均价比", "%"),
        Column("同盟市中位数"), Column("与中位数比", "%"),
    )  # fmt: skip
    note = f"中位数取同盟市不少于{FEWEST}家的现行报价，只对可看企业数据的读者列出。"
    title = f"{period.label_zh}{by.noun}与同盟市比"
    return Sheet("prices", title, columns, tuple(rows), "", note, "这一期没有填数")


def _beside(value: int, other: Fraction | None, by: Denomination) -> tuple[Cell, Cell]:
    if not other:
        return NONE, NONE
    return sheet.price(other, "", by.scale), sheet.change(Fraction(value) / other - 1)


def _peers(scope: Scope, found: observations.PeriodReturns, unit: str, form: Form) -> Any:
    """Row of the form → the median over the unit's firms; None to whoever may not see them."""
    open_places = scope.places("read_unit_figures", form.code)
    unit_of = active_pack().unit_of(found.period.end)
    inside = [
        row
        for row, place in enumerate(found.places)
        if place in open_places and unit_of.get(place) == unit and found.counted[row]
    ]
    column = found.cells[Denomination(form).measure.code]

    def middle(index: int) -> Fraction | None:
        values = [int(v) for v in column[inside, index] if v != MISSING] if inside else []
        return Fraction(median(values)) if len(values) >= FEWEST else None

    return middle


def _published(scope: Scope, form: Form, period: Period) -> selectors.Table | None:
    if not monitored.regular(form, period):
        return None
    return selectors.figures(scope, form.code, period.code)
