"""The return's pages: filling in, looking at what is filed, and two versions that disagree."""

from __future__ import annotations

import hashlib
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
from ortoo.domains.market.web.clerk_grid import Entry, Past, grid_context
from ortoo.domains.market.web.clerk_known import known_cells, ratio_of, ratio_together
from ortoo.domains.market.web.clerk_posts import Posted, new_key
from ortoo.domains.market.web.clerk_queries import open_questions, sent_back
from ortoo.domains.market.web.clerk_sheet import Part, beside, parts_of
from ortoo.domains.market.web.clerk_units import remembered, with_units
from ortoo.domains.market.web.platform_frame import has_mapping
from ortoo.kernel.forms.definition import Form, Nil
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
    context = entry_context(request, desk, typed, correcting=correcting)
    response = render(request, "market/clerk/entry.html", context, status=status)
    if status == 200:
        # The browser's worker may keep this page for this log-in, to open it without a network.
        response["Ortoo-Device"] = str(context["who"])
    return response


def entry_context(
    request: HttpRequest, desk: Desk, typed: Typed, *, correcting: bool = False
) -> dict[str, Any]:
    """What the entry page shows: the grid of the return and of the supplements beside it."""
    parts = parts_of(desk)
    kept = drafts.load(desk)
    fresh = typed.fields is None and kept.saved_at is None
    entries, ratios = [], []
    for part in parts:
        at = part.desk
        past = Past(*checking.past_grids(at.form, at.matter))
        known = {} if desk.assisting else known_cells(at, past.last)
        asked = at.state.asked
        ratios.append(ratio_of(at.form, known, asked))
        said = _first_fields(at, known, correcting=correcting) if fresh else part.own(
            typed.fields if typed.fields is not None else kept.fields
        )
        entries.append(
            Entry(
                at.form, said, past, known, typed.issues, asked, part.prefix,
                f"盟市补充指标 · {at.form.title['zh']}" if part.prefix else "",
            )
        )  # fmt: skip
    said_all: dict[str, str] = {}
    for part, entry in zip(parts, entries, strict=True):
        said_all |= part.paged(entry.fields)
    grid = grid_context(entries, _addresses(request, desk, kept, correcting=correcting))
    whole = [cell for group in grid["groups"] for row in group["rows"] for cell in row["cells"]]
    asked_cells = [cell for cell in whole if not cell["skip"]]
    form = desk.form
    return {
        "desk": desk,
        "grid": grid,
        "key": typed.key or new_key(),
        "ratio": ratio_together(ratios),
        "supplements": [part.form.title["zh"] for part in parts[1:]],
        "all_known": bool(asked_cells) and all(cell["known"] for cell in asked_cells),
        "has_till": not desk.assisting
        and any((measure.prefill or "").startswith("pos") for measure in desk.form.measures),
        "may_close": grid["daily"] and not correcting and Nil.NOT_CARRIED in form.nil_reasons
        and not desk.assisting,
        "guidance": form.guidance.get("zh", ""),
        "drafted_by": drafts.author(kept) if kept.saved_at else "",
        "summary": _summary(parts, typed.blocking),
        "fault": typed.fault,
        "reasons_below": _group_reasons(parts, said_all, typed.issues),
        "questions": open_questions(desk),
        "sent_back": sent_back(desk),
        "correcting": correcting,
        "reason": typed.reason or (_usual_reason(desk) if correcting else ""),
        "crumbs": crumbs(desk, "自查更正" if correcting else ""),
        "who": device_of(desk.scope.login),
    }


def _addresses(
    request: HttpRequest, desk: Desk, kept: drafts.Kept, *, correcting: bool
) -> dict[str, Any]:
    return {
        "period": desk.period.label_zh,
        "kind": desk.period.kind,
        "filer": desk.firm(),
        "due": _due(desk),
        "draft": {
            "url": desk.href("draft"),
            "version": kept.token,
            "saved_at": words.hour(kept.saved_at, desk.now) if kept.saved_at else "",
        },
        "check_url": desk.href("check"),
        "file_url": desk.href("correct" if correcting and not desk.assisting else ""),
        "login_url": f"{resolve_url(settings.LOGIN_URL)}?next={request.path}",
    }


def device_of(login: str) -> str:
    """What this browser's own store calls the log-in: not its name, and no way back to it."""
    said = f"{settings.SECRET_KEY}\x1fdevice\x1f{login}".encode()
    return hashlib.sha256(said).hexdigest()[:16]


def _first_fields(
    desk: Desk, known: Mapping[tuple[str, str], Any], *, correcting: bool
) -> Fields:
    """The return to be corrected, else what is known, keyed the way the firm keyed it last."""
    grid = desk.grid()
    if correcting and grid is not None:
        return fields_of(desk.form, grid)
    said = {f"c.{item}.{measure}": found.text for (item, measure), found in known.items()}
    return with_units(desk.form, said, remembered(desk.form, desk.matter.party))


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


