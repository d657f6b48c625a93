"""What the first page says of duties: the deadline in words, the form, what is still owed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ortoo.domains.market import selectors
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.forms import registry
from ortoo.kernel.grants.scope import Scope
from ortoo.site.demo_clock import clock_text
from ortoo.site.matters.worklist import follows_file
from ortoo.web import words

MOST = 6
# Weeks of history being filed in the background are open for a moment; they are nobody's duty.
OLDEST_MS = 70 * words.DAY_MS


def open_duties(scope: Scope, now: int) -> list[Duty]:
    """Open duties of this scope, most urgent first, without those of long ago and those in threads
    of file-defined procedures, which have cards of their own."""
    return [
        duty
        for duty in selectors.open_duties(scope)
        if (duty.due_at is None or duty.due_at > now - OLDEST_MS)
        and not follows_file(duty.thread)
    ]


def deadline(duty: Duty, now: int) -> dict[str, object]:
    """`urgency`, `left` and `due` of a duty card."""
    if duty.due_at is None:
        return {"urgency": "soon", "left": _("请尽快"), "due": ""}
    urgency, left = words.time_left(duty.due_at, now)
    return {
        "urgency": urgency,
        "left": left,
        "due": _("%(time)s 截止") % {"time": clock_text(duty.due_at)},
    }


def form_title(code: str) -> str:
    """The form's own number 表号, or its title."""
    form = registry.get(code)
    return form.head.code or form.title.get("zh", code)
