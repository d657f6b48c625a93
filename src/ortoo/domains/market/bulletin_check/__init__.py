"""核对: the numbers of any bulletin, found, understood and recomputed.

`check(text, place, period, scope) -> list[Finding]` is the only door.
"""

from __future__ import annotations

from ortoo.domains.market.bulletin_check.check import check as check
from ortoo.domains.market.bulletin_check.findings import Finding as Finding
from ortoo.domains.market.bulletin_check.findings import Verdict as Verdict
