"""The place pack this installation serves."""

from __future__ import annotations

from ortoo.kernel.places.load import load
from ortoo.kernel.places.pack import Pack


def active_pack() -> Pack:
    """The pack named by settings.PLACE_PACK (a built-in name or a path), loaded once a process."""
    from django.conf import settings

    return load(str(settings.PLACE_PACK))
