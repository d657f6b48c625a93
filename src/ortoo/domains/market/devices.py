"""一机多户: many firms' returns from one network address, as a signal to look at, never a verdict.

What is kept of a caller are digests salted with the installation's secret; the address itself is
neither kept nor shown. Entry for a firm that says so 代录 is not counted.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest

from ortoo.algorithms.editing.devices import firms_on_device
from ortoo.domains.market.duty_models import DeviceUse
from ortoo.domains.market.parameters import civil_day, whole
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.reminders import states_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.grants.scope import Scope

KEEP_MS = 400 * 86_400_000
LONGEST_AGENT = 400
log = logging.getLogger(__name__)


def note(request: HttpRequest, receipt: Receipt) -> None:
    """Keep from which device a return was just filed; a repeated press keeps the first."""
    filing = read.get(receipt.seq)
    address = str(request.META.get("REMOTE_ADDR", ""))
    if filing is None or not address:
        return
    try:
        _keep(request, address, filing)
    except DatabaseError:
        # The return stands; a signal that is missing harms nobody.
        log.exception("device of filing %d not noted", filing.seq)


def _keep(request: HttpRequest, address: str, filing: read.FilingRow) -> None:
    agent = str(request.headers.get("User-Agent", ""))[:LONGEST_AGENT]
    DeviceUse.objects.get_or_create(
        seq=filing.seq,
        defaults={
            "form": filing.form,
            "period": filing.period,
            "party": filing.filer,
            "network": digest("network", address),
            "device": digest("device", f"{address}\x1f{agent}"),
            "declared": filing.mode == "assisted",
            "at": filing.received_at,
        },
    )


def digest(kind: str, text: str) -> bytes:
    """A digest nobody without this installation's secret can try addresses against."""
    key = sha256(b"ortoo market devices\x1f" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, f"{kind}\x1f{text}".encode(), sha256).digest()


def forget_old(now_ms: int) -> int:
    """Delete what is older than 400 days. → rows deleted."""
    return DeviceUse.objects.filter(at__lt=now_ms - KEEP_MS).delete()[0]


@dataclass(frozen=True, slots=True)
class Shared:
    """Firms of this office that filed from an address shared by more than the limit.

    `firms` counts every firm seen there, `devices` the browsers; `names` are those of this office.
    """

    firms: int
    devices: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """一机多户 of one office and period; `limit`: more firms than this are a signal."""

    limit: int
    known: int
    shared: tuple[Shared, ...]


def signal(scope: Scope, view: tuple[str, str, str], parties: Sequence[str]) -> Signal:
    """What an office sees of its own firms (form, period, office). Raises Refused SCOPE-…."""
    form, period, office = view
    scope.require("review", form, place=office)
    uses = list(DeviceUse.objects.filter(form=form, period=period).order_by("seq"))
    limit = whole("MARKET-DEVICE-FIRMS", civil_day(uses[-1].at if uses else 0))
    mine = {
        party
        for party, state in states_of(form, period, parties).items()
        if office in {place for place, _ in state.offices}
    }
    known = len({use.party for use in uses if use.party in mine})
    return Signal(limit, known, _shared(uses, mine, limit))


def _shared(uses: Sequence[DeviceUse], mine: set[str], limit: int) -> tuple[Shared, ...]:
    if not uses:
        return ()
    networks = [bytes(use.network) for use in uses]
    index = {network: number for number, network in enumerate(dict.fromkeys(networks))}
    firms = {party: number for number, party in enumerate(dict.fromkeys(u.party for u in uses))}
    found = firms_on_device(
        np.array([index[network] for network in networks]),
        np.array([firms[use.party] for use in uses]),
        np.zeros(len(uses), np.int64),
        declared=np.array([use.declared for use in uses], bool),
        most=limit,
    )
    groups: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(found.flag).tolist():
        groups.setdefault(networks[row], []).append(row)
    names = names_of(mine)
    shared = []
    for rows in groups.values():
        own = sorted({uses[row].party for row in rows} & mine)
        if own:
            shared.append(
                Shared(
                    int(found.firms[rows[0]]),
                    len({bytes(uses[row].device) for row in rows}),
                    tuple(names.get(party, party) for party in own),
                )
            )
    return tuple(sorted(shared, key=lambda one: (-one.firms, one.names)))
