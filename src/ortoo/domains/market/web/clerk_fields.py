"""What the grid page posts: names checked, texts read into a grid, every fault with a code.

Field names: `c.<item>.<measure>` text of a cell, `u.<item>` entry unit, `s.<item>` the firm's own
pack 代表规格, `a.<attribute>` a fact of the whole return, `r.<item>.<measure>` reason (of a group
row too, whose rules have no cell of their own). No request here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ortoo.domains.market.web.clerk_units import fields_of_notes, notes_of
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import cells
from ortoo.kernel.forms.body import SOFT_STRUCTURE, GridBody, mark_key
from ortoo.kernel.forms.check import CheckContext, check
from ortoo.kernel.forms.definition import Cell, Form, Nil
from ortoo.kernel.forms.issues import Issue

MOST_FIELDS = 1200
LONGEST_TEXT = 500
_SPOKEN = frozenset("\t\n\r")

Fields = Mapping[str, str]


def checked_fields(form: Form, said: object) -> dict[str, str]:
    """The fields that hold something, names and sizes checked. Raises Refused FIELD…"""
    if not isinstance(said, Mapping):
        raise Refused("FIELDS-SHAPE", "fields 应为“字段名：文本”的对象。", "请从报表页提交。", 400)
    if len(said) > MOST_FIELDS:
        raise Refused(
            "FIELDS-MANY", f"一次提交的字段超过 {MOST_FIELDS} 个。", "请从报表页提交。", 413
        )
    found: dict[str, str] = {}
    for name, value in said.items():
        _check_name(form, name)
        text = _checked_text(name, value)
        if text:
            found[name] = text
    return found


def _check_name(form: Form, name: object) -> None:
    kind, _, rest = str(name).partition(".")
    item, _, measure = rest.partition(".")
    if kind == "a" and any(rest == attribute.code for attribute in form.attributes):
        return
    rows = form.by_code if kind == "r" else form.leaf_index
    fits = {
        "c": measure in form.measure_by_code,
        "r": measure in form.measure_by_code,
        "u": not measure and rest == item,
        "s": not measure and rest == item,
    }
    if item not in rows or not fits.get(kind, False):
        raise Refused(
            "FIELD-UNKNOWN",
            f"表式 {form.key} 没有字段「{str(name)[:60]}」。",
            "请刷新报表页后再提交；字段名由行号和指标组成。",
            400,
        )


def _checked_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Refused("FIELD-TYPE", f"字段「{name}」的值应为文本。", "数字也请以文本提交。", 400)
    if len(value) > LONGEST_TEXT:
        raise Refused(
            "FIELD-LONG",
            f"字段「{name}」超过 {LONGEST_TEXT} 字。",
            "一格只填一个数或一句原因。",
            400,
        )
    if unspoken(value):
        raise Refused("FIELD-TEXT", f"字段「{name}」含有无效字符。", "请删去后重新输入。", 400)
    return value.strip()


def unspoken(text: str) -> bool:
    """Whether a text holds control characters, or halves of characters that cannot be written."""
    return any(
        (char < " " and char not in _SPOKEN) or "\ud800" <= char <= "\udfff" for char in text
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """A grid as read from fields, and everything that is wrong with it in row order."""

    grid: GridBody
    issues: tuple[Issue, ...]

    @property
    def blocking(self) -> tuple[Issue, ...]:
        """What stops a return: hard issues, and soft ones without a reason."""
        return tuple(i for i in self.issues if i.severity == "hard" or i.reason is None)


def examine(form: Form, fields: Fields, context: CheckContext) -> Findings:
    """Read the fields and check the grid, the reasons given counted as answers."""
    grid, unread = read_grid(form, fields)
    issues = _checked(form, grid, context)
    marks = _marks(fields, issues)
    if marks:
        grid = replace(grid, marks=marks)
        # A reason answers every rule of its cell, and is unclear only once.
        placed = (_placed(form, fields, issue) for issue in _checked(form, grid, context))
        issues = list(dict.fromkeys(placed))
    bad = {(issue.item, issue.measure) for issue in unread}
    rows = {issue.item for issue in unread}
    kept = [
        issue
        for issue in issues
        if (issue.item, issue.measure) not in bad
        and not (issue.severity == "soft" and issue.item in rows)
    ]
    order = {item.code: row for row, item in enumerate(form.items)}
    found = sorted([*unread, *kept], key=lambda issue: order.get(issue.item, -1))
    return Findings(grid, tuple(found))


def _checked(form: Form, grid: GridBody, context: CheckContext) -> list[Issue]:
    return check(form, grid, context)


def read_grid(form: Form, fields: Fields) -> tuple[GridBody, list[Issue]]:
    """The grid the texts mean; a text that is not understood is blank there and an issue here."""
    unread: list[Issue] = []
    columns: dict[str, tuple[Cell, ...]] = {}
    for measure in form.measures:
        column: list[Cell] = []
        for item in form.leaves:
            text = fields.get(f"c.{item.code}.{measure.code}", "")
            try:
                column.append(
                    cells.parse(text, item, measure, fields.get(f"u.{item.code}")) if text else None
                )
            except cells.CellError as error:
                column.append(None)
                said, _, remedy = error.message.partition("；")
                message = f"{item.name['zh']}：{said}。"
                unread.append(
                    Issue(error.code, error.code, "hard", item.code, measure.code, None, message,
                          remedy)
                )  # fmt: skip
        columns[measure.code] = tuple(column)
    attributes = {
        attribute.code: said
        for attribute in form.attributes
        if (said := fields.get(f"a.{attribute.code}", ""))
    }
    return GridBody(columns, notes=notes_of(form, fields), attributes=attributes), unread


def _marks(fields: Fields, issues: list[Issue]) -> dict[str, str]:
    """The reason of a cell answers every soft rule that fired on it."""
    return {
        mark_key(issue.rule, issue.item): reason
        for issue in issues
        if issue.severity == "soft" and (reason := fields.get(f"r.{issue.item}.{issue.measure}"))
    }


def _placed(form: Form, fields: Fields, issue: Issue) -> Issue:
    """An unclear reason is shown at the cell that it was given for."""
    if issue.code != "GRID-REASON":
        return issue
    for measure in form.measures:
        reason = fields.get(f"r.{issue.item}.{measure.code}", "")
        if reason and reason[:30] in issue.message:
            return replace(issue, measure=measure.code)
    return issue


def fields_of(form: Form, grid: GridBody) -> dict[str, str]:
    """A grid as fields, in each row's own unit, with the reasons given and the own packs."""
    found = fields_of_notes(grid.notes, units=False)
    found |= {f"a.{code}": text for code, text in grid.attributes.items()}
    for measure in form.measures:
        for item, cell in zip(form.leaves, grid.columns[measure.code], strict=True):
            if cell is not None:
                text = cell.zh if isinstance(cell, Nil) else measure.text(cell)
                found[f"c.{item.code}.{measure.code}"] = text
    for row, column, reason in _reasons(form, grid):
        found.setdefault(f"r.{row}.{column}", reason)
    return found


