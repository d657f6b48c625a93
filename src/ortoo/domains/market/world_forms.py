"""Adapter of the simulated region for the forms beside the weekly return: wholesale, materials,
emergency goods, key retailers, commodity markets, league supplements and the daily return.

Like the weekly one it is a pure function of seed, places and period.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ortoo import world as simulated
from ortoo.domains.market.world_weeks import (
    OTHER,
    VERIFIED,
    Cells,
    Doubt,
    Mending,
    SimulatedReturn,
    SimulatedWeek,
    broken_rules,
    cells_of,
    truth_lines,
)
from ortoo.kernel.forms.body import GridBody, mark_key
from ortoo.kernel.forms.definition import Form, Measure
from ortoo.kernel.forms.frame import ReturnRow, frame_of
from ortoo.kernel.forms.limits import LimitTable
from ortoo.kernel.forms.periods import Period, due_at_ms, previous_on
from ortoo.world import (
    BLANK,
    NOT_CARRIED,
    VALUE,
    Firm,
    FormReturns,
    FormTruth,
    World,
    WorldError,
    WorldItem,
)
from ortoo.world.calibration import item_facts

if TYPE_CHECKING:
    from ortoo.domains.market.world import SimulatedRegion

_MINUTE_MS = 60_000
Items = tuple[WorldItem, ...]
Truths = Callable[[World, Period, Items], FormTruth]
Returns = Callable[[World, Period, Items], FormReturns]


def _last_week(world: World, period: Period) -> dt.date:
    """First day of the last week of the world that ends inside a period or with it."""
    back = (period.end - world.ground.start).days + 1
    return world.ground.start + dt.timedelta(days=7 * (back // 7 - 1))


SOURCES: Mapping[str, tuple[Truths, Returns]] = {
    "SCJC-W2": (
        lambda world, period, items: simulated.wholesale_truth(world, period.start, items),
        lambda world, period, items: simulated.wholesale_returns(world, period.start, items),
    ),
    "SCSC-X1": (
        lambda world, period, items: simulated.material_truth(world, period.start, items),
        lambda world, period, items: simulated.material_returns(world, period.start, items),
    ),
    "LTQY-M1": (
        lambda world, period, items: simulated.retailer_truth(world, period.start, items),
        lambda world, period, items: simulated.retailer_month(world, period.start, items),
    ),
    "JYSC-M1": (
        lambda world, period, items: simulated.market_truth(world, period.start, items),
        lambda world, period, items: simulated.market_month(world, period.start, items),
    ),
    "EMG-STOCK": (
        lambda world, period, items: simulated.emergency_truth(
            world, _last_week(world, period), items
        ),
        lambda world, period, items: simulated.emergency_stock(
            world, _last_week(world, period), items
        ),
    ),
    "SCJC-D1": (
        lambda world, period, items: simulated.daily_truth(
            world, period.start, [item.code for item in items], yesterday=True
        ),
        lambda world, period, items: simulated.daily_returns(
            world, period.start, [item.code for item in items]
        ),
    ),
}


def _supplement(league: str) -> tuple[Truths, Returns]:
    return (
        lambda world, period, items: simulated.supplement_truth(world, league, period.start, items),
        lambda world, period, items: simulated.supplement_returns(
            world, league, period.start, items
        ),
    )


def source_of(form: Form) -> tuple[Truths, Returns] | None:
    """How the world makes a form's truth and returns; None where it knows nothing of it."""
    if form.supplements is not None and form.respondents.within is not None:
        return _supplement(form.respondents.within)
    return SOURCES.get(form.code)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A period as it would be filed: reported and final cells [firm × item × measure]."""

    found: FormReturns
    values: np.ndarray
    nil: np.ndarray
    final: Cells
    refused: frozenset[str]


class SimulatedForm:
    """One further form of a simulated region. `only`: items an order asks for, all when None."""

    def __init__(
        self,
        region: SimulatedRegion,
        form: Form,
        limits: LimitTable | None,
        only: frozenset[str] | None = None,
    ) -> None:
        source = source_of(form)
        if source is None:
            raise LookupError(f"WORLD-FORM {form.code} 不在模拟世界内")
        self.region, self.form, self.limits = region, form, limits
        self._truth, self._returns = source
        wanted = [leaf for leaf in form.leaves if only is None or leaf.code in only]
        known = [
            WorldItem(leaf.code, self._name(leaf.name["zh"]), leaf.unit, leaf.stock_asked)
            for leaf in wanted
        ]
        self.items: Items = tuple(item for item in known if self._is_known(item))
        # A good that a league asks and the world does not hold is one that no shop carries.
        self.missing = frozenset(item.code for item in known) - {i.code for i in self.items}
        self._whole = only is None
        self._rows = np.array([form.leaf_index[item.code] for item in self.items], dtype=int)
        self._gone = np.array([form.leaf_index[code] for code in sorted(self.missing)], dtype=int)
        self._firms = {firm.code: firm for firm in region.world.respondents}
        self._filled = lru_cache(maxsize=3)(self._fill)

    def _name(self, name: str) -> str:
        """The world's name of a material where only the grade in brackets tells them apart."""
        if self.form.code != "SCSC-X1":
            return name
        named = [item.name for item in simulated.material_items()]
        like = [known for known in named if known.partition("(")[0] == name]
        return like[0] if len(like) == 1 else name

    def _is_known(self, item: WorldItem) -> bool:
        if self.form.supplements is None:
            return True
        try:
            item_facts([item])
        except WorldError:
            return False
        return True

    def week(self, period: Period) -> SimulatedWeek:
        """Returns, corrections and doubts of one period of the form."""
        filled = self._filled(period)
        found = filled.found
        firms = tuple(self._firms[code] for code in found.firms)
        due = due_at_ms(self.form, period, self.region.pack.head.time_zone)
        before = self._before(period)
        faults = self._faults(period, firms, (filled.values, filled.nil), before)
        later = self._faults(period, firms, filled.final, before)
        grids = self._grids(firms, (filled.values, filled.nil), faults)
        better = self._grids(firms, filled.final, later)
        late = dict(found.late_reasons)
        rows = [int(row) for row in np.flatnonzero(found.reported)]
        at = {found.firms[row]: row for row in rows}
        returns = tuple(
            SimulatedReturn(
                firms[row], due + int(found.offset_min[row]) * _MINUTE_MS, grids[row],
                bool(found.assisted[row]), late.get(found.firms[row], ""), found.device[row],
            )
            for row in rows
        )  # fmt: skip
        latest = {one.firm: one for one in found.corrections if one.firm in at}
        mendings = tuple(
            Mending(firm, due + one.at_min * _MINUTE_MS, better[at[firm]], one.how == "asked")
            for firm, one in latest.items()
            if grids[at[firm]].columns != better[at[firm]].columns
        )
        doubts = tuple(self._doubts(found, faults))
        # The world also keeps sums that the form computes and does not ask.
        truth = tuple(
            line
            for line in truth_lines(self.form.code, period, found, filled.refused)
            if line["measure"] in self.form.measure_by_code
        )
        return SimulatedWeek(period, due, firms, returns, mendings, doubts, truth, self.form.code)

    def _fill(self, period: Period) -> _Filled:
        found = self._returns(self.region.world, period, self.items)
        truth = self._truth(self.region.world, period, self.items)
        firms = tuple(self._firms[code] for code in found.firms)
        values, nil = self._laid_out(found.values, found.nil, found)
        true, none = self._laid_out(truth.values, truth.nil, found)
        hard = {rule.id for rule in self.form.rules if rule.severity == "hard"}
        refused = set()
        for row, faults in self._faults(period, firms, (values, nil), None).items():
            if any(rule in hard or "-" in rule for rule, _ in faults):
                values[row], nil[row] = true[row], none[row]
                refused.add(found.firms[row])
        final = values.copy(), nil.copy()
        mended = {(one.firm, one.event) for one in found.corrections}
        rows = {code: row for row, code in enumerate(found.firms)}
        codes = [measure.code for measure in self.form.measures]
        for cell in found.planted:
            if (cell.firm, cell.event) in mended and cell.measure in codes:
                spot = rows[cell.firm], self.form.leaf_index[cell.item], codes.index(cell.measure)
                final[0][spot], final[1][spot] = true[spot], none[spot]
        return _Filled(found, values, nil, final, frozenset(refused))

    def _laid_out(
        self, values: np.ndarray, nil: np.ndarray, found: FormReturns
    ) -> tuple[np.ndarray, np.ndarray]:
        """The world's columns in the places the form has for them; reasons as the form takes
        them: in the principal column, and in the others only beside a number that is missing."""
        shape = (len(found.firms), len(self.form.leaves), len(self.form.measures))
        out, none = np.zeros(shape, np.int64), np.full(shape, BLANK, np.uint8)
        known = {measure.code: at for at, measure in enumerate(found.measures)}
        for at, measure in enumerate(self.form.measures):
            if measure.code in known:
                out[:, self._rows, at] = values[:, :, known[measure.code]]
                none[:, self._rows, at] = nil[:, :, known[measure.code]]
        if len(self._gone):
            out[:, self._gone], none[:, self._gone] = 0, NOT_CARRIED
        for at, measure in enumerate(self.form.measures):
            if measure.asked == "marked":
                unasked = [row for row, leaf in enumerate(self.form.leaves) if not leaf.stock_asked]
                out[:, unasked, at], none[:, unasked, at] = 0, BLANK
        principal = none[:, :, [m.code for m in self.form.measures].index(self.form.principal.code)]
        # A reason stands for the whole row: beside a price the other columns are merely empty.
        idle = (principal == VALUE)[:, :, None] & (none != VALUE)
        none[idle] = BLANK
        none[~found.reported] = BLANK
        return out, none

    def _before(self, period: Period) -> Mapping[str, GridBody]:
        """Last period as it stood in the end, by firm."""
        earlier = previous_on(self.form, period)
        world = self.region.world
        if earlier is None or not (world.holds(earlier.start) and world.holds(earlier.end)):
            return {}
        filled = self._filled(earlier)
        return {
            code: GridBody(self._columns(filled.final, row))
            for row, code in enumerate(filled.found.firms)
            if filled.found.reported[row]
        }

    def _columns(self, cells: Cells, row: int) -> dict[str, tuple[Any, ...]]:
        return {
            measure.code: cells_of(cells[0][row, :, at], cells[1][row, :, at])
            for at, measure in enumerate(self.form.measures)
        }

    def _faults(
        self,
        period: Period,
        firms: Sequence[Firm],
        cells: Cells,
        before: Mapping[str, GridBody] | None,
    ) -> dict[int, list[tuple[str, str]]]:
        pack, unit = self.region.pack, self.region.pack.unit_of(period.end)
        rows = []
        for row, firm in enumerate(firms):
            if (cells[1][row] == BLANK).all():
                continue
            circles = (firm.place, unit.get(firm.place, firm.place), pack.root.code)
            rows.append(
                ReturnRow(
                    row, GridBody(self._columns(cells, row)), (before or {}).get(firm.code),
                    places=dict(zip(self.form.levels, circles, strict=True)),
                    month=period.end.month,
                )
            )  # fmt: skip
        found = broken_rules(self.form, frame_of(self.form, rows), self.limits) if rows else {}
        # What an order does not ask is blank, and so is the total of its group.
        asked = {self.form.leaves[at].code for at in (*self._rows, *self._gone)}
        return {
            row: [one for one in faults if one[1] in asked or self._whole]
            for row, faults in found.items()
        }

    def _grids(
        self, firms: Sequence[Firm], cells: Cells, faults: Mapping[int, list[tuple[str, str]]]
    ) -> dict[int, GridBody]:
        grids = {}
        choices = [text for text in self.form.reasons if not text.startswith(OTHER)]
        for row, firm in enumerate(firms):
            marks = {}
            for rule, item in faults.get(row, ()):
                if "-" in rule:
                    continue
                # The same firm explains the same row by the same word: no draw is kept for it.
                draw = zlib.crc32(f"{firm.code}{rule}{item}".encode())
                said = choices[draw % len(choices)] if choices and draw % 3 else ""
                marks[mark_key(rule, item)] = said or f"{OTHER}：{VERIFIED}"
            grids[row] = GridBody(self._columns(cells, row), marks=marks)
        return grids

    def _doubts(
        self, found: FormReturns, faults: Mapping[int, list[tuple[str, str]]]
    ) -> Iterator[Doubt]:
        planted = {cell.firm for cell in found.planted}
        rules = {rule.id: rule for rule in self.form.rules if rule.severity == "soft"}
        for row, broken in faults.items():
            if found.firms[row] not in planted:
                continue
            for rule, item in broken:
                if rule in rules and item in self.form.leaf_index:
                    measure = self.form.measure(rules[rule].measure)
                    yield Doubt(
                        found.firms[row], item, measure.code, rule,
                        self._question(item, measure, rules[rule].remedy["zh"]),
                    )  # fmt: skip

    def _question(self, item: str, measure: Measure, remedy: str) -> str:
        name = self.form.item(item).name["zh"]
        return f"{name}的{measure.title['zh']}与往期或同业不合，请核对。{remedy}"
