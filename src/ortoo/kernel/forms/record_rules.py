"""Cross-field rules of records: the grids' expression language over a record's own numbers.

Names are fields that are numbers; in a rule over a group, the line's fields and then the body's.
A rule over the whole body also has `count_GROUP` and `total_GROUP_FIELD`. Arithmetic is exact and
logic three-valued (`exact`): a rule is broken only when its condition is false for certain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.exact import Rows, bind_truth
from ortoo.kernel.forms.expression import Scope, parse_truth
from ortoo.kernel.forms.nodes import CellRef, IsNil, LimitRef, PeerScore, Total, Truth, walk
from ortoo.kernel.forms.record_definition import (
    NUMBERS,
    QUANTITIES,
    Group,
    RecordField,
    RecordForm,
    RecordRule,
    line_name,
)
from ortoo.kernel.forms.record_issues import RecordIssue, shown

Line = Mapping[str, object]


def readable(
    fields: Sequence[RecordField], groups: Sequence[Group], over: str
) -> Mapping[str, RecordField | None]:
    """Names a rule over `over` may use; None for a count or total."""
    names: dict[str, RecordField | None] = {f.code: f for f in fields if _is_read(f)}
    for group in groups:
        if group.code == over:
            # A field of the line hides the body's of the same code, whatever its type.
            for field in group.fields:
                names.pop(field.code, None)
            names.update({f.code: f for f in group.fields if _is_read(f)})
        if not over:
            names[f"count_{group.code}"] = None
            for field in group.fields:
                if field.type in QUANTITIES and field.personal is None:
                    names[f"total_{group.code}_{field.code}"] = None
    return names


def _is_read(field: RecordField) -> bool:
    return field.type in NUMBERS and field.personal is None


def parse_rule(source: str, names: Mapping[str, object], tolerance: Fraction) -> Truth:
    """The condition. FormError EXPR-… and RECORD-RULE for words that only grids have."""
    truth = parse_truth(source, Scope(measures=frozenset(names), tolerance=tolerance))
    for node in walk(truth):
        lagged = isinstance(node, CellRef) and node.at != "now"
        if lagged or isinstance(node, IsNil | LimitRef | PeerScore | Total):
            message = "记录表式的审核关系只能用本件的数值，没有上期、空值原因、界限与同行"
            raise FormError("RECORD-RULE", message, source)
    return truth


def names_in(truth: Truth) -> tuple[str, ...]:
    """The names a condition reads, sorted."""
    return tuple(sorted({node.measure for node in walk(truth) if isinstance(node, CellRef)}))


@dataclass(frozen=True, slots=True)
class _Read:
    """A name a rule uses: a field, or (`group` named) a count or a total of its lines."""

    name: str
    field: str
    scale: int
    kind: str
    group: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Bound:
    rule: RecordRule
    reads: tuple[_Read, ...]


class RuleBook:
    """All rules of one definition, ready for bodies. Immutable once made."""

    def __init__(self, form: RecordForm) -> None:
        self._rules = tuple(self._bind(form, rule) for rule in form.rules)

    def broken(self, body: Line) -> Iterator[RecordIssue]:
        """An issue for each rule, and in groups each line, whose condition is false."""
        for bound in self._rules:
            over = bound.rule.over
            lines = body.get(over, ()) if over else (body,)
            if not isinstance(lines, list | tuple) or not lines:
                continue
            when = bound.rule.when
            asked = [
                at for at, line in enumerate(lines)
                if when is None or (when.holds(line, body) if over else when.holds(body))
            ]  # fmt: skip
            if asked:
                yield from _broken(bound, body, lines, asked)

    def _bind(self, form: RecordForm, rule: RecordRule) -> _Bound:
        scope, outer = form.scope(rule.over), form.by_code
        reads = []
        for name in names_in(rule.truth):
            field = scope.get(name)
            reads.append(
                _gathered(form, name)
                if field is None
                else _Read(name, name, field.scale, field.type, own=field is not outer.get(name))
            )
        return _Bound(rule, tuple(reads))


def _gathered(form: RecordForm, name: str) -> _Read:
    for group in form.groups:
        if name == f"count_{group.code}":
            return _Read(name, "", 0, "count", group.code)
        for inner in group.fields:
            if name == f"total_{group.code}_{inner.code}":
                return _Read(name, inner.code, inner.scale, "total", group.code)
    raise FormError("RECORD-RULE", f"审核关系中的 {name} 不存在", form.key)


def _broken(
    bound: _Bound, body: Line, lines: Sequence[Line], asked: Sequence[int]
) -> Iterator[RecordIssue]:
    rule = bound.rule
    cells = {(read.name, "now"): _column(read, body, lines) for read in bound.reads}
    scales = {read.name: read.scale for read in bound.reads}
    truth = bind_truth(rule.truth, Rows(scales=scales, cells=cells))
    for at in asked:
        if truth(at) is not False:
            continue
        prefix = f"{line_name(rule.over, at + 1)}." if rule.over else ""
        values = "，".join(f"{name}={shown(cells[name, 'now'][at])}" for name in scales)
        yield RecordIssue(
            path=prefix + rule.field,
            code="RULE-HARD" if rule.severity == "hard" else "RULE-SOFT",
            rule=rule.code,
            value=values,
            message=rule.say["zh"],
            remedy=rule.remedy["zh"],
            severity=rule.severity,
            source=rule.source,
        )


def _column(read: _Read, body: Line, lines: Sequence[Line]) -> list[int | None]:
    if not read.group:
        name, kind = read.field, read.kind
        outer = None if read.own else body.get(name)
        return [_number(line.get(name, outer), kind) for line in lines]
    found = body.get(read.group, ())
    rows: Sequence[Line] = found if isinstance(found, list | tuple) else ()
    if read.kind == "count":
        return [len(rows)]
    said = [value for row in rows if type(value := row.get(read.field)) is int]
    return [sum(said) if said or not rows else None]


def _number(value: object, kind: str) -> int | None:
    """The value as a rule reads it; None where it is not said or not well said."""
    if type(value) is int or type(value) is bool:
        return int(value)
    if kind == "date" and type(value) is str:
        try:
            return dt.date.fromisoformat(value).toordinal()
        except ValueError:
            return None
    return None
