"""Tables of the site itself; none of them is a record."""

from __future__ import annotations

from ortoo.site.jobs.models import Job

__all__ = ["Job"]
