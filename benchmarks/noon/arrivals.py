"""When people file before a deadline: the nearer it is, the more of them.

The chance to act is inversely proportional to the time that is left (Alfi, Parisi, Pietronero,
"Conference registration: how people react to a deadline", Nature Physics 3, 746, 2007), seen over
weeks and taken here for the last minutes; they end its singularity at the deadline with a step of
one day in sixty, we with `HASTE`: at noon the rate is thirty-one times that of the window's first
second, 40 % come in the last tenth of the window and 12 % in its last sixtieth.
"""

from __future__ import annotations

import math
from random import Random

HASTE = 1 / 30
"""How long before noon the rate stops growing, as a share of the window."""


def moments(count: int, window_s: float, rng: Random) -> list[float]:
    """`count` moments in seconds from the window's beginning, at a rate ∝ 1/(left + haste)."""
    haste = window_s * HASTE
    span = math.log((window_s + haste) / haste)
    # Stratified: every run has the curve's shape, and only who comes when is chance.
    draws = [(place + rng.random()) / count for place in range(count)]
    found = [window_s + haste - haste * math.exp(span * (1 - draw)) for draw in draws]
    rng.shuffle(found)
    return found


def busiest(found: list[float], width_s: float) -> int:
    """The most moments that fall within any `width_s` seconds."""
    ordered, most, start = sorted(found), 0, 0
    for end, moment in enumerate(ordered):
        while ordered[start] < moment - width_s:
            start += 1
        most = max(most, end - start + 1)
    return most
