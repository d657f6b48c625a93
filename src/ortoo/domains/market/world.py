"""Adapter of the simulated region: its weeks as bodies of the weekly return, the truth apart.

Everything is a pure function of seed, places and period: a week can be made without the others and
always comes out the same, so that a history may be filed in any order and taken up again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ortoo.domains.market.world_forms import SimulatedForm, source_of
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
    column_of,
    truth_lines,
)
from ortoo.kernel.forms.body import GridBody, mark_key, note_key
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.frame import ReturnRow, frame_of
from ortoo.kernel.forms.limits import LimitTable, choose
from ortoo.kernel.forms.limits import load_all as load_limits
from ortoo.kernel.forms.periods import Period, due_at_ms
from ortoo.kernel.places.pack import Pack
from ortoo.world import (
    BLANK,
    FIRST_WEEK,
    MEASURES,
    WEEKS,
    Firm,
    WeekReturns,
    World,
    WorldItem,
    WorldPlace,
    frame_truth,
    weekly_returns,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "ASKED", "Doubt", "Mending", "SimulatedForm", "SimulatedRegion", "SimulatedReturn",
    "SimulatedWeek", "simulated_region",
]  # fmt: skip
_MINUTE_MS = 60_000
# What a shop writes where the shelf explains it and no price moved.
_OWN_WORDS = {"R5": "盘点报损", "R6": "本店规格较高", "R12": "本组销售集中在节前"}
# Rules whose breach a reviewer would ask about, the tell-tale ones first.
ASKED = ("R8", "R7", "R10", "R9", "R2", "R4")


@dataclass(frozen=True, slots=True)
class _Sheets:
    """Values and nils of a week [seat × item × measure] and what the form's rules say of them."""

    firms: tuple[Firm, ...]
    reported: NDArray[np.bool_]
    values: NDArray[np.int64]
    nil: NDArray[np.uint8]
    broken: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)


