"""A bulletin as its filing holds it, written and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ortoo.domains.market.bulletins.composing import COLUMNS, Composed
from ortoo.domains.market.bulletins.lengths import BRIEF, FULL, WECHAT
from ortoo.domains.market.bulletins.numbers import Number, characters
from ortoo.domains.market.bulletins.sections import title_of

FORM, DECIDE, WITHDRAW = "MON-BULLETIN", "MON-BULLETIN-DECIDE", "MON-BULLETIN-WITHDRAW"
LENGTHS = (FULL, BRIEF, WECHAT)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as a filed bulletin holds it."""

    key: str
    text: str
    exact: Fraction
    places: int
    unit: str
    period: str
    source: str
    filing: int

    @property
    def form(self) -> str:
        return self.key.split("|")[0]

    @property
    def subject(self) -> str:
        return self.key.split("|")[1]

    @property
    def measure(self) -> str:
        return self.key.split("|")[2]

    @property
    def basis(self) -> str:
        return self.key.split("|")[3]

    @property
    def value(self) -> Fraction:
        """As printed, signed, in the shown unit."""
        shown = self.exact * 100 if self.unit == "%" else self.exact
        return Fraction(round(shown * 10**self.places), 10**self.places)


Piece = tuple[str, Printed | None]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a filed bulletin: pieces of text, some of which are numbers."""

    at: str
    section: str
    text: str
    pieces: tuple[Piece, ...]

    @property
    def version(self) -> str:
        return self.at.split("-")[0]

    @property
    def title(self) -> str:
        return title_of(self.section)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the filed table; `cells` by column, None where there is no number."""

    section: str
    name: str
    unit: str
    mean: bool
    cells: Mapping[str, Printed | None]


@dataclass(frozen=True, slots=True)
class Cause:
    """What a person wrote under a section, and who."""

    section: str
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Text:
    """The whole of a filed body."""

    number: int
    title: str
    office: str
    basis: str
    as_of: int
    outlook: str
    corrects: int | None
    why: str
    paragraphs: tuple[Paragraph, ...]
    numbers: Mapping[str, Printed]
    rows: tuple[TableRow, ...]
    causes: tuple[Cause, ...]

    def version(self, name: str) -> list[Paragraph]:
        return [one for one in self.paragraphs if one.version == name]

    def words(self, name: str) -> str:
        """A version as plain text, a paragraph a line."""
        return "\n".join(one.text for one in self.version(name))

    def length(self, name: str) -> int:
        return characters(self.words(name))

    def cause(self, section: str) -> str:
        return next((one.text for one in self.causes if one.section == section), "")


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the figures: `corrects` and `why` of a correction."""

    number: int
    office: str
    as_of: int
    corrects: int | None = None
    why: str = ""


def body_of(
    made: Composed, head: Heading, basis: str, outlook: str, causes: Sequence[Cause]
) -> dict[str, object]:
    """The body of MON-BULLETIN."""
    paragraphs, marks = [], []
    for name in LENGTHS:
        for count, paragraph in enumerate(made.versions[name]):
            at = f"{name}-{count:02d}"
            paragraphs.append({"at": at, "section": paragraph.section, "text": paragraph.text})
            marks += [
                {"mark": f"{at}:{offset}", "key": number.key}
                for offset, number in paragraph.numbers()
            ]
    body: dict[str, object] = {
        "number": head.number,
        "title": made.title,
        "office": head.office,
        "basis": basis,
        "as_of": head.as_of,
        "paragraphs": paragraphs,
        "numbers": [_number(one) for one in made.numbers()],
        "marks": marks,
        "table": [
            {
                "row": count,
                "section": row.section,
                "name": row.name,
                "unit": row.unit,
                "mean": row.group,
                "keys": " ".join(
                    cell.key if (cell := row.cells.get(column)) is not None else _NONE
                    for column in COLUMNS
                ),
            }
            for count, row in enumerate(made.rows, 1)
        ],
        "causes": [{"section": c.section, "text": c.text, "by": c.by} for c in causes],
    }
    # A group without rows is left out: the form refuses an empty one.
    body = {name: value for name, value in body.items() if value != []}
    if outlook:
        body["outlook"] = outlook
    if head.corrects is not None:
        body |= {"corrects": head.corrects, "why": head.why}
    return body


def _number(one: Number) -> dict[str, object]:
    return {
        "key": one.key,
        "printed": one.text,
        "exact": f"{one.exact.numerator}/{one.exact.denominator}",
        "places": one.places,
        "unit": one.unit,
        "period": one.period,
        "source": one.source,
        "filing": one.index,
    }


def text_of(body: Mapping[str, Any]) -> Text:
    """A body that was accepted, read back."""
    numbers = {
        row["key"]: Printed(
            row["key"], row["printed"], Fraction(row["exact"]), row["places"], row["unit"],
            row["period"], row["source"], row["filing"],
        )
        for row in body.get("numbers", [])
    }  # fmt: skip
    marks: dict[str, list[tuple[int, Printed]]] = {}
    for row in body.get("marks", []):
        at, offset = row["mark"].split(":")
        marks.setdefault(at, []).append((int(offset), numbers[row["key"]]))
    return Text(
        number=body["number"],
        title=body["title"],
        office=body["office"],
        basis=body["basis"],
        as_of=body["as_of"],
        outlook=body.get("outlook", ""),
        corrects=body.get("corrects"),
        why=body.get("why", ""),
        paragraphs=tuple(
            Paragraph(
                row["at"], row["section"], row["text"], _pieces(row["text"], marks.get(row["at"]))
            )
            for row in body["paragraphs"]
        ),
        numbers=numbers,
        rows=tuple(_row(row, numbers) for row in body.get("table", [])),
        causes=tuple(Cause(r["section"], r["text"], r["by"]) for r in body.get("causes", [])),
    )


def _pieces(text: str, marks: Sequence[tuple[int, Printed]] | None) -> tuple[Piece, ...]:
    found: list[Piece] = []
    done = 0
    for offset, number in sorted(marks or (), key=lambda pair: pair[0]):
        if offset > done:
            found.append((text[done:offset], None))
        done = offset + len(number.text)
        found.append((text[offset:done], number))
    if done < len(text):
        found.append((text[done:], None))
    return tuple(found)


def _row(row: Mapping[str, Any], numbers: Mapping[str, Printed]) -> TableRow:
    keys = row["keys"].split(" ")
    cells = {
        column: None if key == _NONE else numbers[key]
        for column, key in zip(COLUMNS, keys, strict=True)
    }
    return TableRow(row["section"], row["name"], row["unit"], row["mean"], cells)
