"""Finds what is wrong with a definition before anyone is asked to fill it in.

`lint` reads the raw mapping as a person wrote it, as far as it can be read, so that one run names
every fault; `lint_all` also looks across forms (`lint_across`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ortoo.kernel.forms import loader, registry
from ortoo.kernel.forms.compiled import CompiledRule, compile_rule, compiled
from ortoo.kernel.forms.definition import Form, FormError, Measure
from ortoo.kernel.forms.expression import Scope, parse_truth
from ortoo.kernel.forms.lint_across import LintIssue, lint_together
from ortoo.kernel.forms.nodes import CellRef, Has, IsNil, PeerScore, walk
from ortoo.kernel.forms.vectorised import Layout, LimitColumn, broken, never_broken
from ortoo.kernel.forms.wording import placeholders
from ortoo.kernel.goods.catalogue import CatalogueError, catalogue

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "zh": ("CJK",),
    "en": ("LATIN",),
    "ru": ("CYRILLIC",),
    "mn-Cyrl": ("CYRILLIC",),
    "mn-Mong": ("MONGOLIAN",),
}
_LABEL_KEYS = {"title", "say", "remedy", "guidance", "name"}
_SCRIPTS = ("CJK", "LATIN", "CYRILLIC", "MONGOLIAN")
_PEER_WORDS = {"peer_level", "peer_count", "median"}


def lint(definition: Mapping[str, object] | Form) -> list[LintIssue]:
    """All faults of one definition; empty if it may be used."""
    if isinstance(definition, Form):
        return [*_lint_form(definition)]
    name = str(definition.get("form", "?"))
    found = [*_labels(name, definition, name), *_raw_rules(name, definition)]
    try:
        form = loader.parse(definition)
    except FormError as error:
        seen = {(issue.code, issue.where) for issue in found}
        if (error.code, error.where) not in seen:
            found.append(LintIssue(name, error.code, error.where, error.message))
        return found
    said = {(issue.code, issue.where) for issue in found}
    return found + [issue for issue in _lint_form(form) if (issue.code, issue.where) not in said]


def lint_all(paths: Iterable[Path]) -> list[LintIssue]:
    """Faults of every form file under the paths, and of the forms taken together."""
    found, forms = lint_files(paths)
    try:
        newest = registry.collect(forms).newest()
    except FormError as error:
        return [*found, LintIssue(error.where, error.code, error.where, error.message)]
    return found + lint_together(newest)


def lint_files(paths: Iterable[Path]) -> tuple[list[LintIssue], list[Form]]:
    """Faults of every form file by itself, and the forms that have none."""
    found: list[LintIssue] = []
    forms: list[Form] = []
    for path in registry.definition_files(paths):
        try:
            data = loader.read_yaml(path.read_text(encoding="utf-8"))
        except FormError as error:
            found.append(LintIssue(path.name, error.code, error.where, error.message))
            continue
        issues = lint(data)
        found += issues
        if not issues:
            forms.append(loader.parse(data, source=path.name))
    return found, forms


def _labels(form: str, node: object, where: str) -> Iterator[LintIssue]:
    """Language tags that are unknown, and texts in another script than their tag says."""
    if isinstance(node, list):
        for inner in node:
            yield from _labels(form, inner, where)
        return
    if not isinstance(node, Mapping):
        return
    for key, inner in node.items():
        place = f"{where}.{key}"
        if key in _LABEL_KEYS and isinstance(inner, Mapping):
            if key == "title" and not str(inner.get("zh", "")).strip():
                yield LintIssue(form, "FORM-TITLE", place, "缺少中文名称 zh")
            for tag, text in inner.items():
                yield from _label(form, str(tag), str(text), place)
        else:
            yield from _labels(form, inner, place)


def _label(form: str, tag: str, text: str, where: str) -> Iterator[LintIssue]:
    if tag == "mn":
        message = "mn 不分文字：请写 mn-Cyrl（西里尔蒙古文）或 mn-Mong（传统蒙古文）"
        yield LintIssue(form, "FORM-LANGUAGE", f"{where}.{tag}", message)
        return
    if tag not in LANGUAGES:
        listed = "、".join(LANGUAGES)
        message = f"不认识的语言 {tag}，可用 {listed}"
        yield LintIssue(form, "FORM-LANGUAGE", f"{where}.{tag}", message)
        return
    scripts = _scripts(re.sub(r"\{[^}]*\}", "", text))
    wrong = scripts - set(LANGUAGES[tag]) - {"LATIN"}
    # Chinese may hold Latin letters, and English the Chinese name of a unit: 斤.
    wrong -= {"CJK"} if tag == "en" else set()
    if wrong or (scripts and not scripts & set(LANGUAGES[tag])):
        message = f"标为 {tag} 的文字是 {'、'.join(sorted(wrong or scripts))}：“{text[:20]}”"
        yield LintIssue(form, "FORM-LANGUAGE", f"{where}.{tag}", message)


def _scripts(text: str) -> set[str]:
    names = (unicodedata.name(char, "").split(" ")[0] for char in text if char.isalpha())
    return {name for name in names if name in _SCRIPTS}


def _raw_rules(form: str, definition: Mapping[str, object]) -> Iterator[LintIssue]:
    """Parses each rule of a definition that the loader may refuse for other reasons."""
    measures, rules = definition.get("measures"), definition.get("rules")
    levels = definition.get("levels")
    if not isinstance(measures, Mapping) or not isinstance(rules, list):
        return
    for raw in rules:
        if not isinstance(raw, Mapping):
            continue
        scope = Scope(
            measures=frozenset(str(code) for code in measures),
            levels=frozenset(map(str, levels)) if isinstance(levels, list) else frozenset(),
            group=raw.get("over") in ("group", "item.parent"),
            own=str(raw.get("measure", "")),
        )
        for key in ("hard", "soft", "when"):
            if isinstance(raw.get(key), str):
                yield from _raw_rule(form, str(raw.get("id", "?")), str(raw[key]), scope)


def _raw_rule(form: str, rule: str, source: str, scope: Scope) -> Iterator[LintIssue]:
    try:
        parse_truth(source, scope)
    except FormError as error:
        where = f"{form}.{rule}" + (f" {error.where}" if error.where else "")
        yield LintIssue(form, error.code, where, f"{error.message}（{source}）")


def _lint_form(form: Form) -> Iterator[LintIssue]:
    yield from _items(form)
    try:
        compiled(form)
    except FormError:
        for rule in form.rules:
            try:
                compile_rule(form, rule)
            except FormError as error:
                yield LintIssue(form.code, error.code, error.where, error.message)
        return
    yield from _measures(form)
    yield from _rules(form)


def _items(form: Form) -> Iterator[LintIssue]:
    names = Counter(item.name["zh"] for item in form.leaves)
    for item in form.leaves:
        where = f"{form.code}.{item.code}"
        yield from _label(form.code, "zh", item.name["zh"], where)
        yield from _label(form.code, "en", item.name.get("en", ""), where)
        if names[item.name["zh"]] > 1:
            yield LintIssue(form.code, "FORM-DUPLICATE-NAME", where, "两个品种同名，无法按名称粘贴")
        if not item.good:
            yield LintIssue(form.code, "FORM-GOOD", where, "品种没有对应的商品编码 good")
            continue
        try:
            catalogue().require(item.good, item.unit)
        except CatalogueError as error:
            yield LintIssue(form.code, error.code, where, error.message)


def _measures(form: Form) -> Iterator[LintIssue]:
    for measure in form.measures:
        kind, _, weight = measure.aggregate.partition(":")
        where = f"{form.code}.{measure.code}"
        if measure.choices:
            yield from _labelled(form, measure, where)
        elif kind not in ("sum", "mean", "wmean"):
            message = f"汇总方式 {measure.aggregate} 应为 sum、mean 或 wmean:权数"
            yield LintIssue(form.code, "FORM-AGGREGATE", where, message)
        if kind == "wmean" and not _is_number(form, weight):
            message = f"权数 {weight} 不是本表指标"
            yield LintIssue(form.code, "FORM-AGGREGATE", where, message)


def _labelled(form: Form, measure: Measure, where: str) -> Iterator[LintIssue]:
    for word in measure.choices:
        yield from _label(form.code, "zh", word, f"{where}.choices")
    for word in measure.choices_en:
        yield from _label(form.code, "en", word, f"{where}.choices")


def _is_number(form: Form, code: str) -> bool:
    measure = form.measure_by_code.get(code)
    return measure is not None and not measure.choices


def _words_as_numbers(form: Form, rule: CompiledRule, where: str) -> Iterator[LintIssue]:
    """A choice is a word: a rule may ask whether it is there, never reckon with its place."""
    words = {measure.code for measure in form.measures if measure.choices}
    for measure in dict.fromkeys(_reckoned(rule)):
        if measure in words:
            message = f"{measure} 是选项，不能参加计算或比较；只能写 has({measure})"
            yield LintIssue(form.code, "FORM-CHOICE-RULE", where, message)


def _reckoned(rule: CompiledRule) -> Iterator[str]:
    """Measures whose numbers the rule reads, and not only whether they are there."""
    nodes = rule.nodes()
    present = {id(node.cell) for node in nodes if isinstance(node, Has | IsNil)}
    for node in nodes:
        if isinstance(node, CellRef) and id(node) not in present:
            yield node.measure


def _rules(form: Form) -> Iterator[LintIssue]:
    rules = compiled(form)
    by_source: dict[tuple[str, str | None, str], str] = {}
    ids = {rule.id for rule in form.rules}
    for compiled_rule in (*rules.leaf_rules, *rules.group_rules):
        rule, where = compiled_rule.rule, f"{form.code}.{compiled_rule.rule.id}"
        twin = by_source.setdefault((rule.expression, rule.when, rule.over), rule.id)
        if twin != rule.id:
            message = f"与 {twin} 完全相同，永远不会单独触发"
            yield LintIssue(form.code, "FORM-UNREACHABLE", where, message)
        if rule.measure not in form.measure_by_code:
            message = f"没有指标 {rule.measure}"
            yield LintIssue(form.code, "EXPR-UNDECLARED", where, message)
        for masked in rule.masks:
            if masked not in ids or masked == rule.id:
                message = f"masks 指向不存在的审核关系 {masked}"
                yield LintIssue(form.code, "FORM-UNREACHABLE", where, message)
        cells = [node for node in compiled_rule.nodes() if isinstance(node, CellRef)]
        if not cells:
            message = "条件不读任何指标，结果永远相同"
            yield LintIssue(form.code, "FORM-UNREACHABLE", where, message)
        yield from _constant_rule(form, compiled_rule.truth == compiled_rule.when, where)
        yield from _placeholders(form, compiled_rule, where)
        yield from _words_as_numbers(form, compiled_rule, where)
        yield from _bounds(form, compiled_rule, where)
    if rules.limit_names and form.limits is None:
        message = f"用到界限 {'、'.join(rules.limit_names)}，但没有写 limits: 界限表编码"
        yield LintIssue(form.code, "FORM-LIMITS", form.code, message)


def _constant_rule(form: Form, same: bool, where: str) -> Iterator[LintIssue]:
    if same:
        message = "when 与条件相同，永远不会触发"
        yield LintIssue(form.code, "FORM-UNREACHABLE", where, message)


def _placeholders(form: Form, rule: CompiledRule, where: str) -> Iterator[LintIssue]:
    """A message may only name what it can be given."""
    known = {name for name, _, _ in rule.show}
    if any(isinstance(node, PeerScore) for node in walk(rule.truth)):
        known |= _PEER_WORDS
    if rule.rule.over == "leaf":
        known |= {m.code + lag for m in form.measures for lag in ("", "@-1", "@year")}
    for text in (*rule.rule.say.values(), *rule.rule.remedy.values()):
        for name in placeholders(text):
            if name not in known:
                message = f"提示语中的 {{{name}}} 没有对应的值"
                yield LintIssue(form.code, "FORM-PLACEHOLDER", where, message)


def _layout(form: Form) -> Layout:
    """Limits as wide as any table may make them."""
    names = compiled(form).limit_names
    return Layout(form, {name: LimitColumn(10_000, 0, 10**9) for name in names})


def _bounds(form: Form, rule: CompiledRule, where: str) -> Iterator[LintIssue]:
    """The rule must compile for many returns at once, and be able to fire at all."""
    layout = _layout(form)
    try:
        broken(rule.truth, rule.when, layout)
    except FormError as error:
        yield LintIssue(form.code, error.code, where, error.message)
        return
    if never_broken(rule.truth, layout):
        message = "条件在指标的取值范围内恒成立，永远不会触发"
        yield LintIssue(form.code, "FORM-UNREACHABLE", where, message)


__all__ = ["LANGUAGES", "LintIssue", "lint", "lint_all", "lint_files", "lint_together"]
