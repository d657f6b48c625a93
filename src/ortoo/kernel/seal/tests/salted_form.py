"""A salted form for tests: short values, one part each."""

from __future__ import annotations

from typing import Any

from ortoo.kernel.filings.behaviour import register
from ortoo.kernel.filings.draft import Receipt
from ortoo.kernel.filings.tests.history import FIRMS, History
from ortoo.kernel.seal.salting import SaltedRecord, fresh_secret

CODE = "T-SALTED"
FIELDS = {f"f{number:02d}": number for number in range(20)}


def register_salted() -> None:
    register(SaltedRecord(code=CODE, version=1, validate=lambda body: ()))


def say_salted(history: History, fields: dict[str, Any] | None = None, **more: Any) -> Receipt:
    register_salted()
    body = {**(fields or FIELDS), "secret": fresh_secret()}
    return history.file(CODE, FIRMS[0], body, **more)
