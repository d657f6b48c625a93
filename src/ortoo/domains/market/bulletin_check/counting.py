"""Counts and shares of a text: up, down and flat make the basket; the largest mover is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.bulletin_check.claims import Claim
from ortoo.domains.market.bulletin_check.findings import Kind
from ortoo.domains.market.bulletin_check.judgement import (
    RIGHT,
    UNVERIFIABLE,
    WRONG,
    Judged,
    Judgement,
    agrees,
    say,
    shown,
)


@dataclass(slots=True)
class _Counted:
    basket: Claim
    up: Claim | None = None
    down: Claim | None = None
    flat: Claim | None = None


def judge_counts(claims: Sequence[Claim], judged: Judged) -> None:
    """up + down + flat = basket; a share is its count over the basket."""
    current: _Counted | None = None
    last: Claim | None = None
    for claim in claims:
        if current is not None and claim.paragraph != current.basket.paragraph:
            _add_up(current, judged)
            current, last = None, None
        if claim.kind is Kind.BASKET:
            if current is not None:
                _add_up(current, judged)
            current, last = _Counted(claim), None
        elif claim.kind in (Kind.UP, Kind.DOWN, Kind.FLAT) and current is not None:
            if getattr(current, claim.kind.value) is None:
                setattr(current, claim.kind.value, claim)
                claim.links["basket"] = current.basket
            last = claim
        elif claim.kind is not Kind.SHARE or current is None or last is None:
            continue
        elif claim.sentence == last.sentence:
            claim.links["count"] = last
            _share(claim, last, current.basket, judged)
    if current is not None:
        _add_up(current, judged)


def _add_up(found: _Counted, judged: Judged) -> None:
    parts = [one for one in (found.up, found.down, found.flat) if one is not None]
    total = sum((one.number.value for one in parts), Fraction(0))
    whole = found.basket.number.value
    sums = "＋".join(str(one.number.value) for one in parts) + f"＝{total}"
    if len(parts) == 3:
        right = total == whole
        rule = "上涨、下降、持平种数之和应等于监测种数"
        for claim in (found.basket, *parts):
            verdict = RIGHT if right else WRONG if claim is found.basket else UNVERIFIABLE
            said = str(total) if claim is found.basket else str(claim.number.value) if right else ""
            say(judged, claim, Judgement(verdict, said, rule, f"{sums}，文中监测{whole}种"))
    elif parts and total > whole:
        for claim in parts:
            say(judged, claim, Judgement(
                WRONG, "", "上涨、下降、持平种数不能多于监测种数", f"{sums}＞{whole}"
            ))  # fmt: skip


def _share(claim: Claim, count: Claim, basket: Claim, judged: Judged) -> None:
    if basket.number.value <= 0:
        return
    value = 100 * count.number.value / basket.number.value
    places = claim.number.places
    fits = agrees(claim.number.value, places, value, value)
    say(judged, claim, Judgement(
        RIGHT if fits else WRONG, shown(value, places) + "%", "占比＝种数÷监测种数",
        f"{count.number.value}÷{basket.number.value}＝{shown(value, max(places, 2))}%",
    ))  # fmt: skip


def judge_movers(claims: Sequence[Claim], judged: Judged) -> None:
    """「涨幅最大的是黄瓜，上涨12.3%」: no other good of the text rose by more."""
    largest: dict[tuple[bool, str, str], Claim] = {}
    changes = [c for c in claims if c.kind is Kind.CHANGE and c.unit == "%" and c.term
               and not c.term.is_category and c.when == "now"]  # fmt: skip
    key: Callable[[Claim], tuple[bool, str, str]] = lambda c: (  # noqa: E731
        c.number.value > 0,
        c.compared,
        c.term.category if c.term else "",
    )
    for claim in changes:
        known = largest.get(key(claim))
        if known is None or abs(claim.number.value) > abs(known.number.value):
            largest[key(claim)] = claim
    for claim in changes:
        if not claim.mover:
            continue
        top = largest[key(claim)]
        if abs(top.number.value) > abs(claim.number.value):
            say(judged, claim, Judgement(
                WRONG, f"{top.subject}{shown(top.number.value, top.number.places)}%",
                "称为最大涨跌的，文中同类不应有更大的",
                f"{top.subject}{shown(abs(top.number.value), 2)}%＞"
                f"{claim.subject}{shown(abs(claim.number.value), 2)}%",
            ))  # fmt: skip
