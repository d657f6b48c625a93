"""Coming back with a one-time code that the reviewer gave by phone."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.models import Account, RecoveryCode
from ortoo.kernel.grants.services import CODE_TRIES, check_password_rules, set_password
from ortoo.site.accounts.backend import usable
from ortoo.site.accounts.throttle import Caller, forgive, knock


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a locked-out person typed, and from where."""

    login: str
    code: str
    password: str
    address: str


def redeem(attempt: Attempt, *, now_ms: int) -> Account:
    """Use a code up and set the new password. Its account, not yet logged in.

    Raises Locked, Refused PASSWORD-WEAK (the code stays good) and RECOVERY-CODE, which says the
    same for an unknown name, a wrong, used or expired code.
    """
    check_password_rules(attempt.password, attempt.login)
    # Each code counts its own tries, so a fresh code is not locked by the one before it.
    knock(Caller("recovery", "", attempt.address), now_ms=now_ms)
    kept = _current(attempt.login, now_ms)
    account = Account.objects.filter(login=attempt.login).first()
    if kept is None or account is None or not usable(account):
        make_password(attempt.code)
        raise _refusal()
    if not _matches(kept, attempt.code, now_ms):
        raise _refusal()
    set_password(account=account, password=attempt.password)
    forgive(Caller("login", attempt.login, attempt.address))
    return account


def _current(login: str, now_ms: int) -> RecoveryCode | None:
    live = RecoveryCode.objects.filter(
        login=login, used_at=None, expires_at__gt=now_ms, tries__lt=CODE_TRIES
    )
    return live.order_by("-id").first()


def _matches(kept: RecoveryCode, code: str, now_ms: int) -> bool:
    live = RecoveryCode.objects.filter(pk=kept.pk, used_at=None)
    # The try is counted before it is judged; two requests at once cannot share one.
    if live.filter(tries__lt=CODE_TRIES).update(tries=F("tries") + 1) != 1:
        return False
    return check_password(code, kept.code_hash) and live.update(used_at=now_ms) == 1


def _refusal() -> Refused:
    return Refused(
        "RECOVERY-CODE",
        "登录名或一次性登录码不正确，或登录码已失效。",
        "登录码 30 分钟内有效，只能用一次，输错 5 次作废；请联系审核您报表的商务局重新发码。",
        403,
    )
