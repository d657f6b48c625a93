"""Addresses of bulletins. `/bulletins/check/` is the checker's."""

from __future__ import annotations

from django.urls import path, re_path

from ortoo.domains.market.bulletins.web import files, ledgers, views, writing

CODE = r"(?P<code>[0-9A-Za-z]+-W[0-9-]{10}-[0-9]{1,2})"

urlpatterns = [
    path("bulletins/", views.listed, name="bulletins"),
    path("bulletins/new/", writing.new, name="bulletin-new"),
    path("bulletins/step/<path:thread>/", views.step, name="step-mon-bulletin-decide"),
    path("bulletins/adopted/", ledgers.adopted, name="bulletins-adopted"),
    path("bulletins/other-prices/", ledgers.other_prices, name="bulletins-other-prices"),
    re_path(rf"^bulletins/{CODE}/adopted/$", ledgers.adopt, name="bulletin-adopt"),
    re_path(rf"^bulletins/{CODE}/$", views.one, name="bulletin"),
    re_path(rf"^bulletins/{CODE}/edit/$", writing.edit, name="bulletin-edit"),
    re_path(rf"^bulletins/{CODE}/act/$", writing.act, name="bulletin-act"),
    re_path(rf"^bulletins/{CODE}/file\.(?P<kind>pdf|docx|txt)$", files.file, name="bulletin-file"),
    re_path(rf"^bulletins/{CODE}/correct/$", writing.correct, name="bulletin-correct"),
]
