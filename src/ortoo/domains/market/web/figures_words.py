"""What a form's figures are called and counted in: means 均价 of prices, totals 合计 of the rest.

A form without a price role publishes totals: in the rollup such cells have the weight one, so that
`Figure.mean` is the total. Everything that prints a figure asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market.rules.figures import Figure, round_half_even
from ortoo.kernel.forms.definition import Form, Item, Measure


@dataclass(frozen=True, slots=True)
class Denomination:
    """How a form's published figure is printed; `money` is what prices are in (元, or abroad)."""

    form: Form
    money: str = "元"

    @property
    def totals(self) -> bool:
        return self.form.roles.price is None

    @property
    def measure(self) -> Measure:
        """The measure that is published."""
        return self.form.measure(self.form.roles.price or self.form.principal.code)

    @property
    def scale(self) -> int:
        return self.measure.scale

    @property
    def word(self) -> str:
        """均价 or 合计."""
        return "合计" if self.totals else "均价"

    @property
    def noun(self) -> str:
        """What a title says: 价格, or the measure's own title."""
        return self.measure.title["zh"] if self.totals else "价格"

    @property
    def heading(self) -> str:
        """What a page's title says behind the place's name: 市场价格, 期末库存."""
        return self.noun if self.totals else "市场价格"

    @property
    def answers(self) -> str:
        """What a respondent's number is called: 报价, or 填报."""
        return "填报" if self.totals else "报价"

    def unit_of(self, item: Item) -> str:
        """元/公斤, 公斤, 万元."""
        return self.measure.unit_of(item) if self.totals else f"{self.money}/{item.unit}"

    @property
    def unit_of_any(self) -> str:
        """The unit of a column that holds many items; "" where each has its own."""
        if not self.totals:
            return f"{self.money}/单位"
        return "" if "{unit}" in self.measure.unit else self.measure.unit

    def item_unit(self, item: Item) -> str:
        """What stands in an item table's column 单位."""
        return self.measure.unit_of(item) if self.totals else item.unit

    def text(self, value: Fraction | None) -> str:
        """The printed figure; an em dash without one."""
        return "—" if value is None else round_half_even(value / 10**self.scale, self.scale)

    def drawn(self, figure: Figure) -> float | None:
        """The printed value, for the pen."""
        return None if figure.mean is None else float(self.text(figure.mean))
