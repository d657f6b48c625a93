"""Weekly returns as the sample firms file them: in time or not, right or not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ortoo.world.calendar import days_from_festival
from ortoo.world.calibration import Floats, facts, load, remoteness
from ortoo.world.devices import devices, shared_groups
from ortoo.world.draw import pick, pick_weighted, shuffled, stream
from ortoo.world.planted import Ints, Nils, Planted, Sheet, number, per_jin_rows, plant
from ortoo.world.records import (
    BLANK,
    MEASURES,
    NIL_LETTERS,
    PRICE,
    QTY,
    SALES,
    VALUE,
    Correction,
    Firm,
)
from ortoo.world.world import World

_WEEK = 7
# The returns of the festival week and the next are filed by a trade that is still on holiday.
_AFTER_FEAST = (-3, 17)
_SHOCK_FELT = 0.05

# What moved the price → the form's choice and the firm's own words.
REASONS = {
    "promotion": ("促销", ""), "promotion_over": ("促销", "促销结束恢复原价"),
    "supply": ("到货少", "雪天路阻"), "glut": ("其他", "产地集中上市，到货多"),
    "origin_up": ("产地涨价", ""), "origin_down": ("其他", "产地落价"),
    "festival": ("节日", "春节需求"), "spec": ("换规格", ""), "unit": ("录入单位变更", ""),
    "normal": ("其他", "正常"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What the firm writes beside a price that moved.

    ``code`` is a key of ``REASONS``; ``choice`` one of the form's reasons; ``text`` the firm's own
    words, maybe none («正常» is the boilerplate a reviewer learns to distrust).
    """

    firm: str
    item: str
    measure: str
    code: str
    choice: str
    text: str


@dataclass(frozen=True, slots=True)
class WeekReturns:
    """The returns of one week, by sample seat.

    ``values`` int64 and ``nil`` uint8 are [firm × item × measure] in the order of ``firms``,
    ``items`` and ``MEASURES`` (price fen per unit, sales hundreds of yuan, quantity and stock
    tenths of a unit); ``nil``: 0 a value, 1 未经营, 2 断货, 3 季节无货, 4 blank. Rows of firms that
    did not report are blank. ``reported`` bool [firm]; ``offset_min`` int32 [firm]: minutes from
    the deadline, negative before it, 0 where nothing came; ``assisted`` bool [firm]: 代录;
    ``device``: what each return was typed on ("" where nothing came).
    """

    week_start: dt.date
    firms: tuple[str, ...]
    items: tuple[str, ...]
    values: Ints
    nil: Nils
    reported: NDArray[np.bool_]
    offset_min: NDArray[np.int32]
    assisted: NDArray[np.bool_]
    planted: tuple[Planted, ...]
    corrections: tuple[Correction, ...]
    reasons: tuple[Reason, ...]
    late_reasons: tuple[tuple[str, str], ...]
    device: tuple[str, ...] = ()

    @property
    def late(self) -> NDArray[np.bool_]:
        """Reported, but after the deadline; [firm]."""
        return self.reported & (self.offset_min > 0)


def _after_feast(week_start: dt.date) -> bool:
    low, high = _AFTER_FEAST
    return low <= days_from_festival(week_start + dt.timedelta(days=_WEEK - 1)) <= high


def _chances(world: World, week_start: dt.date, sample: tuple[Firm, ...]) -> tuple[Floats, Floats]:
    """Chance of a late and of a missing return; two arrays [firm]."""
    habits, prefix = facts()["reliability"], "feast_" if _after_feast(week_start) else ""
    effects = world.ground.shocks.effects(week_start)
    banner = world.trade.banner[world.shop_rows(week_start)]
    late = np.array([habits[firm.reliability][prefix + "late"] for firm in sample])
    missing = np.array([habits[firm.reliability][prefix + "missing"] for firm in sample])
    return late + effects.late[banner], missing + effects.missing[banner]


def minute(rng: np.random.Generator, windows: list[list[float]]) -> int:
    """A minute from one of the windows [share, from, to]."""
    shares = {str(at): window[0] for at, window in enumerate(windows)}
    _, low, high = windows[int(pick_weighted(rng, shares))]
    return int(low + rng.random() * (high - low))