def _summary(parts: Sequence[Part], issues: Sequence[Issue]) -> list[dict[str, str]]:
    """Every reason why it was not filed, blanks counted together, cells linked."""
    blanks = [issue for issue in issues if issue.code == "GRID-BLANK"]
    rest = [issue for issue in issues if issue.code != "GRID-BLANK"]
    found = [
        {
            "message": issue.message.removeprefix(_prefix(parts, issue)),
            "remedy": issue.remedy,
            "rule": issue.rule if issue.rule != issue.code else "",
            "code": issue.code,
            "where": _where(parts, issue),
            "href": f"#{_anchor(parts, issue)}",
        }
        for issue in rest[:MOST_LISTED]
    ]
    if len(rest) > MOST_LISTED:
        others = len(rest) - MOST_LISTED
        found.append({"message": f"另有 {others} 处，见表中标出的单元格。", "href": "#grid"})
    by_measure: dict[str, list[Issue]] = {}
    for issue in blanks:
        by_measure.setdefault(issue.measure, []).append(issue)
    return found + [_blanks(parts, some) for some in by_measure.values()]


def _blanks(parts: Sequence[Part], blanks: Sequence[Issue]) -> dict[str, str]:
    form, _ = _row_of(parts, blanks[0])
    measure = form.measure(blanks[0].measure)
    title = "价格" if measure.code == form.roles.price else measure.title["zh"]
    rows = (_row_of(parts, issue) for issue in blanks[:5])
    names = "、".join(at.item(item).name["zh"] for at, item in rows)
    more = f"等 {len(blanks)} 个商品" if len(blanks) > 5 else ""
    return {
        "where": f"{title}未填",
        "href": f"#{_anchor(parts, blanks[0])}",
        "message": f"{names}{more}没有填{title}。",
        "remedy": blanks[0].remedy,
        "code": "GRID-BLANK",
    }


def _row_of(parts: Sequence[Part], issue: Issue) -> tuple[Form, str]:
    """The form that an issue of the page speaks of, and the row's code there."""
    for part in reversed(parts):
        if part.prefix and issue.item.startswith(part.prefix):
            return part.form, issue.item.removeprefix(part.prefix)
    return parts[0].form, issue.item


def _prefix(parts: Sequence[Part], issue: Issue) -> str:
    """The row's name, with which messages begin and which stands beside them already."""
    form, item = _row_of(parts, issue)
    return f"{form.by_code[item].name['zh']}：" if item in form.by_code else ""


def _where(parts: Sequence[Part], issue: Issue) -> str:
    form, item = _row_of(parts, issue)
    if item in form.leaf_index:
        return words.cell_title(form, item, issue.measure)
    return f"{form.by_code[item].name['zh']}合计" if item in form.by_code else "全表"


def _anchor(parts: Sequence[Part], issue: Issue) -> str:
    form, item = _row_of(parts, issue)
    if not item and issue.measure in {attribute.code for attribute in form.attributes}:
        return f"a.{issue.item}{issue.measure}"
    kind = "c" if item in form.leaf_index else "r"
    return f"{kind}.{issue.item}.{issue.measure}" if issue.measure else "grid"


def _group_reasons(
    parts: Sequence[Part], fields: Fields, issues: Sequence[Issue]
) -> list[dict[str, str]]:
    """Reason inputs for rules of group rows, which have no cell in the grid."""
    found: dict[str, str] = {}
    for issue in issues:
        form, item = _row_of(parts, issue)
        if issue.severity == "soft" and issue.measure and item not in form.leaf_index:
            found[f"r.{issue.item}.{issue.measure}"] = issue.message
    for part in parts:
        for name in part.own(fields):
            kind, item, *rest = name.split(".")
            if kind == "r" and item not in part.form.leaf_index:
                title = f"{part.form.by_code[item].name['zh']}合计"
                found.setdefault(".".join([kind, part.prefix + item, *rest]), title)
    return [
        {"name": name, "label": label, "value": fields.get(name, "")}
        for name, label in found.items()
    ]


def filed_page(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The return in force, as filed; nothing to write."""
    return render(request, "market/clerk/filed.html", filed_context(desk))


def filed_context(desk: Desk) -> dict[str, Any]:
    """What a page shows of the return in force."""
    assert desk.effective is not None
    grid = desk.grid()
    assert grid is not None
    past = Past(*checking.past_grids(desk.form, desk.matter))
    kept = drafts.load(desk)
    badge, stage = words.stage_of(desk.state, desk.now)
    said = {
        "period": desk.period.label_zh,
        "kind": desk.period.kind,
        "filer": desk.firm(),
        "due": "",
        "draft": {"url": "", "version": kept.token, "saved_at": ""},
        "check_url": "",
        "file_url": "",
        "login_url": "",
        "readonly": True,
    }
    entry = Entry(desk.form, fields_of(desk.form, grid), past, asked=desk.state.asked)
    return {
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
        "has_platform": has_mapping(desk.form),
        "owed_beside": [
            {"title": other.form.title["zh"], "href": other.href()} for other in beside(desk)
        ],
        "assisted": desk.effective.mode == "assisted",
        "unconfirmed": desk.state.unconfirmed is not None,
        "crumbs": crumbs(desk),
    }


def conflict_page(
    request: HttpRequest,
    desk: Desk,
    posted: Posted,
    theirs: drafts.Kept,
    refusal: Mapping[str, str],
) -> HttpResponse:
    """Two versions side by side, cell by cell; what was typed is kept either way."""
    own = parts_of(desk)[0].own(posted.fields)
    rows = differences(desk.form, own, theirs.fields)
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
