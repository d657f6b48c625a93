"""统一平台 on our pages: which mapping is used, and the words that go with every page of it."""

from __future__ import annotations

import os
from collections.abc import Mapping as Dictionary
from typing import Any

from django.conf import settings

from ortoo.connectors.unified_platform import Mapping, MappingError, mappings
from ortoo.connectors.unified_platform.mapping import uncovered
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.definition import Cell, Form, Item, Measure, Nil

VERDICTS: Dictionary[str, str] = {
    "equal": "一致",
    "different": "不同",
    "only_here": "仅本系统有",
    "only_there": "仅平台有",
}


def mapping_of(form: Form) -> Mapping:
    """The mapping in use for a form. Raises Refused PLATFORM-NONE or MAPPING-…"""
    folders = getattr(settings, "PLATFORM_MAPPINGS", None)
    if folders is None:
        said = os.environ.get("ORTOO_PLATFORM_MAPPINGS", "")
        folders = [part for part in said.split(os.pathsep) if part]
    try:
        found = mappings(folders).get(form.code)
    except MappingError as error:
        raise Refused(
            error.code,
            f"统一平台对照文件有误（{error.where}：{error.message}）。",
            "请系统管理员改正 ORTOO_PLATFORM_MAPPINGS 中的文件。",
            503,
        ) from error
    if found is None:
        raise Refused(
            "PLATFORM-NONE",
            f"“{form.title['zh']}”还没有统一平台对照文件。",
            "请系统管理员按 SCJC-W1 的样子编写对照文件，放入 ORTOO_PLATFORM_MAPPINGS。",
            404,
        )
    return found


def has_mapping(form: Form) -> bool:
    """Whether the form's pages offer the exchange at all."""
    try:
        mapping_of(form)
    except Refused:
        return False
    return True


def mapping_words(mapping: Mapping, form: Form) -> dict[str, Any]:
    """What every page says of the mapping: its source, whether verified, what it leaves out."""
    return {
        "title": mapping.title,
        "verified": mapping.verified,
        "note": mapping.note or "顺序待核",
        "source": mapping.source,
        "left_out": [item.name["zh"] for item in uncovered(mapping, form)],
    }


def shown(cell: Cell, item: Item, measure: Measure) -> str:
    """A cell as people read it, in the row's own unit."""
    if cell is None:
        return "—"
    if isinstance(cell, Nil):
        return cell.zh
    return f"{measure.text(cell)}" if measure.choices else measure.text(cell)
