"""Time-based one-time codes, RFC 6238 over RFC 4226. Pure: time and secret are arguments."""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
# One step to either side: clocks of phones and of an office server drift by some seconds.
WINDOW = 1


def new_secret() -> bytes:
    """160 random bits, the length RFC 4226 §4 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of one time step (seconds since the epoch // 30)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def step_at(now_ms: int) -> int:
    """The time step of a moment in milliseconds since the epoch."""
    return now_ms // (STEP_SECONDS * 1000)


def matching_step(secret: bytes, code: str, now_ms: int) -> int | None:
    """The time step within the window whose code this is, or None. Compares in constant time."""
    now = step_at(now_ms)
    found = None
    for step in range(max(0, now - WINDOW), now + WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """Base32 in groups of four, for people who type it into the phone."""
    plain = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def provisioning_uri(secret: bytes, *, login: str, issuer: str) -> str:
    """The `otpauth:` address that authenticator apps read from the QR code."""
    label = quote(f"{issuer}:{login}")
    query = urlencode({"secret": secret_text(secret).replace(" ", ""), "issuer": issuer})
    return f"otpauth://totp/{label}?{query}"
