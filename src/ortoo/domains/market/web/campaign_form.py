"""The form a campaign is ordered and changed with: its choices, and what was posted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import QueryDict

from ortoo.domains.market import monitored
from ortoo.domains.market.campaigns import plan as plans
from ortoo.domains.market.campaigns.figures import weekly_twin
from ortoo.domains.market.campaigns.plan import Plan
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError


def daily_forms() -> list[Form]:
    """Daily forms that open by an order; those beside a weekly return first."""
    found = [
        form
        for form in monitored.forms()
        if form.cadence == "day" and form.period_types[-1].ordered
    ]
    return sorted(found, key=lambda form: (weekly_twin(form) is None, form.code))


def form_of(code: str) -> Form:
    try:
        return registry.get(code)
    except FormError:
        raise Refused("CAMPAIGN-FORM", f"没有表式 {code}。", "请从列表中选择。", 404) from None


def fresh(form: Form, place: str, today: dt.date) -> Plan:
    """What the page offers first: a week from tomorrow."""
    first = today + dt.timedelta(days=1)
    return Plan(
        form=form.code, title="", place=place, first=first, last=first + dt.timedelta(days=6),
        basis="",
    )  # fmt: skip


def choices(plan: Plan, form: Form, today: dt.date) -> dict[str, Any]:
    """Everything the template lists, with what the plan has chosen."""
    place = plan.place
    return {
        "plan": plan,
        "form": form,
        "groups": frame.items_by_group(form, plan.items),
        "measures": [
            {"code": m.code, "title": m.title["zh"], "on": m.code in plan.measures}
            for m in form.measures
        ],
        "lists": [
            one | {"on": one["code"] in plan.lists} for one in frame.lists_in(form, place, today)
        ],
        "places": [
            one | {"on": one["code"] in plan.places} for one in frame.places_in(place, today)
        ],
        "firms": [
            one | {"on": one["code"] in plan.parties} for one in frame.firms_in(place, today)
        ],
        "due": plans.clock_zh(plan.due_minute),
        "review": plans.clock_zh(plan.review_minute),
        "situation": plans.clock_zh(plan.situation_minute or 16 * 60),
        "narrative": plans.clock_zh(plan.narrative_minute or 17 * 60),
        "weekly_twin": weekly_twin(form),
        "office": frame.place_zh(place),
        "first": plan.first.isoformat(),
        "last": plan.last.isoformat(),
    }


def posted(said: QueryDict, before: Plan) -> Plan:
    """The plan a post states; form and place are those of `before`."""
    form = form_of(before.form)
    paused = said.get("weekly") == plans.PAUSED
    twin = weekly_twin(form)
    return replace(
        before,
        title=said.get("title", "").strip()[:60] or _missing("名称", "例如：2027年春节市场监测"),
        first=_day(said.get("first", before.first.isoformat()), "开始日期"),
        last=_day(said.get("last", ""), "结束日期"),
        basis=said.get("basis", "").strip()[:300] or _missing("依据", "写明通知文号或应急预案。"),
        due_minute=_minute(said.get("due", ""), "报送时限"),
        review_minute=_minute(said.get("review", ""), "审核时限"),
        yesterday=bool(said.get("yesterday")),
        lunar=bool(said.get("lunar")),
        situation_minute=(
            _minute(said.get("situation_at", ""), "情况报告时限") if said.get("situation") else None
        ),
        narrative_minute=(
            _minute(said.get("narrative_at", ""), "分析文字时限") if said.get("narrative") else None
        ),
        weekly=plans.PAUSED if paused and twin else plans.BOTH,
        weekly_form=twin.code if paused and twin else "",
        items=_of(said, "item"),
        measures=_of(said, "measure"),
        places=_of(said, "place"),
        lists=_of(said, "list"),
        parties=_of(said, "party"),
    )


def _of(said: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said.getlist(name)))


def _missing(what: str, remedy: str) -> str:
    raise Refused("CAMPAIGN-FIELD", f"{what}没有填。", remedy)


def _day(text: str, what: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Refused("CAMPAIGN-DATE", f"{what}不是日期。", "请写作 2027-02-06。") from None


def _minute(text: str, what: str) -> int:
    try:
        at = dt.time.fromisoformat(text)
    except ValueError:
        raise Refused("CAMPAIGN-TIME", f"{what}不是时刻。", "请写作 12:00。") from None
    return at.hour * 60 + at.minute
