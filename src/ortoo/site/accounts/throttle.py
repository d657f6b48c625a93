"""Throttle of log-ins: a sliding window by name and by address. The same words for both.

An attempt is written before it is judged, so that a hundred at once cannot slip past the count;
success takes the name's attempts away again.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ortoo.kernel.grants.models import LoginAttempt

WINDOW_MS = 15 * 60_000
TRIES_BY_NAME = 5
# A county office and its shops often share one address.
TRIES_BY_ADDRESS = 40
KEPT_MS = 24 * 3_600_000
IPV6_NETWORK_BITS = 64


class Locked(PermissionDenied):
    """Too many attempts; `until_ms` is when the next one is judged again."""

    def __init__(self, until_ms: int) -> None:
        super().__init__("locked")
        self.until_ms = until_ms


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is knocking: at which door (`purpose`), under which name ("" counts none), from where."""

    purpose: str
    name: str
    address: str

    @property
    def name_hash(self) -> str:
        """Keyed hash of door and name: the table must not collect passwords typed as names."""
        if not self.name:
            return ""
        text = f"{self.purpose}:{self.name.casefold()}"
        return salted_hmac("ortoo.throttle", text, algorithm="sha256").hexdigest()[:40]


def address_of(request: HttpRequest) -> str:
    """The caller's address; of IPv6 the network, because a host owns 2^64 addresses.

    X-Forwarded-For is believed only for the hop that our own outermost proxy wrote:
    settings.TRUSTED_PROXIES says how many of them stand in front (0 by default).
    """
    trusted = int(getattr(settings, "TRUSTED_PROXIES", 0))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    text = request.META.get("REMOTE_ADDR", "")
    if 0 < trusted <= len(hops):
        text = hops[-trusted]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return str(ipaddress.IPv6Network((int(address), IPV6_NETWORK_BITS), strict=False))
    return str(address)


def knock(caller: Caller, *, now_ms: int) -> None:
    """Count an attempt that is about to be judged. Raises Locked when there were too many."""
    attempt = LoginAttempt.objects.create(
        at=now_ms, name=caller.name_hash, address=caller.address[:60]
    )
    until = locked_until(caller, now_ms=now_ms, before=attempt.pk)
    if until is not None:
        # A locked attempt does not lengthen the lock: otherwise a clerk who keeps trying stays out.
        attempt.delete()
        raise Locked(until)


def locked_until(caller: Caller, *, now_ms: int, before: int | None = None) -> int | None:
    """When the name and the address are free again, or None when they are now."""
    limits = [("address", caller.address[:60], TRIES_BY_ADDRESS)]
    if caller.name:
        limits.append(("name", caller.name_hash, TRIES_BY_NAME))
    ends: list[int] = []
    for column, value, tries in limits:
        rows = LoginAttempt.objects.filter(**{column: value}, at__gt=now_ms - WINDOW_MS)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        times = list(rows.order_by("-at").values_list("at", flat=True)[:tries])
        if len(times) == tries:
            ends.append(times[-1] + WINDOW_MS)
    return max(ends, default=None)


def forgive(caller: Caller) -> None:
    """Take the attempts under a name away: it has shown who it is."""
    LoginAttempt.objects.filter(name=caller.name_hash).delete()


def forget_old(*, now_ms: int) -> int:
    """Delete attempts older than a day (a job calls this)."""
    deleted, _ = LoginAttempt.objects.filter(at__lt=now_ms - KEPT_MS).delete()
    return int(deleted)
