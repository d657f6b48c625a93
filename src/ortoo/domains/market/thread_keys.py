"""Idempotency keys of filings, made of the words that make the statement the same one."""

from __future__ import annotations

import hashlib


def digest_key(*words: str) -> str:
    """48 hexadecimal digits over the words, each apart from the next."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:48]
