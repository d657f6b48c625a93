"""Figures with a past: a week given out twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ortoo.domains.market import publication
from ortoo.domains.market.world import SimulatedReturn, SimulatedWeek
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.periods import Period
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

RESTATED = "restated"
"""Kind of a planted cell: the price of an old specification, told right only after the issue."""
FIRMS = 4
REASON = "误用旧规格价格，按现行代表规格更正"


def events(plot: Plot) -> Events:
    form = plot.cast.region.form
    if len(plot.weeks) > 2:
        issued = publication.published_at(form, plot.weeks[-3])
        yield "restated", issued + 20 * HOUR_MS, plot.restatement.tell


class Restatement:
    """Some firms of one unit reported a price of an old specification and mend it together after
    the week was given out: enough of them that the new vintage shows nobody's own figure."""

    def __init__(self, plot: Plot, period: Period) -> None:
        self.plot, self.period = plot, period
        self.right: dict[str, GridBody] = {}

    def misreport(self, week: SimulatedWeek) -> SimulatedWeek:
        """The week with the wrong prices in it, each in its truth."""
        chosen, item = self._chosen(week)
        returns, lines = [], []
        for filed in week.returns:
            if filed.firm.code not in chosen:
                returns.append(filed)
                continue
            wrong, line = self._wrong(filed, item)
            self.right[filed.firm.code] = filed.grid
            returns.append(replace(filed, grid=wrong))
            lines.append(line)
        return replace(week, returns=tuple(returns), truth=(*week.truth, *lines))

    def _chosen(self, week: SimulatedWeek) -> tuple[set[str], str]:
        """Firms of the unit with most returns, and the item most of them sell."""
        form, pack = self.plot.cast.region.form, self.plot.cast.pack
        units = pack.unit_of(week.period.end)
        # Only plain returns: what is planted, mended or sent back has a story of its own.
        busy = {str(line["firm"]) for line in week.truth} | {m.firm for m in week.mendings}
        plain: dict[str, list[SimulatedReturn]] = {}
        for filed in week.returns:
            if filed.firm.code not in busy and filed.at_ms <= week.due_ms:
                unit = units.get(filed.firm.place, filed.firm.place)
                plain.setdefault(unit, []).append(filed)
        found = max(plain.values(), key=len, default=[])
        best, sellers = "", list[str]()
        for leaf in form.leaves:
            sold = [f.firm.code for f in found
                    if isinstance(f.grid.cell(form, leaf.code, "price"), int)]  # fmt: skip
            if len(sold) > len(sellers):
                best, sellers = leaf.code, sold
        return set(sellers[:FIRMS]), best

    def _wrong(self, filed: SimulatedReturn, item: str) -> tuple[GridBody, Mapping[str, Any]]:
        form = self.plot.cast.region.form
        at = form.leaf_index[item]
        column = list(filed.grid.columns["price"])
        true = column[at]
        assert isinstance(true, int)
        column[at] = reported = max(1, true * 96 // 100)
        grid = replace(filed.grid, columns={**filed.grid.columns, "price": tuple(column)})
        return grid, {
            "form": form.code, "period": self.period.code, "firm": filed.firm.code, "event": -1,
            "item": item, "measure": "price", "kind": RESTATED, "true": true,
            "reported": reported, "true_nil": "", "reported_nil": "", "mended": "self",
            "kept_out": False,
        }  # fmt: skip

    def tell(self, at_ms: int) -> None:
        season, form = self.plot.season, self.plot.cast.region.form
        week = season.weeks[form.code, self.period.code]
        offices: dict[int, set[str]] = {}
        for number, (code, grid) in enumerate(sorted(self.right.items())):
            when = at_ms + (2 + 3 * number) * MINUTE_MS
            mends = partial(week.corrects, code, grid, REASON)
            season.timeline.add(when, f"{form.code}|{code}", mends)
            for level, office in enumerate(week.chains.get(code, ())):
                offices.setdefault(level, set()).add(office)
        for level, found in sorted(offices.items()):
            when = at_ms + (90 + 60 * level) * MINUTE_MS
            accepts = partial(week.accepts, tuple(sorted(found)), conclude=False)
            season.timeline.add(when, "", accepts)
        season.timeline.call(at_ms + 6 * HOUR_MS, _issue)


def _issue(at_ms: int) -> None:
    from ortoo.kernel.filings.projection import catch_up

    catch_up()
    publication.issue_due(at_ms)
