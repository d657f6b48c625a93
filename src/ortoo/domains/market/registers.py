"""Names from the registers, many at a time."""

from __future__ import annotations

from collections.abc import Iterable

from ortoo.kernel.parties.models import Party


def names_of(parties: Iterable[str]) -> dict[str, str]:
    """Registered names by party code."""
    wanted, found = sorted(set(parties)), {}
    for start in range(0, len(wanted), 900):
        chunk = wanted[start : start + 900]
        found.update(Party.objects.filter(code__in=chunk).values_list("code", "name"))
    return found
