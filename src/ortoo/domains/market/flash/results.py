"""What a 急报 has brought so far: who answered, confirmed or corrected, totals, days of cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.domains.market import checking, monitored
from ortoo.domains.market.flash.plan import Flash
from ortoo.domains.market.flash.services import states_of
from ortoo.domains.market.known import Key, Known, asked_cells, newest_known_of
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.respondents import places_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Cell, Form
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.periodic import ReturnState

SALES_SCALE = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One firm: what was known of it when asked, and what it answered."""

    party: str
    name: str
    place: str
    state: ReturnState
    at_ms: int | None
    late: bool
    cells: Mapping[Key, Cell]
    known: Mapping[Key, Known]

    @property
    def answered(self) -> bool:
        return self.at_ms is not None

    def said(self, key: Key) -> str:
        """confirmed 已确认, corrected 已更正, new 新报, or "" while unanswered."""
        if not self.answered or key not in self.cells:
            return ""
        known = self.known.get(key)
        if known is None:
            return "new"
        return "confirmed" if known.value == self.cells[key] else "corrected"


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """One asked item at one place (or all): over firms that answered with a number."""

    item: str
    firms: int
    total: int
    known_total: int
    covered_stock: int
    weekly_sales: int
    corrected: int
    empty: int

    def days(self, stock_scale: int) -> Fraction | None:
        """可保供天数: stock ÷ (weekly sales ÷ 7) over firms of which both are known."""
        if not self.weekly_sales:
            return None
        scale = Fraction(10) ** (SALES_SCALE - stock_scale)
        return Fraction(self.covered_stock * 7, self.weekly_sales) * scale


@dataclass(frozen=True)
class Results:
    """A request as this reader may see it; `hidden` firms lie outside her places."""

    flash: Flash
    form: Form
    cells: tuple[Key, ...]
    answers: tuple[Answer, ...]
    weekly: Mapping[str, Mapping[str, int]]
    hidden: int

    @property
    def answered(self) -> int:
        return sum(one.answered for one in self.answers)

    @property
    def once_only(self) -> tuple[int, int]:
        """(cells prefilled with a known value, cells asked) over all firms asked."""
        return sum(len(one.known) for one in self.answers), len(self.cells) * len(self.answers)

    def totals(self, measure: str, answers: Sequence[Answer]) -> list[ItemTotal]:
        """Sums of a measure by item over some answers."""
        return [self._total(item, measure, answers) for item, at in self.cells if at == measure]

    def _total(self, item: str, measure: str, answers: Sequence[Answer]) -> ItemTotal:
        key = (item, measure)
        total = known = covered = sales = firms = corrected = empty = 0
        for one in answers:
            cell = one.cells.get(key)
            before = one.known.get(key)
            if one.answered and isinstance(before, Known) and type(before.value) is int:
                known += before.value
            corrected += one.said(key) == "corrected"
            if type(cell) is not int:
                empty += one.answered
                continue
            firms, total = firms + 1, total + cell
            week = self.weekly.get(one.party, {}).get(item)
            if week:
                covered, sales = covered + cell, sales + week
        return ItemTotal(item, firms, total, known, covered, sales, corrected, empty)

    def by_place(self) -> dict[str, list[Answer]]:
        """Answers by the place of the firm, in the order of codes."""
        found: dict[str, list[Answer]] = {}
        for one in sorted(self.answers, key=lambda answer: answer.place):
            found.setdefault(one.place, []).append(one)
        return found


def results(scope: Scope, found: Flash, *, now_ms: int) -> Results:
    """The request's answers of firms inside this scope. Refused FLASH-UNKNOWN outside it."""
    if scope.is_public:
        scope.require("read_unit_figures")
    form = registry.get(found.request.form)
    places = places_of(found.request.parties)
    mine = scope.places("read_unit_figures", form.code)
    parties = sorted(party for party in found.request.parties if places.get(party) in mine)
    if not parties:
        raise Refused("FLASH-UNKNOWN", "没有这份急报。", "请从急报列表进入。", 404)
    states = states_of(found)
    cells = asked_cells(form, found.request.asked)
    # What was known before it was asked: what an answer is held against does not move with it.
    known = newest_known_of(parties, form, cells, now_ms=now_ms, before=found.first_seq)
    filings = read.by_seqs(s.effective for s in states.values() if s.effective)
    firsts = read.by_seqs(s.versions[0] for s in states.values() if s.versions)
    names = names_of(parties)
    ended = found.changed_at if found.status != "asked" else None
    until = min(found.request.due_at, ended) if ended else found.request.due_at
    answers = []
    for party in parties:
        state = states[party]
        filing = filings.get(state.effective or 0)
        grid = checking.grid_of(form, filing) if filing else None
        arrived = firsts[state.versions[0]].arrived_at if state.versions else None
        answers.append(
            Answer(
                party=party,
                name=names.get(party, party),
                place=places[party],
                state=state,
                at_ms=arrived,
                late=arrived is not None and arrived > until,
                cells={key: grid.cell(form, *key) for key in cells} if grid else {},
                known=known[party],
            )
        )
    weekly = weekly_sales(parties, form, found, now_ms)
    hidden = len(found.request.parties) - len(parties)
    return Results(found, form, tuple(cells), tuple(answers), weekly, hidden)


def weekly_sales(
    parties: Sequence[str], form: Form, found: Flash, now_ms: int
) -> dict[str, dict[str, int]]:
    """Party → asked item → what the firm last said it sold of that good in a week, ×10³.

    From whichever weekly form the firm fills in: 应急 and 骨干 firms mostly are retail samples too.
    """
    sold: dict[str, dict[str, int]] = {party: {} for party in parties}
    for weekly in monitored.forms():
        quantity = weekly.measure_by_code.get(weekly.roles.quantity or "")
        if weekly.cadence != "week" or quantity is None or quantity.unit != "{unit}":
            continue
        rows = _same_goods(form, weekly, found.request.items)
        cells = [(code, quantity.code) for code in rows.values()]
        known = newest_known_of(
            parties, weekly, cells, now_ms=now_ms, before=found.first_seq, kind="week"
        )
        for party in parties:
            for item, code in rows.items():
                one = known[party].get((code, quantity.code))
                if one is not None and type(one.value) is int:
                    sold[party].setdefault(item, one.value * 10 ** (SALES_SCALE - quantity.scale))
    return sold


def _same_goods(form: Form, weekly: Form, items: Sequence[str]) -> dict[str, str]:
    """Asked item → the weekly form's row of the same good in the same unit."""
    if weekly.code == form.code:
        return {item: item for item in items}
    by_good = {i.good: i for i in weekly.leaves if i.good and i.match == "exact"}
    found = {}
    for code in items:
        item = form.item(code)
        twin = by_good.get(item.good) if item.good and item.match == "exact" else None
        if twin is not None and twin.unit == item.unit:
            found[code] = twin.code
    return found
