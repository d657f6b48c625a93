"""One flagged cell as the reviewer's pages show it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ortoo.domains.market.review_queue import Flagged
from ortoo.domains.market.review_selectors import Review
from ortoo.domains.market.rules.effect import AGAINST_ZH, Effect
from ortoo.domains.market.web import review_words as words
from ortoo.web.charts import sparkline


def queue_cell(view: Review, cell: Flagged, here: str) -> dict[str, Any]:
    """One line of the queue, in words; `here`: the page of its return."""
    form, item = view.form, view.form.item(cell.item)
    column = form.measure(cell.measure)
    row = view.row_of(cell.party)
    series = [None if v is None else Decimal(v).scaleb(-column.scale) for v in cell.series]
    peers = cell.peers
    return {
        "cell": cell,
        "name": row.name if row else cell.party,
        "place": row.place_name if row else "",
        "queried": bool(row and any(cell.key in query.cells for query in row.queries)),
        "item": item.name["zh"],
        "measure": column.title["zh"],
        "unit": column.unit_of(item),
        "value": words.cell_words(form, item, cell.measure, cell.value),
        "previous": words.cell_words(form, item, cell.measure, cell.previous),
        "year": words.cell_words(form, item, cell.measure, cell.year),
        "change": words.percent(cell.change),
        "effect": cell.effect.permille,
        "against": f"{_figure(cell.effect)}·{_against(cell)}",
        "said": words.found(view.form, cell, _equal_firm(view, cell)),
        "strength": words.likelihood(cell),
        "spark": sparkline(series, label="近8期", places=column.scale),
        "median": words.median(peers),
        "peers": peers,
        "href": here,
        "ask": f"{here}?cell={cell.key}#ask",
    }


def _against(cell: Flagged) -> str:
    """What the cell was replaced by to see its effect."""
    judged = cell.found is not None and cell.found.item and cell.found.predicted is not None
    return "按预计数" if judged else AGAINST_ZH[cell.effect.against]


def _equal_firm(view: Review, cell: Flagged) -> str:
    """Name of the firm a return equals, told only to who may see that firm's figures."""
    other = cell.found.other if cell.found and cell.found.kind == "COPIED-FIRM" else ""
    row = view.row_of(other) if other else None
    return row.name if row and row.place in view.reach else ""


def _figure(effect: Effect) -> str:
    """Which published figure a cell's effect is a part of."""
    return "均价" if effect.of_mean else "合计"
