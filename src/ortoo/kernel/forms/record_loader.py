"""Reads one record form from its reviewed YAML file; every key must be known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast

from ortoo.kernel.forms.definition import FormError, Severity
from ortoo.kernel.forms.fields import Fields
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.forms.record_attachments import MEDIA
from ortoo.kernel.forms.record_definition import (
    DEFAULT_LINES,
    MAX_LINES,
    UNSHARED,
    AnnulmentRule,
    Condition,
    Document,
    Group,
    PersonRule,
    Post,
    RecordField,
    RecordForm,
    RecordRule,
    Say,
    Send,
    Slot,
)
from ortoo.kernel.forms.record_field_loader import CODE, checked_code, condition, record_field
from ortoo.kernel.forms.record_references import faults
from ortoo.kernel.forms.record_rules import parse_rule, readable

Asked: TypeAlias = tuple[tuple[RecordField, ...], tuple[Group, ...]]
LARGEST = 50_000_000
MOST_FILES = 50
LONGEST_KIND = 24
_FORM_CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*\Z")
_TOP = re.compile(r"^(record|form|procedure)\s*:", re.MULTILINE)


def top_key(path: Path) -> str:
    """`record`, `form` or `procedure`: what a definition file is, without parsing it; or ""."""
    found = _TOP.search(path.read_text(encoding="utf-8"))
    return found[1] if found else ""


def load(path: Path) -> RecordForm:
    """The record form in a file. FormError with the file's name in `where`."""
    try:
        return parse(read_yaml(path.read_text(encoding="utf-8")), file=path.name)
    except FormError as error:
        raise FormError(error.code, error.message, f"{path.name} {error.where}".strip()) from None


def parse(data: Mapping[str, object], *, file: str = "") -> RecordForm:
    """A record form whose parts fit together. FormError FORM-… and RECORD-…"""
    form = read(data, file=file)
    for code, where, message in faults(form):
        raise FormError(code, message, where)
    return form


def read(data: Mapping[str, object], *, file: str = "") -> RecordForm:
    """A record form as written, before its parts are held against each other."""
    top = Fields(data, str(data.get("record", "记录表式")))
    persons = tuple(_persons(top))
    people = tuple(person.code for person in persons)
    fields = tuple(record_field(inner, people) for inner in _each(top, "fields", required=True))
    groups = tuple(_group(inner, people) for inner in _each(top, "groups"))
    form = RecordForm(
        code=_form_code(top),
        version=top.integer("version"),
        title=top.labels("title"),
        respondent=top.texts("respondent", required=True),
        fields=fields,
        groups=groups,
        slots=tuple(_slot(inner) for inner in _each(top, "attachments")),
        document=_document(top.fields("document")) if top.has("document") else None,
        rules=tuple(
            _rule(Fields(raw, f"{top.where}.rules[{place}]"), top.where, (fields, groups))
            for place, raw in enumerate(top.list("rules"))
        ),
        says=tuple(_say(inner) for inner in _listed(top, "says")),
        posts=tuple(_post(inner) for inner in _listed(top, "posts")),
        sends=tuple(_send(inner) for inner in _listed(top, "sends")),
        persons=persons,
        annulment=_annulment(top.fields("annulment")) if top.has("annulment") else None,
        corrected_by=top.texts("corrected_by"),
        supersedable=top.flag("supersedable", True),
        shares=_shares(top),
        guidance=top.labels("guidance", required=False),
        file=file,
    )
    top.done()
    return form


def _form_code(top: Fields) -> str:
    code = top.text("record")
    if not _FORM_CODE.match(code) or len(code) > 40:
        raise FormError("RECORD-CODE", "表号应为大写字母、数字和连字符", top.where)
    return code


def _each(top: Fields, key: str, *, required: bool = False) -> Iterable[Fields]:
    """The inner mappings of a table {code: {…}}, each with its code read as `code`."""
    table = top.raw(key) if required else top.raw(key, {})
    if not isinstance(table, Mapping):
        raise FormError("FORM-TYPE", f"{key} 应为键值表", top.where)
    for code, raw in table.items():
        where = f"{top.where}.{code}"
        if not isinstance(raw, Mapping):
            raise FormError("FORM-TYPE", "此处应为键值表", where)
        yield Fields({**raw, "code": code}, where)


def _listed(top: Fields, key: str) -> Iterable[Fields]:
    for place, raw in enumerate(top.list(key)):
        yield Fields(raw, f"{top.where}.{key}[{place}]")


def _when(inner: Fields) -> Condition | None:
    return condition(inner.fields("when")) if inner.has("when") else None


def _bounded(inner: Fields, key: str, default: int, low: int, high: int) -> int:
    value = inner.integer(key, default)
    if not low <= value <= high:
        raise FormError("RECORD-LIMIT", f"{key} 应为 {low:,}–{high:,}", inner.where)
    return value


