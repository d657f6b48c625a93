"""What a text says against itself: sums, means, pairs of prices, impossible figures. Pure.

Rounding. A printed number stands for half a unit of its last digit either way, carried through the
sum. A price printed with fewer than two places is taken as it stands (16 is 16.00): such prices are
tags or usual prices, and their change is computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product

from ortoo.domains.market.bulletin_check.claims import Claim
from ortoo.domains.market.bulletin_check.counting import judge_counts, judge_movers
from ortoo.domains.market.bulletin_check.findings import Kind
from ortoo.domains.market.bulletin_check.judgement import (
    RIGHT,
    UNVERIFIABLE,
    WRONG,
    Judged,
    Judgement,
    agrees,
    half,
    say,
    shown,
    slack,
)

NEAR = Fraction(1, 100)
"""How near a stated change must be to a ratio of two printed prices to be that ratio."""
FEW_GOODS = 6
MOST_COMBINATIONS = 64
LONG_PARAGRAPH = 400
MOST_PRICES = 8
"""How many prices of one good are looked at for a pair; a bulletin says it once or twice."""


def judge(claims: Sequence[Claim]) -> Judged:
    """Every rule over every claim; linear in the number of claims but for short lists."""
    judged: Judged = {}
    _impossible(claims, judged)
    sections = list(_sections(claims))
    for mean, listed, whole in sections:
        _means(mean, listed, whole, judged)
    _twice(claims, sections, judged)
    _pairs(claims, judged)
    paragraphs: dict[int, list[Claim]] = {}
    for claim in claims:
        paragraphs.setdefault(claim.paragraph, []).append(claim)
    for mean, listed, _ in sections:
        near = paragraphs[mean.paragraph]
        # A paragraph of thousands of numbers is no section of a bulletin.
        if len(near) <= LONG_PARAGRAPH:
            _mean_change(mean, listed, near, judged)
    judge_counts(claims, judged)
    judge_movers(claims, judged)
    return judged


# --- one number by itself ---------------------------------------------------------------------


def _impossible(claims: Iterable[Claim], judged: Judged) -> None:
    for claim in claims:
        value = claim.number.value
        if claim.kind in (Kind.PRICE, Kind.MEAN) and value <= 0:
            say(judged, claim, Judgement(
                WRONG, "", "价格应大于零；没有销售的不写价格", f"{shown(value, 2)} ≤ 0"
            ))  # fmt: skip
        if claim.kind is Kind.CHANGE and claim.unit == "%" and value <= -100:
            say(judged, claim, Judgement(
                WRONG, "", "价格不可能下降100%及以上", f"{shown(value, 2)}% ≤ -100%"
            ))  # fmt: skip
        if claim.kind is Kind.SHARE and not 0 <= value <= 100:
            say(judged, claim, Judgement(
                WRONG, "", "占比在0到100%之间", f"{shown(value, 2)}% 越界"
            ))  # fmt: skip


# --- means of what is listed ------------------------------------------------------------------


def _sections(claims: Sequence[Claim]) -> Iterable[tuple[Claim, list[Claim], int | None]]:
    """Each category mean with the goods listed behind it, and how many goods it says it is of."""
    for index, claim in enumerate(claims):
        if claim.kind is not Kind.MEAN or claim.when != "now" or claim.term is None:
            continue
        listed = []
        for other in claims[index + 1 : index + 120]:
            if other.paragraph != claim.paragraph:
                break
            if other.kind is Kind.MEAN and other.when == "now":
                break
            if other.kind is not Kind.PRICE or other.when != "now" or other.term is None:
                continue
            if other.term.category and other.term.category != claim.term.category:
                break
            if other.unit == claim.unit and other.key[1:] == claim.key[1:]:
                listed.append(other)
        yield claim, listed, _stated_count(claims, index)


def _stated_count(claims: Sequence[Claim], index: int) -> int | None:
    """「30种蔬菜平均价格」: the basket just before a mean, in its own segment."""
    mean = claims[index]
    for other in reversed(claims[max(0, index - 3) : index]):
        if other.segment == mean.segment and other.kind is Kind.BASKET:
            return int(other.number.value)
    return None


def _means(mean: Claim, listed: list[Claim], whole: int | None, judged: Judged) -> None:
    goods = _by_good(listed)
    if len(goods) < 2:
        return
    exhaustive = len(goods) == whole or (
        whole is None and len(goods) <= FEW_GOODS and not any(one.loose for one in listed)
    )
    places = mean.number.places
    best: tuple[Claim, ...] = tuple(ways[0] for ways in goods.values())
    for chosen in _choices(goods):
        value, give = _mean_of(chosen)
        if agrees(mean.number.value, places, value - give, value + give):
            say(judged, mean, Judgement(
                RIGHT, shown(value, max(places, 2)), f"所列{len(chosen)}种的简单平均",
                _sum_text(chosen, value, places),
            ))  # fmt: skip
            return
    value, _ = _mean_of(best)
    rule = f"类均价应等于所列{len(best)}种价格的简单平均"
    if not exhaustive:
        rule += "；文中未列全本类各品种，不能断定"
    say(judged, mean, Judgement(
        WRONG if exhaustive else UNVERIFIABLE, shown(value, max(places, 2)) if exhaustive else "",
        rule, _sum_text(best, value, places),
    ))  # fmt: skip


def _by_good(listed: Iterable[Claim]) -> dict[str, list[Claim]]:
    goods: dict[str, list[Claim]] = {}
    for claim in listed:
        goods.setdefault(claim.subject, []).append(claim)
    return goods


def _choices(goods: dict[str, list[Claim]]) -> Iterable[tuple[Claim, ...]]:
    """Ways to take one price of each good; of a good listed twice, either."""
    for number, chosen in enumerate(product(*goods.values())):
        if number >= MOST_COMBINATIONS:
            return
        yield chosen


def _mean_of(chosen: Sequence[Claim]) -> tuple[Fraction, Fraction]:
    count = len(chosen)
    value = sum((claim.number.value for claim in chosen), Fraction(0)) / count
    return value, sum((slack(claim) for claim in chosen), Fraction(0)) / count


def _sum_text(chosen: Sequence[Claim], value: Fraction, places: int) -> str:
    terms = "＋".join(shown(claim.number.value, claim.number.places) for claim in chosen)
    return f"（{terms}）÷{len(chosen)}＝{shown(value, max(places, 2))}"


# --- one good said twice ----------------------------------------------------------------------


def _twice(
    claims: Sequence[Claim], sections: Sequence[tuple[Claim, list[Claim], int | None]],
    judged: Judged,
) -> None:  # fmt: skip
    fits = _fitting(sections, judged)
    said: dict[tuple[object, ...], list[Claim]] = {}
    for claim in claims:
        if claim.kind in (Kind.PRICE, Kind.MEAN) and claim.term is not None:
            said.setdefault((*claim.key, claim.kind, claim.when, claim.unit), []).append(claim)
    for prices in said.values():
        least = min(one.number.places for one in prices)
        coarse = all(one.number.places < 2 for one in prices)
        values = [one.number.value if coarse else _rounded(one, least) for one in prices]
        if len(set(values)) < 2:
            continue
        at = next((n for n, one in enumerate(prices) if id(one) in fits), 0)
        good = prices[at]
        for claim, value in zip(prices, values, strict=True):
            if value == values[at]:
                continue
            stated = shown(good.number.value, good.number.places)
            why = "，类均价按前者计算" if id(good) in fits else ""
            say(judged, claim, Judgement(
                WRONG, stated, "同一品种在一篇中只能有一个本期价格",
                f"{claim.subject}前后写作{stated}和"
                f"{shown(claim.number.value, claim.number.places)}{why}",
            ))  # fmt: skip


def _fitting(sections: Sequence[tuple[Claim, list[Claim], int | None]], judged: Judged) -> set[int]:
    """Claims whose price is the one that their category's mean was made of."""
    fits: set[int] = set()
    for mean, listed, _ in sections:
        if (found := judged.get(id(mean))) and found.verdict is RIGHT:
            goods = _by_good(listed)
            for chosen in _choices(goods):
                value, give = _mean_of(chosen)
                if agrees(mean.number.value, mean.number.places, value - give, value + give):
                    fits |= {id(claim) for claim in chosen}
                    break
    return fits


