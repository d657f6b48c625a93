"""The small figures' world with a long made-up panel behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ortoo.domains.market import panels
from ortoo.domains.market.forecasts import approvals, services
from ortoo.domains.market.forecasts.tests.made_up import QUICK, panel_of, seasonal
from ortoo.domains.market.panels import Panel, Source
from ortoo.domains.market.projections import SUMS
from ortoo.domains.market.tests.figures_world import FORM, NOW_MS, FiguresWorld, figures_world
from ortoo.kernel.filings.read import tail
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import Period, parse, previous_on

LENGTH = 150
ITEMS = ("0303", "0304", "0601")


@dataclass
class ForecastWorld:
    """`panel` is what every computation finds; its newest period is the figures' `now`."""

    figures: FiguresWorld
    panel: Panel

    @property
    def period(self) -> str:
        return self.figures.period("now")

    @property
    def unit(self) -> str:
        return self.figures.place("parent")

    def run(self, **given: Any) -> Any:
        return services.run(form=FORM, period=self.period, now_ms=NOW_MS, **given)

    def sign(self, decision: str = "approve", key: str = "sign-1") -> Any:
        scope = self.figures.region.scope("region-reviewer-root")
        return approvals.sign(
            scope=scope, decision=decision, budget=1000, policy="内部使用", key=key, now_ms=NOW_MS
        )


def forecast_world(settings: Any, monkeypatch: Any, tmp_path: Any) -> ForecastWorld:
    figures = figures_world(settings, monkeypatch)
    settings.DATA = tmp_path
    units = (figures.root, figures.place("parent"), figures.place("neighbour_parent"))
    world = ForecastWorld(figures, _panel(figures, units))
    monkeypatch.setattr(
        panels,
        "whole",
        lambda form, basis="reviewed": world.panel if form == FORM else _nothing(form),
    )
    monkeypatch.setattr(services, "CADENCES", {"week": QUICK})
    return world


def _nothing(form: str) -> Panel:
    empty = np.empty((0, 0, 0))
    return Panel(registry.get(form), (), (), (), {}, empty, empty, empty.astype(np.int8), tail())


def _panel(figures: FiguresWorld, units: tuple[str, ...]) -> Panel:
    form = registry.get(FORM)
    periods: list[Period] = [parse(figures.period("now"))]
    while len(periods) < LENGTH:
        earlier = previous_on(form, periods[-1])
        assert earlier is not None
        periods.append(earlier)
    items = tuple(leaf.code for leaf in form.leaves)
    shape = (len(units), len(items), LENGTH)
    price, quantity = np.full(shape, np.nan), np.zeros(shape, np.int64)
    seen = panel_of(seasonal(2 * len(ITEMS), LENGTH).reshape(2, len(ITEMS), LENGTH))
    rows = [items.index(item) for item in ITEMS]
    assert seen.price is not None
    price[:, rows] = seen.price
    quantity[:, rows] = np.rint(seen.quantity * 10)
    sums = {name: np.zeros(shape, np.int64) for name in (*panels.HEADS, *SUMS)}
    sums["quantity"] = quantity
    sums["quotes"] = np.where(np.isfinite(price), 5, 0)
    source = np.where(np.isfinite(price), Source.RETURNS, Source.NONE).astype(np.int8)
    return Panel(
        form, units, items, tuple(periods[::-1]), sums, price, price * 0 + 1, source, tail()
    )


def with_newer(panel: Panel) -> Panel:
    """The same with another last price: late data."""
    price = panel.price.copy()
    price[:, :, -1] *= 1.01
    return replace(panel, price=price, log_index=panel.log_index + 1)
