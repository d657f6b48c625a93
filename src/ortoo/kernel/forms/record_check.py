"""Checks a body against its record form: every problem is named, before filing and at filing.

`check` is for pages and programs that want the problems before they file; `RecordFormBehaviour`
uses the same checker when it encodes, so that neither can be stricter than the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from ortoo.kernel.forms.record_definition import (
    SECRET,
    SIGNATURE,
    Condition,
    Group,
    RecordField,
    RecordForm,
    Slot,
    line_name,
)
from ortoo.kernel.forms.record_documents import verdict_fault
from ortoo.kernel.forms.record_fields import COMMITMENT, Checker, checker_of
from ortoo.kernel.forms.record_issues import RecordIssue, shown
from ortoo.kernel.forms.record_rules import RuleBook
from ortoo.kernel.forms.record_templates import key_names

MAX_ISSUES = 200
Body: TypeAlias = Mapping[str, object]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What is known outside the body; each predicate may be left out.

    `filer_kind` and `lists`: kind of the filing party and the lists it stands on. `parties`,
    `places`, `goods`: whether a code is registered.
    """

    filer_kind: str = ""
    lists: frozenset[str] = frozenset()
    parties: Callable[[str], bool] | None = None
    places: Callable[[str], bool] | None = None
    goods: Callable[[str], bool] | None = None


def check(
    form: RecordForm, body: object, context: RecordContext | None = None, *, plain: bool = True
) -> list[RecordIssue]:
    """Every problem of a body, hard and soft, at most 200. Takes any object and never raises.

    `plain`: personal values stand in the clear, as before sealing.
    """
    found = checker(form, plain=plain).issues(body)
    if context is not None and isinstance(body, Mapping):
        found += _outside(form, body, context)
    return found


_CHECKERS: dict[tuple[int, bool], RecordChecker] = {}


def checker(form: RecordForm, *, plain: bool) -> RecordChecker:
    """The checker of a definition, made once."""
    made = _CHECKERS.get((id(form), plain))
    if made is None or made.form is not form:
        made = _CHECKERS[id(form), plain] = RecordChecker(form, plain=plain)
    return made


@dataclass(frozen=True, slots=True)
class _Asked:
    code: str
    must: bool
    when: Condition | None
    check: Checker


