"""Bulletins that nobody has begun, and what a bulletin is called where only its thread is known."""

from __future__ import annotations

from ortoo.domains.market import issued
from ortoo.domains.market.bulletins.filed import FORM
from ortoo.domains.market.bulletins.offices import title_of
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.kernel.filings import read
from ortoo.kernel.forms.periods import Period, parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack


def office_place(scope: Scope) -> str:
    """The unit whose bulletins this scope's office drafts, "" for none."""
    pack = active_pack()
    units = {pack.root.code, *(one.code for one in pack.reporting_units(scope.as_of))}
    for hold in scope.holds:
        if hold.place in units and scope.may("review", RETAIL, place=hold.place):
            return hold.place
    return ""


def to_draft(scope: Scope) -> Period | None:
    """The newest issued week, where the own office has no bulletin of it in any state."""
    place = office_place(scope)
    newest = max(issued.periods(RETAIL), default="", key=lambda code: parse(code).end)
    if not place or not newest or read.thread_lines_like(f"{FORM}|{place}|{newest}|"):
        return None
    return parse(newest)


def name_of(place: str, period: str) -> str:
    """「锡林郭勒盟生活必需品市场动态分析，2026年第46周…」."""
    known = place in active_pack()
    return f"{title_of(place) if known else place}，{parse(period).label_zh}"
