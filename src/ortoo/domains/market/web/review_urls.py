"""Addresses of the reviewer's pages: 本期审核, one return, and what is done to it."""

from __future__ import annotations

from django.urls import path

from ortoo.domains.market.web import review_actions, review_views

_OFFICE = "review/<str:form>/<str:period>/<str:office>/"

urlpatterns = [
    path(_OFFICE, review_views.office, name="review"),
    path(f"{_OFFICE}accept/", review_actions.accept, name="review-accept"),
    path(f"{_OFFICE}chase/", review_actions.chase, name="review-chase"),
    path(f"{_OFFICE}<str:party>/", review_views.one_return, name="review-return"),
    path(f"{_OFFICE}<str:party>/query/", review_actions.query, name="review-query"),
    path(f"{_OFFICE}<str:party>/send-back/", review_actions.send_back, name="review-send-back"),
]
