"""The reviewer's first page: 本期审核, what stands out in it, and how far each unit has come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ortoo.domains.market import selectors
from ortoo.domains.market.models import Rollup
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return
from ortoo.site.home_cards import MOST, deadline, form_title, open_duties
from ortoo.site.links import FORM, link, review_href

MOST_EXCEPTIONS = 12
# Rules that point at a slip of the hand come before those that point at the market.
TELLING = ("R8", "R7", "R10", "R9", "R2", "R4", "R6", "R3")
STAGES = {
    "missing": "open", "sent_back": "returned", "queried": "queried", "filed": "pending",
    "checked": "accepted", "accepted": "accepted",
}  # fmt: skip


def reviewer(context: dict[str, Any], scope: Scope, duty: Duty, now: int) -> None:
    """Fill in cards, tiles, exceptions and progress for the office of `duty`."""
    rows = selectors.matrix(scope, duty.form, duty.period, duty.place)
    access.record(scope, "duties", f"{duty.form}|{duty.period}|{duty.place}", len(rows), now_ms=now)
    context["cards"].append(_review_card(duty, rows, now))
    context["tiles"] = _tiles(duty, rows)
    context["period"] = parse(duty.period).label_zh
    rechecks = [d for d in open_duties(scope, now) if d.kind == "recheck"]
    context["cards"] += [_recheck_card(d, now) for d in rechecks[:MOST]]
    context["cards"] += [_older_card(d, now) for d in _older(scope, duty, now)]
    context["exceptions"] = _exceptions(duty, rows, now)
    if scope.may("read_aggregates", place=active_pack().root.code):
        context["progress"] = progress(scope, duty.period)


def _counts(duty: Duty, rows: Sequence[selectors.MatrixRow]) -> dict[str, int]:
    stages = [row.state.stage for row in rows]
    waiting = sum(1 for row in rows if _waits(row.state, duty.place))
    return {
        "due": len(rows),
        "filed": len(rows) - stages.count("missing"),
        "waiting": waiting,
        "asked": stages.count("queried"),
        "back": stages.count("sent_back"),
        "missing": stages.count("missing"),
    }


def _waits(state: ReturnState, office: str) -> bool:
    return state.stage in ("filed", "checked", "queried") and not state.accepted_by(office)


def _review_card(duty: Duty, rows: Sequence[selectors.MatrixRow], now: int) -> dict[str, object]:
    found = _counts(duty, rows)
    done = duty.closed_seq is not None
    card = {
        **deadline(duty, now),
        "title": _("本期审核"),
        "href": review_href(duty),
        "period": parse(duty.period).label_zh,
        "form": form_title(duty.form),
        "subject": active_pack()[duty.place].zh,
        "state": "accepted" if done else "pending",
        "last": _("应报 %(due)d · 已报 %(filed)d · 待审 %(waiting)d · 未报 %(missing)d") % found,
        "action": _("打开") if done else _("审核"),
    }
    if done:
        card |= {"urgency": "done", "left": _("已完成"), "due": ""}
    return card


def _tiles(duty: Duty, rows: Sequence[selectors.MatrixRow]) -> list[tuple[str, int]]:
    found = _counts(duty, rows)
    return [
        (_("应报"), found["due"]),
        (_("已报"), found["filed"]),
        (_("待审"), found["waiting"]),
        (_("核实待答复"), found["asked"]),
        (_("已退回"), found["back"]),
        (_("未报"), found["missing"]),
    ]


def _recheck_card(duty: Duty, now: int) -> dict[str, object]:
    names = selectors.names_of([duty.subject])
    offices = {"form": duty.form, "period": duty.period, "office": active_pack().root.code}
    state_office = _final_office(duty)
    href = link("review-return", **{**offices, "office": state_office}, party=duty.subject)
    return {
        **deadline(duty, now),
        "title": _("审定后又更正，请复核"),
        "href": href,
        "period": parse(duty.period).label_zh,
        "subject": names.get(duty.subject, duty.subject),
        "state": "corrected",
        "action": _("复核") if href else "",
    }


def _final_office(duty: Duty) -> str:
    return fold_return(read.thread_lines([duty.thread])[duty.thread]).final_office


def _older(scope: Scope, newest: Duty, now: int) -> list[Duty]:
    """Reviews of earlier periods that were never brought to their end."""
    found = [
        duty
        for duty in open_duties(scope, now)
        if duty.kind == "review" and duty.form == newest.form and duty.key != newest.key
        and parse(duty.period).kind != "moment"
    ]
    return sorted(found, key=lambda duty: -(duty.due_at or 0))[:MOST]


def _older_card(duty: Duty, now: int) -> dict[str, object]:
    href = review_href(duty)
    return {
        **deadline(duty, now),
        "title": _("往期审核未办结"),
        "href": href,
        "period": parse(duty.period).label_zh,
        "form": form_title(duty.form),
        "state": "pending",
        "action": _("打开") if href else "",
        "primary": False,
    }


def _exceptions(
    duty: Duty, rows: Sequence[selectors.MatrixRow], now: int
) -> dict[str, object] | None:
    """What stands out among an office's returns, each with the rule or the fact that raised it."""
    found = [*_standing(duty, rows, now), *_fired(duty, rows)]
    if not found:
        return None
    note = ""
    if len(found) > MOST_EXCEPTIONS:
        note = _("另有 %(count)d 条，见本期审核。") % {"count": len(found) - MOST_EXCEPTIONS}
    return {
        "caption": _("未办结事项与触发的审核关系"),
        "columns": [
            {"title": _("企业")},
            {"title": _("情况")},
            {"title": _("依据")},
            {"title": _("企业说明")},
        ],
        "rows": found[:MOST_EXCEPTIONS],
        "note": note,
    }


