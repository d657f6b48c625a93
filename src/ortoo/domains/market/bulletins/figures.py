"""What a bulletin is computed from: one price an item now, before, four periods and a year ago.

Pure. A category's mean is the plain mean of its items' prices, as the printed notes compute it; a
change compares only items that are priced in both periods, so that an item that comes or goes
moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, log

from ortoo.domains.market.bulletins.numbers import (
    CHANGE,
    COUNT,
    FOUR,
    JEVONS,
    LUNAR,
    PRICE,
    SHARE,
    SIMPLE,
    WEIGHTED,
    YEAR,
    Number,
)
from ortoo.domains.market.bulletins.sections import Section

NOW, BEFORE = "now", "before"
BASES: Mapping[str, str] = {CHANGE: BEFORE, FOUR: FOUR, YEAR: YEAR, LUNAR: LUNAR}
FEN = 100


@dataclass(frozen=True, slots=True)
class Quote:
    """An item's price in fen of its unit on both bases; `source` issued, live or history."""

    simple: Fraction
    weighted: Fraction
    source: str = "issued"
    index: int = 0

    def on(self, basis: str) -> Fraction:
        return self.weighted if basis == WEIGHTED else self.simple


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a form. `quotes` by NOW, BEFORE, FOUR, YEAR, LUNAR; absent where unknown."""

    item: str
    good: str
    name: str
    unit: str
    quotes: Mapping[str, Quote]

    def price(self, at: str, basis: str = SIMPLE) -> Fraction | None:
        found = self.quotes.get(at)
        return None if found is None or found.simple <= 0 else found.on(basis)


@dataclass(frozen=True, slots=True)
class FormFigures:
    """A form's figures at one unit: `periods` by NOW … LUNAR, `hidden` items kept back."""

    form: str
    periods: Mapping[str, str]
    lines: tuple[Line, ...]
    hidden: int = 0
    filed: int = 0
    expected: int = 0

    @property
    def index(self) -> int:
        """The newest filing under the figures of now."""
        found = (line.quotes[NOW].index for line in self.lines if NOW in line.quotes)
        return max(found, default=0)


@dataclass(frozen=True, slots=True)
class Figures:
    """All forms of one place and period. `basis`: issued, or live inside the chain 未发布口径."""

    place: str
    period: str
    basis: str
    forms: Mapping[str, FormFigures]
    lunar: bool = False

    def lines(self, section: Section) -> list[Line]:
        """The section's items that are priced now."""
        found = self.forms.get(section.form)
        lines = () if found is None else found.lines
        return [line for line in lines if belongs(line, section) and line.price(NOW) is not None]


def belongs(line: Line, section: Section) -> bool:
    """Whether an item is one of the section's goods."""
    return any(line.good.startswith(prefix) for prefix in section.goods)


def mean(lines: Iterable[Line], at: str, basis: str = SIMPLE) -> Fraction | None:
    """Plain mean of the items' prices, in fen."""
    prices = [price for line in lines if (price := line.price(at, basis)) is not None]
    return sum(prices, Fraction(0)) / len(prices) if prices else None


def both(lines: Iterable[Line], at: str) -> list[Line]:
    """Items priced now and then."""
    return [line for line in lines if line.price(NOW) is not None and line.price(at) is not None]


