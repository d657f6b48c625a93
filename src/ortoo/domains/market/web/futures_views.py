"""现货与期货: spot prices beside futures settlements as their source published them.

Until a source files form `FUTURES-D1` there is nothing to show, and the page says so; ports' prices
of coal, copper and cashmere wait for the declarations of the ports.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ortoo.domains.market import futures as settlements
from ortoo.domains.market.web import futures_tables
from ortoo.domains.market.web.compare_lines import Line, points
from ortoo.domains.market.web.compare_views import span_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

RESERVED = ("煤炭", "铜精矿", "羊绒")
"""Goods whose prices come with the ports' declarations."""


@require_safe
def futures(request: HttpRequest) -> HttpResponse:
    """One pair of spot and futures over time; the state of the source where there is none."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    now = now_ms()
    span = span_of(request, now, 182)
    pairs = [pair for pair in settlements.PAIRS if _known(pair)]
    code = request.GET.get("pair", "")
    pair = next((one for one in pairs if one.future == code), pairs[0] if pairs else None)
    days = settlements.series(pair.future, span.first, span.last) if pair else []
    context = {"reserved": RESERVED, "span": span, "pairs": pairs, "pair": pair}
    if pair and days:
        form = registry.get(pair.form)
        line = Line(form, form.item(pair.item), active_pack().root.code)
        spot = [point for point in points(scope, line, span, now) if point.value is not None]
        context |= {
            "chart": futures_tables.chart(pair, line, spot, days),
            "table": futures_tables.table(pair, line, spot, days),
            "source": settlements.source(),
        }
    return render(request, "market/trends/futures.html", context)


def _known(pair: settlements.Pair) -> bool:
    try:
        return pair.item in registry.get(pair.form).leaf_index
    except FormError:
        return False
