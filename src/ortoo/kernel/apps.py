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
        from ortoo.kernel.forms.record_registry import register_record_forms
        from ortoo.kernel.forms.registry import load_all
        from ortoo.kernel.grants.mandates import register_mandate_forms
        from ortoo.kernel.grants.registration import register_grant_forms
        from ortoo.kernel.indicators.issuing import register_issue_form
        from ortoo.kernel.parties.registration import register_party_forms
        from ortoo.kernel.relay.homes import register_relay_forms
        from ortoo.kernel.seal.key_filings import register_key_form
        from ortoo.kernel.seal.restoration import register_restore_form
        from ortoo.kernel.threads.activation import register_activation
        from ortoo.kernel.threads.control import register_control_forms
        from ortoo.kernel.threads.signing import register_signing_forms
        from ortoo.kernel.threads.steps import register_step_forms

        register_control_forms()
        register_activation()
        register_party_forms()
        register_grant_forms()
        register_mandate_forms()
        register_signing_forms()
        register_key_form()
        register_restore_form()
        register_step_forms()
        register_issue_form()
        register_relay_forms()
        register_grid_forms(load_all(settings.FORM_FOLDERS))
        register_record_forms(settings.FORM_FOLDERS)
        self._procedures()

    @staticmethod
    def _procedures() -> None:
        """Procedures of the settings' folders, their clocks by the calendars and regulations."""
        from django.conf import settings

        from ortoo.kernel.regulations.regulation import load
        from ortoo.kernel.threads.calendar_files import calendar_of
        from ortoo.kernel.threads.catalogue import CATALOGUE, regulation_values

        values = regulation_values(load(settings.REGULATION_FOLDERS).integer)
        CATALOGUE.use(calendar_of=calendar_of, regulation=values)
        CATALOGUE.load_folders(settings.PROCEDURE_FOLDERS)
