"""Django application of the kernel: one app, one folder per word."""

from __future__ import annotations

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Registers the kernel's own record forms and every grid form of the settings' folders."""

    name = "ortoo.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        from ortoo.kernel.forms.behaviour import register_grid_forms
        from ortoo.kernel.forms.registry import load_all
        from ortoo.kernel.grants.registration import register_grant_forms
        from ortoo.kernel.parties.registration import register_party_forms
        from ortoo.kernel.threads.control import register_control_forms

        register_control_forms()
        register_party_forms()
        register_grant_forms()
        register_grid_forms(load_all(settings.FORM_FOLDERS))
