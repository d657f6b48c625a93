"""Addresses of reminders, calls, waivers, and a firm's own choice of how to be reminded."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import duties_actions, duties_views

_OFFICE = "chase/<str:form>/<str:period>/<str:office>/"

urlpatterns = [
    path(_OFFICE, duties_views.office, name="chase"),
    path(f"{_OFFICE}remind/", duties_actions.remind, name="chase-remind"),
    path(f"{_OFFICE}call/", duties_actions.call, name="chase-call"),
    path(f"{_OFFICE}waive/", duties_actions.waive, name="chase-waive"),
    path("calls/<str:office>/", duties_views.calls_log, name="calls"),
    path("reminders/", duties_actions.reach_page, name="reach"),
]
