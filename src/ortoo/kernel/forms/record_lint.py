"""Finds what is wrong with record forms before anyone is asked to fill them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.lint import _label as label_faults
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.forms.record_definition import RecordField, RecordForm
from ortoo.kernel.forms.record_loader import read
from ortoo.kernel.forms.record_references import faults
from ortoo.kernel.forms.record_registry import collect, record_files
from ortoo.kernel.forms.record_templates import names_in


@dataclass(frozen=True, slots=True)
class RecordLintIssue:
    """`form` and `where` say the place, `code` is stable, `message` says what to do."""

    form: str
    code: str
    where: str
    message: str


def lint(definition: Mapping[str, object]) -> list[RecordLintIssue]:
    """All faults of one definition; empty if it may be used."""
    name = str(definition.get("record", "?"))
    found = [*_labels(name, definition, name)]
    try:
        form = read(definition)
    except FormError as error:
        seen = {(issue.code, issue.where) for issue in found}
        if (error.code, error.where) not in seen:
            found.append(RecordLintIssue(name, error.code, error.where, error.message))
        return found
    found += [RecordLintIssue(name, *fault) for fault in dict.fromkeys(faults(form))]
    return [*found, *_same_rules(form)]


def _labels(form: str, node: object, where: str) -> Iterator[RecordLintIssue]:
    """Language tags that are unknown, and texts in another script than their tag says.

    A label is known by its texts and not by its key: a field may itself be called `name`.
    """
    if isinstance(node, list):
        for inner in node:
            yield from _labels(form, inner, where)
    elif isinstance(node, Mapping) and "zh" in node:
        for tag, text in node.items():
            for issue in label_faults(form, str(tag), str(text), where):
                yield RecordLintIssue(form, issue.code, issue.where, issue.message)
    elif isinstance(node, Mapping):
        for key, inner in node.items():
            yield from _labels(form, inner, f"{where}.{key}")


def lint_all(paths: Iterable[Path]) -> list[RecordLintIssue]:
    """Faults of every record form under the paths, and of the forms taken together."""
    found: list[RecordLintIssue] = []
    forms: list[RecordForm] = []
    for path in record_files(paths):
        try:
            data = read_yaml(path.read_text(encoding="utf-8"))
            issues = lint(data)
            found += issues
            if not issues:
                forms.append(read(data, file=path.name))
        except FormError as error:
            found.append(RecordLintIssue(path.name, error.code, error.where, error.message))
    try:
        newest = {form.code: form for form in collect(forms)}
    except FormError as error:
        return [*found, RecordLintIssue(error.where, error.code, error.where, error.message)]
    return found + lint_together(newest.values())


def lint_together(forms: Iterable[RecordForm]) -> list[RecordLintIssue]:
    """Facts two forms ask, neither of which says `shares` (law 18), and `shares` of no such cell.

    Identification is left out: line keys, threads, and what makes up a thread's key.
    """
    listed = list(forms)
    found: list[RecordLintIssue] = []
    asked: dict[str, list[tuple[RecordForm, RecordField]]] = {}
    for form in listed:
        for field in _facts(form):
            asked.setdefault(field.concept, []).append((form, field))
    for cells in asked.values():
        for form, field in cells:
            for other, twin in cells:
                if form.code < other.code and not _shared(form, field, other, twin):
                    found.append(_asked_twice(form, field, other, twin))
    return [*found, *_nowhere(listed)]


def _facts(form: RecordForm) -> Iterator[RecordField]:
    keys = {name for say in form.says for name in names_in(say.thread)}
    keys |= {group.key for group in form.groups if group.key is not None}
    for fields in (form.fields, *(group.fields for group in form.groups)):
        yield from (f for f in fields if f.code not in keys and f.type != "thread")


def _shared(form: RecordForm, field: RecordField, other: RecordForm, twin: RecordField) -> bool:
    here, there = f"{form.code}.{field.code}", f"{other.code}.{twin.code}"
    same_source = field.shares is not None and field.shares == twin.shares
    return same_source or field.shares == there or twin.shares == here


def _asked_twice(
    form: RecordForm, field: RecordField, other: RecordForm, twin: RecordField
) -> RecordLintIssue:
    where = f"{form.code}.{field.code}"
    message = (
        f"{field.title['zh']}与 {other.code} 的{twin.title['zh']}是同一事实（{field.concept}），"
        f"须在一方写 shares: {other.code}.{twin.code} 或 {where}；不是同一事实的，另写 concept"
    )
    return RecordLintIssue(form.code, "FORM-ASKED-TWICE", where, message)


def _nowhere(forms: Iterable[RecordForm]) -> Iterator[RecordLintIssue]:
    known = {form.code: {field.code for field in _all(form)} for form in forms}
    for form in forms:
        for field in _all(form):
            other, _, cell = (field.shares or "").rpartition(".")
            if other in known and cell not in known[other]:
                where = f"{form.code}.{field.code}"
                message = f"shares 所指的 {field.shares} 不存在"
                yield RecordLintIssue(form.code, "RECORD-SHARES", where, message)


def _all(form: RecordForm) -> tuple[RecordField, ...]:
    return (*form.fields, *(field for group in form.groups for field in group.fields))


def _same_rules(form: RecordForm) -> Iterator[RecordLintIssue]:
    seen: dict[object, str] = {}
    for rule in form.rules:
        twin = seen.setdefault((rule.expression, rule.when, rule.over), rule.code)
        if twin != rule.code:
            where = f"{form.code}.{rule.code}"
            message = f"与 {twin} 完全相同，永远不会单独触发"
            yield RecordLintIssue(form.code, "RECORD-UNREACHABLE", where, message)
