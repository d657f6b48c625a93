"""The small market's history."""

from __future__ import annotations

from ortoo.kernel.filings.tests.history import history

__all__ = ["history"]
