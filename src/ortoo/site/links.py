"""Addresses by name, and which review is an office's own; what menu, directory and home share."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from ortoo.domains.market import monitored
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.grants.scope import Scope

FORM, FOREIGN = "SCJC-W1", monitored.FOREIGN


def link(name: str, **words: object) -> str:
    """The address of a page, or "" where this installation does not have it."""
    try:
        return reverse(name, kwargs=words or None)
    except NoReverseMatch:
        return ""


def office_duty(scope: Scope) -> Duty | None:
    """本期审核 of the scope's own office: of the weekly return before other forms, the open one due
    first, else the newest."""
    if not scope.may("review"):
        return None
    found = Duty.objects.filter(owner=scope.party, kind="review", void_seq__isnull=True)
    weekly = found.filter(form=FORM)
    for some in (weekly, found):
        newest = (
            some.filter(closed_seq__isnull=True).order_by("-due_at").first()
            or some.order_by("-due_at").first()
        )
        if newest is not None:
            return newest
    return None


def review_href(duty: Duty) -> str:
    """The matrix of one office's review."""
    return link("review", form=duty.form, period=duty.period, office=duty.place)