def _filing_times(
    world: World, week_start: dt.date, sample: tuple[Firm, ...], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int32], list[tuple[str, str]]]:
    clock, (late, missing) = facts()["clock"], _chances(world, week_start, sample)
    draw, other = rng.random(len(sample)), rng.random(len(sample))
    reported, tardy = draw >= missing, other < late
    causes = clock["late_reasons_feast" if _after_feast(week_start) else "late_reasons"]
    offsets = np.zeros(len(sample), dtype=np.int32)
    reasons = []
    for at, firm in enumerate(sample):
        window = "after" if tardy[at] else "close" if firm.reliability == "late" else "before"
        moment, cause = minute(rng, clock[window]), pick_weighted(rng, causes)
        if reported[at]:
            offsets[at] = moment
            if tardy[at]:
                reasons.append((firm.code, cause))
    return reported, offsets, reasons


def correct(
    rng: np.random.Generator, firm: str, event: int, filed_min: int
) -> Correction | None:
    """Whether and when a firm mends an event it filed at ``filed_min``."""
    rules, clock, draw = facts()["slips_rules"], facts()["clock"], rng.random()
    if draw < rules["corrected_by_itself"]:
        low, high = clock["corrected_by_itself"]
        return Correction(firm, event, "self", filed_min + int(low + rng.random() * (high - low)))
    if draw < rules["corrected_by_itself"] + rules["corrected_when_asked"]:
        asked = minute(rng, clock["corrected_when_asked"])
        return Correction(firm, event, "asked", asked if asked > filed_min else filed_min + 60)
    return None


@dataclass(slots=True)
class _Week:
    """A week's returns in the making."""

    world: World
    start: dt.date
    sample: tuple[Firm, ...]
    values: Ints
    nil: Nils
    before: tuple[Ints, Nils] | None   # last week's truth; None where a seat changed hands

    def slip(
        self, reported: NDArray[np.bool_], offsets: NDArray[np.int32], rng: np.random.Generator
    ) -> tuple[list[Planted], list[Correction]]:
        habits, items = facts()["reliability"], tuple(item.code for item in self.world.items)
        per_jin = per_jin_rows(tuple(known.packs for known in self.world.ground.items))
        chance = np.array([habits[firm.reliability]["slip"] for firm in self.sample])
        hit = np.flatnonzero((rng.random(len(chance)) < chance) & reported)
        planted: list[Planted] = []
        corrections: list[Correction] = []
        for event, row in enumerate(hit):
            before = None if self.before is None else (self.before[0][row], self.before[1][row])
            sheet = Sheet(self.values[row], self.nil[row], before, per_jin, rng)
            firm = self.sample[row].code
            cells = plant(sheet, event=event, firm=firm, week=self.start, items=items)
            mended = correct(rng, firm, event, int(offsets[row]))
            planted += cells
            if cells and mended:
                corrections.append(mended)
        return planted, corrections

    def copy_within(
        self, groups: tuple[tuple[str, ...], ...], reported: NDArray[np.bool_],
        planted: list[Planted],
    ) -> list[Planted]:
        """Who files for several firms from one device sometimes hands in one's figures for
        another: prices, sales and quantities, row by row."""
        rng = stream(self.world.ground.seed, "copied", self.world.week_of(self.start))
        row_of = {firm.code: row for row, firm in enumerate(self.sample)}
        slipped = {cell.firm for cell in planted}
        found: list[Planted] = []
        for group in groups:
            draw, order = rng.random(), shuffled(rng, len(group))
            ready = [group[at] for at in order if group[at] in row_of
                     and reported[row_of[group[at]]] and group[at] not in slipped]
            if draw < load("respondents.toml")["devices"]["copied"] and len(ready) > 1:
                event = 1 + max((cell.event for cell in (*planted, *found)), default=-1)
                found += self._copy(row_of[ready[0]], row_of[ready[1]], event)
        return found

    def _copy(self, source: int, target: int, event: int) -> list[Planted]:
        values, nil = self.values[target].copy(), self.nil[target].copy()
        told = [PRICE, SALES, QTY]
        self.values[target][:, told] = self.values[source][:, told]
        self.nil[target][:, told] = self.nil[source][:, told]
        changed = np.argwhere((values != self.values[target]) | (nil != self.nil[target]))
        return [
            Planted(event, self.sample[target].code, self.start, self.world.items[item].code,
                    MEASURES[at], "copied_neighbour", number(values[item, at], nil[item, at]),
                    number(self.values[target, item, at], self.nil[target, item, at]),
                    NIL_LETTERS[nil[item, at]], NIL_LETTERS[self.nil[target, item, at]])
            for item, at in changed
        ]

    def explain(
        self, reported: NDArray[np.bool_], planted: list[Planted], rng: np.random.Generator
    ) -> list[Reason]:
        """A reason for every price that moved by more than firms let pass without a word."""
        if self.before is None:
            return []
        least = facts()["slips_rules"]["reason_from_change"]
        old, new = self.before[0][:, :, PRICE], self.values[:, :, PRICE]
        both = (self.before[1][:, :, PRICE] == VALUE) & (self.nil[:, :, PRICE] == VALUE)
        change = np.where(both, new / np.maximum(old, 1) - 1, 0.0)
        change[~reported] = 0.0
        slipped = {(cell.firm, cell.item) for cell in planted}
        week = self.world.week_of(self.start)
        rows = self.world.shop_rows(self.start)
        felt = self.world.ground.shocks.effects(self.start).price[self.world.trade.banner[rows]]
        promoted = self.world.tags.promoted[week - 1:week + 1, rows]
        return [
            self._reason(row, item, change[row, item], felt[row, item],
                         (bool(promoted[0, row, item]), bool(promoted[1, row, item])), slipped, rng)
            for row, item in np.argwhere(np.abs(change) >= least)
        ]

    def _reason(
        self, row: int, item: int, change: float, felt: float, promoted: tuple[bool, bool],
        slipped: set[tuple[str, str]], rng: np.random.Generator,
    ) -> Reason:
        firm, code = self.sample[row], self.world.items[item].code
        true = self._cause(change, felt, promoted)
        if (firm.code, code) in slipped:
            true = pick(rng, ("normal", "spec", "unit"))
        if rng.random() < facts()["slips_rules"]["boilerplate"][firm.reliability]:
            true = "normal"
        return Reason(firm.code, code, MEASURES[PRICE], true, *REASONS[true])

    def _cause(self, change: float, felt: float, promoted: tuple[bool, bool]) -> str:
        was, now = promoted
        if now and change < 0:
            return "promotion"
        if was and change > 0:
            return "promotion_over"
        if abs(felt) > _SHOCK_FELT and felt * change > 0:
            return "supply" if change > 0 else "glut"
        if change > 0 and -_WEEK * 4 <= days_from_festival(self.start) < 0:
            return "festival"
        return "origin_up" if change > 0 else "origin_down"


