"""催报、电话与免报: one office's period, and its call log firm by firm."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import (
    calls,
    devices,
    escalation,
    reach,
    reminder_delivery,
    reminders,
    review_selectors,
)
from ortoo.domains.market.calls import Call
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.review_selectors import Review, ReviewRow
from ortoo.domains.market.web import duties_words as words
from ortoo.domains.market.web.review_views import zone
from ortoo.domains.market.web.review_words import moment, short_period
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

SHOWN_MESSAGES, SHOWN_CALLS = 200, 30


def address(name: str, view: Review) -> str:
    """An address of this office and period."""
    return reverse(name, args=[view.form.code, view.period.code, view.office])


@require_safe
def office(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """Whom to remind, what became of it, what was said on the telephone, who need not file."""
    scope, now = request.scope, now_ms()  # type: ignore[attr-defined]
    view = review_selectors.review(scope, form, period, office)
    access.record(scope, "chase", f"{form}|{period}|@{office}", view.owed, now_ms=now)
    return render(request, "market/duties/office.html", _context(scope, view, now))


def _context(scope: Scope, view: Review, now: int) -> dict[str, Any]:
    key = (view.form.code, view.period.code, view.office)
    sent = reminders.deliveries(scope, key)
    logged = calls.calls_of(scope, view.office, [row.party for row in view.rows])
    here = [c for c in logged if (c.form, c.period) == key[:2]]
    chosen = reach.choices(row.party for row in view.rows)
    quiet = reminder_delivery.quiet_until(now)
    missing = [row for row in view.rows if row.state.stage == "missing"]
    return {
        "view": view,
        "period": view.period.label_zh,
        "due": moment(view.due_at, zone()),
        "back": address("review", view),
        "firms": [_firm(row, sent, here, chosen) for row in missing],
        "channels": [(code, channel.title) for code, channel in reach.CHANNELS.items()],
        "preview": reminders.reminder_text(*key[:2], view.due_at or now, now),
        "quiet": moment(quiet, zone()) if quiet else "",
        "messages_table": _messages(view, sent) if sent else None,
        "calls_table": calls_table(here[:SHOWN_CALLS]) if here else None,
        "calls_href": reverse("calls", args=[view.office]),
        "spoke": calls.options("spoke_with"),
        "outcomes": calls.options("outcome"),
        "rows": view.rows,
        "waived": _waived(view),
        "waivers": words.WAIVERS,
        "escalated": _escalated(scope, view),
        "signal": devices.signal(scope, key, [row.party for row in view.rows]),
        "signal_note": words.SIGNAL_NOTE,
        "remind_href": address("chase-remind", view),
        "call_href": address("chase-call", view),
        "waive_href": address("chase-waive", view),
    }


def _firm(
    row: ReviewRow,
    sent: Sequence[reminder_delivery.Message],
    logged: Sequence[Call],
    chosen: Mapping[str, reach.Choice],
) -> dict[str, Any]:
    last = next((m for m in sent if m.party == row.party), None)
    call = next((c for c in logged if c.party == row.party), None)
    channel = chosen.get(row.party, reach.Choice()).channel
    return {
        "row": row,
        "channel": words.CHANNEL_WORDS[channel],
        "closed": channel == reach.NONE,
        "message": words.MESSAGE_WORDS[last.state] if last else None,
        "reason": last.reason if last else "",
        "call": f"{moment(call.at, zone())} {words.OUTCOME_WORDS[call.outcome]}" if call else "",
    }


def _messages(view: Review, sent: Sequence[reminder_delivery.Message]) -> dict[str, Any]:
    names = {row.party: row.name for row in view.rows}
    return {
        "caption": "提醒发送情况",
        "columns": [
            {"title": "企业"}, {"title": "方式"}, {"title": "状态"}, {"title": "说明"},
            {"title": "时间", "numeric": True}, {"title": "报件", "numeric": True},
        ],
        "rows": [
            [
                names.get(m.party, m.party),
                words.CHANNEL_WORDS[m.channel],
                dict(zip(("status", "text"), words.MESSAGE_WORDS[m.state], strict=True)),
                m.reason or {"missing": "—"},
                moment(m.changed_at, zone()),
                {"text": str(m.chase_seq), "href": reverse("filing", args=[m.chase_seq])},
            ]
            for m in sent[:SHOWN_MESSAGES]
        ],
        "note": "号码和地址只在交给通道时启封，不在此显示，也不写入报件。",
    }  # fmt: skip


def calls_table(found: Sequence[Call]) -> dict[str, Any]:
    """Calls as a table; whom one spoke with is a role."""
    names = names_of(call.party for call in found)
    return {
        "caption": "电话记录",
        "columns": [
            {"title": "企业"}, {"title": "报告期"}, {"title": "时间", "numeric": True},
            {"title": "对象"}, {"title": "结果"}, {"title": "备注"}, {"title": "机关"},
        ],
        "rows": [
            [
                names.get(call.party, call.party),
                short_period(parse(call.period)),
                moment(call.at, zone()),
                words.SPOKE_WORDS[call.spoke_with],
                words.OUTCOME_WORDS[call.outcome],
                call.note or {"missing": "—"},
                active_pack()[call.office].zh,
            ]
            for call in found
        ],
    }  # fmt: skip


def _waived(view: Review) -> list[dict[str, Any]]:
    rows = [row for row in view.rows if row.state.waived_seq is not None]
    filings = read.by_seqs(row.state.waived_seq or 0 for row in rows)
    return [
        {
            "row": row,
            "text": json.loads(filings[row.state.waived_seq or 0].body)["text"],
            "when": moment(filings[row.state.waived_seq or 0].received_at, zone()),
            "seq": row.state.waived_seq,
        }
        for row in rows
    ]


def _escalated(scope: Scope, view: Review) -> list[dict[str, Any]]:
    return [
        {
            "level": one.level,
            "due": moment(one.due_at, zone()),
            "named": one.named,
            "names": "、".join(name for _, name in one.missing),
        }
        for one in escalation.open_escalations(scope)
        if (one.form, one.period, one.office) == (view.form.code, view.period.code, view.office)
    ]


@require_safe
def calls_log(request: HttpRequest, office: str) -> HttpResponse:
    """电话记录 of the firms under an office; `?party=` one firm, with its last late reason."""
    scope, now = request.scope, now_ms()  # type: ignore[attr-defined]
    scope.require("review", place=office)
    pack = active_pack()
    if office not in pack:
        raise Refused("CALLS-PLACE", "没有这个地区。", "请从本期审核进入。", 404)
    under = pack.under(office, scope.as_of) & scope.places("review")
    firms = dict(
        Party.objects.filter(kind="enterprise", place__in=sorted(under))
        .order_by("name")
        .values_list("code", "name")
    )
    wanted = request.GET.get("party", "")
    if wanted and wanted not in firms:
        raise Refused("CALLS-FIRM", "本级没有这家企业。", "请从名单中选择。", 404)
    found = calls.calls_of(scope, office, [wanted] if wanted else firms)
    access.record(scope, "calls", wanted or office, len(found), now_ms=now)
    context = {
        "place": pack[office].zh,
        "firms": list(firms.items()),
        "wanted": wanted,
        "table": calls_table(found[:SHOWN_MESSAGES]) if found else None,
        "total": len(found),
        "lasts": [(term, value) for term, value in _lasts(found, wanted).items() if wanted],
    }
    return render(request, "market/duties/calls.html", context)


def _lasts(found: Sequence[Call], party: str) -> dict[str, str]:
    if not party:
        return {}
    late = read.rows(
        "filer=%s AND period<>'' AND supersedes IS NULL AND reason<>''", [party], "seq DESC LIMIT 1"
    )
    return {
        "通话": f"{len(found)} 次",
        "最近结果": words.OUTCOME_WORDS[found[0].outcome] if found else "—",
        "上次迟报原因": late[0].reason if late else "—",
    }
