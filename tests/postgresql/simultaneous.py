"""Works begun at the same moment, and what the log must then be."""

from __future__ import annotations

from ortoo.kernel.filings.models import Filing, LogTail
from ortoo.kernel.filings.tests.together import at_once, elsewhere
from ortoo.kernel.seal.models import Leaf

__all__ = ["at_once", "elsewhere", "log_is_whole"]


def log_is_whole(count: int) -> None:
    """Log indexes 1..count without a gap, a leaf for each, and the tail says so."""
    expected = list(range(1, count + 1))
    assert list(Filing.objects.order_by("seq").values_list("seq", flat=True)) == expected
    assert list(Leaf.objects.order_by("seq").values_list("seq", flat=True)) == expected
    assert LogTail.objects.get().size == count
