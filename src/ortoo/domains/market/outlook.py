"""往后看: what forecasts and warnings say of an alert's goods, on its evidence page.

As known at a log index where the page is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from ortoo.domains.market.alerts.evidence import register_box
from ortoo.domains.market.alerts.matters import Alert
from ortoo.domains.market.forecasts import selectors as forecasts
from ortoo.domains.market.warnings import selectors as warnings
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.scope import Scope

MOST = 8


def box(scope: Scope, alert: Alert, as_of: int | None) -> Mapping[str, Any] | None:
    """Rows of the goods farthest beyond their line; None where nothing is said of any."""
    raised = alert.newest
    form = registry.get(raised.form)
    ordered = sorted(raised.lines, key=lambda line: -abs(line["value"] - line["limit"]))
    items = [i for i in dict.fromkeys(str(line["item"]) for line in ordered)
             if i in form.leaf_index][:MOST]  # fmt: skip
    rows = [row for item in items if (row := _row(scope, alert, item, as_of))]
    return {"rows": rows} if rows else None


def _row(scope: Scope, alert: Alert, item: str, as_of: int | None) -> dict[str, Any] | None:
    form = alert.newest.form
    seen = forecasts.shown(scope, form, alert.place, item, as_of=as_of)
    warned = warnings.of_cell(scope, form, alert.place, item, as_of=as_of)
    chances = [
        f"{one.of.words}的概率 {one.probability:.0%}" for one in (warned[1] if warned else ())
    ]
    if seen is None and not chances:
        return None
    return {
        "item": registry.get(form).item(item).name["zh"],
        "href": reverse("forecast", kwargs={"form": form, "item": item}) + f"?unit={alert.place}",
        "words": (seen.words or seen.reason) if seen else "没有预测",
        "chances": chances,
    }


def register_outlook() -> None:
    register_box("market/alerts/outlook.html", box)
