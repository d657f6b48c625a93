"""Reads one form from its reviewed YAML file and gives it its digest.

The digest is the SHA-256 of the canonical JSON of the parsed definition: the order of keys,
comments and white space in the file do not matter; every word a respondent sees does.
Search aids (aliases) are left out of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import yaml

from ortoo.kernel.forms.definition import (
    NIL_ZH,
    Attribute,
    EntryUnit,
    Escalation,
    Form,
    FormError,
    Head,
    Item,
    Moment,
    Nil,
    Over,
    PeriodKind,
    PeriodType,
    Publish,
    Respondents,
    Rule,
    Severity,
)
from ortoo.kernel.forms.digest import digest_of
from ortoo.kernel.forms.fields import Fields
from ortoo.kernel.forms.measures import check_figures, read_figures, read_measures

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SafeLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeys(_SafeLoader):  # type: ignore[misc]
    """YAML with duplicate keys refused: the second of two equal keys would win in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise FormError("FORM-DUPLICATE-KEY", f"第 {line} 行重复的键 {key}")
            seen.add(key)
        return cast("dict[Hashable, Any]", super().construct_mapping(node, deep=deep))


def read_yaml(text: str) -> dict[str, object]:
    """The mapping in a YAML text. Raises FORM-YAML, FORM-DUPLICATE-KEY, FORM-TYPE."""
    try:
        # The loader above only narrows the safe loader, so no object of Python's is ever built.
        data = yaml.load(text, Loader=_UniqueKeys)
    except yaml.YAMLError as error:
        raise FormError("FORM-YAML", f"文件不是有效的 YAML：{error}") from None
    if not isinstance(data, dict):
        raise FormError("FORM-TYPE", "文件应为一张键值表")
    return data


def load(path: Path) -> Form:
    """The form in a file. Raises FormError with the file's name in `where`."""
    try:
        return parse(read_yaml(path.read_text(encoding="utf-8")), source=path.name)
    except FormError as error:
        raise FormError(error.code, error.message, f"{path.name} {error.where}".strip()) from None


def parse(data: Mapping[str, object], *, source: str = "") -> Form:
    """A form from its mapping; every key must be known. Raises FormError."""
    top = Fields(data, str(data.get("form", "表式")))
    units = _entry_units(top)
    items = _items(top, units)
    form = Form(
        code=top.text("form"),
        version=top.integer("version"),
        title=top.labels("title"),
        head=_head(top.fields("head")),
        period_types=_period_types(top),
        respondents=_respondents(top.fields("respondents")),
        levels=top.texts("levels", required=True),
        items=items,
        measures=read_measures(top),
        rules=_rules(top),
        nil_reasons=_nil_reasons(top),
        reasons=top.texts("reasons"),
        publish=_publish(top.fields("publish")),
        attributes=_attributes(top),
        limits=top.optional_text("limits"),
        guidance=top.labels("guidance", required=False),
        source=source,
        figures=read_figures(top),
        review_hours=top.integer("review_hours", 30),
        supplements=top.optional_text("supplements"),
    )
    top.done()
    _check_references(form)
    check_figures(form)
    return replace(form, digest=digest_of(form))


def _head(inner: Fields) -> Head:
    head = Head(
        code=inner.text("code"),
        issuer=inner.text("issuer"),
        approval=inner.text("approval", ""),
        valid_until=inner.text("valid_until"),
    )
    inner.done()
    return head


def _respondents(inner: Fields) -> Respondents:
    found = Respondents(
        register=inner.text("register"),
        sample=inner.text("sample"),
        within=inner.optional_text("within"),
    )
    inner.done()
    return found


def _publish(inner: Fields) -> Publish:
    publish = Publish(
        min_respondents=inner.integer("min_respondents"),
        dominance=inner.rational("dominance"),
        level=inner.text("level"),
        embargo_days=inner.integer("embargo_days", 0),
    )
    inner.done()
    return publish


def _moment(inner: Fields) -> Moment:
    weekday = inner.choice("weekday", WEEKDAYS) if inner.has("weekday") else None
    moment = Moment(
        time=inner.clock("time"),
        weekday=None if weekday is None else WEEKDAYS.index(weekday),
        month_day=inner.integer("month_day") if inner.has("month_day") else None,
        days_from_end=inner.integer("days_from_end") if inner.has("days_from_end") else None,
    )
    inner.done()
    given = (moment.weekday, moment.month_day, moment.days_from_end)
    if sum(part is not None for part in given) != 1:
        message = "weekday、month_day、days_from_end 必须且只能写一个"
        raise FormError("FORM-VALUE", message, inner.where)
    return moment


