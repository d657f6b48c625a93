"""Django application of the CEB connector: no tables, one form."""

from __future__ import annotations

from django.apps import AppConfig


class CebXmlConfig(AppConfig):
    """Registers the message form, the parser and the verifier."""

    name = "ortoo.connectors.ceb_xml"
    label = "ceb_xml"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ortoo.connectors.ceb_xml.filing import register_ceb

        register_ceb()
