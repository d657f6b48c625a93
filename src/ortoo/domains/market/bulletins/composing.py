"""A bulletin composed: title, the three lengths, the table of figures, from one reading. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market.bulletins import lengths
from ortoo.domains.market.bulletins.figures import Figures, Line, Reader
from ortoo.domains.market.bulletins.lengths import BRIEF, FULL, WECHAT, Person
from ortoo.domains.market.bulletins.numbers import (
    CHANGE,
    FOUR,
    LUNAR,
    SIMPLE,
    WEIGHTED,
    YEAR,
    Number,
    Paragraph,
)
from ortoo.domains.market.bulletins.sections import SECTIONS, Section
from ortoo.domains.market.bulletins.text import Said, Words, sections_of


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: an item or a section's mean (`group`), its numbers by column."""

    section: str
    name: str
    unit: str
    cells: Mapping[str, Number | None]
    group: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """`versions` by length; `rows` of the table; `sections` that have something to say."""

    title: str
    versions: Mapping[str, tuple[Paragraph, ...]]
    rows: tuple[Row, ...]
    sections: tuple[Said, ...]
    hidden: int

    def numbers(self) -> list[Number]:
        """Every number printed, text first, once each."""
        found: dict[str, Number] = {}
        for name in (FULL, BRIEF, WECHAT):
            for paragraph in self.versions[name]:
                for _, number in paragraph.numbers():
                    found.setdefault(number.key, number)
        for row in self.rows:
            for cell in row.cells.values():
                if cell is not None:
                    found.setdefault(cell.key, cell)
        return list(found.values())


COLUMNS = ("price", "weighted", CHANGE, FOUR, YEAR, LUNAR)


def compose(
    found: Figures, words: Words, title: str, person: Person, most: Mapping[str, int]
) -> Composed:
    """`most`: the most characters of BRIEF and WECHAT."""
    said = sections_of(found, words)
    versions = {
        FULL: tuple(lengths.full(said, person)),
        BRIEF: tuple(lengths.short(said, person, most[BRIEF])),
        WECHAT: tuple(lengths.short(said, person, most[WECHAT])),
    }
    hidden = sum(form.hidden for form in found.forms.values())
    return Composed(title, versions, tuple(_rows(found)), tuple(said), hidden)


def _rows(found: Figures) -> list[Row]:
    rows = []
    for section in SECTIONS:
        lines = found.lines(section)
        if not lines:
            continue
        reader = Reader(found.forms[section.form])
        if section.mean and len(lines) > 1:
            rows.append(_row(reader, section, section.code, f"{section.title}均价", lines, True))
        rows += [_row(reader, section, line.item, line.name, [line], False) for line in lines]
    return rows


def _row(
    reader: Reader, section: Section, subject: str, name: str, lines: Sequence[Line], group: bool
) -> Row:
    cells = {
        "price": reader.price(subject, lines, SIMPLE),
        "weighted": reader.price(subject, lines, WEIGHTED),
        **{measure: reader.change(subject, lines, measure) for measure in (CHANGE, FOUR, YEAR)},
        LUNAR: reader.change(subject, lines, LUNAR),
    }
    return Row(section.code, name, lines[0].unit, cells, group)
