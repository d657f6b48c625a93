"""今日停业（零报告）: a shop that was shut says so in one tap, and no price is invented for it.

Every cell that must be answered is filed as 未经营 with the note 今日停业: the shortage signal 断货
is not touched, and next day's page does not take the goods for given up.
"""

from __future__ import annotations

from ortoo.domains.market.web.clerk_known import CLOSED
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody, blank, note_key
from ortoo.kernel.forms.definition import Form, Nil


def closed_grid(form: Form, asked: Asked | None) -> GridBody:
    """The return of a shop that was shut for the whole period."""
    principal = form.principal
    nil = Nil.NOT_CARRIED if Nil.NOT_CARRIED in form.nil_reasons else None
    columns = dict(blank(form).columns)
    said = [
        asked is None or (item.code, principal.code) in asked for item in form.leaves
    ]
    columns[principal.code] = tuple(nil if one else None for one in said)
    notes = {
        note_key(item.code, principal.code): CLOSED
        for item, one in zip(form.leaves, said, strict=True)
        if one
    }
    return GridBody(columns, notes=notes)
