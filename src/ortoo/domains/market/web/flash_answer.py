"""The firm's page of a 急报: what is known stands in the cells; one tap confirms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ortoo.domains.market import checking
from ortoo.domains.market.flash import services as flashes
from ortoo.domains.market.flash.plan import WITHDRAWN, Flash
from ortoo.domains.market.known import Key, Known, asked_cells, newest_known
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.domains.market.web import flash_words as words
from ortoo.domains.market.web import review_words
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import cells as parser
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.cells import CellError
from ortoo.kernel.forms.definition import Cell, Form
from ortoo.web.words import time_left


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """答复急报."""
    scope, now = request.scope, now_ms()  # type: ignore[attr-defined]
    scope.require("file_return")
    found = flashes.flash(form, code)
    party = next((p for p in scope.parties("file_return") if p in found.request.parties), "")
    if not party:
        raise Refused("FLASH-UNKNOWN", "本单位没有这份急报。", "请从「应办事项」进入。", 404)
    matter = Matter(form, code, party)
    state = matter.state()
    definition = registry.get(form, state.version)
    if request.method == "POST":
        return _post(request, matter, definition, now)
    typed = _standing(matter, definition)
    return render(request, "market/flash/answer.html", _context(found, matter, typed, now))


def _standing(matter: Matter, form: Form) -> dict[str, str]:
    """What stands in the fields: the answer already given, or nothing."""
    state = matter.state()
    filing = read.get(state.effective) if state.effective else None
    if filing is None:
        return {}
    grid = checking.grid_of(form, filing)
    return {
        f"c.{i}.{m}": words.value_text(form, (i, m), grid.cell(form, i, m))
        for i, m in asked_cells(form, state.asked)
    }


def _context(
    found: Flash,
    matter: Matter,
    typed: dict[str, str],
    now: int,
    faults: dict[str, str] | None = None,
) -> dict[str, Any]:
    state = matter.state()
    form = registry.get(matter.form, state.version)
    cells = asked_cells(form, state.asked)
    known = newest_known(matter.party, form, cells, now_ms=now, before=found.first_seq)
    faults = faults or {}
    lines = _lines(form, known, (typed, faults), now, cells)
    urgency, left = time_left(found.request.due_at, now)
    return {
        "flash": found,
        "form": form,
        "lines": lines,
        "measures": len(found.request.measures) > 1,
        "known": len(known),
        "asked": len(cells),
        "all_known": len(known) == len(cells),
        "due": words.due_text(found),
        "left": left,
        "urgency": urgency,
        "late": now > found.request.due_at,
        "withdrawn": found.status == WITHDRAWN,
        "state": state,
        "filed": bool(state.versions),
        "receipt": state.effective,
        "reasons": form.reasons,
        "ask_reason": any(name.startswith("reason:") for name in faults),
        "action": reverse("flash-answer", kwargs={"form": matter.form, "code": matter.period}),
        "key": frame.page_key(),
        "office": frame.place_zh(found.request.place),
        "asked_at": review_words.moment(found.asked_at, frame.zone()),
        "faults": [text for name, text in faults.items() if not name.startswith("reason:")],
    }


def _lines(
    form: Form,
    known: Mapping[Key, Known],
    said: tuple[dict[str, str], dict[str, str]],
    now: int,
    cells: list[Key],
) -> list[dict[str, str]]:
    """One line an asked cell: what stands in it, what is known and from where, what is wrong."""
    typed, faults = said
    lines = []
    for key in cells:
        name = f"c.{key[0]}.{key[1]}"
        one = known.get(key)
        item, measure = form.item(key[0]), form.measure(key[1])
        text = words.value_text(form, key, one.value) if one else ""
        lines.append(
            {
                "name": name,
                "title": item.name["zh"],
                "measure": measure.title["zh"],
                "unit": measure.unit_of(item),
                "value": typed.get(name, text),
                "known": text,
                "source": words.source_text(one, now) if one else "",
                "fault": faults.get(name, ""),
                "reason": faults.get(f"reason:{name}", ""),
            }
        )
    return lines


def _post(request: HttpRequest, matter: Matter, form: Form, now: int) -> HttpResponse:
    scope = request.scope  # type: ignore[attr-defined]
    state = matter.state()
    key = frame.key_of(request)
    try:
        if request.POST.get("confirm") == "all":
            receipt = flashes.confirm_all(scope=scope, matter=matter, key=key, now_ms=now)
        else:
            read_cells, faults = _typed(request, form, asked_cells(form, state.asked))
            if faults:
                return _again(request, matter, faults, now)
            reasons = _reasons(request)
            receipt = flashes.answer(
                scope=scope, matter=matter, grid=flashes.with_cells(form, read_cells), key=key,
                now_ms=now, reason_of=lambda at: reasons,
            )  # fmt: skip
    except Refused as refusal:
        if refusal.code not in ("RETURN-ISSUES", "FLASH-UNKNOWN-CELLS"):
            raise
        return _again(request, matter, _issues(refusal), now)
    messages.success(request, "已报送，回执见下。")
    return HttpResponseRedirect(reverse("receipt", kwargs={"seq": receipt.seq}))


def _reasons(request: HttpRequest) -> str:
    """The one reason given for what the checks asked about; "" for none."""
    reason = request.POST.get("reason", "").strip()
    said = request.POST.get("reason_text", "").strip()
    return f"其他：{said}" if reason == "其他" else reason


def _typed(
    request: HttpRequest, form: Form, wanted: list[Key]
) -> tuple[dict[Key, Cell], dict[str, str]]:
    found: dict[Key, Cell] = {}
    faults: dict[str, str] = {}
    for key in wanted:
        name = f"c.{key[0]}.{key[1]}"
        try:
            found[key] = parser.parse(
                request.POST.get(name, ""), form.item(key[0]), form.measure(key[1])
            )
        except CellError as error:
            faults[name] = f"{form.item(key[0]).name['zh']}：{error.message}。"
    return found, faults


def _issues(refusal: Refused) -> dict[str, str]:
    """Messages by field; those that a reason answers are marked so."""
    faults: dict[str, str] = {}
    for issue in refusal.details:
        name = f"c.{issue.item}.{issue.measure}"  # type: ignore[attr-defined]
        faults[name] = f"{issue.message}{issue.remedy}"  # type: ignore[attr-defined]
        if issue.severity == "soft":  # type: ignore[attr-defined]
            faults[f"reason:{name}"] = "1"
    return faults or {"": f"{refusal.message}{refusal.remedy}"}


def _again(request: HttpRequest, matter: Matter, faults: dict[str, str], now: int) -> HttpResponse:
    typed = {name: value for name, value in request.POST.items() if name.startswith("c.")}
    if request.POST.get("confirm") == "all":
        typed = {}
    context = _context(flashes.flash(matter.form, matter.period), matter, typed, now, faults)
    return render(request, "market/flash/answer.html", context, status=422)
