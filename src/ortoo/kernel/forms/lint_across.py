"""What is wrong between forms: a fact asked twice (law 18: asked once), a form beside no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ortoo.kernel.forms.definition import Form, Item, Measure, Respondents


@dataclass(frozen=True, slots=True)
class LintIssue:
    """`form` and `where` say the place, `code` is stable, `message` says what to do."""

    form: str
    code: str
    where: str
    message: str


def lint_together(forms: Iterable[Form]) -> list[LintIssue]:
    """Faults that no form shows alone: of the newest versions of all forms."""
    known = list(forms)
    by_code = {form.code: form for form in known}
    found = [issue for form in known for issue in _beside_its_base(form, by_code)]
    found += [issue for form in known for issue in _sources(form, by_code)]
    return found + _asked_twice(known)


def may_overlap(one: Respondents, other: Respondents) -> bool:
    """Whether one respondent can owe both forms: registers of different kinds share none, nor do
    two places of one level; two lists 名录 of one register may."""
    if one.register != other.register:
        return False
    if one.within is None or other.within is None:
        return True
    first, second = _stem(one.within), _stem(other.within)
    return first.startswith(second) or second.startswith(first)


def _stem(place: str) -> str:
    """A GB/T 2260 code without the pairs of noughts that mean "all of it"; others as they are."""
    stem = place
    while len(place) == 6 and place.isdigit() and stem.endswith("00"):
        stem = stem[:-2]
    return stem


def _beside_its_base(form: Form, by_code: dict[str, Form]) -> Iterator[LintIssue]:
    """A supplement stands beside a form that is there, is no supplement itself, and has the same
    periods, levels and list, so that one page and one duty hold both."""
    if form.supplements is None:
        return
    where = f"{form.code}.supplements"
    base = by_code.get(form.supplements)
    if base is None:
        message = f"没有表式 {form.supplements}；改正 supplements"
        yield LintIssue(form.code, "FORM-SUPPLEMENTS", where, message)
        return
    for same, message in (
        (base.supplements is None, f"{base.code} 本身是补充表，请写它所补充的表"),
        (_calendar(form) == _calendar(base), f"报告期类型须与 {base.code} 相同（起始日、截止）"),
        (form.levels == base.levels, f"levels 须与 {base.code} 相同"),
        (
            (form.respondents.register, form.respondents.sample)
            == (base.respondents.register, base.respondents.sample),
            f"填报名录须与 {base.code} 相同",
        ),
        (form.respondents.within is not None, "须写 respondents.within：补充表属于哪个地区"),
    ):
        if not same:
            yield LintIssue(form.code, "FORM-SUPPLEMENTS", where, message)


def _calendar(form: Form) -> object:
    """The periods in force, without the dates from which older ones ran."""
    newest = form.period_types[-1]
    return newest.kind, newest.weekday, newest.opens, newest.due, newest.ordered


def _sources(form: Form, by_code: dict[str, Form]) -> Iterator[LintIssue]:
    """What `shares` or `prefill` names of a form that is there must be a column of it, in the
    same decimals, so that a number can be taken over as it stands."""
    for measure in form.measures:
        for key, said in (("shares", measure.shares), ("prefill", measure.prefill)):
            other, _, column = (said or "").rpartition(".")
            if other not in by_code:
                continue
            twin = by_code[other].measure_by_code.get(column)
            where = f"{form.code}.{measure.code}"
            if twin is None:
                message = f"{key} 所指的 {said} 不存在"
                yield LintIssue(form.code, "FORM-SHARES", where, message)
            elif (twin.scale, twin.choices) != (measure.scale, measure.choices):
                message = f"{key} 所指的 {said} 小数位数或选项不同，不能照录"
                yield LintIssue(form.code, "FORM-SHARES", where, message)
            else:
                yield from _other_unit(form, measure, by_code[other], where)


def _other_unit(form: Form, measure: Measure, other: Form, where: str) -> Iterator[LintIssue]:
    """A good that both forms ask is taken over by its code, so it has one unit in both."""
    units = {item.good: item.unit for item in other.leaves if item.good}
    for item in form.leaves:
        theirs = units.get(item.good or "", item.unit)
        if theirs != item.unit and "{unit}" in measure.unit:
            name, ours = item.name["zh"], item.unit
            message = f"{name}在 {other.code} 按{theirs}填报，本表按{ours}，不能照录"
            yield LintIssue(form.code, "FORM-SHARES", where, message)


def _asked_twice(forms: Iterable[Form]) -> list[LintIssue]:
    """Facts that two forms may ask of one respondent, neither of which says so."""
    asked: dict[tuple[str, str], list[tuple[Form, Measure, Item]]] = {}
    for form in forms:
        for measure in form.measures:
            for item in form.leaves:
                if measure.asked == "every" or item.stock_asked:
                    key = (measure.concept, item.good or f"{form.code}:{item.code}")
                    asked.setdefault(key, []).append((form, measure, item))
    found: dict[tuple[str, str, str], LintIssue] = {}
    for cells in asked.values():
        for form, measure, _ in cells:
            for other, twin, _ in cells:
                if form.code < other.code and not _said(form, measure, other, twin):
                    pair = (form.code, other.code, measure.code)
                    found.setdefault(pair, _twice(form, measure, other, twin))
    return list(found.values())


def _said(form: Form, measure: Measure, other: Form, twin: Measure) -> bool:
    """Whether one fact is filled from the other, or both from a third, or nobody owes both."""
    here, there = f"{form.code}.{measure.code}", f"{other.code}.{twin.code}"
    same_source = measure.shares is not None and measure.shares == twin.shares
    named = there in (measure.shares, measure.prefill) or here in (twin.shares, twin.prefill)
    return same_source or named or not may_overlap(form.respondents, other.respondents)


def _twice(form: Form, measure: Measure, other: Form, twin: Measure) -> LintIssue:
    mine, theirs = measure.title["zh"], twin.title["zh"]
    message = (
        f"{mine}与 {other.code} 的{theirs}是同一事实（{measure.concept}），"
        f"须在一方写 shares 或 prefill: {other.code}.{twin.code} 或 {form.code}.{measure.code}"
    )
    return LintIssue(form.code, "FORM-ASKED-TWICE", f"{form.code}.{measure.code}", message)
