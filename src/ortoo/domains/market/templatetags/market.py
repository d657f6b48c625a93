"""Tags of market monitoring: the pages about one item as one row of tabs."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from ortoo.domains.market import monitored
from ortoo.domains.market.forecasts import selectors
from ortoo.kernel.forms.definition import Form, Item

register = template.Library()
PAGES = (
    ("item", "走势"),
    ("why", "为什么变动"),
    ("seasonal", "季节调整"),
    ("forecast", "预测"),
    ("spatial", "各地比较"),
)


@register.inclusion_tag("web/parts/tabs.html", takes_context=True)
def item_tabs(context: dict[str, Any], form: Form, item: Item, current: str) -> dict[str, Any]:
    """The pages about an item, keeping the place that was chosen; none where there is only one."""
    names = {"item"}
    if form.roles.price:
        names |= {"seasonal"} if form.code == monitored.FOREIGN else {name for name, _ in PAGES}
        if current != "forecast" and not _forecast(context, form):
            names.discard("forecast")
    unit = context["request"].GET.get("unit", "") if "request" in context else ""
    items = [
        {
            "title": title,
            "href": reverse(name, kwargs={"form": form.code, "item": item.code})
            + (f"?unit={unit}" if unit and name != "spatial" else ""),
            "current": name == current,
        }
        for name, title in PAGES
        if name in names
    ]
    return {"items": items if len(items) > 1 else [], "label": "这个品种的各页"}


def _forecast(context: dict[str, Any], form: Form) -> bool:
    """Whether this reader finds a forecast of the form; one on trial is for the chain alone."""
    run = selectors.newest(form.code)
    if run is None or not run.trial:
        return run is not None
    return "request" in context and bool(selectors.open_units(context["request"].scope, form.code))
