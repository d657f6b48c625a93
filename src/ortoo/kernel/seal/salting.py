"""Salted parts 加盐分部: parts whose neighbours' hashes can be given away. Pure.

A proof of one part shows hashes of the others. The hash of a short value (a price, a telephone
number) is found by trying every value. A form whose parts are handed out one by one therefore puts
16 bytes of salt before each value:

    part name  salted/NAME        part data  salt ‖ value
    salt = HMAC-SHA256(secret, NAME)[:16]

The secret is 32 random bytes in the body's field `secret`, one a filing. It is itself no part: no
disclosure can show it, and it is bound all the same, since every salt follows from it. Who shows a
part shows its salt, which tells nothing of any other salt. Whoever may read the whole body may read
the secret; what goes out of the house is `without_secret(body)` or a disclosure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, canonical

PREFIX = "salted/"
FIELD = "secret"
SALT_SIZE = 16
SECRET_SIZE = 32
SECRET_SHAPE = re.compile(r"[0-9a-f]{64}")


def fresh_secret() -> str:
    """32 bytes of the operating system's randomness, in hexadecimal."""
    return secrets.token_hex(SECRET_SIZE)


def salt_of(secret: bytes, name: str) -> bytes:
    """16 bytes that only who knows the secret can tell."""
    return hmac.new(secret, name.encode("utf-8"), hashlib.sha256).digest()[:SALT_SIZE]


def salted(secret: bytes, name: str, value: bytes) -> tuple[str, bytes]:
    """A part as it enters the digest."""
    return PREFIX + name, salt_of(secret, name) + value


def opened(name: str, data: bytes) -> tuple[str, bytes, bool]:
    """(name, value, whether it was salted) of a part as it stands in the digest."""
    if not name.startswith(PREFIX) or len(data) < SALT_SIZE:
        return name, data, False
    return name.removeprefix(PREFIX), data[SALT_SIZE:], True


def secret_problem(body: JsonObject) -> str | None:
    """What is wrong with the body's secret, as a sentence; None when nothing is."""
    found = body.get(FIELD)
    if isinstance(found, str) and SECRET_SHAPE.fullmatch(found):
        return None
    return f"字段「{FIELD}」应为 {2 * SECRET_SIZE} 位小写十六进制随机数（由系统生成）"


def without_secret(body: JsonObject) -> dict[str, object]:
    """The body as it may leave the house."""
    return {name: value for name, value in body.items() if name != FIELD}


def by_field(body: JsonObject) -> Iterable[tuple[str, object]]:
    """One part a top-level field."""
    return ((name, body[name]) for name in sorted(body))


@dataclass(frozen=True)
class SaltedRecord(RecordBehaviour):
    """A record form all of whose parts are salted. `split(body without secret)` names the parts."""

    split: Callable[[JsonObject], Iterable[tuple[str, object]]] = by_field

    def parts(self, data: bytes) -> Sequence[tuple[str, bytes]]:
        body: Mapping[str, object] = json.loads(data)
        secret = bytes.fromhex(str(body[FIELD]))
        return [
            salted(secret, name, canonical(value))
            for name, value in self.split(without_secret(body))
        ]


def secret_for(key: str) -> str:
    """The secret for the filing with this key: its own if it is on the log, else a fresh one.

    So the same statement sent again is the same filing and not another one under a used key.
    """
    from ortoo.kernel.filings.read import rows

    for row in rows("key = %s", [key]):
        body = json.loads(row.body)
        if isinstance(body, dict) and secret_problem(body) is None:
            return str(body[FIELD])
    return fresh_secret()
