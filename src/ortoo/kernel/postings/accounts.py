"""Kinds of accounts 账户: which of them may not go below zero (Law 12).

An account's key is its kind's prefix, a bar and whatever names it: `quota|resident:17|2026-11-15`.
"""

from __future__ import annotations

_GUARDED: dict[str, bool] = {}


def register_account(prefix: str, *, guarded: bool) -> None:
    """Accounts `prefix|…`; guarded ones are locked while written and never go below zero."""
    _GUARDED[prefix] = guarded


def guarded(account: str) -> bool:
    """Whether an account may not go below zero; accounts of unknown kinds may."""
    return _GUARDED.get(account.split("|", 1)[0], False)
