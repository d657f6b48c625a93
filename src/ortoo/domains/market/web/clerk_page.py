"""The return's pages: filling in, looking at what is filed, and two versions that disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse

from ortoo.domains.market import checking
from ortoo.domains.market.web import clerk_drafts as drafts
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk
from ortoo.domains.market.web.clerk_fields import Fields, differences, fields_of
from ortoo.domains.market.web.clerk_grid import Entry, Past, grid_context, placeless
from ortoo.domains.market.web.clerk_known import known_cells, ratio_of
from ortoo.domains.market.web.clerk_posts import Posted, new_key
from ortoo.domains.market.web.clerk_queries import open_questions, sent_back
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.issues import Issue
from ortoo.web.words import time_left

MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form brings back when it was not filed; empty on the first visit."""

    fields: Fields | None = None
    issues: Sequence[Issue] = ()
    key: str = ""
    reason: str = ""
    fault: str = ""
    blocking: Sequence[Issue] = field(default_factory=tuple)


def crumbs(desk: Desk, last: str = "") -> list[dict[str, str]]:
    """我的报送 › this return › the page."""
    found = [{"title": "我的报送", "href": reverse("my-returns")}]
    if not last:
        return [*found, {"title": desk.period.label_zh}]
    here = {"title": desk.period.label_zh, "href": reverse("return", kwargs=desk.names)}
    return [*found, here, {"title": last}]


def entry_page(
    request: HttpRequest, desk: Desk, typed: Typed, *, correcting: bool = False, status: int = 200
) -> HttpResponse:
    """The grid to fill in; with `correcting`, over the return in force."""
    past = Past(*checking.past_grids(desk.form, desk.matter))
    kept = drafts.load(desk)
    known = known_cells(desk, past.last)
    fields = typed.fields
    if fields is None:
        fields = _first_fields(desk, kept, {} if correcting else known, correcting=correcting)
    grid = grid_context(
        Entry(desk.form, fields, past, known, typed.issues),
        {
            "period": desk.period.label_zh,
            "filer": desk.firm(),
            "due": _due(desk),
            "draft": {
                "url": reverse("return-draft", kwargs=desk.names),
                "version": kept.token,
                "saved_at": words.hour(kept.saved_at, desk.now) if kept.saved_at else "",
            },
            "check_url": reverse("return-check", kwargs=desk.names),
            "file_url": reverse("return-correct" if correcting else "return", kwargs=desk.names),
            "login_url": f"{resolve_url(settings.LOGIN_URL)}?next={request.path}",
        },
    )
    context = {
        "desk": desk,
        "grid": grid,
        "key": typed.key or new_key(),
        "ratio": ratio_of(desk.form, known),
        "guidance": desk.form.guidance.get("zh", ""),
        "drafted_by": drafts.author(kept) if kept.saved_at else "",
        "summary": _summary(desk.form, typed.blocking),
        "fault": typed.fault,
        "reasons_below": _group_reasons(desk.form, fields, typed.issues),
        "questions": open_questions(desk),
        "sent_back": sent_back(desk),
        "correcting": correcting,
        "reason": typed.reason or (_usual_reason(desk) if correcting else ""),
        "crumbs": crumbs(desk, "自查更正" if correcting else ""),
    }
    return render(request, "market/clerk/entry.html", context, status=status)


def _first_fields(
    desk: Desk, kept: drafts.Kept, known: Mapping[tuple[str, str], Any], *, correcting: bool
) -> Fields:
    """The draft, else the return to be corrected, else what is known."""
    if kept.saved_at is not None:
        return kept.fields
    grid = desk.grid()
    if correcting and grid is not None:
        return fields_of(desk.form, grid)
    return {f"c.{item}.{measure}": found.text for (item, measure), found in known.items()}


def _usual_reason(desk: Desk) -> str:
    """自查更正 in one tap until somebody has accepted; from then on the reason is the clerk's."""
    if desk.reviewed:
        return ""
    usual = {"sent_back": "按退回意见更正", "queried": "答复核实，更正数据"}
    return usual.get(desk.state.stage, "自查更正")


def _due(desk: Desk) -> str:
    if desk.state.due_at is None:
        return ""
    return f"{words.moment(desk.state.due_at)} 截止，{time_left(desk.state.due_at, desk.now)[1]}"


