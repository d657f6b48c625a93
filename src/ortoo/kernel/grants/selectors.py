"""Reads of accounts and grants. The scope of a log-in is made here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ortoo.kernel.grants.models import Account, Grant
from ortoo.kernel.grants.scope import Scope, in_force, scope_of
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.places.pack import Pack


def day_of(now_ms: int, pack: Pack) -> date:
    """The civil day of the region at a moment."""
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(pack.head.time_zone)).date()


def today(now_ms: int) -> date:
    """The civil day of this installation's region at a moment."""
    return day_of(now_ms, active_pack())


def load_scope(account: Account, *, pack: Pack, on: date, strong: bool = True) -> Scope:
    """What this account may do on a day; see `scope_of` for `strong`."""
    rows = Grant.objects.filter(login=account.login).order_by("key")
    who = {"login": account.login, "party": account.party}
    return scope_of(who, rows, pack=pack, on=on, strong=strong)


def roles_of(logins: Iterable[str], *, on: date) -> dict[str, frozenset[str]]:
    """Roles in force on a day, by login; a login without any stands with an empty set."""
    found: dict[str, set[str]] = {login: set() for login in logins}
    for row in Grant.objects.filter(login__in=list(found)):
        if in_force(row, on):
            found[row.login].add(row.role)
    return {login: frozenset(roles) for login, roles in found.items()}


def places_of(account: Account, *, on: date) -> frozenset[str]:
    """Every place this account has to do with: its party's and those of its grants in force."""
    rows = [row for row in Grant.objects.filter(login=account.login) if in_force(row, on)]
    places = {row.place for row in rows if row.place}
    places.update(Party.objects.filter(code=account.party).values_list("place", flat=True))
    return frozenset(places)


def accounts_within(scope: Scope, *, on: date) -> list[Account]:
    """Accounts of parties in places where this scope may issue a log-in code, by login."""
    reach = scope.places("issue_recovery_code") | scope.places("manage_accounts")
    parties = Party.objects.filter(place__in=sorted(reach)).values_list("code", flat=True)
    found = Account.objects.filter(party__in=parties, is_active=True).order_by("login")
    return [account for account in found if places_of(account, on=on) <= reach]
