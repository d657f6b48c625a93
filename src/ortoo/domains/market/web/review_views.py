"""The reviewer's pages: the matrix 本期审核, the queue by effect, and one return."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from ortoo.domains.market import review_queue, review_selectors
from ortoo.domains.market.review_queue import Flagged, Past
from ortoo.domains.market.review_selectors import Review, ReviewRow
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import review_words as words
from ortoo.domains.market.web.platform_frame import has_mapping
from ortoo.domains.market.web.review_cells import queue_cell
from ortoo.domains.market.web.review_table import ReturnTable, return_table
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access
from ortoo.kernel.places.active import active_pack
from ortoo.web.words import time_left

SORTS = {"todo": "未报优先", "place": "按地区", "name": "按名称", "time": "按报送时间"}
SHOWN_CELLS = 50


def zone() -> str:
    """The region's civil time zone."""
    return active_pack().head.time_zone


def address(name: str, view: Review, **more: str) -> str:
    """One of these pages' own addresses for an office's review."""
    kwargs = {"form": view.form.code, "period": view.period.code, "office": view.office}
    return reverse(name, kwargs=kwargs | more)


def link(name: str, **kwargs: object) -> str:
    """An address of another part of the site, or "" where that part is not installed."""
    try:
        return reverse(name, kwargs=kwargs)
    except NoReverseMatch:
        return ""


def subject(view: Review) -> str:
    """What the access log says was looked at."""
    return f"{view.form.code}|{view.period.code}|@{view.office}"


def frame(view: Review, now: int) -> dict[str, Any]:
    """What every page of a review shows above its own matter."""
    urgency, left = time_left(view.due_at, now) if view.due_at else ("calm", "")
    return {
        "view": view,
        "period": view.period.label_zh,
        "form_title": view.form.title["zh"],
        "due": words.moment(view.due_at, zone()),
        "time_left": left,
        "urgency": urgency,
        "review_due": words.moment(view.review_due_at, zone()),
        "concluded": words.moment(view.concluded_at, zone()) if view.concluded_at else "",
        "deadline_rule": words.DEADLINE_RULE,
        "home": address("review", view),
        "accept_href": address("review-accept", view),
        "chase_href": address("review-chase", view),
    }


@require_safe
def office(request: HttpRequest, form: str, period: str, office: str) -> HttpResponse:
    """本期审核: the matrix; `?tab=queue` the cells by effect; `?show=`, `?sort=` for the matrix."""
    scope, now = request.scope, now_ms()  # type: ignore[attr-defined]
    tab = "queue" if request.GET.get("tab") == "queue" else "matrix"
    view = review_selectors.review(scope, form, period, office, contacts=tab == "matrix")
    access.record(scope, f"review-{tab}", subject(view), view.owed, now_ms=now)
    if view.contacts_shown:
        people = sum(1 for row in view.rows if row.person)
        access.record(scope, "contacts", subject(view), people, "催报", now_ms=now)
    context = frame(view, now) | {
        "tabs": [
            {"title": "报送进度", "href": address("review", view), "current": tab == "matrix"},
            {
                "title": "审核队列",
                "href": f"{address('review', view)}?tab=queue",
                "current": tab == "queue",
            },
        ],
        "tiles": _tiles(view),
        "periods": _periods(view),
    }
    context |= _matrix(request, view, now) if tab == "matrix" else _queue(request, view)
    return render(request, f"market/review/{tab}.html", context)


def _periods(view: Review) -> dict[str, str]:
    """The form's own periods before and after; a 急报 stands alone."""
    if view.period.kind == "moment":
        return {}
    before, after = view.period.previous(), view.period.next()
    kwargs = {"form": view.form.code, "office": view.office}
    return {
        "before": reverse("review", kwargs=kwargs | {"period": before.code}),
        "before_title": before.label_zh,
        "after": reverse("review", kwargs=kwargs | {"period": after.code}),
        "after_title": after.label_zh,
    }


def _tiles(view: Review) -> list[dict[str, Any]]:
    counts, home = view.counts, address("review", view)
    late = sum(1 for row in view.rows if row.late)
    tiles = [
        {"label": "应报", "count": view.owed, "href": home},
        {"label": "已报", "count": view.filed, "note": f"其中迟报 {late} 家" if late else ""},
    ]
    for name in review_selectors.POSITIONS:
        words_ = words.POSITION_WORDS[name][1]
        if counts[name] or name in ("pending", "queried", "returned", "missing", "settled"):
            tiles.append({"label": words_, "count": counts[name], "href": f"{home}?show={name}"})
    return sorted(tiles, key=lambda tile: words.TILES.index(str(tile["label"])))


