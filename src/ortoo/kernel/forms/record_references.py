"""Whether the parts of a record form fit together: every name means something, every key is safe.

The loader refuses a form at the first fault; `record_lint` names them all.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from ortoo.kernel.forms.nodes import CellRef, Compare, Const
from ortoo.kernel.forms.record_definition import (
    MAX_INTEGER,
    QUANTITIES,
    UNSHARED,
    Condition,
    RecordField,
    RecordForm,
    RecordRule,
)
from ortoo.kernel.forms.record_rules import names_in as names_read
from ortoo.kernel.forms.record_templates import ENVELOPE, is_sound, is_whole, names_in

Found = Iterator[tuple[str, str, str]]
"""(code, where, what is wrong and what to do)."""
Scope = Mapping[str, RecordField]
MAX_KIND = 20
_HOLDS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def faults(form: RecordForm) -> Found:
    """Every fault of one form taken by itself."""
    yield from _codes(form)
    yield from _fields(form, form.fields, "", form.by_code)
    for group in form.groups:
        scope = form.scope(group.code)
        yield from _fields(form, group.fields, f"{group.code}.", scope)
        yield from _when(group.when, form.by_code, f"{form.code}.{group.code}")
        yield from _group_key(form, group.code)
    yield from _slots(form)
    yield from _persons(form)
    yield from _document(form)
    yield from _says(form)
    yield from _posts(form)
    yield from _sends(form)
    for rule in form.rules:
        yield from _rule(form, rule)


def _codes(form: RecordForm) -> Found:
    codes = [f.code for f in form.fields]
    codes += [group.code for group in form.groups] + [slot.code for slot in form.slots]
    said = [*codes, *(f"rules.{rule.code}" for rule in form.rules)]
    for code, times in Counter(said).items():
        if times > 1:
            yield "RECORD-DUPLICATE", f"{form.code}.{code}", "编码重复；请改其中一个"


def _fields(form: RecordForm, fields: Sequence[RecordField], prefix: str, scope: Scope) -> Found:
    for field in fields:
        where = f"{form.code}.{prefix}{field.code}"
        yield from _share(form, field.share, where)
        yield from _when(field.when, scope, where, own=field.code)


def _share(form: RecordForm, share: str, where: str) -> Found:
    if share != UNSHARED and share not in form.shares:
        yield "RECORD-SHARE", where, f"没有共享类别 {share}；请在 shares 中写明"


def _slots(form: RecordForm) -> Found:
    for slot in form.slots:
        where = f"{form.code}.{slot.code}"
        yield from _share(form, slot.share, where)
        yield from _when(slot.when, form.by_code, where)
        if slot.minimum > slot.maximum:
            yield "RECORD-LIMIT", where, "min 不得大于 max"


def _when(when: Condition | None, scope: Scope, where: str, *, own: str = "") -> Found:
    """The field of a condition must exist, be readable, and be able to have the value."""
    if when is None:
        return
    field = scope.get(when.field)
    if field is None or when.field == own:
        yield "RECORD-WHEN", where, f"when 所指的 {when.field} 不是此处可用的项"
        return
    if field.personal is not None:
        yield "RECORD-WHEN", where, f"{when.field} 是密封的个人信息，不能用作条件"
        return
    for value in when.values:
        if not _possible(field, value):
            yield "RECORD-WHEN", where, f"{when.field} 不可能等于 {value!r}，条件永远不成立"


def _possible(field: RecordField, value: object) -> bool:
    if field.type == "boolean":
        return type(value) is bool
    if field.type in (*QUANTITIES, "instant"):
        return type(value) is int
    return type(value) is str and (not field.choices or value in field.choices)


def _group_key(form: RecordForm, code: str) -> Found:
    group = form.group_by_code[code]
    where = f"{form.code}.{code}"
    if group.minimum > group.maximum:
        yield "RECORD-LIMIT", where, "min 不得大于 max"
    if group.key is None:
        return
    field = next((field for field in group.fields if field.code == group.key), None)
    if field is None or not field.must or field.when is not None or field.personal is not None:
        message = f"key {group.key} 应为本明细的必填项，且不是个人信息"
        yield "RECORD-KEY", where, message


def _persons(form: RecordForm) -> Found:
    scopes = [(form.fields, form.by_code)]
    scopes += [(g.fields, {f.code: f for f in g.fields}) for g in form.groups]
    used = {field.personal for fields, _ in scopes for field in fields}
    for person in form.persons:
        where = f"{form.code}.{person.code}"
        if person.code not in used:
            yield "RECORD-PERSON", where, "没有一项属于此人；请删去，或在该项写 personal"
        owners = [scope for fields, scope in scopes if person.code in {f.personal for f in fields}]
        for scope in owners:
            yield from _referred(person.by, scope, where)
        if len(owners) > 1:
            yield "RECORD-PERSON", where, "一人的各项应在同一处：或全在件上，或全在一种明细内"


def _referred(by: Sequence[str], scope: Scope, where: str) -> Found:
    for name in by:
        field = scope.get(name)
        if field is None or not field.must or field.when is not None:
            message = f"by 所用的 {name} 应为同一处的必填项，否则此人无法识别"
            yield "RECORD-PERSON", where, message


def _document(form: RecordForm) -> Found:
    personal = any(f.personal for g in ((form.fields), *(g.fields for g in form.groups)) for f in g)
    if form.document is not None and personal and not form.document.persons:
        message = "原件会原样保存个人信息；确需如此时写 persons: true，并限制查阅原件"
        yield "RECORD-DOCUMENT-PERSONAL", f"{form.code}.document", message


def _says(form: RecordForm) -> Found:
    for place, say in enumerate(form.says):
        where = f"{form.code}.says[{place}]"
        yield from _each(form, say.each, where)
        yield from _names(form, say.each, (say.thread, dict(say.detail)), "RECORD-SAYS", where)
        yield from _key(form, say.each, say.thread, "thread", where, when=say.when)
        yield from _when(say.when, _scope(form, say.each), where)
        if not 0 < len(say.kind) <= MAX_KIND or "{" in say.kind:
            yield "RECORD-SAYS", where, f"kind 应为不超过 {MAX_KIND} 个字符的固定用语"


def _scope(form: RecordForm, each: str) -> Scope:
    return form.scope(each if each in form.group_by_code else "")


def _each(form: RecordForm, each: str, where: str) -> Found:
    if each and each not in form.group_by_code:
        yield "RECORD-EACH", where, f"没有明细 {each}"


def _names(form: RecordForm, each: str, templates: object, code: str, where: str) -> Found:
    """Names in templates must be fields of this place or the envelope's, and in the clear."""
    scope = _scope(form, each)
    if not is_sound(templates):
        yield code, where, "花括号内只能是一个字段编码，或 @filer、@subject、@place、@period、@key"
    for name in names_in(templates):
        if name.startswith("@"):
            if name[1:] not in ENVELOPE:
                yield code, where, f"没有 {name}；可用 @{'、@'.join(ENVELOPE)}"
        elif name not in scope:
            yield code, where, f"没有字段 {name}"
        elif scope[name].personal is not None:
            yield "RECORD-SAYS-PERSONAL", where, f"{name} 是个人信息，不得写入案卷、账户或收件单位"


