"""Reads one field of a record form: its type's own keys, and none of another type's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.fields import Fields
from ortoo.kernel.forms.record_definition import (
    MAX_INTEGER,
    QUANTITIES,
    SECRET,
    SIGNATURE,
    TYPES,
    UNSHARED,
    CodeListName,
    Condition,
    FieldType,
    RecordField,
    Scalar,
)

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
LONGEST_TEXT = 20_000
LONGEST_PATTERN = 200
# A repeated group that itself repeats: the time of such patterns explodes with the text.
_EXPLOSIVE = re.compile(r"\([^()]*[+*{][^()]*\)[+*{]")


def checked_code(inner: Fields) -> str:
    """The code of a field, group or attachment. FormError RECORD-CODE."""
    code = inner.text("code")
    if not CODE.match(code) or code in (SIGNATURE, SECRET):
        message = f"编码 {code} 应为小写字母、数字和下划线，且不得为 {SIGNATURE} 或 {SECRET}"
        raise FormError("RECORD-CODE", message, inner.where)
    return code


def condition(inner: Fields) -> Condition:
    """`{field: …, is: value or list of values}`."""
    field, raw = inner.text("field"), inner.raw("is")
    inner.done()
    values = raw if isinstance(raw, list) else [raw]
    if not values or not all(isinstance(value, str | int | bool) for value in values):
        raise FormError("FORM-TYPE", "when 的 is 应为一个值或若干值", inner.where)
    return Condition(field, tuple(cast("list[Scalar]", values)))


def record_field(inner: Fields, people: tuple[str, ...]) -> RecordField:
    """One field. FormError RECORD-TYPE for an unknown type, RECORD-PERSON, RECORD-PATTERN …"""
    code = checked_code(inner)
    kind = inner.text("type")
    if kind not in TYPES:
        raise FormError("RECORD-TYPE", f"没有类型 {kind}；可用 {'、'.join(TYPES)}", inner.where)
    common = {
        "title": inner.labels("title"),
        "must": inner.flag("must"),
        "when": condition(inner.fields("when")) if inner.has("when") else None,
        "personal": _personal(inner, people),
        "share": inner.text("share", UNSHARED),
        "shares": inner.optional_text("shares"),
        "prefill": inner.optional_text("prefill"),
        "concept": inner.text("concept", code),
    }
    own = _own(inner, cast(FieldType, kind))
    inner.done()
    return RecordField(code=code, type=cast(FieldType, kind), **common, **own)  # type: ignore[arg-type]


def _own(inner: Fields, kind: FieldType) -> dict[str, object]:
    """The keys that only this type has."""
    if kind == "text":
        return _text(inner)
    if kind in QUANTITIES:
        return _quantity(inner, kind)
    if kind in ("choice", "good"):
        return _chosen(inner, kind)
    if kind in ("party", "place"):
        return {"foreign": inner.flag("foreign")}
    if kind in ("account", "thread"):
        return {"prefixes": inner.texts("prefix")}
    return {}


def _personal(inner: Fields, people: tuple[str, ...]) -> str | None:
    raw = inner.raw("personal", False)
    if raw is False:
        return None
    if raw is True and len(people) == 1:
        return people[0]
    if isinstance(raw, str) and raw in people:
        return raw
    message = "个人信息须说明属于谁：personal: persons 中的一个编码（只有一人时可写 true）"
    raise FormError("RECORD-PERSON", message, inner.where)


def _text(inner: Fields) -> dict[str, object]:
    longest, pattern = inner.integer("max", 200), inner.optional_text("pattern")
    if not 1 <= longest <= LONGEST_TEXT:
        raise FormError("RECORD-LIMIT", f"max 应为 1–{LONGEST_TEXT:,}", inner.where)
    if pattern is not None:
        _check_pattern(pattern, inner.where)
    return {"longest": longest, "pattern": pattern, "lines": inner.flag("lines")}


def _check_pattern(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        raise FormError("RECORD-PATTERN", "pattern 不是有效的正则表达式", where) from None
    if len(pattern) > LONGEST_PATTERN or _EXPLOSIVE.search(pattern):
        raise FormError("RECORD-PATTERN", "pattern 过长，或在重复中再重复，可能极慢", where)


def _quantity(inner: Fields, kind: FieldType) -> dict[str, object]:
    """`min` and `max` are in minor units, as the values are."""
    scale = inner.integer("scale", 2 if kind == "money" else 0)
    if not 0 <= scale <= 9 or (kind == "integer" and scale):
        raise FormError("RECORD-LIMIT", "scale 应为 0–9；整数没有 scale", inner.where)
    bounds = [inner.integer(key) if inner.has(key) else None for key in ("min", "max")]
    low, high = (-MAX_INTEGER if bounds[0] is None else bounds[0]), bounds[1]
    if abs(low) > MAX_INTEGER or not low <= (MAX_INTEGER if high is None else high) <= MAX_INTEGER:
        raise FormError("RECORD-LIMIT", "min 不得大于 max，绝对值不超过 2^53−1", inner.where)
    found: dict[str, object] = {"scale": scale, "minimum": bounds[0], "maximum": bounds[1]}
    if kind == "money":
        currency = inner.text("currency")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise FormError("FORM-VALUE", "currency 应为三个字母，例如 CNY", inner.where)
        return {**found, "currency": currency}
    return {**found, "unit": inner.text("unit")}


def _chosen(inner: Fields, kind: FieldType) -> dict[str, object]:
    found: dict[str, object] = {}
    if inner.has("codes"):
        listed = inner.fields("codes")
        found["codes"] = CodeListName(listed.text("list"), listed.integer("version"))
        listed.done()
    if kind == "choice" and inner.has("choices") == ("codes" in found):
        raise FormError("RECORD-CHOICES", "choices 与 codes 必须且只能写一个", inner.where)
    if kind == "choice" and inner.has("choices"):
        table = inner.raw("choices")
        if not isinstance(table, Mapping) or not table:
            raise FormError("FORM-TYPE", "choices 应为 {编码: {zh: 名称}}", inner.where)
        if any(isinstance(code, bool) for code in table):
            # YAML 1.1 reads yes, no, on and off as truth values.
            raise FormError("FORM-TYPE", "编码 yes、no、on、off 请加引号", inner.where)
        named = Fields(table, f"{inner.where}.choices")
        labels = {code: named.labels(code) for code in named.names()}
        found |= {"choices": tuple(labels), "labels": labels}
    return found