def _group(inner: Fields, people: tuple[str, ...]) -> Group:
    code = checked_code(inner)
    group = Group(
        code=code,
        title=inner.labels("title"),
        fields=tuple(record_field(f, people) for f in _each(inner, "fields", required=True)),
        key=inner.optional_text("key"),
        minimum=_bounded(inner, "min", 0, 0, MAX_LINES),
        maximum=_bounded(inner, "max", DEFAULT_LINES, 1, MAX_LINES),
        when=_when(inner),
    )
    inner.done()
    return group


def _media(inner: Fields) -> tuple[str, ...]:
    media = inner.texts("media", required=True)
    unknown = [name for name in media if name not in MEDIA]
    if unknown or not media:
        listed = "、".join(MEDIA)
        raise FormError("RECORD-MEDIA", f"media 只能取自 {listed}", inner.where)
    return media


def _slot(inner: Fields) -> Slot:
    slot = Slot(
        code=checked_code(inner),
        title=inner.labels("title"),
        media=_media(inner),
        largest=_bounded(inner, "size", 10_000_000, 1, LARGEST),
        minimum=_bounded(inner, "min", 0, 0, MOST_FILES),
        maximum=_bounded(inner, "max", 1, 1, MOST_FILES),
        share=inner.text("share", UNSHARED),
        when=_when(inner),
    )
    inner.done()
    return slot


def _document(inner: Fields) -> Document:
    verifier, signed = None, "recorded"
    if inner.has("signature"):
        signature = inner.fields("signature")
        verifier = signature.text("verifier")
        signed = signature.choice("policy", ("required", "recorded"))
        signature.done()
    document = Document(
        media=_media(inner),
        largest=_bounded(inner, "size", 10_000_000, 1, LARGEST),
        must=inner.flag("must"),
        parser=inner.optional_text("parser"),
        verifier=verifier,
        signed=cast(Literal["required", "recorded"], signed),
        persons=inner.flag("persons"),
    )
    inner.done()
    return document


def _rule(inner: Fields, where: str, asked: Asked) -> RecordRule:
    code = inner.text("code")
    inner.where = f"{where}.{code}"
    if inner.has("hard") == inner.has("soft"):
        raise FormError("FORM-RULE", "hard 与 soft 必须且只能写一个", inner.where)
    severity: Severity = "hard" if inner.has("hard") else "soft"
    expression, over = inner.text(severity), inner.text("over", "")
    fields, groups = asked
    if over and over not in {group.code for group in groups}:
        raise FormError("RECORD-EACH", f"没有明细 {over}", inner.where)
    tolerance = inner.rational("tolerance", "0")
    names = readable(fields, groups, over)
    try:
        truth = parse_rule(expression, names, tolerance)
    except FormError as error:
        raise FormError(error.code, f"{error.message}（{expression}）", inner.where) from None
    rule = RecordRule(
        code=code,
        severity=severity,
        expression=expression,
        truth=truth,
        over=over,
        field=inner.text("field"),
        say=inner.labels("say"),
        remedy=inner.labels("remedy"),
        source=inner.text("source"),
        when=_when(inner),
        tolerance=tolerance,
    )
    inner.done()
    return rule


def _say(inner: Fields) -> Say:
    detail = inner.raw("detail", {})
    if not isinstance(detail, Mapping):
        raise FormError("FORM-TYPE", "detail 应为键值表", inner.where)
    say = Say(
        thread=inner.text("thread"),
        kind=inner.text("kind"),
        detail={str(key): value for key, value in detail.items()},
        each=inner.text("each", ""),
        when=_when(inner),
    )
    inner.done()
    return say


def _post(inner: Fields) -> Post:
    quantity = inner.text("quantity")
    post = Post(
        account=inner.text("account"),
        source=inner.text("from", ""),
        commodity=inner.text("commodity"),
        quantity=quantity.removeprefix("-"),
        negative=quantity.startswith("-"),
        on=inner.text("day"),
        each=inner.text("each", ""),
        when=_when(inner),
    )
    inner.done()
    return post


def _send(inner: Fields) -> Send:
    send = Send(inner.text("to"), inner.texts("shares"), _when(inner))
    inner.done()
    return send


def _persons(top: Fields) -> Iterable[PersonRule]:
    for inner in _each(top, "persons"):
        person = PersonRule(
            code=checked_code(inner), kind=inner.text("kind"), by=inner.texts("by", required=True)
        )
        if not CODE.match(person.kind) or len(person.kind) > LONGEST_KIND or not person.by:
            message = f"kind 应为至多 {LONGEST_KIND} 个小写字母、数字和下划线，by 至少写一项"
            raise FormError("RECORD-CODE", message, inner.where)
        inner.done()
        yield person


def _annulment(inner: Fields) -> AnnulmentRule:
    rule = AnnulmentRule(inner.texts("forms", required=True), inner.texts("kinds", required=True))
    inner.done()
    return rule


def _shares(top: Fields) -> dict[str, dict[str, str]]:
    found = {}
    for inner in _each(top, "shares"):
        code = checked_code(inner)
        if code == UNSHARED:
            raise FormError("RECORD-CODE", f"{UNSHARED} 是系统用语，请改用其他编码", inner.where)
        found[code] = {name: inner.text(name) for name in inner.names()}
    return found
