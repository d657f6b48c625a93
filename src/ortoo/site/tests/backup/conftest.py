"""Installations side by side."""

from __future__ import annotations

from ortoo.site.tests.backup.homes import homes

__all__ = ["homes"]
