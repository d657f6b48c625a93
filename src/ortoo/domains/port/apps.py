"""Django application of the ports 口岸."""

from __future__ import annotations

from django.apps import AppConfig


class PortConfig(AppConfig):
    """Registers what the domain's files cannot say; the files themselves the kernel reads."""

    name = "ortoo.domains.port"
    label = "port"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ortoo.domains.port.registration import register_port

        register_port()