def change_of(lines: Sequence[Line], at: str, basis: str = SIMPLE) -> Fraction | None:
    """Change of the plain mean over items priced in both periods."""
    same = both(lines, at)
    now, then = mean(same, NOW, basis), mean(same, at, basis)
    return None if now is None or not then else now / then - 1


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes typed numbers of one form's figures."""

    found: FormFigures

    def price(self, subject: str, lines: Sequence[Line], basis: str = SIMPLE) -> Number | None:
        """Mean price of some items in 元; None without one."""
        value = mean(lines, NOW, basis)
        if value is None:
            return None
        return self._number(subject, PRICE, f"元/{lines[0].unit}", value / FEN, lines, basis)

    def change(
        self, subject: str, lines: Sequence[Line], measure: str = CHANGE, basis: str = SIMPLE
    ) -> Number | None:
        """环比, 同比 … of some items; None where there is nothing to compare with."""
        value = change_of(lines, BASES[measure], basis)
        if value is None:
            return None
        return self._number(subject, measure, "%", value, lines, basis)

    def _number(
        self,
        subject: str,
        measure: str,
        unit: str,
        exact: Fraction,
        lines: Sequence[Line],
        basis: str,
    ) -> Number:
        places = 1 if unit == "%" else 2
        at = BASES.get(measure, NOW)
        said = [line.quotes[at] for line in lines if at in line.quotes]
        sources = {quote.source for quote in said}
        return Number(
            self.found.form, subject, measure, self.found.periods[NOW], unit, exact, places, basis,
            "history" if "history" in sources else min(sources, default="issued"),
            max((quote.index for quote in said), default=0), unsigned=unit == "%",
        )  # fmt: skip


def overall(
    found: FormFigures, lines: Sequence[Line], subject: str, measure: str = CHANGE
) -> Number | None:
    """总水平: the geometric mean of the items' price relatives (Jevons), to a millionth; items of
    any unit may stand together in it."""
    at = BASES[measure]
    relatives = [
        now / then
        for line in lines
        if (now := line.price(NOW)) is not None and (then := line.price(at)) is not None
    ]
    if not relatives:
        return None
    # Transcendental, so no exact fraction; a millionth is far below what is printed.
    change = round((exp(sum(log(one) for one in relatives) / len(relatives)) - 1) * 1_000_000)
    said = [line.quotes[at] for line in lines if at in line.quotes]
    source = "history" if any(one.source == "history" for one in said) else said[0].source
    index = max(one.index for one in said)
    return Number(
        found.form, subject, measure, found.periods[NOW], "%", Fraction(change, 1_000_000), 1,
        JEVONS, source, index, unsigned=True,
    )  # fmt: skip


def _standing(found: FormFigures) -> tuple[str, int]:
    said = [line.quotes[NOW] for line in found.lines if NOW in line.quotes]
    return min((q.source for q in said), default="issued"), max((q.index for q in said), default=0)


def counts(found: FormFigures, lines: Sequence[Line], subject: str) -> dict[str, Number]:
    """品种数: `items` priced, `all` compared, `up`, `down`, `flat` by the printed 环比, and the
    `share` that rose."""
    reader = Reader(found)
    signs = [
        moved.direction for line in lines if (moved := reader.change(line.item, [line])) is not None
    ]
    source, index = _standing(found)

    def number(name: str, count: int, exact: Fraction | None = None) -> Number:
        share = exact is not None
        return Number(
            found.form, subject, SHARE if share else COUNT, found.periods[NOW],
            "%" if share else "种", exact if exact is not None else Fraction(count),
            1 if share else 0, SIMPLE, source, index, name=name,
        )  # fmt: skip

    ups = signs.count(1)
    return {
        "all": number("all", len(signs)),
        "items": number("items", len(lines)),
        "up": number("up", ups),
        "down": number("down", signs.count(-1)),
        "flat": number("flat", signs.count(0)),
        "share": number("share", 0, Fraction(ups, len(signs)) if signs else Fraction(0)),
    }


def movers(found: FormFigures, lines: Sequence[Line], most: int = 3) -> list[tuple[Line, Number]]:
    """Items whose 环比 is largest either way, largest first; what is 持平 never moves."""
    reader = Reader(found)
    moved = [
        (line, number)
        for line in lines
        if (number := reader.change(line.item, [line])) is not None and number.direction
    ]
    order: Callable[[tuple[Line, Number]], tuple[Fraction, str]] = lambda pair: (  # noqa: E731
        -abs(pair[1].exact),
        pair[0].item,
    )
    return sorted(moved, key=order)[:most]
