"""The region at ten minutes to noon: everybody registered, last week accepted, this week open.

All of it is filed through the kernel. The window's deadline is written into this week's opening,
since the bench cannot wait for a Monday.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

FORM, SEED = "SCJC-W1", 2026
HOUR_MS = 3_600_000
REVIEWED_MS = 51 * HOUR_MS
"""After its deadline, when every office has passed last week's returns."""
CORRECTING = 0.1
LOGGED_IN = 24
"""Firms that log in with a password; the throttle lets forty in from one address in 15 minutes."""
PASSWORD = "zhoubao-ceshi-2026"
WHOLE_REGION = 120
"""Fewer firms than this cannot stand in every banner: then two leagues are played."""
SITTING_S = (60.0, 240.0)
READERS = 3


@dataclass(frozen=True, slots=True)
class Size:
    """`firms` file within `minutes`; `pace` below 1 compresses what people think."""

    firms: int
    minutes: float
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What was prepared; `script` goes to the crowd."""

    period: str
    firms: tuple[str, ...]
    filed_before: int
    script: dict[str, Any]


def prepare(size: Size, moments: Sequence[float]) -> Scene:
    """Seed the fresh installation and write everybody's part."""
    from ortoo.domains.market.world import simulated_region
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.filings.read import tail
    from ortoo.kernel.forms import registry
    from ortoo.kernel.forms.periods import due_at_ms, opens_at_ms, previous_on
    from ortoo.kernel.places.active import active_pack
    from ortoo.site.operations import cast as casting
    from ortoo.site.operations import season

    pack, form, now_ms = active_pack(), registry.get(FORM), time.time_ns() // 1_000_000
    zone = pack.head.time_zone
    period = newest_period(form, zone, now_ms)
    before = previous_on(form, period)
    assert before is not None
    few = size.firms < WHOLE_REGION
    places = [code for code in casting.script()["small"] if code in pack] if few else None
    region = simulated_region(
        pack, form, seed=SEED, through=period.end, places=places, sample=size.firms
    )
    cast = _cast(region, period.start)
    casting.register(cast, now_ms=opens_at_ms(form, before, zone) - 24 * HOUR_MS)
    ended_ms = min(due_at_ms(form, before, zone) + REVIEWED_MS, now_ms - 1000)
    season.play_week(cast, before, until_ms=ended_ms)
    noon_ms = now_ms + int(60_000 * size.minutes) + 8_000
    chains = _chains(cast, period)
    _open(form.code, period, (cast, chains), (now_ms, noon_ms))
    catch_up()
    firms = tuple(chains)
    script = {
        "form": form.code,
        "period": period.code,
        "window_s": 60.0 * size.minutes,
        "pace": size.pace,
        "clerks": _clerks(cast, period, size, moments),
        "offices": _offices(cast, chains),
        "readers": _readers(cast, chains, form),
    }
    return Scene(period.code, firms, tail(), script)


def newest_period(form: Any, zone: str, now_ms: int) -> Any:
    """The period of the form that has opened last."""
    from ortoo.kernel.forms.periods import opens_at_ms, period_on, previous_on

    period = period_on(form, dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC).date())
    while opens_at_ms(form, period, zone) > now_ms:
        earlier = previous_on(form, period)
        if earlier is None:
            raise ValueError("no period of the form has opened yet")
        period = earlier
    return period


def _cast(region: Any, start: dt.date) -> Any:
    """The region's offices and firms, without the demonstration's own log-ins and stories."""
    from ortoo.site.operations import cast as casting

    cast = casting.assemble(region, current=start)
    logins = {firm.code: f"c.{firm.code.lower()}" for firm in region.world.respondents}
    logins |= {code: f"r.{place}" for place, code in cast.agencies.items()}
    return casting.Cast(region, cast.agencies, logins, (), {})


def _chains(cast: Any, period: Any) -> dict[str, list[str]]:
    """The reviewing offices of every firm of the sample, nearest first."""
    from ortoo.domains.market import services

    return {
        firm.code: [
            place
            for place in services.reviewing_chain(cast.pack, firm.place, period.end)
            if place in cast.agencies
        ]
        for firm in cast.region.world.sample(period.start)
    }


