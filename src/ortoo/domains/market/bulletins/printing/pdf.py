"""PDF of a bulletin: Typst on the grid of GB/T 9704—2012 (A4, 22 lines of 28 characters)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ortoo.domains.market.bulletins.printing.fonts import Fonts, fonts, typst
from ortoo.domains.market.bulletins.printing.matter import Matter

PAPER = Path(__file__).with_name("paper.typ")


def inputs(matter: Matter, font: Fonts, *, demo: bool) -> dict[str, str]:
    """What the paper reads. All text goes in as data, so nothing in it is markup."""
    data: dict[str, Any] = {
        "fonts": {"body": font.body, "heading": font.heading, "title": font.title},
        "demo": demo,
        "title": matter.title,
        "office": matter.office,
        "week": matter.week,
        "day": matter.day,
        "draft": matter.draft,
        "why": matter.why,
        "sections": [{"title": title, "text": text} for title, text in matter.sections],
        "columns": list(matter.columns),
        "rows": [{"mean": mean, "cells": list(cells)} for mean, cells in matter.rows],
        "table_title": f"{matter.title}价格表",
        "note": matter.note,
        "charts": [asdict(one) for one in matter.charts],
    }
    return {"data": json.dumps(data, ensure_ascii=False)}


def compiled(matter: Matter, *, demo: bool, kind: str = "pdf", ppi: float = 100) -> Any:
    """PDF bytes, or PNG of each page. Refused DOCUMENT-TYPST, DOCUMENT-FONT."""
    font = fonts()
    return typst().compile(
        PAPER.read_bytes(),
        format=kind,
        ppi=ppi,
        font_paths=list(font.folders),
        sys_inputs=inputs(matter, font, demo=demo),
    )


def pdf(matter: Matter, *, demo: bool = False) -> bytes:
    """The bulletin as PDF."""
    found: bytes = compiled(matter, demo=demo)
    return found
