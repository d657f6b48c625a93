"""「复制到统一平台」 and, back, a firm's own export of that platform into its draft."""

from __future__ import annotations

import datetime as dt
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ortoo.connectors.unified_platform import (
    Mapping,
    MappingError,
    block_of,
    paste_text,
    read_export,
    write_block,
)
from ortoo.connectors.unified_platform.exported import Exported, of_firm
from ortoo.connectors.unified_platform.mapping import Fitted, fitted
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.clerk_desk import Desk, open_desk
from ortoo.domains.market.web.clerk_page import crumbs
from ortoo.domains.market.web.platform_frame import mapping_of, mapping_words
from ortoo.domains.market.web.workbook_drafts import Said, lay_over
from ortoo.domains.market.web.workbook_uploads import posted_file
from ortoo.domains.market.web.workbook_views import UNREAD, download, error_words, result_page
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.periods import Period


@require_safe
def platform(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The return in force as a block to paste, and the way back for the platform's own export."""
    return _page(request, open_desk(request, form, period))


def _page(request: HttpRequest, desk: Desk, error: Refused | None = None) -> HttpResponse:
    mapping = mapping_of(desk.form)
    grid = desk.grid()
    rows, columns = _fitted(mapping, desk.form)
    block = block_of(desk.form, grid, mapping) if grid is not None else []
    context = {
        "desk": desk,
        "mapping": mapping_words(mapping, desk.form),
        "text": paste_text(block),
        "lines": len(block) + 1,
        "columns": [(column.title, column.unit) for column, _ in columns],
        "rows": [
            {"number": row.number, "name": row.name, "cells": texts}
            for (row, _), texts in zip(rows, block, strict=bool(block))
        ],
        "filed_at": words.full_moment(desk.effective.received_at) if desk.effective else "",
        "number": desk.effective.number if desk.effective else "",
        "error": error_words(error),
        "may_import": desk.state.opened_seq is not None and desk.state.archived_seq is None,
        "back": reverse("return", kwargs=desk.names),
        "crumbs": crumbs(desk, "统一平台"),
    }
    status = UNREAD if error is not None else 200
    return render(request, "market/platform/return.html", context, status=status)


def _fitted(mapping: Mapping, form: Form) -> Fitted:
    try:
        return fitted(mapping, form)
    except MappingError as error:
        raise Refused(error.code, f"{error}。", "请系统管理员改正对照文件。", 503) from error


@require_safe
def platform_file(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The same block as .xlsx beside the platform's names. Refused RETURN-NONE before filing."""
    desk = open_desk(request, form, period)
    mapping, grid = mapping_of(desk.form), _filed(desk)
    _fitted(mapping, desk.form)
    assert desk.effective is not None
    head = [
        f"{mapping.title}　{desk.period.label_zh}",
        f"填报单位：{desk.firm()}",
        f"来源：本系统报件 {desk.effective.number}",
        "" if mapping.verified else f"顺序待核：{mapping.note}",
        "演示数据，不是真实统计" if settings.DEMO else "",
    ]
    data = write_block(desk.form, grid, mapping, [line for line in head if line])
    return download(data, f"统一平台{desk.form.title['zh']}{desk.period.code}.xlsx")


def _filed(desk: Desk) -> GridBody:
    grid = desk.grid()
    if grid is None:
        raise Refused(
            "RETURN-NONE",
            "本期还没有报送，没有可以复制的数字。",
            "请先在报表页报送；复制的总是已报送的数。",
            409,
        )
    return grid


@require_http_methods(["POST"])
def platform_import(request: HttpRequest, form: str, period: str) -> HttpResponse:
    """The firm's own export of the platform, laid over its draft to be confirmed."""
    desk = open_desk(request, form, period)
    desk.require_open()
    mapping = mapping_of(desk.form)
    try:
        posted = posted_file(request)
        exported = read_platform(posted.data, posted.name, desk.form, mapping)
        texts, other = _own_texts(desk, exported)
    except Refused as refused:
        return _page(request, desk, refused)
    merged = lay_over(desk, Said(texts))
    nils = sum(text in {nil.zh for nil in Nil} for text in texts.values())
    told = {
        "title": "导入结果",
        "file": posted.name,
        "cells": len(texts),
        "nils": nils,
        "notes": [],
        "refused": refused_words(exported),
        "remark": _remark(mapping, exported, other),
    }
    return result_page(request, desk, merged, told)


def read_platform(data: bytes, name: str, form: Form, mapping: Mapping) -> Exported:
    """Read an export. Raises Refused PLATFORM-…, SHEET-…, MAPPING-…"""
    try:
        return read_export(data, name, form, mapping)
    except MappingError as error:
        said, _, remedy = error.message.partition("；")
        raise Refused(error.code, f"{said}。", remedy or "请核对文件。") from error


def _own_texts(desk: Desk, exported: Exported) -> tuple[dict[tuple[str, str], str], int]:
    """The firm's own cells of this period as texts; how many rows spoke of others."""
    own = [
        row
        for row in of_firm(exported, desk.matter.party, desk.firm())
        if speaks_of(row.period, desk.period)
    ]
    texts: dict[tuple[str, str], str] = {}
    for row in own:
        measure = desk.form.measure(row.measure)
        if desk.state.asked is not None and (row.item, row.measure) not in desk.state.asked:
            continue
        if row.value is not None:
            said = row.value.zh if isinstance(row.value, Nil) else measure.text(row.value)
            texts.setdefault((row.item, row.measure), said)
    if not texts:
        raise Refused(
            "PLATFORM-NOT-OWN",
            f"文件中没有{desk.firm()}{desk.period.label_zh}的数据。",
            "请核对导出时选的单位和报告期。",
        )
    return texts, len(exported.rows) - len(own)


def speaks_of(said: str, period: Period) -> bool:
    """Whether a period as the platform prints it can be this one; unsaid or unknown counts."""
    days = []
    for year, month, day in re.findall(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})", said):
        try:
            days.append(dt.date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return not days or any(period.contains(day) for day in days)


def refused_words(exported: Exported) -> list[dict[str, str]]:
    """Cells and goods of the export that were not taken."""
    found = [
        {
            "where": f"{sheet} 第 {line} 行",
            "message": f"{message}。",
            "remedy": "请在报表页填写。",
            "code": code,
        }
        for sheet, line, code, message in exported.refused[:60]
    ]
    if exported.unknown:
        names = "、".join(exported.unknown[:12])
        more = f"等 {len(exported.unknown)} 个" if len(exported.unknown) > 12 else ""
        found.append(
            {
                "where": "商品名称",
                "message": f"本表没有：{names}{more}。",
                "remedy": "本表没有的品种不必报；名称不同的请系统管理员补入对照文件。",
                "code": "PLATFORM-ITEM",
            }
        )
    return found


def _remark(mapping: Mapping, exported: Exported, other: int) -> str:
    said = "数字来自统一平台导出，按列名读入，请逐项核对后报送。"
    if not mapping.verified:
        said += "对照文件未与平台核对。"
    if other:
        said += f"文件中另有 {other} 格不是本单位或本期的，没有读入。"
    return said
