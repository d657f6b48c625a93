"""All cells of one return as a table: every measure, last period, last year, peers and marks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.safestring import SafeString

from ortoo.domains.market import checking
from ortoo.domains.market.review_queue import (
    Circle,
    Past,
    cell_at,
    effect_of,
    number_at,
    peers_of,
    shown_peers,
)
from ortoo.domains.market.review_selectors import Review, ReviewRow
from ortoo.domains.market.rules.effect import NONE
from ortoo.domains.market.web import review_words as words
from ortoo.kernel.filings import read
from ortoo.kernel.forms.definition import Item, Nil
from ortoo.web.charts import sparkline


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell: its key, text, and what stands against it."""

    key: str
    title: str
    text: str
    nil: bool
    rules: tuple[str, ...]
    reason: str
    queried: bool
    ticked: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """A group's heading (no cells), or a leaf with its cells and comparisons."""

    name: str
    unit: str = ""
    cells: tuple[TableCell, ...] = ()
    previous: str = ""
    change: str | None = None
    year: str = ""
    median: str = ""
    peers: int = 0
    effect: str = ""
    spark: SafeString | None = None


@dataclass(frozen=True, slots=True)
class ReturnTable:
    """Columns are the form's measures with their units; rows follow the form."""

    measures: tuple[tuple[str, str], ...]
    rows: tuple[TableRow, ...]
    marks: tuple[tuple[str, str, str], ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        return len(self.measures) + 7


def return_table(view: Review, row: ReviewRow, past: Past, wanted: set[str]) -> ReturnTable:
    """The return in force, laid out as the form is. One read of its body."""
    filing = read.get(row.state.effective or 0)
    marks: dict[str, str] = {}
    notes: dict[str, str] = {}
    if filing is not None:
        grid = checking.grid_of(view.form, filing)
        marks, notes = dict(grid.marks), dict(grid.notes)
    said = _Said(view, row, past, marks, wanted, Circle(past.now, view.office))
    rows = [
        said.leaf(item) if item.is_leaf else TableRow(item.name["zh"]) for item in view.form.items
    ]
    return ReturnTable(
        measures=tuple((m.title["zh"], _unit(m.unit)) for m in view.form.measures),
        rows=tuple(rows),
        marks=tuple(said.mark(key, reason) for key, reason in marks.items()),
        notes=tuple((said.title(key), text) for key, text in notes.items()),
    )


def _unit(unit: str) -> str:
    return "" if "{" in unit else unit


class _Said:
    """One return beside everything it is compared with."""

    def __init__(
        self,
        view: Review,
        row: ReviewRow,
        past: Past,
        marks: dict[str, str],
        wanted: set[str],
        circle: Circle,
    ) -> None:
        self._view, self._form, self._past = view, view.form, past
        self._party, self._wanted, self._circle = row.party, wanted, circle
        self._queried = {key for query in row.queries for key in query.cells}
        self._marks: dict[str, list[tuple[str, str]]] = {}
        measure_of = {rule.id: rule.measure for rule in view.form.rules}
        for key, reason in marks.items():
            rule, _, item = key.partition(":")
            cell = f"{item}.{measure_of.get(rule, 'price')}"
            self._marks.setdefault(cell, []).append((rule, reason))

    def mark(self, key: str, reason: str) -> tuple[str, str, str]:
        """(row's name, rule, reason) of one answered soft finding."""
        rule, _, item = key.partition(":")
        name = self._form.item(item).name["zh"] if item in self._form.by_code else item
        return name, rule, reason

    def title(self, key: str) -> str:
        item, _, measure = key.partition(".")
        return f"{self._form.item(item).name['zh']}·{self._form.measure(measure).title['zh']}"

    def leaf(self, item: Item) -> TableRow:
        past, party, index = self._past, self._party, self._form.leaf_index[item.code]
        measure = self._form.principal.code
        price = number_at(past.now, party, measure, index)
        before = number_at(past.previous, party, measure, index)
        peers = shown_peers(self._view, peers_of(past, party, item.code))
        effect = effect_of(past, self._circle, party, measure, index)
        scale = self._form.principal.scale
        series = [
            None if value is None else Decimal(value).scaleb(-scale)
            for value in past.series(party, measure, index)
        ]
        change = Fraction(price, before) - 1 if price is not None and before else None
        return TableRow(
            name=item.name["zh"],
            unit=item.unit,
            cells=tuple(self._cell(item, m.code, index) for m in self._form.measures),
            previous=self._words(item, past.previous, index),
            change=words.percent(change),
            year=self._words(item, past.year, index),
            median=words.median(peers),
            peers=peers.count if peers else 0,
            effect="" if effect is NONE or not effect.share else effect.permille,
            spark=sparkline(series, label="近8期", places=scale) if any(series) else None,
        )

    def _words(self, item: Item, returns: object, index: int) -> str:
        measure = self._form.principal.code
        cell = cell_at(returns, self._party, measure, index)  # type: ignore[arg-type]
        return words.cell_words(self._form, item, measure, cell)

    def _cell(self, item: Item, measure: str, index: int) -> TableCell:
        cell = cell_at(self._past.now, self._party, measure, index)
        key = f"{item.code}.{measure}"
        marks = self._marks.get(key, [])
        return TableCell(
            key=key,
            title=self.title(key),
            text=words.cell_words(self._form, item, measure, cell),
            nil=isinstance(cell, Nil) or cell is None,
            rules=tuple(rule for rule, _ in marks),
            reason="；".join(reason for _, reason in marks),
            queried=key in self._queried,
            ticked=key in self._wanted,
        )
