"""What system and people do with the figures: the model signed, alerts raised, bulletins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ortoo.domains.market.alerts import services as alerts
from ortoo.domains.market.bulletins import story
from ortoo.domains.market.forecasts import approvals
from ortoo.kernel.filings.projection import catch_up
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

BULLETIN_WEEKS = 3


def events(plot: Plot, first_ms: int) -> Events:
    yield "model", first_ms + 2 * HOUR_MS, partial(_sign, plot)
    yield "bulletins", plot.now_ms - 30 * MINUTE_MS, partial(_bulletins, plot)
    yield "alerts", plot.now_ms - 10 * MINUTE_MS, _raise


def _sign(plot: Plot, at_ms: int) -> None:
    """The region signs the forecasting model, so that its forecasts are more than a trial."""
    approvals.sign(
        scope=plot.office_scope(plot.cast.pack.root.code, at_ms), decision="approve",
        budget=approvals.BUDGET, policy=approvals.POLICY, key="demo:model", now_ms=at_ms,
    )  # fmt: skip


def _bulletins(plot: Plot, at_ms: int) -> None:
    catch_up()
    league = next((p.place for p in plot.cast.parts if p.login == "league"), "")
    places = tuple(place for place in (plot.cast.pack.root.code, league) if place)
    story.tell(places=places, now_ms=at_ms, weeks=BULLETIN_WEEKS)


def _raise(at_ms: int) -> None:
    catch_up()
    alerts.raise_due(at_ms)
