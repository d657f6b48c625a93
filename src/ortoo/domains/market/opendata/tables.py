"""The open columns: one line a cell and vintage, with stable documented names; CSV and JSON.

Prices are printed with the places of the form, changes in percent with one, as the pages print
them: more digits of a mean would tell the quantities it was divided by.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from ortoo.domains.market import issued
from ortoo.domains.market.issued import CHANGE_SCALE, MEAN_SCALE
from ortoo.domains.market.opendata.given import Given
from ortoo.domains.market.rules.figures import round_half_even
from ortoo.domains.market.web.exports import safe
from ortoo.domains.market.web.figures_request import place_name
from ortoo.domains.market.web.figures_words import Denomination
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Item

COLUMNS = (
    "form", "period", "period_start", "period_end", "place", "place_name", "item", "item_name",
    "measure", "unit", "value", "simple_mean", "matched_change_percent", "matched_respondents",
    "quotes", "out_of_stock", "respondents_expected", "respondents_filed", "hidden_reason",
    "vintage", "vintage_number", "issued_at",
)  # fmt: skip
REASONS = {0: "", issued.FEW: "few", issued.DOMINATED: "dominated", issued.BESIDE: "secondary"}
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Printer:
    """How a form's cells are printed; one for a run, within which names are looked up once."""

    form: Form
    _items: dict[str, Item | None] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)

    def item(self, code: str) -> Item | None:
        if code not in self._items:
            self._items[code] = item_of(self.form.code, code)
        return self._items[code]

    def place(self, code: str) -> str:
        if code not in self._places:
            self._places[code] = place_name(code)
        return self._places[code]

    def row(self, given: Given) -> tuple[str, ...]:
        """One line, in the order of COLUMNS; "" where there is no figure."""
        by, item = Denomination(self.form), self.item(given.item)
        period = given.period
        head = (
            given.form, period.code, period.start.isoformat(), period.end.isoformat(), given.unit,
            self.place(given.unit), given.item, item.name["zh"] if item else given.item,
            by.measure.code, by.unit_of(item) if item else "",
        )  # fmt: skip
        tail = (
            str(given.of("expected")), str(given.of("filed")), REASONS.get(given.hidden, "other"),
            str(given.issue.seq), str(given.issue.number), moment(given.issue.at_ms),
        )  # fmt: skip
        return (*head, *self.figures(given), *tail)

    def figures(self, given: Given) -> tuple[str, ...]:
        """value, simple_mean, matched change and respondents, quotes, out of stock."""
        if given.hidden:
            return ("",) * 6
        quotes, matched = given.of("quotes"), given.of("matched")
        by = Denomination(self.form)
        change = Fraction(100 * given.of("matched_change"), CHANGE_SCALE)
        return (
            by.text(Fraction(given.of("mean"), MEAN_SCALE)) if quotes else "",
            by.text(Fraction(given.of("simple_mean"), MEAN_SCALE)) if quotes else "",
            round_half_even(change, 1) if matched else "",
            str(matched), str(quotes), str(given.of("out_of_stock")),
        )  # fmt: skip


def item_of(form: str, code: str) -> Item | None:
    """The item in the newest version of the form that has it."""
    versions = registry.loaded().versions.get(form, ())
    for one in sorted(versions, key=lambda known: known.version, reverse=True):
        found: Item | None = one.by_code.get(code)
        if found is not None:
            return found
    return None


@lru_cache(1024)
def moment(at_ms: int) -> str:
    """RFC 3339 in UTC."""
    import datetime as dt

    return dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written(
    rows: Iterable[tuple[str, ...]], head: tuple[str, ...], *, bom: bool
) -> Iterator[bytes]:
    """RFC 4180 in pieces of some lines; text that a spreadsheet would run is led by '."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if bom:
        out.write("\ufeff")
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in row])
        if number % _CHUNK == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def guarded(cell: str) -> str:
    """A negative number is no formula; other text beginning with one of the risky signs is led."""
    if cell[:1].isalnum() or not cell:
        return cell
    try:
        float(cell)
    except ValueError:
        return safe(cell)
    return cell


def as_json(head: dict[str, object], rows: Iterable[tuple[str, ...]]) -> Iterator[bytes]:
    """{…head, "columns": […], "rows": [{…}, …]} in pieces; figures as text, "" as null."""
    opening = json.dumps({**head, "columns": list(COLUMNS)}, ensure_ascii=False)
    yield (opening[:-1] + ', "rows": [').encode()
    mark, piece = "\n", []
    for row in rows:
        said = {name: cell or None for name, cell in zip(COLUMNS, row, strict=True)}
        piece.append(mark + json.dumps(said, ensure_ascii=False))
        mark = ",\n"
        if len(piece) >= _CHUNK:
            yield "".join(piece).encode()
            piece = []
    yield ("".join(piece) + "\n]}\n").encode()
