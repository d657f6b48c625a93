"""Cards of the first page for duties in threads of file-defined procedures: they open them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from ortoo.domains.market.alerts.naming import title_of as alert_title
from ortoo.domains.market.bulletins.waiting import name_of as bulletin_name
from ortoo.kernel.grants.scope import Scope
from ortoo.site.demo_clock import clock_text
from ortoo.site.matters import worklist
from ortoo.site.matters.reach import ACTING, may_as_own
from ortoo.site.matters.selectors import case_of, names_of
from ortoo.site.matters.worklist import Standing, Wanted

# A domain's own page of a kind of matter, by the first part of its thread: the rest are its words.
PAGES = {"SAMPLE-CHANGE": "sample-matter", "MARKET-ALERT": "alert"}
WORDS: dict[str, Callable[..., str]] = {
    "MARKET-ALERT": alert_title,
    "MON-BULLETIN": lambda place, period, _number: bulletin_name(place, period),
}
URGENCY = {"overdue": "late", "doubt": "soon", "queried": "done"}


def cards(scope: Scope, now_ms: int, most: int) -> list[dict[str, Any]]:
    """The first `most` duties of the scope's own party, by due time."""
    if not may_as_own(scope, ACTING):
        return []
    found, _ = worklist.page(scope.party, Wanted(), now_ms=now_ms, size=most)
    standings = worklist.standings(found, now_ms)
    names = names_of(standing.owed.subject for standing in standings)
    return [_card(standing, names) for standing in standings]


def _page(thread: str) -> str:
    kind, *case = thread.split("|")
    if kind == "MON-BULLETIN":
        return reverse("bulletin", args=["-".join(case)])
    if kind in PAGES:
        return reverse(PAGES[kind], args=case)
    return reverse("matter", kwargs={"thread": thread})


def _words(thread: str) -> str:
    """What the matter is about in a domain's own words, else its number."""
    kind, *case = thread.split("|")
    return WORDS[kind](*case) if kind in WORDS else case_of(thread)


def _card(standing: Standing, names: dict[str, str]) -> dict[str, Any]:
    owed = standing.owed
    return {
        "title": standing.what,
        "href": _page(owed.thread),
        "period": standing.title,
        "form": _words(owed.thread),
        "subject": names.get(owed.subject, owed.subject),
        "last": standing.word,
        "urgency": URGENCY.get(standing.state, "calm"),
        "left": standing.left or standing.word,
        "due": f"{clock_text(owed.due_at)} 截止" if owed.due_at is not None else "",
        "action": "办理",
    }
