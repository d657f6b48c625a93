"""Django application of market monitoring 市场监测."""

from __future__ import annotations

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Registers the weekly return's procedure and the market's projections."""

    name = "ortoo.domains.market"
    label = "market"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ortoo.domains.market.projections import register_market
        from ortoo.kernel.threads.periodic import PeriodicProcedure
        from ortoo.kernel.threads.procedure import register_procedure

        register_procedure("SCJC-W1", PeriodicProcedure())
        register_market()
