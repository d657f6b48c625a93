"""下载Excel模板、上传Excel: a return's form as a workbook, and the workbook into its draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from ortoo.connectors.form_workbooks import (
    Filling,
    Identity,
    RefusedCell,
    Upload,
    WorkbookError,
    read_workbook,
    write_workbook,
)
from ortoo.connectors.form_workbooks.writer import XLSX
from ortoo.domains.market import checking
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.clerk_page import crumbs
from ortoo.domains.market.web.workbook_drafts import Merged, Said, base_fields, lay_over
from ortoo.domains.market.web.workbook_uploads import Posted, posted_file
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Form, Nil

UNREAD = 422
MOST_SHOWN = 60


@require_safe
def workbook(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The return as an Excel template: what stands in its draft, last period in grey."""
    desk = open_desk(request, form, period)
    desk.require_open()
    return download(write_workbook(desk.form, filling_of(desk)), f"{file_name(desk)}.xlsx")


def download(content: bytes, name: str, media: str = XLSX) -> HttpResponse:
    """A file that the browser saves under a name."""
    response = HttpResponse(content, content_type=media)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def file_name(desk: Desk) -> str:
    return f"{desk.form.title['zh']}{desk.period.code}"


def identity_of(desk: Desk) -> Identity:
    return Identity(desk.form.code, desk.form.version, desk.period.code, desk.matter.party)


def filling_of(desk: Desk) -> Filling:
    """The printed head, what stands in the draft, and last period's return."""
    fields = base_fields(desk)
    last, _ = checking.past_grids(desk.form, desk.matter)
    due = words.moment(desk.state.due_at) if desk.state.due_at else ""
    head = desk.form.head
    lines = [
        ("表号", head.code),
        ("制定机关", head.issuer),
        ("文号", head.approval),
        ("有效期至", head.valid_until),
        ("报告期", desk.period.label_zh),
        ("填报单位", desk.firm()),
        ("截止", due),
        ("填报说明", "只填浅黄色格；灰字为上期数，不用改。填好后在报表页“上传Excel”。"),
    ]
    return Filling(
        identity=identity_of(desk),
        head=[(label, text) for label, text in lines if text],
        cells=_named(fields, "c"),
        units={item: text for item, text in _single(fields, "u")},
        last=last,
        asked=desk.state.asked,
        demo=bool(settings.DEMO),
    )


def _named(fields: Mapping[str, str], kind: str) -> dict[tuple[str, str], str]:
    found = {}
    for name, text in fields.items():
        head, _, rest = name.partition(".")
        if head == kind:
            item, _, measure = rest.partition(".")
            found[item, measure] = text
    return found


def _single(fields: Mapping[str, str], kind: str) -> list[tuple[str, str]]:
    return [
        (name.partition(".")[2], text) for name, text in fields.items() if name[:2] == f"{kind}."
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def workbook_upload(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """Choose a filled-in template; POST reads it into the draft and says what was understood."""
    desk = open_desk(request, form, period)
    desk.require_open()
    if request.method != "POST":
        return _page(request, desk)
    try:
        posted = posted_file(request)
        upload = _read(desk, posted)
    except (WorkbookError, Refused) as error:
        return _page(request, desk, error)
    merged = lay_over(desk, Said(upload.texts, upload.units, upload.reasons))
    return result_page(request, desk, merged, upload_words(desk.form, upload, posted.name))


def _read(desk: Desk, posted: Posted) -> Upload:
    return read_workbook(
        posted.data,
        posted.name,
        desk.form,
        wanted=identity_of(desk),
        labels={"form": desk.form.title["zh"], "period": desk.period.label_zh},
        asked=desk.state.asked,
    )


def _page(
    request: HttpRequest, desk: Desk, error: WorkbookError | Refused | None = None
) -> HttpResponse:
    context = {
        "desk": desk,
        "error": error_words(error),
        "back": return_address(desk),
        "crumbs": crumbs(desk, "Excel模板"),
    }
    status = UNREAD if error is not None else 200
    return render(request, "market/workbook/upload.html", context, status=status)


def error_words(error: WorkbookError | Refused | None) -> dict[str, str] | None:
    """A refusal of the whole file in two sentences and its code."""
    if error is None:
        return None
    said = f"{error.message.rstrip('。')}。{error.remedy.rstrip('。')}。"
    return {"text": said, "code": error.code}


def return_address(desk: Desk) -> str:
    """The page on which the draft is looked over and filed."""
    return reverse("return-correct" if desk.effective else "return", kwargs=desk.names)


def upload_words(form: Form, upload: Upload, name: str) -> dict[str, Any]:
    """What was understood and refused, in words."""
    nils = sum(isinstance(cell, Nil) for cell in upload.cells.values())
    return {
        "file": name,
        "cells": len(upload.cells),
        "nils": nils,
        "notes": [
            {"where": words.cell_title(form, *cell), "text": upload.texts[cell], "note": note}
            for cell, note in list(upload.notes.items())[:MOST_SHOWN]
        ],
        "more_notes": max(0, len(upload.notes) - MOST_SHOWN),
        "refused": refused_words(form, upload.refused),
    }


def refused_words(form: Form, refused: Sequence[RefusedCell]) -> list[dict[str, str]]:
    """Each refused cell: where, what, by which rule, what to do."""
    return [
        {
            "where": f"第 {cell.row} 行 {words.cell_title(form, cell.item, cell.measure)}".strip(),
            "message": f"{cell.message}。",
            "remedy": f"{cell.remedy.rstrip('。')}。",
            "code": cell.code,
            "rule": cell.rule,
        }
        for cell in refused
    ]


def result_page(
    request: HttpRequest, desk: Desk, merged: Merged, told: Mapping[str, Any]
) -> HttpResponse:
    """The summary of an upload: what is in the draft now, and the way to the page that files it."""
    hard = sum(issue.severity == "hard" for issue in merged.findings.issues)
    soft = sum(i.severity == "soft" and i.reason is None for i in merged.findings.issues)
    context = {
        "desk": desk,
        "told": told,
        "changed": list(merged.changed)[:MOST_SHOWN],
        "more_changed": max(0, len(merged.changed) - MOST_SHOWN),
        "changes": len(merged.changed),
        "kept_cells": merged.kept_cells,
        "hard": hard,
        "soft": soft,
        "next": return_address(desk),
        "crumbs": crumbs(desk, told.get("title", "上传结果")),
    }
    return render(request, "market/workbook/result.html", context)
