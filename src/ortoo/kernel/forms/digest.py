"""The digest of a definition: SHA-256 over the canonical JSON of what was parsed.

Search aids (aliases) and the file's name are left out; every word a respondent sees is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import date, time
from fractions import Fraction
from typing import Any

from ortoo.kernel.forms.definition import Form

_OUTSIDE_DIGEST = {"aliases", "digest"}
# What the language of forms learnt after versions were in use: said only where it is not the
# default, so that no filed version ever changes its digest.
_LATER = {
    "choices", "choices_en", "figures", "lag_days", "ordered", "review_hours", "supplements",
    "within",
}  # fmt: skip


def digest_of(form: Form) -> bytes:
    """SHA-256 over the canonical JSON of the definition."""
    return hashlib.sha256(canonical(form)).digest()


def canonical(form: Form) -> bytes:
    """Canonical JSON (RFC 8259, sorted keys, no white space, UTF-8) of the definition."""
    plain = _plain(form)
    plain.pop("source")
    return json.dumps(
        plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        names = [
            f.name
            for f in dataclass_fields(value)
            if f.name not in _OUTSIDE_DIGEST
            and not (f.name in _LATER and getattr(value, f.name) == f.default)
        ]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date | time):
        return value.isoformat()
    return value
