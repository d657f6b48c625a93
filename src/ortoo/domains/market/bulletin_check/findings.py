"""What the checker says of one number of a text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Verdict(StrEnum):
    """对, 错, 无法核对."""

    RIGHT = "right"
    WRONG = "wrong"
    UNVERIFIABLE = "unverifiable"

    @property
    def zh(self) -> str:
        return {"right": "对", "wrong": "错", "unverifiable": "无法核对"}[self.value]

    @property
    def glyph(self) -> str:
        """A sign beside the colour, for eyes and printers that do not tell colours apart."""
        return {"right": "✓", "wrong": "✗", "unverifiable": "？"}[self.value]


class Kind(StrEnum):
    """What a number of a bulletin is."""

    PRICE = "price"
    MEAN = "mean"
    CHANGE = "change"
    BASKET = "basket"
    UP = "up"
    DOWN = "down"
    FLAT = "flat"
    SHARE = "share"
    MOVER = "mover"
    SALES = "sales"
    QUANTITY = "quantity"
    FIRMS = "firms"
    OTHER = "other"

    @property
    def zh(self) -> str:
        return {
            "price": "价格", "mean": "类均价", "change": "涨跌幅", "basket": "监测种数",
            "up": "上涨种数", "down": "下降种数", "flat": "持平种数", "share": "占比",
            "mover": "最大涨跌", "sales": "销售额", "quantity": "数量", "firms": "家数",
            "other": "其他数字",
        }[self.value]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One number. `start`, `end`: where it stands in the text as pasted (characters).

    `expected` is what it should be ("" where nobody knows), `rule` by which rule in words,
    `arithmetic` the sum itself, `href` a page with the figure, `basis`: 报件 or 文内.
    """

    start: int
    end: int
    text: str
    sentence: str
    subject: str
    kind: Kind
    unit: str
    period: str
    value: Fraction
    verdict: Verdict
    expected: str = ""
    rule: str = ""
    arithmetic: str = ""
    href: str = ""
    basis: str = ""