def _standing(
    duty: Duty, rows: Sequence[selectors.MatrixRow], now: int
) -> Iterator[list[object]]:
    for row in rows:
        overdue = row.state.due_at is not None and now > row.state.due_at
        if row.state.stage == "missing" and overdue:
            yield [_firm(duty, row), {"status": "overdue"}, _("报送期限"), ""]
        elif row.state.stage in ("queried", "sent_back"):
            yield [_firm(duty, row), {"status": STAGES[row.state.stage]}, _("审核"), ""]
        elif row.late and not row.state.locked:
            yield [_firm(duty, row), {"status": "late"}, _("报送期限"), row.reason]


def _fired(duty: Duty, rows: Sequence[selectors.MatrixRow]) -> list[list[object]]:
    """Soft rules that fired in returns still to be reviewed here, the telling ones first; one line
    a firm and rule."""
    waiting = {row.state.effective: row for row in rows if _waits(row.state, duty.place)}
    form = registry.get(duty.form)
    rules = {rule.id: rule for rule in form.rules}
    found: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for seq, filing in read.by_seqs(seq for seq in waiting if seq).items():
        marks: Mapping[str, str] = json.loads(filing.body).get("marks", {})
        for key, reason in marks.items():
            rule, _sep, item = key.partition(":")
            if rule in TELLING and item in form.by_code:
                pair = (TELLING.index(rule), seq)
                found.setdefault(pair, []).append((form.by_code[item].name["zh"], reason))
    lines: list[list[object]] = []
    for (rank, seq), cells in sorted(found.items()):
        names = "、".join(name for name, _reason in cells[:3])
        if len(cells) > 3:
            names = _("%(names)s等 %(count)d 项") % {"names": names, "count": len(cells)}
        reasons = list(dict.fromkeys(reason for _name, reason in cells))
        what = f"{names}：{_short(rules[TELLING[rank]].say['zh'])}"
        lines.append([_firm(duty, waiting[seq]), what, TELLING[rank], "；".join(reasons[:2])])
    return lines


def _short(say: str) -> str:
    """What a rule found, its last clause without the figures: «疑为斤与公斤混用»."""
    return re.sub(r"\{[^}]*\}[—家]?", "", say.rstrip("。").split("，")[-1])


def _firm(duty: Duty, row: selectors.MatrixRow) -> object:
    href = link(
        "review-return", form=duty.form, period=duty.period, office=duty.place, party=row.party
    )
    return {"text": row.name, "href": href, "note": row.place_name} if href else row.name


# --- the region --------------------------------------------------------------------------------


def newest_period() -> str:
    """Code of the newest period with sums, "" before the first."""
    newest = Rollup.objects.filter(form=FORM).order_by("-period").values_list("period", flat=True)
    return str(newest.first() or "")


def progress(scope: Scope, period: str) -> dict[str, object] | None:
    """应报、已报、待审 by reporting unit inside the scope; counts only, no figure of a firm."""
    places = scope.places("read_aggregates", FORM)
    pack = active_pack()
    first = registry.get(FORM).leaves[0].code
    found = {
        row.unit: row
        for row in Rollup.objects.filter(form=FORM, period=period, basis="all", item=first)
        if row.unit in places
    }
    if not found or not period:
        return None
    rows: list[list[object]] = []
    for unit in pack.reporting_units(parse(period).end):
        row = found.get(unit.code)
        if row is not None:
            href = link("figures-unit", form=FORM, period=period, place=unit.code)
            name = {"text": unit.zh, "href": href} if href else unit.zh
            rows.append([name, *_three(row)])
    whole = found.get(pack.root.code)
    return {
        "caption": _("各报送单位的应报与已报"),
        "columns": [
            {"title": _("盟市")},
            {"title": _("应报"), "unit": _("家"), "numeric": True},
            {"title": _("已报"), "unit": _("家"), "numeric": True},
            {"title": _("待审"), "unit": _("家"), "numeric": True},
            {"title": _("报送率"), "numeric": True},
        ],
        "rows": rows,
        "totals": [_("合计"), *_three(whole)] if whole else [],
        "period": parse(period).label_zh,
    }


def _three(row: Rollup) -> list[object]:
    rate = f"{row.filed * 100 / row.expected:.1f}%" if row.expected else "—"
    return [str(row.expected), str(row.filed), str(row.unreviewed), rate]
