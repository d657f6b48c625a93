"""发核实 and 退回 as the clerk meets them: which cells, what is asked, by when; the answer."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ortoo.domains.market import services
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.clerk_grid import cell_text
from ortoo.domains.market.web.clerk_posts import refuse_oversized
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import Query
from ortoo.web.words import time_left


def office_name(place: str) -> str:
    """The reviewing office of a place as printed."""
    pack = active_pack()
    return pack.bureau(place) or (pack[place].zh if place in pack else place)


def open_questions(desk: Desk) -> list[dict[str, Any]]:
    """Questions that still wait for an answer, oldest first."""
    found = desk.state.open_queries
    filings = read.by_seqs(query.seq for query in found)
    return [_question(desk, query, filings[query.seq]) for query in found]


def _question(desk: Desk, query: Query, filing: read.FilingRow) -> dict[str, Any]:
    body = json.loads(filing.body)
    grid = desk.grid()
    cells = []
    for said in body["cells"]:
        item, measure = str(said["item"]), str(said["measure"])
        known = item in desk.form.leaf_index and measure in desk.form.measure_by_code
        value = ""
        if known and grid is not None:
            value = cell_text(desk.form.measure(measure), grid.cell(desk.form, item, measure))
        cells.append(
            {
                "title": words.cell_title(desk.form, item, measure),
                "value": value,
                "unit": desk.form.measure(measure).unit_of(desk.form.item(item)) if known else "",
                "href": f"{reverse('return-correct', kwargs=desk.names)}#c.{item}.{measure}",
            }
        )
    urgency, left = ("calm", "")
    if query.due_at is not None:
        urgency, left = time_left(query.due_at, desk.now)
    return {
        "seq": query.seq,
        "office": office_name(query.office),
        "text": str(body["question"]),
        "asked_at": words.moment(filing.received_at),
        "due": words.moment(query.due_at) if query.due_at else "",
        "left": left,
        "urgency": urgency,
        "cells": cells,
        "href": reverse("reply", kwargs={**desk.names, "query": query.seq}),
    }


def sent_back(desk: Desk) -> dict[str, str] | None:
    """Why the return in force was sent back, and by whom."""
    if desk.state.sent_back_seq is None:
        return None
    filing = read.get(desk.state.sent_back_seq)
    if filing is None:
        return None
    body = json.loads(filing.body)
    return {
        "office": office_name(str(body["office"])),
        "text": str(body["text"]),
        "when": words.moment(filing.received_at),
    }


@require_http_methods(["GET", "POST"])
def reply(request: HttpRequest, form: str, period: str, query: int) -> HttpResponse:
    """One question with its cells; POST `text` answers it."""
    desk = open_desk(request, form, period)
    if query not in {asked.seq for asked in desk.state.queries}:
        raise Refused(
            "QUERY-UNKNOWN", f"本表没有第 {query} 号核实。", "请从报表页的核实事项进入。", 404
        )
    back = reverse("return", kwargs=desk.names)
    if request.method == "POST":
        refuse_oversized(request)
        text = request.POST.get("text", "")
        services.reply(
            scope=desk.scope, matter=desk.matter, query=query, text=text, now_ms=desk.now
        )
        messages.success(request, "答复已送达，报表数值未改动。")
        return redirect(back)
    asked = [found for found in open_questions(desk) if found["seq"] == query]
    if not asked:
        messages.info(request, "这条核实已经答复。")
        return redirect(back)
    context = {
        "desk": desk,
        "questions": asked,
        "crumbs": [
            {"title": "我的报送", "href": reverse("my-returns")},
            {"title": desk.period.label_zh, "href": back},
            {"title": "答复核实"},
        ],
    }
    return render(request, "market/clerk/reply.html", context)