def _matrix(request: HttpRequest, view: Review, now: int) -> dict[str, Any]:
    show = request.GET.get("show", "")
    show = show if show in review_selectors.POSITIONS else ""
    sort = request.GET.get("sort", "todo")
    sort = sort if sort in SORTS else "todo"
    missing = view.at("missing")
    reminder = words.Reminder(view.period, view.due_at or now, now, zone())
    rows = [row for row in view.rows if not show or row.position == show]
    return {
        "rows": [_matrix_row(view, row, now) for row in sorted(rows, key=_order(sort))],
        "show": show,
        "show_title": words.POSITION_WORDS[show][1] if show else "",
        "sorts": [
            {"title": title, "href": f"?show={show}&sort={code}", "current": code == sort}
            for code, title in SORTS.items()
        ],
        "missing": missing,
        "chase_text": words.chase_text(reminder, (row.name for row in missing)),
        "chased": _chased(missing),
        "layered": any(review_selectors.lower_offices(row.state, view.office) for row in view.rows),
        "below": _by_lower_office(view),
        "has_platform": has_mapping(view.form),
    }


def _by_lower_office(view: Review) -> dict[str, Any] | None:
    """应报·已报·待审·已退回·未报 of each lower office, linked to its own review."""
    groups: dict[str, list[ReviewRow]] = {}
    for row in view.rows:
        lower = review_selectors.lower_offices(row.state, view.office)
        groups.setdefault(lower[0] if lower else view.office, []).append(row)
    if set(groups) == {view.office}:
        return None
    pack = active_pack()
    kwargs = {"form": view.form.code, "period": view.period.code}
    lines = []
    for place, rows in sorted(groups.items()):
        at = Counter(row.position for row in rows)
        filed = len(rows) - at["missing"]
        lines.append(
            {
                "name": pack[place].zh + ("（直接审核）" if place == view.office else ""),
                "href": reverse("review", kwargs=kwargs | {"office": place}),
                "due": len(rows),
                "filed": filed,
                "pending": at["below"] + at["pending"] + at["queried"],
                "returned": at["returned"],
                "missing": at["missing"],
                "rate": round(100 * filed / len(rows)),
            }
        )
    return {
        "title": "按下级审核机关",
        "rows": lines,
        "note": "待审含下级尚未初审和核实中的报表。",
    }


def _order(sort: str) -> Any:
    by_position = {name: at for at, name in enumerate(review_selectors.POSITIONS)}
    return {
        "todo": lambda row: (by_position[row.position], row.place, row.name),
        "place": lambda row: (row.place, by_position[row.position], row.name),
        "name": lambda row: row.name,
        "time": lambda row: (row.filed_at is None, -(row.filed_at or 0), row.name),
    }[sort]


def _chased(missing: list[ReviewRow]) -> str:
    times = sorted({at for row in missing for at in row.chased_at})
    return f"已登记催报 {len(times)} 次，最近 {words.moment(times[-1], zone())}" if times else ""


def badge(row: ReviewRow, overdue: bool) -> dict[str, str]:
    """A row's stage as the design system's badge."""
    kind, text = words.POSITION_WORDS[row.position]
    if row.position == "missing" and overdue:
        kind, text = "overdue", "逾期未报"
    if row.position == "below":
        text = f"待{row.below}初审"
    elif row.position == "passed":
        text = f"已{row.level}"
    return {"status": kind, "text": text}


def _matrix_row(view: Review, row: ReviewRow, now: int) -> dict[str, Any]:
    overdue = bool(view.due_at and now > view.due_at)
    chain = row.state.offices
    lower = review_selectors.lower_offices(row.state, view.office)
    return {
        "row": row,
        "href": address("review-return", view, party=row.party),
        "badge": badge(row, overdue),
        "filed": words.moment(row.filed_at, zone()) if row.filed_at else "",
        "revised": row.versions - 1 if row.versions > 1 else 0,
        "query_due": words.moment(row.query_due, zone()) if row.query_due else "",
        "query_over": bool(row.query_due and row.query_due < now),
        "chased": words.moment(row.chased_at[-1], zone()) if row.chased_at else "",
        "assisted_href": _assisted_href(view, row),
        "lower": "" if not row.versions else ("缺级" if not lower else _lower(row)),
        "upper": bool(chain and chain[-1][0] != view.office and row.state.locked),
    }


def _assisted_href(view: Review, row: ReviewRow) -> str:
    """代录 for a firm of one's own that has not filed."""
    if not view.mine or row.position != "missing":
        return ""
    names = {"form": view.form.code, "period": view.period.code, "office": view.office}
    return reverse("assisted", kwargs={**names, "party": row.party})


def _lower(row: ReviewRow) -> str:
    return "未审" if row.below else "已初审"


def _queue(request: HttpRequest, view: Review) -> dict[str, Any]:
    limit = 2000 if request.GET.get("all") else SHOWN_CELLS
    found = review_queue.queue(view, limit=limit)
    return {
        "queue": found,
        "supported": found.total - found.rules_alone,
        "cells": [_cell(view, cell) for cell in found.cells],
    }


