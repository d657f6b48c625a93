"""Django application of the site, the last to be ready: every domain has registered by then."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Definitions from packs come after those that ship, so that a conflict is the pack's."""

    name = "ortoo.site"
    label = "site"

    def ready(self) -> None:
        from ortoo.kernel.threads.packs_known import load_kept

        load_kept()
