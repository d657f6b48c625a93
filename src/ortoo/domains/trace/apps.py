"""Django application of product traceability 追溯."""

from __future__ import annotations

from django.apps import AppConfig


class TraceConfig(AppConfig):
    """Registers the capture form."""

    name = "ortoo.domains.trace"
    label = "trace"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ortoo.domains.trace.capture import register_trace

        register_trace()
