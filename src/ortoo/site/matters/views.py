"""The page of one thread 案卷, what is done from it, and the receipts of its filings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from ortoo.domains.market.web.clerk_receipts import qr_svg
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.definition import FILER
from ortoo.site.matters import doing, standing, story
from ortoo.site.matters.drawing import marked
from ortoo.site.matters.moments import civil_day, full
from ortoo.site.matters.reach import READING, may_as_own
from ortoo.site.matters.selectors import (
    Matter,
    as_of_of,
    case_of,
    may_see,
    names_of,
    open_matter,
)
from ortoo.site.matters.services import Speaker

# A refusal that is about the matter is told on its page; one about rights has a page of its own.
TOLD_HERE = frozenset({409, 422})
# Somebody acted since the page was made, or what it offers is no longer owed.
CONFLICT = 409


@require_safe
def page(request: HttpRequest, thread: str) -> HttpResponse:
    """Where a thread stands and what this login may do in it; `?as_of=` looks back."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    as_of = as_of_of(request.GET.get("as_of", ""), now)
    matter = open_matter(scope, thread, now_ms=now, as_of=as_of)
    return render(request, "matters/matter.html", context_of(scope, matter))


@require_POST
def act(request: HttpRequest, thread: str, act: str) -> HttpResponse:
    """One act of the own party; a refusal shows the page again with what changed and what was
    typed."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    matter = open_matter(scope, thread, now_ms=now)
    try:
        by = Speaker(scope, matter, doing.key_of(request))
        receipt = doing.perform(act, request, by, now)
    except Refused as refused:
        if refused.status not in TOLD_HERE:
            raise
        return _refused(request, scope, open_matter(scope, thread, now_ms=now), (act, refused))
    messages.success(request, f"{doing.DONE[act]}。回执号 {receipt.number}。")
    return redirect("matter", thread=thread)


def _refused(
    request: HttpRequest, scope: Scope, matter: Matter, what: tuple[str, Refused]
) -> HttpResponse:
    act, refused = what
    seen = doing.seen_of(request)
    context = context_of(scope, matter)
    context["problem"] = {
        "title": "内容已有变化，这次没有办成" if refused.status == CONFLICT else "有内容需要更正",
        "message": refused.message,
        "remedy": refused.remedy,
        "code": refused.code,
        "changed": story.entries(matter, since=seen) if seen else [],
    }
    for offer in context["offers"]:
        same = offer["act"] == act and offer.get("step", "") == request.POST.get("step", "")
        if same and str(offer.get("number", "")) == request.POST.get("number", ""):
            offer["typed"] = request.POST.dict()
            # What is put right is the same statement: its key stays, so that it is filed once.
            offer["key"] = doing.key_of(request)
    context["kept"] = _kept(request, context["offers"])
    return render(request, "matters/matter.html", context, status=refused.status)


def _kept(request: HttpRequest, offers: list[dict[str, Any]]) -> list[str]:
    """What was typed into a form that is no longer offered: shown, so that it is not lost."""
    if any("typed" in offer for offer in offers):
        return []
    names = ("reason", "conditions", "question", "text", "basis", "result")
    return [text for name in names if (text := request.POST.get(name, "").strip())]


def context_of(scope: Scope, matter: Matter) -> dict[str, Any]:
    """Everything the page of a thread shows."""
    names = names_of(matter.parties())
    subject = names.get(matter.found.subject, matter.found.subject)
    context: dict[str, Any] = {
        "matter": matter,
        "title": matter.definition.title["zh"],
        "subject": subject,
        "case": matter.case,
        "crumbs": _crumbs(scope, matter),
        "as_of": matter.as_of.text if matter.as_of else "",
        "as_of_day": civil_day(matter.now).isoformat() if matter.as_of else "",
        "as_of_href": reverse("matter", kwargs={"thread": matter.thread}),
        "begun": bool(matter.lines),
        "offers": [],
    }
    if not matter.lines:
        return context
    lines = standing.step_lines(matter, names)
    badge, sentence = standing.sentence(matter, lines)
    context |= {
        "badge": badge,
        "sentence": sentence,
        "steps": lines,
        "joins": standing.joins(matter),
        "waiting": standing.waiting_table(matter, names),
        "timeline": story.entries(matter),
        "links": _links(scope, matter),
        "drawing": marked(matter, lines),
        "offers": doing.offers(matter, names),
        "facts": _facts(matter, names, subject),
        "reads_only": not matter.at.acts,
    }
    return context


def _crumbs(scope: Scope, matter: Matter) -> list[dict[str, str]]:
    own = may_as_own(scope, READING)
    listed = [{"title": "在办案卷", "href": reverse("matters")}] if own else []
    return [*listed, {"title": matter.case}]


def _facts(matter: Matter, names: dict[str, str], subject: str) -> list[tuple[str, object]]:
    definition, found = matter.definition, matter.found
    rules = reverse("procedure", kwargs={"code": definition.code})
    pairs: list[tuple[str, object]] = [
        ("案号", matter.case),
        (definition.subject.get("zh", "标的"), subject),
        ("办理规程", {
            "text": f"{definition.title['zh']}，第 {definition.version} 版",
            "href": f"{rules}?version={definition.version}",
        }),
        ("开立时间", full(found.opened_at) if found.opened_at else "—"),
    ]  # fmt: skip
    pack = active_pack()
    if found.place:
        place = pack[found.place].zh if found.place in pack else found.place
        pairs.append(("办理地点", place))
    for agency in definition.agencies:
        party = found.party(agency.role)
        if party and agency.role != FILER:
            pairs.append((agency.title["zh"], names.get(party, party)))
    return pairs


def _links(scope: Scope, matter: Matter) -> list[dict[str, str]]:
    """Parent, part and merged threads; a link only where it would open."""
    gone = matter.found.annulled()
    return [
        {
            "relation": story.RELATIONS.get(str(line.detail["relation"]), "关联案卷"),
            "case": case_of(other),
            "href": reverse("matter", kwargs={"thread": other}) if may_see(scope, other) else "",
        }
        for line in matter.found.linked
        if line.seq not in gone and (other := str(line.detail["other"]))
    ]


@require_safe
def receipt(request: HttpRequest, thread: str, seq: int) -> HttpResponse:
    """The receipt of one filing of a thread, for whoever may see the thread."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    matter = open_matter(scope, thread, now_ms=now_ms())
    lines = [line for line in matter.lines if line.seq == seq]
    filing = read.get(seq) if lines else None
    if filing is None:
        raise Refused(
            "FILING-UNKNOWN", f"这个案卷没有第 {seq} 号报件。", "请从办理经过中打开。", 404
        )
    names = names_of([filing.filer, filing.subject, *matter.parties()])
    told = [story.tell(matter, line, filing, names) for line in lines]
    verify = request.build_absolute_uri(f"{reverse('receipt-verify')}?n={filing.number}")
    pairs: list[tuple[str, object]] = [
        ("报送单位", names.get(filing.filer, filing.filer)),
        ("表式", f"{story.form_title(filing.form)}（{filing.form}，第 {filing.form_version} 版）"),
        ("案号", matter.case),
        *(("内容", text) for text in _said(told)),
        ("收到时间", full(filing.received_at)),
    ]
    how = story.MODES.get(filing.mode, filing.mode)
    if how:
        pairs.append(("报送方式", how))
    if filing.reason:
        pairs.append(("原因", filing.reason))
    context = {
        "filing": filing,
        "matter": matter,
        "annulled": seq in matter.found.annulled(),
        "receipt": {"number": filing.number, "facts": pairs, "qr": qr_svg(verify)},
        "digests": [("SHA-256", filing.digest.hex()), ("SM3", filing.digest_sm3.hex())],
        "crumbs": [
            {"title": matter.case, "href": reverse("matter", kwargs={"thread": thread})},
            {"title": "报件回执"},
        ],
    }
    return render(request, "matters/receipt.html", context)


def _said(told: list[tuple[str, str]]) -> list[str]:
    return [f"{title}（{detail}）" if detail else title for title, detail in told]
