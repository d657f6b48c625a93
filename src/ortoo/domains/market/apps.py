"""Django application of market monitoring 市场监测."""

from __future__ import annotations

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Registers the procedure of every periodic return and the market's projections."""

    name = "ortoo.domains.market"
    label = "market"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ortoo.domains.market import monitored
        from ortoo.domains.market.bulletins.registration import register_bulletins
        from ortoo.domains.market.forecasts.projection import register_forecasts
        from ortoo.domains.market.issued import register_issued
        from ortoo.domains.market.ordering import register_orders
        from ortoo.domains.market.outlook import register_outlook
        from ortoo.domains.market.projections import register_market
        from ortoo.domains.market.sample.registration import register_sample
        from ortoo.domains.market.warnings.record import register_warning_form
        from ortoo.kernel.threads.periodic import PeriodicProcedure
        from ortoo.kernel.threads.procedure import register_procedure

        for code in monitored.codes():
            register_procedure(code, PeriodicProcedure())
        register_market()
        register_issued()
        register_orders()
        register_sample()
        register_forecasts()
        register_bulletins()
        register_warning_form()
        register_outlook()
