"""One filing in plain words: envelope, contents, what happened to it, digests, original bytes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ortoo.domains.market import selectors
from ortoo.domains.market.web.figures_request import FOREIGN, place_name
from ortoo.domains.market.web.filing_words import TITLES, body_words, grid_sheet, mark_words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.models import Original
from ortoo.kernel.filings.read import FilingRow
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import fold_return, return_thread

MODES = {
    "own": "本单位填报",
    "assisted": "代录",
    "system": "系统",
    "import": "文件导入",
    "downtime": "停机补录",
}
STATES = {"return": "filed", "accept": "accepted", "send_back": "returned", "query": "queried"}


@require_safe
def filing(request: HttpRequest, seq: int) -> HttpResponse:
    """The filing, for whoever may read its party's figures."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    found = selectors.filing(scope, seq)
    form = _grid_form(found)
    if form is not None and found.form != FOREIGN:
        access.record(scope, "filing", found.subject or found.filer, 1, now_ms=now_ms())
    names = selectors.names_of([found.filer, found.subject])
    thread = _thread_of(found)
    newer = _in_force(found, thread)
    context: dict[str, Any] = {
        "filing": found,
        "title": _title(found, form),
        "filed_by": names.get(found.subject) or names.get(found.filer, found.filer),
        "facts": _facts(found, names, form),
        "superseded": newer,
        "superseded_href": reverse("filing", kwargs={"seq": newer.seq}) if newer else "",
        "before_href": reverse("filing", kwargs={"seq": found.supersedes})
        if found.supersedes
        else "",
        "timeline": _timeline(scope, thread, found.seq),
        "digests": [
            ("SHA-256", found.digest.hex()),
            ("SM3", found.digest_sm3.hex()),
            ("表式 SHA-256", found.form_digest.hex()),
        ],
        "original": _original_facts(found),
        "crumbs": _crumbs(found, form),
        "as_of": _moment(now_ms())[:-6],
    }
    if form is not None:
        grid = codec.decode(form, found.body)
        context |= {"sheet": grid_sheet(form, grid), "marks": mark_words(form, grid)}
        context["attributes"] = [
            (attribute.title["zh"], grid.attributes.get(attribute.code, "—"))
            for attribute in form.attributes
        ]
    else:
        context["words"] = body_words(found)
    return render(request, "market/figures/filing.html", context)