def _last_week(world: World, week_start: dt.date) -> tuple[Ints, Nils] | None:
    if world.week_of(week_start) == 0:
        return None
    earlier = week_start - dt.timedelta(days=_WEEK)
    truth = world.truth(earlier)
    new = world.shop_rows(earlier) != world.shop_rows(week_start)
    values, nil = truth.values.copy(), truth.nil.copy()
    values[new], nil[new] = 0, BLANK   # a firm's first week has nothing to be copied from
    return values, nil


def weekly_returns(world: World, week_start: dt.date) -> WeekReturns:
    """The returns of the week that begins on ``week_start``.

    Any week can be made without the others and always comes out the same. Raises WorldError
    (``WORLD-WEEK``) for a week outside this world.
    """
    rng = stream(world.ground.seed, "returns", world.week_of(week_start))
    sample, truth = world.sample(week_start), world.truth(week_start)
    reported, offsets, late_reasons = _filing_times(world, week_start, sample, rng)
    making = _Week(world, week_start, sample, truth.values.copy(), truth.nil.copy(),
                   _last_week(world, week_start))
    planted, corrections = making.slip(reported, offsets, rng)
    planted += making.copy_within(shared_groups(world), reported, planted)
    reasons = making.explain(reported, planted, rng)
    places = {place.code: place for place in world.ground.banners}
    far = np.array([remoteness(places[firm.place]) for firm in sample])
    assisted = reported & (rng.random(len(sample)) < facts()["clock"]["assisted"] * 2 * far)
    making.values[~reported], making.nil[~reported] = 0, BLANK
    return WeekReturns(
        week_start, tuple(firm.code for firm in sample), tuple(item.code for item in world.items),
        making.values, making.nil, reported, offsets, assisted, tuple(planted),
        tuple(corrections), tuple(reasons), tuple(late_reasons),
        devices(world, sample, reported, assisted),
    )
