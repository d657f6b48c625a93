"""首页: my duties first, then what stands out; strangers get the way in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse, previous_on
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import fold_return
from ortoo.site import home_office, home_orders
from ortoo.site.home_cards import MOST, deadline, form_title, open_duties
from ortoo.site.jobs.models import Job
from ortoo.site.jobs.views import shown
from ortoo.site.links import FOREIGN, FORM, link, office_duty
from ortoo.site.matters import cards as matters
from ortoo.web import words


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The first page of everybody."""
    scope: Scope = request.scope
    if scope.is_public:
        return render(request, "site/welcome.html", _welcome())
    now = now_ms()
    context: dict[str, Any] = {"cards": [], "places": [], "exceptions": None, "progress": None}
    if scope.may("file_return"):
        context["cards"] += _clerk_cards(scope, now)
    duty = office_duty(scope)
    if duty is not None:
        home_office.reviewer(context, scope, duty, now)
        context["cards"] += home_orders.office_cards(scope, now)
        context["notices"] = home_orders.notices(scope, now)
    elif scope.may("read_aggregates"):
        context["progress"] = home_office.progress(scope, home_office.newest_period())
    if scope.may("manage_accounts"):
        context["jobs"] = [shown(job) for job in Job.objects.order_by("name")]
        context["issue_href"] = link("issue-code")
    context["cards"] += matters.cards(scope, now, MOST)
    context["figures_href"] = link("figures", form=FORM)
    context["foreign_href"] = link("figures", form=FOREIGN)
    context["has_duties"] = scope.may("file_return") or scope.may("review")
    return render(request, "site/home.html", context)


def _welcome() -> dict[str, object]:
    context: dict[str, object] = {
        "login_href": link("login"),
        "figures_href": link("figures", form=FORM),
        "foreign_href": link("figures", form=FOREIGN),
        "verify_href": link("receipt-verify"),
        "about_href": link("about"),
        "roles": [],
    }
    if settings.DEMO:
        from ortoo.site.operations.cast import parts

        invitations = {part.login: part.invitation for part in parts(active_pack())}
        accounts = Account.objects.filter(demo=True, is_active=True).order_by("id")
        context["roles"] = [
            (login, title, invitations.get(login, ""))
            for login, title in accounts.values_list("login", "display_name")
        ]
        context["jobs"] = [shown(job) for job in Job.objects.order_by("name")]
        context["jobs_href"] = link("jobs")
    return context


# --- the clerk ---------------------------------------------------------------------------------


def _clerk_cards(scope: Scope, now: int) -> list[dict[str, object]]:
    own = scope.parties("file_return")
    duties = _shown([duty for duty in open_duties(scope, now) if duty.owner in own])
    first = {"answer": 0, "refile": 1, "file": 2, "confirm": 3}
    duties.sort(key=lambda duty: (_stale(duty, now), first.get(duty.kind, 4)))
    return [_clerk_card(duty, now) for duty in duties[:MOST]]


def _shown(duties: list[Duty]) -> list[Duty]:
    """Without supplements 盟市补充指标 that are filled in on the page of the return beside them."""
    regional = {(duty.form, duty.period, duty.subject) for duty in duties if duty.kind == "file"}
    return [
        duty
        for duty in duties
        if duty.kind != "file"
        or (registry.get(duty.form).supplements, duty.period, duty.subject) not in regional
    ]


def _stale(duty: Duty, now: int) -> bool:
    """Overdue for more than a week: below what can still be met."""
    return duty.due_at is not None and now - duty.due_at > 7 * words.DAY_MS


def _clerk_card(duty: Duty, now: int) -> dict[str, object]:
    words_of = {
        "file": (_("本期应报 1 张"), _("填报"), "open"),
        "refile": (_("已退回，请更正后重新报送"), _("更正"), "returned"),
        "answer": (_("有 1 条核实待答复"), _("答复"), "queried"),
        "confirm": (_("代录 1 张待确认"), _("核对"), "open"),
    }
    title, action, state = words_of.get(duty.kind, (_("待办"), _("打开"), "open"))
    href = link("return", form=duty.form, period=duty.period)
    period = parse(duty.period)
    if period.kind == "moment" and duty.kind == "file":
        title, action = _("急报 1 张，已知的数只需确认"), _("答复")
        href = link("flash-answer", form=duty.form, code=duty.period)
    if duty.kind == "answer":
        asked = duty.opened_seq
        href = link("reply", form=duty.form, period=duty.period, query=asked) or href
    if duty.kind == "confirm":
        href = link("receipt", seq=duty.opened_seq) or href
    if duty.kind == "file" and duty.due_at is not None and duty.due_at < now:
        title, state = _("逾期未报 1 张"), "overdue"
    return {
        **deadline(duty, now),
        "title": title,
        "href": href,
        "period": period.label_zh,
        "form": form_title(duty.form),
        "state": state,
        "last": _last_time(duty),
        "action": action if href else "",
    }


def _last_time(duty: Duty) -> str:
    """«上期已审核»: what became of this firm's return of the period before."""
    if duty.kind != "file":
        return ""
    earlier = previous_on(registry.get(duty.form), parse(duty.period))
    if earlier is None:
        return ""
    thread = f"{duty.form}|{earlier.code}|{duty.subject}"
    state = fold_return(read.thread_lines([thread])[thread])
    if state.opened_seq is None:
        return ""
    said = {
        "missing": _("上期未报"),
        "sent_back": _("上期已退回，尚未重报"),
        "queried": _("上期有核实未答复"),
        "filed": _("上期待审"),
    }
    return said.get(state.stage, _("上期已审核"))