class SimulatedRegion:
    """The region's sample firms under one form.

    `through`: the last day that must lie inside; `places`: codes of leagues and banners to keep
    (all when None); `sample`: number of sample seats.
    """

    def __init__(
        self,
        pack: Pack,
        form: Form,
        limits: LimitTable | None,
        *,
        seed: int,
        through: dt.date,
        places: Iterable[str] | None = None,
        sample: int | None = None,
    ) -> None:
        self.pack, self.form, self.limits, self.through = pack, form, limits, through
        kept = None if places is None else set(places)
        self.world = World(
            seed,
            [
                WorldPlace(p.code, p.zh, p.kind, p.parent, p.population or 0)
                for p in pack.places
                if kept is None or p.code in kept
            ],
            [
                WorldItem(item.code, item.name["zh"], item.unit, item.stock_asked)
                for item in form.leaves
            ],
            weeks=max(WEEKS, (through - FIRST_WEEK).days // 7 + 2),
            sample=sample,
        )
        self._possible = lru_cache(maxsize=4)(self._possible_cells)
        self._refused_rows = lru_cache(maxsize=8)(self._hard_rows)
        self._final = lru_cache(maxsize=4)(self._final_cells)

    def week(self, period: Period) -> SimulatedWeek:
        """Returns, corrections and doubts of one period of the form."""
        found = weekly_returns(self.world, period.start)
        sheets = self._checked(period, *self._possible(period.start))
        mended = self._checked(period, *self._final(period.start))
        due = due_at_ms(self.form, period, self.pack.head.time_zone)
        late = dict(found.late_reasons)
        grids = self._grids(sheets, found)
        better = self._grids(mended, found)
        rows = {firm.code: row for row, firm in enumerate(sheets.firms)}
        returns = tuple(
            SimulatedReturn(
                firm,
                due + int(found.offset_min[row]) * _MINUTE_MS,
                grids[row],
                bool(found.assisted[row]),
                late.get(firm.code, ""),
                found.device[row],
            )
            for row, firm in enumerate(sheets.firms)
            if sheets.reported[row]
        )
        latest = {correction.firm: correction for correction in found.corrections}
        mendings = tuple(
            Mending(
                firm, due + correction.at_min * _MINUTE_MS, better[rows[firm]],
                correction.how == "asked",
            )
            for firm, correction in latest.items()
            if grids[rows[firm]].columns != better[rows[firm]].columns
        )  # fmt: skip
        truth = tuple(
            truth_lines(self.form.code, period, found, self._refused(period.start))
        )
        doubts = tuple(self._doubts(sheets, {cell.firm for cell in found.planted}))
        firms, form = sheets.firms, self.form.code
        return SimulatedWeek(period, due, firms, returns, mendings, doubts, truth, form)

    def settled(self, period: Period) -> tuple[tuple[Firm, ...], dict[str, GridBody]]:
        """(who owed, what stood in the end by firm): a week as history knows it."""
        found = weekly_returns(self.world, period.start)
        sheets = self._checked(period, *self._final(period.start))
        grids = self._grids(sheets, found)
        kept = {
            firm.code: grids[row]
            for row, firm in enumerate(sheets.firms)
            if sheets.reported[row]
        }
        return sheets.firms, kept

    def _final_cells(self, start: dt.date) -> Cells:
        """What stood after the week's corrections."""
        found = weekly_returns(self.world, start)
        possible = self._possible(start)
        values, nil = possible[0].copy(), possible[1].copy()
        truth = self.world.truth(start)
        firms = {code: row for row, code in enumerate(found.firms)}
        mended = {(c.firm, c.event) for c in found.corrections}
        column = {item: at for at, item in enumerate(found.items)}
        for cell in found.planted:
            if (cell.firm, cell.event) in mended:
                at = firms[cell.firm], column[cell.item], MEASURES.index(cell.measure)
                values[at], nil[at] = truth.values[at], truth.nil[at]
        return values, nil

    def _possible_cells(self, start: dt.date) -> Cells:
        """The reported cells, a return that no form would take in replaced by the true one."""
        found = weekly_returns(self.world, start)
        values, nil = found.values.copy(), found.nil.copy()
        truth = self.world.truth(start)
        for row in self._refused_rows(start):
            values[row], nil[row] = truth.values[row], truth.nil[row]
        return values, nil

    def _refused(self, start: dt.date) -> frozenset[str]:
        """Firms whose return as first keyed no form would take in."""
        firms = self.world.sample(start)
        return frozenset(firms[row].code for row in self._refused_rows(start))

    def _hard_rows(self, start: dt.date) -> tuple[int, ...]:
        found = weekly_returns(self.world, start)
        hard = {rule.id for rule in self.form.rules if rule.severity == "hard"}
        frame = self._frame(start, (found.values, found.nil), None)
        return tuple(
            row
            for row, faults in broken_rules(self.form, frame, self.limits).items()
            if any(rule in hard or "-" in rule for rule, _ in faults)
        )

    def joining(self, period: Period, parties: Iterable[str]) -> dict[str, SimulatedReturn]:
        """Returns of shops outside the world's own sample that a decision took into the sample."""
        truth, wanted = frame_truth(self.world, period.start), set(parties)
        firms = {firm.code: firm for firm in self.world.roll.frame}
        due = due_at_ms(self.form, period, self.pack.head.time_zone)
        rows = [row for row, code in enumerate(truth.firms) if code in wanted]
        grids = {
            row: GridBody(
                {
                    code: cells_of(truth.values[row, :, at], truth.nil[row, :, at])
                    for at, code in enumerate(MEASURES)
                }
            )
            for row in rows
        }
        if not rows:
            return {}
        laid = frame_of(
            self.form, [ReturnRow(row, grids[row], month=period.end.month) for row in rows]
        )
        broken = broken_rules(self.form, laid, self.limits)
        found = {}
        for row, grid in grids.items():
            marks = {mark_key(r, i): f"{OTHER}：{VERIFIED}" for r, i in broken.get(row, ())}
            code = truth.firms[row]
            at_ms = due - (150 + 11 * row) * _MINUTE_MS
            found[code] = SimulatedReturn(firms[code], at_ms, GridBody(grid.columns, marks=marks))
        return found

    def _checked(
        self, period: Period, values: NDArray[np.int64], nil: NDArray[np.uint8]
    ) -> _Sheets:
        """The sheets with the rules they break, by row: (rule, item or group)."""
        start = period.start
        frame = self._frame(start, (values, nil), self._before(start))
        reported = weekly_returns(self.world, start).reported
        broken = broken_rules(self.form, frame, self.limits)
        return _Sheets(self.world.sample(start), reported, values, nil, broken)

    def _before(self, start: dt.date) -> Cells | None:
        """Last week as it stood in the end; seats that changed hands and silent ones blank."""
        if self.world.week_of(start) == 0:
            return None
        earlier = start - dt.timedelta(days=7)
        found = weekly_returns(self.world, earlier)
        firms = self.world.sample(start)
        same = np.array([a.code == b for a, b in zip(firms, found.firms, strict=True)])
        values, nil = self._final(earlier)
        kept = nil.copy()
        kept[~(same & found.reported)] = BLANK
        return values, kept

    def _frame(self, start: dt.date, now: Cells, before: Cells | None) -> pl.DataFrame:
        """The week laid out as `kernel.forms.frame` reads it, silent seats left out."""
        import polars as pl

        firms = self.world.sample(start)
        rows = np.flatnonzero(weekly_returns(self.world, start).reported)
        codes = [item.code for item in self.form.leaves]
        data: dict[str, pl.Series] = {
            "return": pl.Series(np.repeat(rows, len(codes)).astype(np.uint32)),
            "item": pl.Series(codes * len(rows), dtype=pl.Enum(codes)),
        }
        for at, measure in enumerate(MEASURES):
            nil = now[1][rows, :, at].ravel()
            data[measure] = column_of(now[0][rows, :, at].ravel(), nil)
            data[f"{measure}#nil"] = pl.Series(np.where(nil == BLANK, 0, nil).astype(np.uint8))
            if before is not None:
                old, kind = before[0][rows, :, at].ravel(), before[1][rows, :, at].ravel()
                data[f"{measure}@-1"] = column_of(old, kind)
        end = start + dt.timedelta(days=6)
        data["month"] = pl.Series(np.full(len(rows) * len(codes), end.month, np.uint8))
        unit = self.pack.unit_of(end)
        circles = [(f.place, unit.get(f.place, f.place), self.pack.root.code) for f in firms]
        for number, level in enumerate(self.form.levels):
            places = [circles[row][number] for row in rows for _ in codes]
            data[level] = pl.Series(places, dtype=pl.Categorical)
        return pl.DataFrame(data)

    def _grids(self, sheets: _Sheets, found: WeekReturns) -> dict[int, GridBody]:
        """Bodies of the reported rows, each soft finding answered as the firm answers it."""
        said = {(r.firm, r.item): (r.choice, r.text) for r in found.reasons}
        grids = {}
        for row in np.flatnonzero(sheets.reported).tolist():
            firm = sheets.firms[row].code
            marks: dict[str, str] = {}
            notes: dict[str, str] = {}
            for rule, item in sheets.broken.get(row, ()):
                choice, text = said.get((firm, item), (OTHER, ""))
                if choice == OTHER:
                    choice = f"{OTHER}：{text or _OWN_WORDS.get(rule, VERIFIED)}"
                marks[mark_key(rule, item)] = choice
                if text and item in self.form.leaf_index:
                    notes[note_key(item, "stock" if rule == "R5" else "price")] = text
            columns = {
                code: cells_of(sheets.values[row, :, at], sheets.nil[row, :, at])
                for at, code in enumerate(MEASURES)
            }
            grids[row] = GridBody(columns, notes, marks)
        return grids

    def _doubts(self, sheets: _Sheets, planted: set[str]) -> Iterator[Doubt]:
        measures = {rule.id: rule.measure for rule in self.form.rules}
        for row, faults in sheets.broken.items():
            for rule, item in sorted(faults, key=lambda fault: _rank(fault[0])):
                firm = sheets.firms[row].code
                if rule in ASKED and firm in planted:
                    yield Doubt(firm, item, measures[rule] or "price", rule)


    def other(self, form: Form, only: frozenset[str] | None = None) -> SimulatedForm | None:
        """A further form of the same world, None where the world knows nothing of it; `only`: the
        items an order asks for."""
        if source_of(form) is None:
            return None
        return SimulatedForm(self, form, _limits(form, self.through), only)


def _limits(form: Form, on: dt.date) -> LimitTable | None:
    tables = load_limits([Path(__file__).resolve().parent / "regulations"])
    return choose(tables, form.limits, on) if form.limits else None


def simulated_region(
    pack: Pack,
    form: Form,
    *,
    seed: int,
    through: dt.date,
    places: Iterable[str] | None = None,
    sample: int | None = None,
) -> SimulatedRegion:
    """A region under a form of this domain and the limits in force on its last day."""
    return SimulatedRegion(
        pack, form, _limits(form, through), seed=seed, through=through, places=places, sample=sample
    )


def _rank(rule: str) -> int:
    return ASKED.index(rule) if rule in ASKED else len(ASKED)