@require_safe
def original(request: HttpRequest, seq: int) -> HttpResponse:
    """The foreign document of a filing, byte for byte as it came."""
    found = selectors.filing(request.scope, seq)  # type: ignore[attr-defined]
    kept = Original.objects.filter(sha256=found.original).first() if found.original else None
    if kept is None:
        raise Refused("ORIGINAL-NONE", f"第 {seq} 号报件没有原件。", "本报件在本系统内填写。", 404)
    # Never shown in the page: what a firm or a source sends is not ours to run.
    response = HttpResponse(bytes(kept.content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, kept.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _grid_form(found: FilingRow) -> Form | None:
    known = registry.loaded().versions.get(found.form)
    return registry.get(found.form, found.form_version) if known else None


def _title(found: FilingRow, form: Form | None) -> str:
    return form.title["zh"] if form else TITLES.get(found.form, found.form)


def _moment(at_ms: int) -> str:
    """「2026年11月19日 10:42」 in the region's civil time."""
    at = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(active_pack().head.time_zone))
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _iso(at_ms: int) -> str:
    zone = ZoneInfo(active_pack().head.time_zone)
    return dt.datetime.fromtimestamp(at_ms / 1000, zone).isoformat(timespec="seconds")


def _facts(found: FilingRow, names: dict[str, str], form: Form | None) -> list[tuple[str, Any]]:
    filer = names.get(found.filer, found.filer)
    subject = names.get(found.subject, "")
    facts: list[tuple[str, Any]] = [
        ("回执号", found.number),
        ("表式", f"{_title(found, form)}（{found.form} 第{found.form_version}版）"),
        ("谁说的", {"text": filer, "note": found.filer}),
    ]
    if subject and subject != filer:
        facts.append(("说的是", subject))
    if found.place:
        facts.append(("地区", place_name(found.place)))
    if found.period:
        facts.append(("报告期", parse(found.period).label_zh))
    facts += [
        ("收到时间", _moment(found.received_at)),
        ("填报方式", MODES.get(found.mode, found.mode)),
    ]
    if found.supersedes:
        href = reverse("filing", kwargs={"seq": found.supersedes})
        facts.append(("更正", {"text": f"第 {found.supersedes} 号", "href": href}))
    if found.reason:
        facts.append(("更正原因", found.reason))
    return facts


def _original_facts(found: FilingRow) -> dict[str, str] | None:
    if not found.original:
        return None
    kept = Original.objects.filter(sha256=found.original).first()
    if kept is None:
        return None
    from ortoo.kernel.filings import draft

    content = bytes(kept.content)
    return {
        "name": kept.name,
        "size": f"{len(content):,}",
        "sha256": draft.Original(content, kept.media_type, kept.name).sha256.hex(),
        "href": reverse("filing-original", kwargs={"seq": found.seq}),
    }


# ---- the thread ----


def _thread_of(found: FilingRow) -> str:
    """The return thread this filing speaks to, or ""."""
    if found.thread:
        return found.thread
    if found.form in ("K-QUERY", "K-REPLY", "K-SENDBACK"):
        body = json.loads(found.body)
        return return_thread(str(body["form"]), str(body["period"]), str(body["party"]))
    return ""


def _in_force(found: FilingRow, thread: str) -> FilingRow | None:
    """The version in force, where this one no longer is."""
    if not thread or "|@" in thread:
        return None
    state = fold_return(read.thread_lines([thread])[thread])
    if found.seq in state.versions and state.effective not in (None, found.seq):
        return read.get(int(state.effective or 0))
    return None


def _timeline(scope: Scope, thread: str, here: int) -> list[dict[str, Any]]:
    """Versions, questions, answers, send-backs and acceptances of the thread, newest first."""
    if not thread or "|@" in thread:
        return []
    lines = read.thread_lines([thread])[thread]
    filings = read.by_seqs(line.seq for line in lines)
    names = selectors.names_of(row.filer for row in filings.values())
    entries = []
    for line in sorted(lines, key=lambda found: found.seq, reverse=True):
        row = filings.get(line.seq)
        if row is None:
            continue
        word, detail = _happened(line.kind, row)
        title = f"{word}（本页）" if line.seq == here else word
        entries.append(
            {
                "title": title,
                "href": ""
                if line.seq == here or not _opens(scope, row)
                else reverse("filing", kwargs={"seq": row.seq}),
                "when": _moment(row.received_at),
                "iso": _iso(row.received_at),
                "by": names.get(row.filer, "系统" if row.filer == "SYSTEM" else row.filer),
                "mode": "" if row.mode in ("own", "system") else MODES.get(row.mode, row.mode),
                "number": row.number,
                "state": STATES.get(line.kind, ""),
                "detail": detail,
                "sealed": line.kind == "accept",
                "bad": line.kind == "send_back",
            }
        )
    return entries


def _opens(scope: Scope, row: FilingRow) -> bool:
    try:
        selectors.filing(scope, row.seq)
    except Refused:
        return False
    return True


def _happened(kind: str, row: FilingRow) -> tuple[str, str]:
    """A line of the thread in words, and what was said."""
    if kind == "return":
        word = "更正" if row.supersedes else "报送"
        return word, f"原因：{row.reason}" if row.reason else ""
    body = json.loads(row.body) if row.form.startswith("K-") else {}
    said = {
        "query": ("发核实", str(body.get("question", ""))),
        "reply": ("答复核实", str(body.get("text", ""))),
        "send_back": ("退回", str(body.get("text", ""))),
        "accept": ("审核通过", str(body.get("note", ""))),
        "open": ("开期", ""),
        "archive": ("归档", ""),
    }
    return said.get(kind, (kind, ""))


def _crumbs(found: FilingRow, form: Form | None) -> list[dict[str, str]]:
    crumbs = []
    if form is not None and found.period:
        href = reverse("figures-period", kwargs={"form": form.code, "period": found.period})
        crumbs.append({"title": "市场价格", "href": href})
    return [*crumbs, {"title": f"报件 {found.number}", "href": ""}]