def _open(
    form: str,
    period: Any,
    who: tuple[Any, Mapping[str, list[str]]],
    when: tuple[int, int],
) -> None:
    """The system opens the period (K-OPEN), due at the end of the window."""
    from ortoo.domains.market import services
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.filings.write import file
    from ortoo.kernel.forms import registry
    from ortoo.kernel.threads.activation import version_at

    (cast, chains), (now_ms, noon_ms) = who, when
    offices = sorted({place for chain in chains.values() for place in chain})
    places = {firm.code: firm.place for firm in cast.region.world.firms}
    version = version_at(form, period.start, registry.get(form).version, now_ms=now_ms)
    body = {
        "form": form,
        "period": period.code,
        "due_at": noon_ms,
        "review_due_at": noon_ms + services.REVIEW_HOURS * HOUR_MS,
        "offices": {place: cast.agencies[place] for place in offices},
        "respondents": [[code, places[code], chains[code]] for code in sorted(chains)],
        "version": version,
    }
    key, system = f"open:{form}:{period.code}", services.SYSTEM
    file(
        Draft("K-OPEN", system, system, key, body, now_ms, mode="system", period=period.code),
        now_ms=now_ms,
    )


# --- everybody's part --------------------------------------------------------------------------


def _clerks(cast: Any, period: Any, size: Size, moments: Sequence[float]) -> list[dict[str, Any]]:
    from django.db import transaction

    from ortoo.kernel.grants.models import Account
    from ortoo.kernel.grants.services import set_password

    rng = Random(SEED)
    accounts = {row.login: row for row in Account.objects.all()}
    clerks = []
    with transaction.atomic():
        for number, (code, fields) in enumerate(_fields(cast, period)):
            account = accounts[cast.logins[code]]
            person = {
                "code": code,
                "fields": fields,
                "files_at": moments[number],
                "sits": rng.uniform(*SITTING_S) * size.pace,
                "corrects": number % round(1 / CORRECTING) == 3,
                "cookies": {},
            }
            if number < min(LOGGED_IN, size.firms // 4):
                set_password(account=account, password=PASSWORD)
                person |= {"login": account.login, "password": PASSWORD}
            else:
                person["cookies"] = session(account, strong=False)
            clerks.append(person)
    return clerks


def _fields(cast: Any, period: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """(firm, what it types): the simulated return, 46 rows of four, in every seat of the sample.

    A seat that would stay silent this week types what stands beside it in the order of codes.
    """
    form = cast.region.form
    grids = {found.firm.code: found.grid for found in cast.region.week(period).returns}
    spare = list(grids.values())
    for number, firm in enumerate(cast.region.world.sample(period.start)):
        grid = grids.get(firm.code) or spare[number % len(spare)]
        yield firm.code, _typed(form, grid)


def _typed(form: Any, grid: Any) -> dict[str, str]:
    from ortoo.kernel.forms.definition import Nil

    return {
        f"c.{item.code}.{measure.code}": cell.zh if isinstance(cell, Nil) else measure.text(cell)
        for measure in form.measures
        for item, cell in zip(form.leaves, grid.columns[measure.code], strict=True)
        if cell is not None
    }


def _offices(cast: Any, chains: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """One reviewer in every office that has respondents; the first in a chain opens returns."""
    from ortoo.kernel.grants.models import Account

    accounts = {row.login: row for row in Account.objects.filter(login__startswith="r.")}
    first = {chain[0] for chain in chains.values()}
    return [
        {
            "office": place,
            "opens": place in first,
            "cookies": session(accounts[cast.logins[cast.agencies[place]]], strong=True),
        }
        for place in sorted({place for chain in chains.values() for place in chain})
    ]


def _readers(cast: Any, chains: Mapping[str, list[str]], form: Any) -> list[dict[str, Any]]:
    """The region's staff at the figures."""
    from ortoo.kernel.grants.models import Account

    root = cast.pack.root.code
    account = Account.objects.get(login=f"r.{root}")
    units = sorted({chain[-1] for chain in chains.values()} - {root}) or [root]
    return [
        {
            "number": number,
            "root": root,
            "unit": units[number % len(units)],
            "item": form.leaves[7 * number].code,
            "cookies": session(account, strong=True),
        }
        for number in range(READERS)
    ]


def session(account: Any, *, strong: bool) -> dict[str, str]:
    """The cookie of a session as log-in leaves it, made without the password's hash."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from ortoo.site.sessions import BACKEND, ENTERED, SEEN, STRONG

    now_ms = time.time_ns() // 1_000_000
    store = SessionStore()
    store.update(
        {
            SESSION_KEY: str(account.pk),
            BACKEND_SESSION_KEY: BACKEND,
            HASH_SESSION_KEY: account.get_session_auth_hash(),
            SEEN: now_ms,
            ENTERED: now_ms,
            STRONG: strong,
        }
    )
    store.create()
    return {settings.SESSION_COOKIE_NAME: str(store.session_key)}