def _summary(form: Form, issues: Sequence[Issue]) -> list[dict[str, str]]:
    """Every reason why it was not filed, blanks counted together, cells linked."""
    blanks = [issue for issue in issues if issue.code == "GRID-BLANK"]
    rest = [issue for issue in issues if issue.code != "GRID-BLANK"]
    found = [
        {
            "message": issue.message.removeprefix(_prefix(form, issue)),
            "remedy": issue.remedy,
            "rule": issue.rule if issue.rule != issue.code else "",
            "code": issue.code,
            "where": _where(form, issue),
            "href": f"#{_anchor(form, issue)}",
        }
        for issue in rest[:MOST_LISTED]
    ]
    if len(rest) > MOST_LISTED:
        others = len(rest) - MOST_LISTED
        found.append({"message": f"另有 {others} 处，见表中标出的单元格。", "href": "#grid"})
    if blanks:
        names = "、".join(form.item(issue.item).name["zh"] for issue in blanks[:5])
        more = f"等 {len(blanks)} 个商品" if len(blanks) > 5 else ""
        found.append(
            {
                "where": "价格未填",
                "href": f"#{_anchor(form, blanks[0])}",
                "message": f"{names}{more}没有填价格。",
                "remedy": blanks[0].remedy,
                "code": "GRID-BLANK",
            }
        )
    return found


def _prefix(form: Form, issue: Issue) -> str:
    """The row's name, with which messages begin and which stands beside them already."""
    return f"{form.by_code[issue.item].name['zh']}：" if issue.item in form.by_code else ""


def _where(form: Form, issue: Issue) -> str:
    if issue.item in form.leaf_index:
        return words.cell_title(form, issue.item, issue.measure)
    return f"{form.by_code[issue.item].name['zh']}合计" if issue.item in form.by_code else "全表"


def _anchor(form: Form, issue: Issue) -> str:
    kind = "c" if issue.item in form.leaf_index else "r"
    return f"{kind}.{issue.item}.{issue.measure}" if issue.measure else "grid"


def _group_reasons(form: Form, fields: Fields, issues: Sequence[Issue]) -> list[dict[str, str]]:
    """Reason inputs for rules of group rows, which have no cell in the grid."""
    found = {
        f"r.{issue.item}.{issue.measure}": issue.message
        for issue in placeless(form, issues)
        if issue.severity == "soft" and issue.measure
    }
    for name in fields:
        kind, item, *_ = name.split(".")
        if kind == "r" and item not in form.leaf_index:
            found.setdefault(name, f"{form.by_code[item].name['zh']}合计")
    return [
        {"name": name, "label": label, "value": fields.get(name, "")}
        for name, label in found.items()
    ]


def filed_page(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The return in force, as filed; nothing to write."""
    assert desk.effective is not None
    grid = desk.grid()
    assert grid is not None
    past = Past(*checking.past_grids(desk.form, desk.matter))
    kept = drafts.load(desk)
    badge, stage = words.stage_of(desk.state, desk.now)
    said = {
        "period": desk.period.label_zh,
        "filer": desk.firm(),
        "due": "",
        "draft": {"url": "", "version": kept.token, "saved_at": ""},
        "check_url": "",
        "file_url": "",
        "login_url": "",
        "readonly": True,
    }
    entry = Entry(desk.form, fields_of(desk.form, grid), past)
    context = {
        "desk": desk,
        "grid": grid_context(entry, said),
        "badge": badge,
        "stage": stage,
        "filed_at": words.full_moment(desk.effective.received_at),
        "versions": len(desk.state.versions),
        "waiting": kept.saved_at is not None,
        "archived": desk.state.archived_seq is not None,
        "questions": open_questions(desk),
        "sent_back": sent_back(desk),
        "crumbs": crumbs(desk),
    }
    return render(request, "market/clerk/filed.html", context)


def conflict_page(
    request: HttpRequest,
    desk: Desk,
    posted: Posted,
    theirs: drafts.Kept,
    refusal: Mapping[str, str],
) -> HttpResponse:
    """Two versions side by side, cell by cell; what was typed is kept either way."""
    rows = differences(desk.form, posted.fields, theirs.fields)
    context = {
        "desk": desk,
        "refusal": refusal,
        "rows": rows,
        "typed": posted.fields,
        "key": new_key(),
        "token": drafts.load(desk).token,
        "author": drafts.author(theirs),
        "when": words.moment(theirs.saved_at) if theirs.saved_at else "",
        "reason": posted.reason or ("" if desk.reviewed else "自查更正"),
        "crumbs": crumbs(desk, "核对两份内容"),
    }
    return render(request, "market/clerk/conflict.html", context, status=409)
