"""Installations side by side, as the tests of backups have them."""

from __future__ import annotations

from ortoo.site.tests.backup.homes import homes

__all__ = ["homes"]
