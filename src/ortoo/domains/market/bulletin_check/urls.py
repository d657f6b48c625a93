"""Address of the checker 核对."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.bulletin_check import views

urlpatterns = [path("bulletins/check/", views.page, name="bulletin-check")]