class RecordChecker:
    """All checks of one definition. Immutable once made; safe for many threads."""

    def __init__(self, form: RecordForm, *, plain: bool) -> None:
        self.form = form
        keys = key_names(form)
        self._fields = _asked(form.fields, plain, keys[""])
        self._lines = {g.code: _asked(g.fields, plain, keys[g.code]) for g in form.groups}
        known = {f.code for f in form.fields} | form.group_by_code.keys() | form.slot_by_code.keys()
        own = {name for name, has in ((SIGNATURE, form.signed), (SECRET, form.salted)) if has}
        self._known = frozenset(known | own)
        self._secret = form.salted and not plain
        self._line_known = {g.code: frozenset(f.code for f in g.fields) for g in form.groups}
        self._rules = RuleBook(form) if form.rules else None

    def issues(self, body: object) -> list[RecordIssue]:
        """Problems in form order, those of the rules last, at most 200."""
        if type(body) is not dict:
            message, remedy = f"{self.form.code} 的报文应为对象。", "请按表式填写各项。"
            return [RecordIssue("", "BODY-SHAPE", "BODY-SHAPE", shown(body), message, remedy)]
        found = list(islice(self._structure(body), MAX_ISSUES))
        if self._rules is not None and len(found) < MAX_ISSUES:
            sound = self._sound(body) if found else body
            found += islice(self._rules.broken(sound), MAX_ISSUES - len(found))
        return found

    def _structure(self, body: Body) -> Iterator[RecordIssue]:
        yield from _unknown(body, self._known, "")
        yield from _values(self._fields, body, (body,), "")
        for group in self.form.groups:
            yield from self._group(group, body)
        seen: set[object] = set()
        for slot in self.form.slots:
            yield from _addresses(slot, body, seen)
        secret = body.get(SECRET)
        if self._secret and not (type(secret) is str and COMMITMENT.match(secret)):
            message = "应为 64 位十六进制随机数。"
            yield issue_of(SECRET, "RECORD-SECRET", secret, message, "请由本系统生成。")
        if SIGNATURE in body and SIGNATURE in self._known:
            fault = verdict_fault(body[SIGNATURE])
            if fault is not None:
                yield issue_of(SIGNATURE, "SIGNATURE-SHAPE", body[SIGNATURE], *fault)

    def _group(self, group: Group, body: Body) -> Iterator[RecordIssue]:
        rows = body.get(group.code, _ABSENT)
        asked = group.when is None or group.when.holds(body)
        if rows is _ABSENT:
            if asked and group.minimum:
                yield _missing(group.code)
            return
        if not asked:
            yield _not_asked(group.code, rows)
        if type(rows) is not list:
            yield issue_of(group.code, "RECORD-TYPE", rows, "应为明细列表。", "请逐行填写。")
            return
        if not max(group.minimum, 1) <= len(rows) <= group.maximum:
            message = f"应有 {max(group.minimum, 1)}–{group.maximum} 行，实有 {len(rows)} 行。"
            yield issue_of(group.code, "RECORD-LINES", rows, message, "请增减行数，或分件报送。")
            rows = rows[: group.maximum]
        asked_fields, known = self._lines[group.code], self._line_known[group.code]
        for number, row in enumerate(rows, 1):
            name = line_name(group.code, number)
            if type(row) is not dict:
                yield issue_of(name, "RECORD-TYPE", row, "一行明细应为对象。", "请按列填写。")
                continue
            yield from _unknown(row, known, f"{name}.")
            yield from _values(asked_fields, row, (row, body), f"{name}.")
        yield from _repeated(group, rows)

    def _sound(self, body: Body) -> Body:
        """What of a faulty body the rules may still read."""
        sound = _passing(self._fields, body)
        for code, fields in self._lines.items():
            rows = body.get(code)
            if type(rows) is list:
                rows = rows[: self.form.group_by_code[code].maximum]
                sound[code] = [_passing(fields, row) if type(row) is dict else {} for row in rows]
        return sound


def issue_of(path: str, code: str, value: object, message: str, remedy: str) -> RecordIssue:
    """A hard issue of structure: its rule is the code itself."""
    return RecordIssue(path, code, code, shown(value), message, remedy)


def _asked(fields: Sequence[RecordField], plain: bool, keys: frozenset[str]) -> tuple[_Asked, ...]:
    return tuple(
        _Asked(f.code, f.must, f.when, checker_of(f, plain=plain, separated=f.code in keys))
        for f in fields
    )


def _values(
    fields: Sequence[_Asked], values: Body, scopes: tuple[Body, ...], prefix: str
) -> Iterator[RecordIssue]:
    for field in fields:
        value = values.get(field.code, _ABSENT)
        asked = field.when is None or field.when.holds(*scopes)
        if value is _ABSENT:
            if asked and field.must:
                yield _missing(prefix + field.code)
            continue
        if not asked:
            yield _not_asked(prefix + field.code, value)
        fault = field.check(value)
        if fault is not None:
            yield issue_of(prefix + field.code, fault.code, value, fault.message, fault.remedy)


def _passing(fields: Sequence[_Asked], values: Body) -> dict[str, object]:
    return {
        field.code: values[field.code]
        for field in fields
        if field.code in values and field.check(values[field.code]) is None
    }


def _unknown(values: Body, known: frozenset[str], prefix: str) -> Iterator[RecordIssue]:
    if values.keys() <= known:
        return
    for name in values:
        if name not in known:
            message, remedy = f"表式没有「{shown(name)}」这一项。", "请删去，或核对表式版本。"
            yield issue_of(prefix + shown(name), "RECORD-UNKNOWN", values[name], message, remedy)


