"""Who is who: the one authentication backend. Throttled wherever it is called from."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from ortoo.kernel.grants.models import Account
from ortoo.site.accounts.throttle import Caller, address_of, forgive, knock
from ortoo.site.sessions import now_ms


class AccountBackend(BaseBackend):
    """Login and password; an unknown name costs the same time as a wrong password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        login: str | None = None,
        password: str | None = None,
        **credentials: object,
    ) -> Account | None:
        """The account, or None. Raises Locked, which Django turns into a refusal at once."""
        if login is None or password is None:
            return None
        address = address_of(request) if request is not None else "unknown"
        caller = Caller("login", login, address)
        knock(caller, now_ms=now_ms())
        account = Account.objects.filter(login=login).first()
        if account is None:
            make_password(password)
            return None
        if not account.check_password(password) or not usable(account):
            return None
        forgive(caller)
        return account

    def get_user(self, user_id: int) -> Account | None:
        """The account of a session; None as soon as it is closed, which ends the session."""
        account = Account.objects.filter(pk=user_id).first()
        return account if account is not None and usable(account) else None


def usable(account: Account) -> bool:
    """Closed accounts never, and a demonstration's accounts only in a demonstration."""
    return account.is_active and (settings.DEMO or not account.demo)
