"""Numbers and words of a bulletin 公报: every printed number keeps what it is and where it is from.

Text, tables, charts and the checker read the same values. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ortoo.domains.market.rules.figures import round_half_even

PRICE, CHANGE, FOUR, YEAR, LUNAR, COUNT, SHARE = (
    "price", "change", "four", "year", "lunar", "count", "share",
)  # fmt: skip
MEASURE_ZH = {
    PRICE: "均价", CHANGE: "环比", FOUR: "较四期前", YEAR: "同比", LUNAR: "农历同期比",
    COUNT: "品种数", SHARE: "占比",
}  # fmt: skip
SIMPLE, WEIGHTED, JEVONS = "simple", "weighted", "jevons"
BASIS_ZH = {SIMPLE: "简单平均", WEIGHTED: "加权平均", JEVONS: "各品种涨跌的几何平均"}


@dataclass(frozen=True, slots=True)
class Number:
    """One printed number. `subject`: an item's code, a section's (`VE`) or `*` for the whole.

    `exact` is what was rounded (元 for prices, a ratio for changes, a count), `places` the decimals
    printed, half to even; `source`: issued, live or history; `index`: the filing it rests on.
    """

    form: str
    subject: str
    measure: str
    period: str
    unit: str
    exact: Fraction
    places: int
    basis: str = SIMPLE
    source: str = "issued"
    index: int = 0
    unsigned: bool = False
    name: str = ""

    @property
    def key(self) -> str:
        return "|".join((self.form, self.subject, self.measure, self.basis, self.name))

    @property
    def printed(self) -> Fraction:
        """The value as printed, in the shown unit."""
        shown = self.exact * 100 if self.unit == "%" else self.exact
        return Fraction(round(shown * 10**self.places), 10**self.places)

    @property
    def text(self) -> str:
        shown = abs(self.printed) if self.unsigned else self.printed
        return round_half_even(shown, self.places)

    @property
    def direction(self) -> int:
        """1 up, −1 down, 0 flat, by the number as printed: what rounds to 0.0 is 持平."""
        return (self.printed > 0) - (self.printed < 0)


Span = str | Number


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of one section: text and numbers in order."""

    section: str
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        return "".join(one if isinstance(one, str) else one.text for one in self.spans)

    def numbers(self) -> Iterable[tuple[int, Number]]:
        """(offset in the text, number)."""
        at = 0
        for one in self.spans:
            text = one if isinstance(one, str) else one.text
            if not isinstance(one, str):
                yield at, one
            at += len(text)


@dataclass
class Sentence:
    """Spans under construction."""

    spans: list[Span] = field(default_factory=list)

    def say(self, *spans: Span) -> Sentence:
        for one in spans:
            if isinstance(one, str) and self.spans and isinstance(self.spans[-1], str):
                self.spans[-1] += one
            elif one != "":
                self.spans.append(one)
        return self

    def paragraph(self, section: str) -> Paragraph:
        return Paragraph(section, tuple(self.spans))


def joined(parts: Sequence[Sequence[Span]], mark: str) -> list[Span]:
    """Parts with a mark between."""
    found: list[Span] = []
    for number, part in enumerate(parts):
        if number:
            found.append(mark)
        found += part
    return found


def characters(text: str) -> int:
    """Characters as officials count a length: every one that is not white space, marks included.

    Never fewer than a word processor's 字数, which counts a run of digits as one.
    """
    return sum(not one.isspace() for one in text)