def _key(
    form: RecordForm, each: str, template: str, kind: str, where: str, *, when: Condition | None
) -> Found:
    """A key begins with its fixed prefix, so that no respondent can choose whose it is, and every
    field in it is sure to be there."""
    scope = _scope(form, each)
    names = [name for name in names_in(template) if name in scope]
    whole = is_whole(template) and names and scope[names[0]].type == kind
    if whole and kind == "account" and not scope[names[0]].prefixes:
        message = f"{names[0]} 用作记账账户，应以 prefix 限定账户种类"
        yield "RECORD-PREFIX", where, message
    if not whole and "{" in template.partition("|")[0]:
        yield "RECORD-PREFIX", where, f"{template} 应以固定的前缀开头，例如 GK-TRUCK|{{case}}"
    if not whole and "|" not in template:
        yield "RECORD-PREFIX", where, f"{template} 应为“前缀|编号”"
    for name in names:
        field = scope[name]
        if not field.must or (field.when is not None and field.when != when):
            message = f"{name} 用作编号，应为必填项（或与 when 同一条件）"
            yield "RECORD-KEY-OPTIONAL", where, message


def _posts(form: RecordForm) -> Found:
    for place, post in enumerate(form.posts):
        where, scope = f"{form.code}.posts[{place}]", _scope(form, post.each)
        yield from _each(form, post.each, where)
        yield from _when(post.when, scope, where)
        templates = (post.account, post.source, post.commodity)
        yield from _names(form, post.each, templates, "RECORD-POSTS", where)
        for account in filter(None, (post.account, post.source)):
            yield from _key(form, post.each, account, "account", where, when=post.when)
        quantity, on = scope.get(post.quantity), scope.get(post.on)
        if quantity is None or quantity.type not in QUANTITIES:
            yield "RECORD-POSTS", where, f"quantity {post.quantity} 应为本件的数量或金额"
        if on is None or on.type != "date" or not on.must:
            yield "RECORD-POSTS", where, f"day {post.on} 应为必填的日期"
        if any(field is not None and field.personal for field in (quantity, on)):
            yield "RECORD-SAYS-PERSONAL", where, "个人信息不得记账"


