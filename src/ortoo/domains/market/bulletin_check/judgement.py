"""What a rule found of a number, and how printed numbers are rounded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.bulletin_check.claims import Claim
from ortoo.domains.market.bulletin_check.findings import Verdict
from ortoo.domains.market.rules.figures import round_half_even

RIGHT, WRONG, UNVERIFIABLE = Verdict.RIGHT, Verdict.WRONG, Verdict.UNVERIFIABLE


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule found of one number."""

    verdict: Verdict
    expected: str
    rule: str
    arithmetic: str


Judged = dict[int, Judgement]
"""id of a claim → what was found; a wrong one is never made right again by another rule."""


def half(places: int) -> Fraction:
    """Half a unit of the last printed digit."""
    return Fraction(1, 2 * 10**places)


def slack(claim: Claim) -> Fraction:
    """How far a printed price may be from what it was rounded from."""
    return half(claim.number.places) if claim.number.places >= 2 else Fraction(0)


def shown(value: Fraction, places: int) -> str:
    """A number as a text prints it, ends of nought cut."""
    text = round_half_even(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def agrees(stated: Fraction, places: int, low: Fraction, high: Fraction) -> bool:
    """Whether a printed number may stand for something in [low, high]."""
    return low - half(places) <= stated <= high + half(places)


def say(judged: Judged, claim: Claim, found: Judgement) -> None:
    before = judged.get(id(claim))
    rank = {WRONG: 2, RIGHT: 1, UNVERIFIABLE: 0}
    if before is None or rank[found.verdict] > rank[before.verdict]:
        judged[id(claim)] = found
