"""A bulletin as PDF, Word and plain text."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ortoo.domains.market.bulletins import records
from ortoo.domains.market.bulletins.printing.matter import Matter, matter_of
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.web.views import scope_of
from ortoo.domains.market.parameters import civil_day
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import access

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain; charset=utf-8"


@require_safe
def file(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The file. Refused BULLETIN-UNKNOWN, DOCUMENT-…"""
    scope = scope_of(request)
    found = records.bulletin(scope, code)
    if records.in_chain(scope, found.place):
        access.record(scope, f"bulletin-{kind}", found.code, len(found.text.rows), now_ms=now_ms())
    matter = printed(found)
    if kind == "pdf":
        from ortoo.domains.market.bulletins.printing.pdf import pdf

        content, media = pdf(matter, demo=settings.DEMO), PDF
    elif kind == "docx":
        from ortoo.domains.market.bulletins.printing.word import word

        content, media = word(matter, demo=settings.DEMO), DOCX
    elif kind == "txt":
        content, media = found.text.words("full").encode(), TEXT
    else:
        raise Refused("BULLETIN-FILE", "没有这种文件。", "请下载 PDF、Word 或文本。", 404)
    answer = HttpResponse(content, content_type=media)
    name = f"{matter.title}{found.span.span_zh}.{kind}"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def printed(found: Bulletin) -> Matter:
    """A bulletin for paper."""
    day = civil_day(found.published_at or found.at)
    draft = ""
    if found.stage != records.PUBLISHED:
        draft = records.STAGE_ZH[found.stage]
        draft += "，未发布口径" if found.text.basis == "live" else ""
    return matter_of(found.text, week=found.span.label_zh.replace("（", "，").rstrip("）"),
                     day=day_zh(day), draft=draft)  # fmt: skip


def day_zh(day: dt.date) -> str:
    """«2026年11月19日»."""
    return f"{day.year}年{day.month}月{day.day}日"
