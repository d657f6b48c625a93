"""The design system as a Django app: templates, static files and the tag library ``ortoo``."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label ``web``; holds no model."""

    name = "ortoo.web"
    label = "web"
    verbose_name = "驿传界面"
