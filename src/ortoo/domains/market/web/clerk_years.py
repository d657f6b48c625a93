"""我的报送: the party's own returns year by year, with its on-time rate 及时率."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_page import device_of
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.periodic import ReturnState, fold_return


@dataclass(frozen=True, slots=True)
class Owed:
    """One return that was owed, and how it went. Times in ms."""

    form: str
    period: Period
    state: ReturnState
    first: read.FilingRow | None
    newest: read.FilingRow | None

    @property
    def late(self) -> bool:
        due = self.state.due_at
        return bool(self.first and due is not None and self.first.arrived_at > due)

    @property
    def waived(self) -> bool:
        """免报 and not filed all the same: it was not owed."""
        return self.first is None and self.state.waived_seq is not None

    @property
    def assisted(self) -> bool:
        """Whether an office keyed the first one in 代录."""
        return self.first is not None and self.first.mode == "assisted"

    def settled(self, now: int) -> bool:
        """Whether it counts: filed, or its time is over; what was waived does not."""
        return not self.waived and (self.first is not None or (self.state.due_at or 0) < now)


@require_safe
def my_returns(request: HttpRequest) -> HttpResponse:
    """全年 N 期，及时 N 期, and every period with its state and links."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    scope.require("file_return", party=scope.party)
    duties = list(Duty.objects.filter(owner=scope.party, kind="file").order_by("-period", "form"))
    years = sorted({parse(duty.period).number[0] for duty in duties}, reverse=True)
    wanted = request.GET.get("year", "")
    year = next((each for each in years if str(each) == wanted), (years or [0])[0])
    now = now_ms()
    owed = _owed([duty for duty in duties if parse(duty.period).number[0] == year])
    drafts = set(ReturnDraft.objects.filter(party=scope.party).values_list("form", "period"))
    context = {
        "year": year,
        "years": [
            {"title": f"{each}年", "href": f"?year={each}", "current": each == year}
            for each in years
        ],
        "stats": _stats(owed, now),
        "by_form": _by_form(owed, now),
        "table": _table(owed, drafts, now) if owed else None,
        "firm": _firm(scope.party),
        "who": device_of(scope.login),
        "now": now,
    }
    return render(request, "market/clerk/years.html", context)


def _firm(party: str) -> str:
    from ortoo.domains.market.selectors import names_of

    return names_of([party]).get(party, party)


def _owed(duties: list[Duty]) -> list[Owed]:
    lines = read.thread_lines(duty.thread for duty in duties)
    states = {thread: fold_return(found) for thread, found in lines.items()}
    ends = [seq for state in states.values() for seq in state.versions[:1] + state.versions[-1:]]
    filings = read.by_seqs(ends)
    found = []
    for duty in duties:
        state = states[duty.thread]
        versions = state.versions
        found.append(
            Owed(
                form=duty.form,
                period=parse(duty.period),
                state=state,
                first=filings.get(versions[0]) if versions else None,
                newest=filings.get(versions[-1]) if versions else None,
            )
        )
    return sorted(found, key=lambda owed: (owed.period.end, owed.form), reverse=True)


def _stats(owed: list[Owed], now: int) -> dict[str, Any]:
    settled = [each for each in owed if each.settled(now)]
    filed = [each for each in settled if each.first is not None]
    on_time = [each for each in filed if not each.late]
    return {
        "owed": len(settled),
        "filed": len(filed),
        "on_time": len(on_time),
        "missing": len(settled) - len(filed),
        "rate": f"{100 * len(on_time) / len(settled):.1f}" if settled else "—",
        "assisted": sum(1 for each in filed if each.assisted),
        "waived": sum(1 for each in owed if each.waived),
        "open": sum(1 for each in owed if not each.waived and not each.settled(now)),
    }


def _by_form(owed: list[Owed], now: int) -> dict[str, Any] | None:
    """One line a form, where the firm owes more than one."""
    forms = sorted({each.form for each in owed})
    if len(forms) < 2:
        return None
    rows = []
    for form in forms:
        said = _stats([each for each in owed if each.form == form], now)
        counts = [str(said[name]) for name in ("owed", "filed", "on_time", "assisted", "waived")]
        rows.append([_title(form), *counts, said["rate"]])
    numbers = ("应报", "已报", "及时", "其中代录", "免报")
    return {
        "caption": "各表全年情况",
        "columns": [
            {"title": "报表"},
            *({"title": title, "unit": "期", "numeric": True} for title in numbers),
            {"title": "及时率", "unit": "%", "numeric": True},
        ],
        "rows": rows,
        "note": "代录的由商务主管部门录入，计入已报，单列；免报的不计入应报。",
    }


def _table(owed: list[Owed], drafts: set[tuple[str, str]], now: int) -> dict[str, Any]:
    return {
        "caption": "各期报送情况",
        "columns": [
            {"title": "报告期"},
            {"title": "状态"},
            {"title": "截止", "numeric": True},
            {"title": "首次报送", "numeric": True},
            {"title": "更正", "unit": "次", "numeric": True},
            {"title": "回执"},
        ],
        "rows": [_row(each, drafts, now) for each in owed],
        "note": "及时率＝截止前首次报送的期数÷应报期数；更正不影响及时率。",
    }


def _row(owed: Owed, drafts: set[tuple[str, str]], now: int) -> list[object]:
    state, period = owed.state, owed.period
    href = reverse("return", kwargs={"form": owed.form, "period": period.code})
    badge, text = words.stage_of(state, now)
    if owed.newest is None and (owed.form, period.code) in drafts:
        badge, text = ("overdue", "逾期，有草稿") if badge == "overdue" else ("draft", "有草稿")
    due = words.moment(state.due_at) if state.due_at is not None else "—"
    receipt: object = {"missing": "—"} if owed.newest is None else {
        "text": owed.newest.number,
        "href": reverse("receipt", kwargs={"seq": owed.newest.seq}),
    }  # fmt: skip
    return [
        {"text": _named(period), "href": href, "note": _span(owed)},
        {"status": badge, "text": text},
        due,
        _filed(owed),
        str(max(0, len(state.versions) - 1)),
        receipt,
    ]


def _filed(owed: Owed) -> object:
    if owed.first is None:
        return {"missing": "—"}
    note = "迟报" if owed.late else ""
    return {"text": words.moment(owed.first.received_at), "note": note}


def _named(period: Period) -> str:
    """Short, for a table of one year."""
    words_of = {"week": f"第{period.number[1]}周", "month": f"{period.start.month}月"}
    return words_of.get(period.kind, period.label_zh)


def _span(owed: Owed) -> str:
    """The days of a week; the form's name too where the party files other forms than weeklies."""
    return owed.period.span_zh if owed.period.kind == "week" else _title(owed.form)


def _title(form: str) -> str:
    try:
        return registry.get(form).title["zh"]
    except FormError:
        return form
