"""A shop whose till was imported in two earlier weeks, and its file of this week to upload."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from ortoo.domains.market.services import Matter
from ortoo.domains.market.till import selectors, services, store
from ortoo.domains.market.till.memory import Decision
from ortoo.domains.market.till.selectors import Till
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.forms.periods import Period, due_at_ms
from ortoo.kernel.grants.scope import Scope
from ortoo.site.operations.timeline import HOUR_MS
from ortoo.world import TillExport, till_export

if TYPE_CHECKING:
    from ortoo.site.operations.cast import Cast
    from ortoo.site.operations.stories import Events, Plot

FOLDER = "till-export"
ARTICLES = 8_000
EARLIER = 2


def events(plot: Plot) -> Events:
    code = plot.cast.stories.get("till")
    if code is None:
        return
    form, zone = plot.cast.region.form, plot.zone
    for period in plot.weeks[-1 - EARLIER : -1]:
        at_ms = due_at_ms(form, period, zone) - 3 * HOUR_MS
        yield f"till-{period.code}", at_ms, partial(_import, plot, code, period)


def exported(cast: Cast, code: str, period: Period) -> TillExport:
    """The export of a firm's till for a week of the form."""
    firm = next(firm for firm in cast.region.world.shops if firm.code == code)
    return till_export(cast.region.world, firm, period.start, skus=ARTICLES)


def content(export: TillExport) -> bytes:
    """The file as the till writes it: a workbook, or text in the till's own encoding."""
    if export.kind == "csv":
        text = "\r\n".join(",".join(map(_quoted, row)) for row in export.rows)
        return text.encode(export.encoding, errors="replace")
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet("销售汇总")
        for number, row in enumerate(export.rows):
            sheet.write_row(number, 0, row)
    return held.getvalue()


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell


def write_file(cast: Cast, period: Period) -> Path | None:
    """This week's export in the demonstration's folder, for the reader to upload."""
    code = cast.stories.get("till")
    if code is None:
        return None
    export = exported(cast, code, period)
    path = Path(settings.HOME) / FOLDER / export.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(export))
    return path


def _import(plot: Plot, code: str, period: Period, at_ms: int) -> None:
    """Upload, say once what the columns are and which article is which item, take the sums."""
    export = exported(plot.cast, code, period)
    scope, matter = plot.scope(code, at_ms), Matter(plot.cast.region.form.code, period.code, code)
    file = services.Export(export.file_name, content(export))
    services.receive(scope=scope, matter=matter, export=file, now_ms=at_ms)
    till = _till(scope, matter)
    services.confirm_columns(
        scope=scope, till=till, matter=matter, roles=till.layout.roles, now_ms=at_ms
    )
    till = _till(scope, matter)
    services.decide(
        scope=scope, till=till, matter=matter, decisions=_decisions(till, export), now_ms=at_ms
    )
    till = _till(scope, matter)
    services.file_sums(scope=scope, till=till, matter=matter, state="filled", now_ms=at_ms)
    store.write_lines(matter, till.reading, till.decisions)
    catch_up()


def _till(scope: Scope, matter: Matter) -> Till:
    found = selectors.till(scope, matter)
    assert found is not None
    return found


def _decisions(till: Till, export: TillExport) -> list[Decision]:
    """What the clerk knows of her shelf: the articles of the form's items, and that the others the
    import asks about are none of them."""
    found = []
    asked = {question.article.sku for question in till.questions}
    for sku, article in till.reading.articles.items():
        item = export.truth.get(sku)
        if item is None and sku not in asked:
            continue
        pack = till.pack(article, item) if item else None
        factor = pack.factor if pack else Fraction(1)
        found.append(Decision(sku, article.name, article.category, item, factor))
    return found
