"""``path("", include("ortoo.web.urls"))`` gives the route ``web:theme``."""

from __future__ import annotations

from django.urls import path

from ortoo.web import views

app_name = "web"
urlpatterns = [path("theme", views.theme, name="theme")]
