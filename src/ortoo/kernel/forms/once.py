"""The once-only ratio of a form (law 18): how many of the cells it asks are known elsewhere.

Printed codes, names, specifications and units, and who files for which period, are identification:
nobody types them, so they are counted apart and left out of the ratio. A cell counts as known by
`shares` or `prefill` only where the form it names asks for the same good. A source that is no form
(`pos`, `feed`, `history`) is a connector: its cells are typed until the respondent has connected
it, so they are counted as waiting and stand only in the second ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ortoo.kernel.forms.definition import Form, Item, Measure

HEAD_CELLS = 3
"""单位名称, 统一社会信用代码 and 报告期."""


@dataclass(frozen=True, slots=True)
class Once:
    """Counts of one form's cells. `cells`: asked of a respondent, with the facts of the whole.

    `prefilled`: taken from a form (this one's last period, too); `waiting`: from a connector.
    """

    form: str
    cells: int
    identification: int
    shared: int
    prefilled: int
    waiting: int

    @property
    def known(self) -> int:
        return self.shared + self.prefilled

    @property
    def percent(self) -> int:
        """Known of asked, whole percent, rounded down so that it never flatters."""
        return 100 * self.known // self.cells

    @property
    def percent_connected(self) -> int:
        """The same once every connector that the form names is connected."""
        return 100 * (self.known + self.waiting) // self.cells


def once(form: Form, forms: Mapping[str, Form]) -> Once:
    """The counts of one form; `forms`: newest versions by code, where `shares` may point."""
    cells = shared = prefilled = waiting = 0
    for measure in form.measures:
        for item in form.leaves:
            if measure.asked == "marked" and not item.stock_asked:
                continue
            cells += 1
            if _holds(measure.shares, item, forms):
                shared += 1
            elif _holds(measure.prefill, item, forms):
                prefilled += 1
            elif _connector(measure, forms):
                waiting += 1
    printed = sum(3 + bool(item.spec) for item in form.leaves)
    asked = cells + len(form.attributes)
    return Once(form.code, asked, printed + HEAD_CELLS, shared, prefilled, waiting)


def once_all(forms: Iterable[Form]) -> list[Once]:
    """The counts of the newest versions of forms, by code."""
    by_code = {form.code: form for form in forms}
    return [once(by_code[code], by_code) for code in sorted(by_code)]


def _holds(source: str | None, item: Item, forms: Mapping[str, Form]) -> bool:
    name, _, column = (source or "").rpartition(".")
    if name not in forms:
        return False
    twin = forms[name].measure_by_code.get(column)
    return twin is not None and any(
        other.good == item.good and _asked(twin, other) for other in forms[name].leaves
    )


def _connector(measure: Measure, forms: Mapping[str, Form]) -> bool:
    name = (measure.prefill or "").partition(".")[0]
    # Codes of forms are capital; a connector's name is not.
    return name not in forms and name.islower()


def _asked(measure: Measure, item: Item) -> bool:
    return measure.asked == "every" or item.stock_asked
