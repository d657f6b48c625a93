"""Which firms an order names: members of lists and named firms, inside places 报送关系."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from ortoo.kernel.forms.definition import Form
from ortoo.kernel.parties.models import ListMember, Party
from ortoo.kernel.places.active import active_pack

_CHUNK = 900


def places_of(parties: Iterable[str]) -> dict[str, str]:
    """Where each party stands."""
    wanted, found = sorted(set(parties)), {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found.update(Party.objects.filter(code__in=chunk).values_list("code", "place"))
    return found


def members_of(lists: Sequence[str], on: dt.date) -> set[str]:
    """Parties on any of the lists on a day."""
    day = on.isoformat()
    rows = ListMember.objects.filter(list_code__in=list(lists), valid_from__lte=day)
    return {row.party for row in rows if not row.valid_to or row.valid_to >= day}


def chosen_firms(
    form: Form,
    *,
    within: str,
    places: Sequence[str] = (),
    lists: Sequence[str] = (),
    parties: Sequence[str] = (),
    on: dt.date,
) -> list[str]:
    """Party codes, sorted: members of `lists` and the named `parties`, standing inside `places`
    and `within`. Neither lists nor names: the form's own list."""
    pack = active_pack()
    if within not in pack:
        return []
    inside = pack.under(within, on)
    if places:
        inside &= frozenset().union(*(pack.under(code, on) for code in places if code in pack))
    named = set(parties)
    sources = tuple(lists) or (() if named else (form.respondents.sample,))
    wanted = named | (members_of(sources, on) if sources else set())
    at = places_of(wanted)
    return sorted(code for code in wanted if at.get(code) in inside)