def _period_types(top: Fields) -> tuple[PeriodType, ...]:
    found: list[PeriodType] = []
    for place, raw in enumerate(top.list("period_types", required=True)):
        inner = Fields(raw, f"{top.where}.period_types[{place}]")
        kind = cast(PeriodKind, inner.choice("kind", ("week", "month", "tenday", "day")))
        starts = inner.choice("starts", WEEKDAYS) if kind == "week" else "monday"
        found.append(
            PeriodType(
                since=inner.date("since"),
                kind=kind,
                weekday=WEEKDAYS.index(starts),
                opens=_moment(inner.fields("opens")),
                due=_moment(inner.fields("due")),
                escalations=tuple(_escalations(inner)),
                ordered=inner.flag("ordered"),
            )
        )
        inner.done()
        if kind == "tenday" and found[-1].due.month_day is not None:
            message = "旬报的截止日按 days_from_end 或 weekday 写，不按次月某日"
            raise FormError("FORM-VALUE", message, inner.where)
    if not found:
        raise FormError("FORM-MISSING", "至少要有一个报告期类型", f"{top.where}.period_types")
    if sorted({t.since for t in found}) != [t.since for t in found]:
        raise FormError("FORM-VALUE", "报告期类型须按 since 由早到晚排列", top.where)
    return tuple(found)


def _escalations(inner: Fields) -> list[Escalation]:
    found = []
    for place, raw in enumerate(inner.list("escalations")):
        step = Fields(raw, f"{inner.where}.escalations[{place}]")
        found.append(Escalation(step.integer("hours_late"), step.text("level")))
        step.done()
    return found


def _entry_units(top: Fields) -> dict[str, tuple[str, EntryUnit]]:
    """Entry units by their key in the file, each with the unit it is a part or multiple of."""
    found: dict[str, tuple[str, EntryUnit]] = {}
    table = top.raw("entry_units", {})
    if not isinstance(table, Mapping):
        raise FormError("FORM-TYPE", "entry_units 应为键值表", top.where)
    for key, raw in table.items():
        inner = Fields(raw, f"{top.where}.entry_units.{key}")
        factor, name, of = inner.rational("is"), inner.text("name"), inner.text("of")
        inner.done()
        if factor <= 0:
            raise FormError("FORM-VALUE", "换算系数必须大于零", inner.where)
        found[str(key)] = (of, EntryUnit(name, factor.numerator, factor.denominator))
    return found


def _items(top: Fields, units: Mapping[str, tuple[str, EntryUnit]]) -> tuple[Item, ...]:
    items: list[Item] = []
    for raw in top.list("groups", required=True):
        inner = Fields(raw, f"{top.where}.groups")
        code, unit, shared = inner.text("code"), inner.text("unit"), inner.texts("units")
        inner.where = f"{top.where}.{code}"
        rows = [Fields(row, inner.where) for row in inner.list("items", required=True)]
        leaves = [_leaf(row, code, unit, shared, units) for row in rows]
        title = inner.labels("title")
        inner.done()
        children = tuple(leaf.code for leaf in leaves)
        if not children:
            raise FormError("FORM-EMPTY-GROUP", "分组下没有品种", inner.where)
        items += [Item(code=code, name=title, group=None, unit=unit, children=children), *leaves]
    for raw in top.list("computed"):
        inner = Fields(raw, f"{top.where}.computed")
        children = inner.texts("sum_of", required=True)
        code, title, unit = inner.text("code"), inner.labels("title"), inner.text("unit")
        items.append(Item(code=code, name=title, group=None, unit=unit, children=children))
        inner.done()
    return tuple(items)