def _rounded(claim: Claim, places: int) -> Fraction:
    """As printed with the fewest places of all: 7.4 beside 7.36 is no other price."""
    return Fraction(round(claim.number.value * 10**places), 10**places)


# --- changes against the prices they are of ----------------------------------------------------


def _pairs(claims: Sequence[Claim], judged: Judged) -> None:
    """A stated change against both prices: one said of the earlier period, or one that stands
    beside as if it were of this one and gives just that ratio."""
    prices: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        if claim.kind in (Kind.PRICE, Kind.MEAN) and claim.term is not None:
            known = prices.setdefault(claim.key, [])
            if len(known) < MOST_PRICES:
                known.append(claim)
    for claim in claims:
        if claim.kind is not Kind.CHANGE or claim.term is None:
            continue
        if claim.number.unit_end == claim.number.end and claim.number.value == 0:
            continue
        found = prices.get(claim.key, [])
        if len(found) >= 2:
            _pair(claim, found, judged)


def _pair(claim: Claim, prices: Sequence[Claim], judged: Judged) -> None:
    earlier = "year" if claim.compared == "year" else "before"
    now = [one for one in prices if one.when == "now"]
    before = [one for one in prices if one.when == earlier and claim.compared in
              ("previous", "year")]  # fmt: skip
    stated, places = claim.number.value, claim.number.places
    guessed = not before
    if guessed and claim.compared == "previous":
        now, before = _likely(claim, now)
    for price in now[:1]:
        for base in before[:1]:
            if base.number.value <= 0 or price.unit != base.unit:
                continue
            low, value, high = _ratio(price, base, claim.unit)
            fits = agrees(stated, places, low, high)
            unit = "%" if claim.unit == "%" else "元"
            sums = f"{_plain(price)}÷{_plain(base)}－1" if unit == "%" else (
                f"{_plain(price)}－{_plain(base)}"
            )  # fmt: skip
            note = "（文中另一处写的价格看作上期价格）" if guessed else ""
            say(judged, claim, Judgement(
                RIGHT if fits else WRONG, shown(value, places) + unit,
                f"涨跌幅应与所列两期价格相符{note}；末位数字允许差半个单位",
                f"{sums}＝{shown(value, max(places, 2))}{unit}",
            ))  # fmt: skip