def _reasons(form: Form, grid: GridBody) -> Iterator[tuple[str, str, str]]:
    measures = {rule.id: rule.measure for rule in form.rules}
    marked = next((m.code for m in form.measures if m.asked == "marked"), "")
    measures |= dict.fromkeys(SOFT_STRUCTURE, marked)
    for key, reason in grid.marks.items():
        rule, _, item = key.partition(":")
        if measures.get(rule):
            yield item, measures[rule], reason


def differences(form: Form, mine: Fields, theirs: Fields) -> list[dict[str, str]]:
    """Fields that two sides hold differently, in form order, named for people.

    The values are compared as they read, so that 5.9 and 5.90 are the same price.
    """
    sides = read_grid(form, mine)[0], read_grid(form, theirs)[0]
    found = []
    for row, item in enumerate(form.leaves):
        for measure in form.measures:
            name = f"c.{item.code}.{measure.code}"
            said = mine.get(name, ""), theirs.get(name, "")
            read = [side.columns[measure.code][row] for side in sides]
            if read[0] == read[1] and (read[0] is not None or said[0] == said[1]):
                continue
            found.append(
                {
                    "name": item.name["zh"],
                    "measure": measure.title["zh"],
                    "unit": measure.unit_of(item),
                    "mine": _shown(item.unit, measure.unit, said[0], mine.get(f"u.{item.code}")),
                    "theirs": _shown(
                        item.unit, measure.unit, said[1], theirs.get(f"u.{item.code}")
                    ),
                }
            )
    return found


def _shown(own: str, unit: str, text: str, chosen: str | None) -> str:
    """The text, with the unit it was keyed in where that is not the row's own."""
    if not text:
        return "（空）"
    foreign = chosen and chosen != own and "{unit}" in unit and text[0].isdigit()
    return f"{text}（按{chosen}）" if foreign else text
