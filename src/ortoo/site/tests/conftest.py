"""Fixtures for the tests of the site."""

from __future__ import annotations

from ortoo.site.tests.accounts_fixtures import clock, region, site
from ortoo.site.tests.demo_fixtures import demo, seeded

__all__ = ["clock", "demo", "region", "seeded", "site"]
