"""First-page cards of what was ordered: 急报, 情况和零报告, 分析文字, late firms passed up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from ortoo.domains.market import situations
from ortoo.domains.market.bulletins import waiting
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.site.home_cards import MOST, deadline, form_title, open_duties
from ortoo.site.links import link, office_duty
from ortoo.web import words


def office_cards(scope: Scope, now: int) -> Iterator[dict[str, Any]]:
    """Open duties of the scope's office beside 本期审核, most urgent first."""
    own = office_duty(scope)
    for duty in open_duties(scope, now)[:40]:
        if duty.kind in ("situation", "narrative"):
            yield _situation(duty, now)
        elif duty.kind == "escalated":
            yield _escalated(duty, now)
        elif duty.kind == "review" and own is not None and _beside(duty, own):
            yield _other_review(duty, now)
    week = waiting.to_draft(scope)
    if week is not None:
        yield _bulletin(scope, week)


def _beside(duty: Duty, own: Duty) -> bool:
    """A review of another form or of a 急报; earlier weeks of the own form have their own cards."""
    return duty.form != own.form or parse(duty.period).kind == "moment"


def _situation(duty: Duty, now: int) -> dict[str, Any]:
    code = duty.thread.split("|")[1]
    zero = duty.kind == "situation"
    return {
        **deadline(duty, now),
        "title": _("今日情况（可零报告）") if zero else _("分析文字"),
        "href": link("campaign", code=code),
        "period": parse(duty.period).label_zh,
        "form": _("专项监测"),
        "subject": active_pack()[duty.place].zh,
        "state": "open",
        "action": _("填报"),
    }


def _escalated(duty: Duty, now: int) -> dict[str, Any]:
    names = {"form": duty.form, "period": duty.period, "office": duty.place}
    return {
        **deadline(duty, now),
        "title": _("逾期未报，已上报本级"),
        "href": link("chase", **names),
        "period": parse(duty.period).label_zh,
        "form": form_title(duty.form),
        "subject": active_pack()[duty.place].zh,
        "state": "overdue",
        "action": _("处理"),
    }


def _other_review(duty: Duty, now: int) -> dict[str, Any]:
    period = parse(duty.period)
    return {
        **deadline(duty, now),
        "title": _("急报审核") if period.kind == "moment" else _("审核"),
        "href": link("review", form=duty.form, period=duty.period, office=duty.place),
        "period": period.label_zh,
        "form": form_title(duty.form),
        "subject": active_pack()[duty.place].zh,
        "state": "pending",
        "action": _("审核"),
    }


def _bulletin(scope: Scope, week: Period) -> dict[str, Any]:
    """公报 of the newest issued week: owed by custom, not by a clock."""
    return {
        "title": _("起草公报"),
        "href": f"{link('bulletin-new')}?period={week.code}",
        "period": week.label_zh,
        "form": _("数据已发布"),
        "subject": active_pack()[waiting.office_place(scope)].zh,
        "state": "open",
        "urgency": "calm",
        "left": _("待起草"),
        "due": "",
        "action": _("起草"),
    }


def notices(scope: Scope, now: int) -> list[dict[str, str]]:
    """Abnormal reports of lower offices in the last day: shown before everything else."""
    pack = active_pack()
    return [
        {
            "title": _("%(place)s报来异常情况") % {"place": pack[found.place].zh},
            "text": found.text,
            "href": link("campaign", code=found.campaign),
        }
        for found in situations.abnormal_since(scope, now - words.DAY_MS)[:MOST]
    ]