def _sends(form: RecordForm) -> Found:
    for place, send in enumerate(form.sends):
        where = f"{form.code}.sends[{place}]"
        yield from _names(form, "", send.party, "RECORD-SENDS", where)
        yield from _when(send.when, form.by_code, where)
        for share in send.shares:
            yield from _share(form, share, where)
        for name in names_in(send.party):
            if name in form.by_code and form.by_code[name].type != "party":
                yield "RECORD-SENDS", where, f"{name} 应为主体代码（type: party）"


def _rule(form: RecordForm, rule: RecordRule) -> Found:
    where = f"{form.code}.{rule.code}"
    scope = _scope(form, rule.over)
    known = {field.code for field in form.group_by_code[rule.over].fields} if rule.over else set()
    if rule.field not in (known or {*form.by_code, *form.group_by_code}):
        yield "RECORD-RULE", where, f"field {rule.field} 不是此处的项"
    yield from _when(rule.when, scope, where)
    names = names_read(rule.truth)
    if not names:
        yield "RECORD-UNREACHABLE", where, "条件不读任何一项，结果永远相同"
    for name in names:
        asked = scope[name].when if name in scope else None
        if asked is not None and rule.when is not None and _apart(asked, rule.when):
            yield "RECORD-UNREACHABLE", where, f"when 成立时不问 {name}，永远不会审核"
    if _always(rule, scope):
        yield "RECORD-UNREACHABLE", where, "条件在取值范围内恒成立，永远不会触发"


def _apart(one: Condition, two: Condition) -> bool:
    return one.field == two.field and not set(one.values) & set(two.values)


def _always(rule: RecordRule, scope: Scope) -> bool:
    """Whether a comparison of one field with a constant holds over the field's whole range."""
    truth = rule.truth
    if not isinstance(truth, Compare) or not isinstance(truth.left, CellRef):
        return False
    field, right = scope.get(truth.left.measure), truth.right
    if field is None or field.type not in QUANTITIES or not isinstance(right, Const):
        return False
    holds = _HOLDS.get(truth.operator)
    ends = (
        -MAX_INTEGER if field.minimum is None else field.minimum,
        MAX_INTEGER if field.maximum is None else field.maximum,
    )
    return holds is not None and all(
        holds(Fraction(end, 10**field.scale), right.value) for end in ends
    )
