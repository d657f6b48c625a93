"""Fixtures for the tests of the site."""

from __future__ import annotations

from ortoo.site.tests.accounts_fixtures import clock, region, site

__all__ = ["clock", "region", "site"]
