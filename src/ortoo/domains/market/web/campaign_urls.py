"""Addresses of 专项监测."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.web import campaign_page, campaign_views

_DAY = "campaigns/<str:code>/<str:day>/"

urlpatterns = [
    path("campaigns/", campaign_views.listed, name="campaigns"),
    path("campaigns/new/", campaign_views.new, name="campaign-new"),
    path("campaigns/<str:code>/", campaign_page.one, name="campaign"),
    path("campaigns/<str:code>/change/", campaign_views.change, name="campaign-change"),
    path("campaigns/<str:code>/end/", campaign_views.end, name="campaign-end"),
    path("campaigns/<str:code>/roster/", campaign_page.roster, name="campaign-roster"),
    path(f"{_DAY}situation/", campaign_page.situation, name="campaign-situation"),
    re_path(
        r"^campaigns/(?P<code>[^/]+)/(?P<day>[^/]+)/export\.(?P<kind>csv|xlsx)$",
        campaign_page.export,
        name="campaign-export",
    ),
]
