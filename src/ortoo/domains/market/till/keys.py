"""Issuing, revoking and recognising the keys of a till feed."""

from __future__ import annotations

import hashlib
import secrets

from django.db.models import F

from ortoo.domains.market.till.models import TillKey
from ortoo.domains.market.till.selectors import VERB
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import selectors as grants
from ortoo.kernel.grants.access import record
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

MOST_KEYS = 5
CALLS_AN_HOUR = 60
HOUR_MS = 3_600_000
PREFIX = "ortoo-till"


def issue(*, scope: Scope, label: str, now_ms: int) -> tuple[TillKey, str]:
    """A new key of the own party, and its text, which is not kept. Raises Refused TILL-KEY-…"""
    _require(scope)
    name = " ".join(label.split())[:60]
    if not name or not name.isprintable():
        raise Refused("TILL-KEY-LABEL", "请写明密钥用在哪里。", "例如“1号收银服务器”。", 422)
    if standing(scope).count() >= MOST_KEYS:
        raise Refused("TILL-KEY-MANY", f"有效的密钥最多 {MOST_KEYS} 个。", "请先停用不用的。", 409)
    number = secrets.token_hex(4)
    text = f"{PREFIX}-{number}-{secrets.token_urlsafe(32)}"
    key = TillKey.objects.create(
        id=number, party=scope.party, login=scope.login, label=name, key_hash=_hash(text),
        issued_at=now_ms,
    )  # fmt: skip
    record(scope, "till-key issued", number, 0, name, now_ms=now_ms)
    return key, text


def revoke(*, scope: Scope, number: str, now_ms: int) -> None:
    """Stop a key of the own party at once."""
    _require(scope)
    if not standing(scope).filter(id=number[:12]).update(revoked_at=now_ms):
        raise Refused("TILL-KEY-UNKNOWN", "没有这个有效的密钥。", "请刷新页面。", 404)
    record(scope, "till-key revoked", number[:12], 0, now_ms=now_ms)


def standing(scope: Scope):  # type: ignore[no-untyped-def]
    """The own party's keys in force."""
    _require(scope)
    return TillKey.objects.filter(party=scope.party, revoked_at=None)


def listed(scope: Scope) -> list[TillKey]:
    """The own party's keys, the newest first, revoked ones too."""
    _require(scope)
    return list(TillKey.objects.filter(party=scope.party).order_by("-issued_at", "id")[:50])


def _require(scope: Scope) -> None:
    """Only the clerk of a firm: a foreign source files returns too, but has no till."""
    scope.require(VERB, party=scope.party)
    if not any(hold.role == "clerk" and hold.party == scope.party for hold in scope.holds):
        raise Refused("TILL-KEY-CLERK", "密钥由企业的统计员发放。", "请由企业登录。", 403)


def recognised(header: str, *, now_ms: int) -> Scope:
    """Scope of whoever bears `Authorization: Bearer …`. Raises Refused TILL-KEY (401) or
    TILL-KEY-RATE (429). Whether a key is unknown, revoked or of a former clerk is not told."""
    kind, _, text = header.partition(" ")
    found = TillKey.objects.filter(key_hash=_hash(text.strip()), revoked_at=None).first()
    if kind.lower() != "bearer" or found is None:
        raise _refused()
    account = Account.objects.filter(login=found.login, is_active=True, party=found.party).first()
    if account is None:
        raise _refused()
    scope = grants.load_scope(account, pack=active_pack(), on=grants.today(now_ms), strong=False)
    if not scope.may(VERB, party=found.party):
        raise _refused()
    _count(found, now_ms)
    return scope


def _count(key: TillKey, now_ms: int) -> None:
    hour, mine = now_ms // HOUR_MS, TillKey.objects.filter(pk=key.pk)
    mine.exclude(hour=hour).update(hour=hour, uses=0)
    if not mine.filter(uses__lt=CALLS_AN_HOUR).update(uses=F("uses") + 1, used_at=now_ms):
        raise Refused(
            "TILL-KEY-RATE", f"本小时已传送 {CALLS_AN_HOUR} 次。", "请在下一小时再传。", 429
        )


def _refused() -> Refused:
    return Refused("TILL-KEY", "密钥无效或已停用。", "请在“接口密钥”页面核对或新发。", 401)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