def _likely(claim: Claim, now: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Of a good listed twice, which price is this period's: the ratio near the stated change."""
    values = {one.number.value: one for one in reversed(now) if one.number.value > 0}
    if not 2 <= len(values) <= FEW_GOODS or claim.unit != "%":
        return [], []
    for price in values.values():
        for base in values.values():
            ratio = price.number.value / base.number.value - 1
            if price is not base and abs(ratio - claim.number.value / 100) <= NEAR:
                return [price], [base]
    return [], []


def _plain(claim: Claim) -> str:
    return shown(claim.number.value, claim.number.places)


def _ratio(price: Claim, base: Claim, unit: str) -> tuple[Fraction, Fraction, Fraction]:
    """(least, printed, most) change that two printed prices may stand for."""
    p, q, dp, dq = price.number.value, base.number.value, slack(price), slack(base)
    if unit != "%":
        return p - dp - q - dq, p - q, p + dp - q + dq
    least, most = (p - dp) / (q + dq), (p + dp) / max(q - dq, Fraction(1, 10**6))
    return 100 * (least - 1), 100 * (p / q - 1), 100 * (most - 1)


def _mean_change(
    mean: Claim, listed: Sequence[Claim], claims: Sequence[Claim], judged: Judged
) -> None:
    """A category's change against those of its goods, where every good's is said."""
    if (found := judged.get(id(mean))) is None or found.verdict is not RIGHT or mean.term is None:
        return
    changes: dict[str, Claim] = {}
    for one in claims:
        if (
            one.kind is Kind.CHANGE and one.unit == "%" and one.compared == "previous"
            and one.paragraph == mean.paragraph and one.key[1:] == mean.key[1:]
        ):  # fmt: skip
            changes.setdefault(one.subject, one)
    stated = changes.get(mean.subject)
    goods = _by_good(one for one in listed if judged.get(id(one)) is None
                     or judged[id(one)].verdict is not WRONG)  # fmt: skip
    if stated is None or not goods or any(name not in changes for name in goods):
        return
    ends = []
    for sign in (-1, 0, 1):
        base = Fraction(0)
        for name, ways in goods.items():
            change = changes[name].number
            give = half(change.places) if change.value else Fraction(0)
            base += ways[0].number.value / max(1 + (change.value + sign * give) / 100, NEAR)
        ends.append(
            100 * (sum((w[0].number.value for w in goods.values()), Fraction(0)) / base - 1)
        )
    fits = agrees(stated.number.value, stated.number.places, min(ends), max(ends))
    places = stated.number.places
    say(judged, stated, Judgement(
        RIGHT if fits else WRONG, shown(ends[1], places) + "%",
        "类均价涨跌幅应与各品种价格和涨跌幅相符",
        f"由各品种涨跌幅推算上期类均价，{shown(ends[1], max(places, 2))}%",
    ))  # fmt: skip