def _missing(path: str) -> RecordIssue:
    return RecordIssue(path, "RECORD-MISSING", "RECORD-MISSING", "", "必填项没有填写。", "请填写。")


def _not_asked(path: str, value: object) -> RecordIssue:
    return issue_of(path, "RECORD-NOT-ASKED", value, "按其他各项，此项不应填写。", "请删去此项。")


def _repeated(group: Group, rows: Sequence[object]) -> Iterator[RecordIssue]:
    """Lines whose key another line already has."""
    if group.key is None:
        return
    seen: dict[object, int] = {}
    for number, row in enumerate(rows, 1):
        value = row.get(group.key) if type(row) is dict else None
        if type(value) not in (str, int):
            continue
        first = seen.setdefault(value, number)
        if first != number:
            path = f"{line_name(group.code, number)}.{group.key}"
            message = f"与第 {first} 行相同；各行的此项不得重复。"
            yield issue_of(path, "RECORD-LINE-TWICE", value, message, "请合并两行或更正编号。")


def _addresses(slot: Slot, body: Body, seen: set[object]) -> Iterator[RecordIssue]:
    found = body.get(slot.code, _ABSENT)
    asked = slot.when is None or slot.when.holds(body)
    if found is _ABSENT:
        if asked and slot.minimum:
            yield _missing(slot.code)
        return
    if not asked:
        yield _not_asked(slot.code, found)
    if type(found) is not list:
        yield issue_of(slot.code, "RECORD-TYPE", found, "应为附件摘要的列表。", "请由系统附加。")
        return
    if not max(slot.minimum, 1) <= len(found) <= slot.maximum:
        message = f"应有 {max(slot.minimum, 1)}–{slot.maximum} 个附件，实有 {len(found)} 个。"
        yield issue_of(slot.code, "ATTACH-COUNT", found, message, "请增减附件。")
    for number, address in enumerate(found[: slot.maximum], 1):
        path = line_name(slot.code, number)
        if type(address) is not str or not COMMITMENT.match(address):
            yield issue_of(path, "ATTACH-ADDRESS", address, "应为 64 位摘要。", "请由系统附加。")
        elif address in seen:
            yield issue_of(path, "ATTACH-TWICE", address, "同一附件附了两次。", "请只附一次。")
        else:
            seen.add(address)


def _outside(form: RecordForm, body: Body, context: RecordContext) -> list[RecordIssue]:
    """What only registers know: who may file, and whether codes are registered (soft)."""
    found = []
    if context.filer_kind and not {context.filer_kind, *context.lists} & set(form.respondent):
        message = f"{form.code} 由{'、'.join(form.respondent)}报送。"
        found.append(
            issue_of("", "RECORD-RESPONDENT", context.filer_kind, message, "请由规定的单位报送。")
        )
    known = {"party": context.parties, "place": context.places, "good": context.goods}
    for path, field, value in values_of(form, body):
        registered = known.get(field.type)
        if registered is None or not isinstance(value, str) or field.personal is not None:
            continue
        if not registered(value):
            message, remedy = "代码写法正确，但没有登记。", "请核对，或先办理登记。"
            found.append(
                RecordIssue(
                    path, "RECORD-UNREGISTERED", "RECORD-UNREGISTERED", shown(value), message,
                    remedy, "soft",
                )
            )  # fmt: skip
    return found


def values_of(form: RecordForm, body: Body) -> Iterator[tuple[str, RecordField, object]]:
    """(path, field, value) of every value that is there, lines included."""
    for field in form.fields:
        if field.code in body:
            yield field.code, field, body[field.code]
    for group in form.groups:
        rows = body.get(group.code)
        for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
            if not isinstance(row, Mapping):
                continue
            for field in group.fields:
                if field.code in row:
                    yield f"{line_name(group.code, number)}.{field.code}", field, row[field.code]
