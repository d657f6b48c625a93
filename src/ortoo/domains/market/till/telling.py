"""What an import would fill, left out and must ask, as data: of the feed and of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ortoo.domains.market.till import filling, selectors, services, store, whole
from ortoo.domains.market.till.lines import FAULTS
from ortoo.domains.market.till.selectors import Till

if TYPE_CHECKING:
    from ortoo.domains.market.web.clerk_desk import Desk

MOST_LISTED = 200


def tried(desk: Desk, export: services.Export) -> Till:
    """The import as it would stand, from memory only: nothing is kept. Refused SHEET-…"""
    page = whole.whole_of(desk)
    memory = selectors.memory_of(desk.scope, desk.matter).coded(page.filed)
    sheet, others = services.sheet_of(export, memory.layouts)
    upload = store.Upload(
        "", export.name, export.sha256, sheet.name, tuple(others), desk.now, desk.scope.actor
    )
    return Till(page.form, desk.period, upload, sheet.rows, memory, filed=page.filed)


def told(desk: Desk, found: Till) -> dict[str, Any]:
    """Columns, rows, what was left out, cells, cells left to a person, articles to ask."""
    layout, reading = found.layout, found.reading
    rows = filling.rows_of(desk, found)
    return {
        "form": desk.matter.form,
        "period": desk.matter.period,
        "sha256": found.upload.sha256,
        "columns": {role: layout.titles[at] for role, at in layout.roles.items()},
        "columns_confirmed": found.understood,
        "rows": reading.rows,
        "left_out": [
            {
                "code": code,
                "reason": FAULTS[code],
                "rows": count,
                "examples": reading.examples[code],
            }
            for code, count in sorted(reading.left_out.items())
        ],
        "cells": {
            found.filed_code(row.sums.item.code): {
                cell.measure.code: cell.text for cell in row.cells if cell.text
            }
            for row in rows
        },
        "by_hand": [
            {
                "item": found.filed_code(row.sums.item.code),
                "measure": cell.measure.code,
                "reason": cell.fault,
            }
            for row in rows
            for cell in row.cells
            if cell.fault
        ],
        "to_ask": [
            {
                "sku": one.article.sku,
                "name": one.article.name,
                "item": found.filed_code(one.guesses[0].item),
                "score": one.guesses[0].score,
            }
            for one in found.questions[:MOST_LISTED]
        ],
    }
