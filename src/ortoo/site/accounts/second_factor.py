"""The second factor of an account: kept encrypted, each code accepted once."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import date

from django.conf import settings

from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.roles import SECOND_FACTOR
from ortoo.kernel.grants.selectors import roles_of
from ortoo.site.accounts import totp

NONCE_BYTES = 12


def _key() -> bytes:
    # The installation's secret lies outside the database and its backups.
    return hashlib.sha256(b"ortoo second factor " + settings.SECRET_KEY.encode()).digest()


def keep(account: Account, secret: bytes) -> None:
    """Store the secret, encrypted for this login; codes used before count no more."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_key()).encrypt(nonce, secret, account.login.encode())
    account.totp_secret = base64.b64encode(nonce + sealed).decode()
    account.totp_last_step = 0
    account.save(update_fields=["totp_secret", "totp_last_step"])


def secret_of(account: Account) -> bytes | None:
    """The secret, or None where none is set up or the installation's key has changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not account.totp_secret:
        return None
    sealed = base64.b64decode(account.totp_secret)
    try:
        return AESGCM(_key()).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], account.login.encode()
        )
    except InvalidTag:
        return None


def accept(account: Account, code: str, *, now_ms: int) -> bool:
    """Whether the code is right now and no code of its step or later was accepted before."""
    secret = secret_of(account)
    step = totp.matching_step(secret, code, now_ms) if secret is not None else None
    if step is None:
        return False
    # One UPDATE decides between two requests that carry the same code at once.
    unused = Account.objects.filter(pk=account.pk, totp_last_step__lt=step)
    return bool(unused.update(totp_last_step=step) == 1)


def required(account: Account, *, on: date) -> bool:
    """Whether this account's roles ask for a second factor here; a demonstration only offers it."""
    if settings.DEMO:
        return False
    return bool(roles_of([account.login], on=on)[account.login] & SECOND_FACTOR)