def _cell(view: Review, cell: Flagged) -> dict[str, Any]:
    return queue_cell(view, cell, address("review-return", view, party=cell.party))


@dataclass(frozen=True, slots=True)
class OneReturn:
    """A respondent's return as its office judges it."""

    view: Review
    row: ReviewRow
    matter: Matter


def find_return(scope: Any, matter: Matter, office: str) -> OneReturn:
    """The return of an address; Refused RETURN-UNKNOWN (404) for a firm of other offices."""
    view = review_selectors.review(scope, matter.form, matter.period, office)
    row = view.row_of(matter.party)
    if row is None:
        raise Refused(
            "RETURN-UNKNOWN", "本级没有这家应报企业。", "请从“本期审核”的名单进入。", 404
        )
    return OneReturn(view, row, matter)


@require_safe
def one_return(
    request: HttpRequest, form: str, period: str, office: str, party: str
) -> HttpResponse:
    """One firm's return: its queue, all its cells, its history, and the three decisions."""
    scope, now = request.scope, now_ms()  # type: ignore[attr-defined]
    found = find_return(scope, Matter(form, period, party), office)
    view, row = found.view, found.row
    scope.require_read(party=party, place=row.place, form=view.form.code)
    access.record(scope, "review-return", party, 1, f"{form} {period} 审核", now_ms=now)
    wanted = set(request.GET.getlist("cell"))
    return render(request, "market/review/return.html", return_context(found, now, wanted))


def return_context(found: OneReturn, now: int, wanted: set[str]) -> dict[str, Any]:
    """Everything the page of one return shows; `wanted` names the cells ticked beforehand."""
    view, row = found.view, found.row
    table: ReturnTable | None = None
    cells: tuple[Flagged, ...] = ()
    if row.versions:
        cells = review_queue.queue(view, party=row.party, limit=200).cells
        table = return_table(view, row, Past(view.form, view.period), wanted)
    kwargs = {"party": row.party}
    asked = [cell for cell in cells if cell.key in wanted]
    return frame(view, now) | {
        "row": row,
        "badge": badge(row, bool(view.due_at and now > view.due_at)),
        "filed": words.moment(row.filed_at, zone()),
        "number": row.state.effective,
        "filing_href": link("filing", seq=row.state.effective) if row.state.effective else "",
        "cells": [_cell(view, cell) for cell in cells],
        "table": table,
        "question": words.suggestion(view.form, asked or cells[:1]),
        "suggestions": words.SUGGESTIONS,
        "history": _history(found),
        "queries": _open_queries(found, now),
        "query_href": address("review-query", view, **kwargs),
        "send_back_href": address("review-send-back", view, **kwargs),
        "can_judge": view.mine and row.position in ("queried", "pending", "below", "passed"),
        "can_pass": view.mine and row.position in ("queried", "pending", "below"),
    }


def _open_queries(found: OneReturn, now: int) -> list[dict[str, Any]]:
    said = {s.seq: s for s in review_selectors.history(found.matter.thread, None)}
    return [
        {
            "text": said[query.seq].text,
            "due": words.moment(query.due_at, zone()),
            "over": bool(query.due_at and query.due_at < now),
            "cells": [cell_title(found.view, cell) for cell in query.cells],
        }
        for query in found.row.queries
    ]


def cell_title(view: Review, key: str) -> str:
    """«羊后腿·价格» for `item.measure`; the key itself where the form no longer has it."""
    item, _, measure = key.partition(".")
    if item not in view.form.by_code or measure not in view.form.measure_by_code:
        return key
    return f"{view.form.item(item).name['zh']}·{view.form.measure(measure).title['zh']}"


def _history(found: OneReturn) -> list[dict[str, Any]]:
    pack, entries = active_pack(), []
    said = review_selectors.history(found.matter.thread, found.view.due_at)
    # From the history itself: a correction may have come since the rest of the page was read.
    versions = sorted(one.seq for one in said if one.kind == "return")
    for one in said:
        title = words.HISTORY_WORDS.get(one.kind, one.kind)
        if one.kind == "return" and one.seq != versions[0]:
            title = f"更正（第 {versions.index(one.seq) + 1} 版）"
        where = pack.bureau(one.office) or "" if one.office in pack else ""
        cells = "、".join(cell_title(found.view, key) for key in one.cells)
        entries.append(
            {
                "title": title,
                "when": words.moment(one.at, zone()),
                "by": where or ("" if one.kind not in ("return", "reply") else found.row.name),
                "number": one.number,
                "detail": "：".join(part for part in (cells, one.text) if part),
                "state": "late" if one.kind == "return" and one.late else "",
                "sealed": True,
            }
        )
    return entries