def _leaf(
    row: Fields,
    group: str,
    unit: str,
    shared: tuple[str, ...],
    units: Mapping[str, tuple[str, EntryUnit]],
) -> Item:
    code = row.text("code")
    row.where = f"{row.where}.{code}"
    unit = row.text("unit", unit)
    names = {"zh": row.text("zh"), "en": row.text("en")}
    chosen = [EntryUnit(unit, 1, 1)]
    for key in (*shared, *row.texts("units")):
        of, entry_unit = units.get(key, ("", None))
        if entry_unit is None or of != unit:
            raise FormError("FORM-UNIT", f"录入单位 {key} 未定义或不能折合为{unit}", row.where)
        chosen.append(entry_unit)
    if len({entry.name for entry in chosen}) != len(chosen):
        raise FormError("FORM-UNIT", "同一行有两个同名的录入单位", row.where)
    season = row.list("season")
    if not all(isinstance(month, int) and 1 <= month <= 12 for month in season):
        raise FormError("FORM-VALUE", "season 应为月份 1–12 的列表", row.where)
    item = Item(
        code=code,
        name=names,
        group=group,
        unit=unit,
        spec=row.text("spec", ""),
        good=row.optional_text("good"),
        match="close" if row.choice("match", ("exact", "close"), "exact") == "close" else "exact",
        entry_units=tuple(chosen),
        aliases=row.texts("aliases"),
        stock_asked=row.flag("stock"),
        season=tuple(cast("list[int]", season)),
    )
    row.done()
    return item


def _rules(top: Fields) -> tuple[Rule, ...]:
    return tuple(
        _rule(Fields(raw, f"{top.where}.rules[{place}]"), top.where)
        for place, raw in enumerate(top.list("rules"))
    )


def _rule(inner: Fields, where: str) -> Rule:
    rule_id = inner.text("id")
    inner.where = f"{where}.{rule_id}"
    if inner.has("hard") == inner.has("soft"):
        raise FormError("FORM-RULE", "hard 与 soft 必须且只能写一个", inner.where)
    severity: Severity = "hard" if inner.has("hard") else "soft"
    rule = Rule(
        id=rule_id,
        severity=severity,
        expression=inner.text(severity),
        over=cast(Over, inner.choice("over", ("leaf", "group"), "leaf")),
        measure=inner.text("measure"),
        say=inner.labels("say"),
        remedy=inner.labels("remedy"),
        when=inner.optional_text("when"),
        tolerance=inner.rational("tolerance", "0"),
        show=tuple(_show(inner)),
        masks=inner.texts("masks"),
        reasons=inner.texts("reasons"),
    )
    inner.done()
    return rule


def _show(inner: Fields) -> list[tuple[str, str, str]]:
    """Named figures for a rule's message: (name, expression, number or percent)."""
    found = []
    for place, raw in enumerate(inner.list("show")):
        row = Fields(raw, f"{inner.where}.show[{place}]")
        style = row.choice("as", ("number", "percent"), "number")
        found.append((row.text("name"), row.text("value"), style))
        row.done()
    return found


def _nil_reasons(top: Fields) -> tuple[Nil, ...]:
    by_word = {word: nil for nil, word in NIL_ZH.items()}
    words = top.texts("nil_reasons")
    unknown = [word for word in words if word not in by_word]
    if unknown:
        raise FormError("FORM-VALUE", f"不认识的空值原因：{unknown[0]}", f"{top.where}.nil_reasons")
    return tuple(by_word[word] for word in words)


def _attributes(top: Fields) -> tuple[Attribute, ...]:
    found = []
    for raw in top.list("attributes"):
        inner = Fields(raw, f"{top.where}.attributes")
        found.append(
            Attribute(
                code=inner.text("code"),
                title=inner.labels("title"),
                choices=inner.texts("choices"),
                must=inner.flag("must", True),
            )
        )
        inner.done()
    return tuple(found)


def _check_references(form: Form) -> None:
    """Duplicate codes, children that do not exist, sums that hold themselves."""
    for kind, codes in (
        ("品种", [item.code for item in form.items]),
        ("指标", [measure.code for measure in form.measures]),
        ("审核关系", [rule.id for rule in form.rules]),
    ):
        twice = next((code for code in codes if codes.count(code) > 1), None)
        if twice is not None:
            raise FormError("FORM-DUPLICATE-CODE", f"{kind}编码重复：{twice}", form.code)
    for group in form.groups:
        missing = [code for code in group.children if code not in form.by_code]
        if missing:
            raise FormError("FORM-UNKNOWN-ITEM", f"合计引用了不存在的行 {missing[0]}", group.code)
    if form.publish.level not in form.levels:
        raise FormError("FORM-VALUE", f"发布层级 {form.publish.level} 不在 levels 中", form.code)
    _ = form.descendants
