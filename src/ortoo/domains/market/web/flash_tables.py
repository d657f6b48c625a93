"""Tables of a 急报's results: sums by item and place, one firm's cells beside what was known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from ortoo.domains.market.flash.results import Answer, Results
from ortoo.domains.market.web import campaign_frame as frame
from ortoo.domains.market.web import flash_words as words
from ortoo.domains.market.web import review_words


def _number(found: Results, measure: str, value: int) -> Decimal:
    return Decimal(value).scaleb(-found.form.measure(measure).scale)


def _sums(found: Results, measure: str) -> bool:
    """Whether the measure adds up over firms; a price does not."""
    return found.form.measure(measure).aggregate == "sum"


def sheet(found: Results, measure: str) -> dict[str, Any]:
    """One measure's table by item: total (or mean), firms, days of cover, difference to known."""
    form, column = found.form, found.form.measure(measure)
    adds = _sums(found, measure)
    stock = measure == form.roles.stock and column.unit == "{unit}"
    rows: list[list[Any]] = []
    for line in found.totals(measure, found.answers):
        item = form.item(line.item)
        value = line.total if adds else (round(line.total / line.firms) if line.firms else None)
        row: list[Any] = [
            item.name["zh"],
            column.unit_of(item),
            "—" if value is None or not line.firms else f"{_number(found, measure, value):,}",
            line.firms,
        ]
        if stock:
            row.append(words.days_text(line.days(column.scale)))
        if adds:
            row.append(
                _signed(found, measure, line.total - line.known_total) if line.firms else "—"
            )
        rows.append([*row, line.corrected or "—", line.empty or "—"])
    columns: list[dict[str, Any]] = [
        {"title": "品种"}, {"title": "单位"},
        {"title": "合计" if adds else "简单平均", "numeric": True},
        {"title": "家数", "numeric": True},
    ]  # fmt: skip
    if stock:
        columns.append({"title": "可保供天数", "unit": "按上周销量", "numeric": True})
    if adds:
        columns.append({"title": "比已知数", "numeric": True})
    columns += [{"title": "更正", "unit": "家", "numeric": True},
                {"title": "断货等", "unit": "家", "numeric": True}]  # fmt: skip
    return {"title": column.title["zh"], "columns": columns, "rows": rows}


def _signed(found: Results, measure: str, value: int) -> str:
    return f"{_number(found, measure, value):+,}" if value else "0"


def places(found: Results, measure: str) -> dict[str, Any]:
    """Answered / asked by place, with the first measure's total of up to six items."""
    adds = _sums(found, measure)
    items = [item for item, at in found.cells if at == measure][:6] if adds else []
    rows = []
    for place, answers in found.by_place().items():
        totals = {line.item: line for line in found.totals(measure, answers)}
        cells = [
            f"{_number(found, measure, totals[item].total):,}" if totals[item].firms else "—"
            for item in items
        ]
        rows.append([frame.place_zh(place), len(answers), sum(a.answered for a in answers), *cells])
    columns: list[dict[str, Any]] = [
        {"title": "地区"}, {"title": "应报", "numeric": True}, {"title": "已报", "numeric": True},
    ]  # fmt: skip
    columns += [
        {
            "title": found.form.item(item).name["zh"],
            "unit": found.form.measure(measure).unit_of(found.form.item(item)),
            "numeric": True,
        }
        for item in items
    ]
    return {"columns": columns, "rows": rows}


def firm(found: Results, answer: Answer, now: int) -> dict[str, Any]:
    counts = {"confirmed": 0, "corrected": 0, "new": 0}
    lines = []
    for key in found.cells:
        said = answer.said(key)
        if said:
            counts[said] += 1
        known = answer.known.get(key)
        lines.append(
            {
                "title": found.form.item(key[0]).name["zh"],
                "measure": found.form.measure(key[1]).title["zh"],
                "value": words.value_text(found.form, key, answer.cells.get(key)),
                "known": words.value_text(found.form, key, known.value) if known else "",
                "source": words.source_text(known, now) if known else "",
                "source_href": reverse("filing", kwargs={"seq": known.seq}) if known else "",
                "said": said,
                "said_zh": words.SAID_ZH[said],
            }
        )
    state = "late" if answer.late else "filed" if answer.answered else "open"
    return {
        "answer": answer,
        "place": frame.place_zh(answer.place),
        "at": review_words.moment(answer.at_ms, frame.zone()) if answer.at_ms else "",
        "state": state,
        "counts": counts,
        "cells": lines,
        "waived": answer.state.stage == "waived",
        "href": reverse("filing", kwargs={"seq": answer.state.effective})
        if answer.answered
        else "",
    }
