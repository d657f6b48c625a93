"""The evidence of an assisted return as pages show it."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse

from ortoo.domains.market import assisted
from ortoo.domains.market.web.clerk_desk import who
from ortoo.kernel.filings import read
from ortoo.kernel.filings.models import Original


def evidence(filing: read.FilingRow) -> dict[str, Any] | None:
    """The evidence of an assisted return as pages show it; None for a return of another mode."""
    if filing.mode != "assisted":
        return None
    found = assisted.evidence_of(filing)
    if found is None:
        return {"note": filing.reason, "files": [], "number": ""}
    paper, addresses = found
    kept = Original.objects.filter(sha256__in=addresses).values_list("sha256", "media_type", "name")
    by_address = {bytes(sha256): (media, name) for sha256, media, name in kept}
    return {
        "note": json.loads(paper.body).get("note", ""),
        "number": paper.number,
        "by": who(filing.actor),
        "files": [
            {
                "name": by_address[address][1],
                "picture": by_address[address][0].startswith("image/"),
                "href": reverse(
                    "receipt-evidence", kwargs={"seq": filing.seq, "number": number}
                ),
            }
            for number, address in enumerate(addresses, 1)
            if address in by_address
        ],
    }
