"""The indices again, slowly and from their textbook definitions: the tests' and the bench's oracle.

A period is a dictionary {item: (price, turnover)}. Nothing here comes from `ortoo.algorithms`.
GEKS and time-product dummies are explicit regressions, Geary-Khamis is iterated, and a splice is
written as its author writes it: a product of ratios between two windows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

Period = dict[int, tuple[float, float]]
Index = Callable[[Sequence[Period]], list[float]]


def periods_of(price: np.ndarray, value: np.ndarray) -> list[Period]:
    """Rows of two arrays; a cell is kept where its price is above 0 and its turnover not below."""
    return [
        {i: (p, v) for i, (p, v) in enumerate(zip(ps, vs, strict=True)) if p > 0 and v >= 0}
        for ps, vs in zip(price.tolist(), value.tolist(), strict=True)
    ]


def bilateral(formula: str, base: Period, now: Period) -> float:
    """One comparison; NaN where no item or no weight is shared."""
    items = sorted(base.keys() & now.keys())
    v0, v1 = sum(base[i][1] for i in items), sum(now[i][1] for i in items)
    if not items or (formula != "jevons" and not (v0 and v1)):
        return math.nan
    ratio = {i: now[i][0] / base[i][0] for i in items}
    if formula == "jevons":
        return math.prod(ratio.values()) ** (1 / len(items))
    s0, s1 = {i: base[i][1] / v0 for i in items}, {i: now[i][1] / v1 for i in items}
    laspeyres = sum(s0[i] * ratio[i] for i in items)
    paasche = 1 / sum(s1[i] / ratio[i] for i in items)
    if formula == "walsh":
        root = {i: math.sqrt(s0[i] * s1[i]) for i in items}
        below = sum(root[i] / math.sqrt(ratio[i]) for i in items)
        return sum(root[i] * math.sqrt(ratio[i]) for i in items) / below if below else math.nan
    return {
        "laspeyres": laspeyres,
        "paasche": paasche,
        "fisher": math.sqrt(laspeyres * paasche),
        "tornqvist": math.prod(ratio[i] ** ((s0[i] + s1[i]) / 2) for i in items),
    }[formula]


def fixed(formula: str, periods: Sequence[Period]) -> list[float]:
    """Every period against the first."""
    return [bilateral(formula, periods[0], now) for now in periods]


def chained(formula: str, periods: Sequence[Period]) -> list[float]:
    """Neighbours multiplied up."""
    found = [1.0]
    for base, now in itertools.pairwise(periods):
        found.append(found[-1] * bilateral(formula, base, now))
    return found


def geks(formula: str) -> Index:
    """Least squares over all pairs that can be compared; all periods must hang together."""

    def index(periods: Sequence[Period]) -> list[float]:
        rows, targets = [], []
        for a in range(len(periods)):
            for b in range(a + 1, len(periods)):
                link = bilateral(formula, periods[a], periods[b])
                if not math.isnan(link):
                    row = [0.0] * len(periods)
                    row[a], row[b] = -1.0, 1.0
                    rows.append(row)
                    targets.append(math.log(link))
        level = np.linalg.lstsq(np.array(rows), np.array(targets), rcond=None)[0]
        return np.exp(level - level[0]).tolist()

    return index


def time_product_dummy(periods: Sequence[Period]) -> list[float]:
    """Weighted regression of ln price on dummies of periods and items."""
    items = sorted(set().union(*periods))
    rows, targets = [], []
    for number, period in enumerate(periods):
        total = sum(v for _, v in period.values())
        for item, (p, v) in period.items():
            weight = math.sqrt(v / total)
            row = [0.0] * (len(periods) + len(items))
            row[number] = row[len(periods) + items.index(item)] = weight
            rows.append(row)
            targets.append(weight * math.log(p))
    level = np.linalg.lstsq(np.array(rows), np.array(targets), rcond=None)[0][: len(periods)]
    return np.exp(level - level[0]).tolist()


def geary_khamis(periods: Sequence[Period]) -> list[float]:
    """The two defining equations in turn, until they hold."""
    level = [1.0] * len(periods)
    quantity: dict[int, float] = {}
    for period in periods:
        for item, (p, v) in period.items():
            quantity[item] = quantity.get(item, 0.0) + v / p
    for _ in range(100_000):
        reference = dict.fromkeys(quantity, 0.0)
        for deflator, period in zip(level, periods, strict=True):
            for item, (_, v) in period.items():
                reference[item] += v / deflator / quantity[item]
        fresh = [
            sum(v for _, v in period.values())
            / sum(reference[item] * v / p for item, (p, v) in period.items())
            for period in periods
        ]
        fresh = [x / fresh[0] for x in fresh]
        moved = max(abs(a / b - 1) for a, b in zip(fresh, level, strict=True))
        level = fresh
        if moved < 1e-15:
            break
    return level


def rolling(index: Index, periods: Sequence[Period], window: int, splice: str) -> list[float]:
    """Spliced windows; every period priced and joined to its neighbours in the window."""
    old = index(periods[:window])
    published = list(old)
    for newest in range(window, len(periods)):
        start = newest - window + 1
        now = index(periods[start : newest + 1])
        overlap = range(window - 1)
        where = {
            "movement": [window - 2],
            "window": [0],
            "half": [window - 1 - max((window - 1) // 2, 1)],
            "mean": list(overlap),
        }[splice.removesuffix("_published")]
        product = 1.0
        for k in where:
            if splice.endswith("_published"):
                product *= published[start + k] * now[-1] / now[k]
            else:
                product *= published[-1] * (now[-1] / now[k]) / (old[-1] / old[k + 1])
        published.append(product ** (1 / len(where)))
        old = now
    return published


def jevons_with_imputation(prices: Sequence[dict[int, float]], patience: int) -> list[float]:
    """Short-term Jevons; an absent quote's price is moved on with the others, then forgotten.

    Every period must share a quote with what is known of the one before.
    """
    known: dict[int, tuple[float, int]] = {q: (p, 0) for q, p in prices[0].items()}
    found = [1.0]
    for now in prices[1:]:
        matched = [q for q in now if q in known and known[q][1] <= patience]
        link = math.exp(sum(math.log(now[q] / known[q][0]) for q in matched) / len(matched))
        found.append(found[-1] * link)
        moved = {q: (p * link, away + 1) for q, (p, away) in known.items()}
        known = {**moved, **{q: (p, 0) for q, p in now.items()}}
    return found
