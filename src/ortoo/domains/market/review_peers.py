"""What a reviewer may be told of other firms' prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.review_selectors import Review
from ortoo.kernel.forms.peers import MIN_PEERS, PeerStatistics
from ortoo.kernel.places.active import active_pack


@dataclass(frozen=True, slots=True)
class Peers:
    """Other firms' median price (fen) as the reader may see it; rounded when not `exact`."""

    level: str
    count: int
    median: Fraction
    exact: bool


def shown_peers(view: Review, peers: Sequence[PeerStatistics]) -> Peers | None:
    """The nearest circle with enough peers, or else the widest the reader may see into.

    The median of an odd number of firms is one firm's own price: where the circle reaches beyond
    the firms this reader may see, fewer than MIN_PEERS are not shown and the median is rounded to
    0.1 yuan (统计法: no single respondent's data leaves).
    """
    pack = active_pack()
    inside = [pack.under(found.place, view.period.end) <= view.reach for found in peers]
    for found, seen in zip(peers, inside, strict=True):
        if found.count >= MIN_PEERS:
            return _peers(found, exact=seen)
    within = [found for found, seen in zip(peers, inside, strict=True) if seen and found.count]
    return _peers(within[-1], exact=True) if within else None


def _peers(found: PeerStatistics, *, exact: bool) -> Peers:
    median = Fraction(found.median2, 2)
    return Peers(found.level, found.count, median if exact else Fraction(round(median, -1)), exact)
