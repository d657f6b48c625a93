"""Record forms of grants 授权, log-in codes and the access log: what their bodies must say. Pure.

Validators return problems as sentences; `grant_rows` is the register of grants as a pure function
of the filings on one login.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.threads.procedure import ThreadLine

JsonObject = Mapping[str, object]
GrantTuple = tuple[str, str, str, str, str, str, str, str, str, int]

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}\Z")
FORM = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}\Z")
HEX64 = re.compile(r"[0-9a-f]{64}\Z")
GRANT_FIELDS = ("basis", "forms", "from", "grant", "login", "party", "place", "role", "to")
GRANT_COLUMNS = (
    "slice", "key", "login", "party", "role", "forms", "place", "valid_from", "valid_to", "seq"
)  # fmt: skip
RECOVERY_KINDS = ("code", "second_factor")


def grant_thread(login: str) -> str:
    """Thread of everything granted to one login."""
    return f"K-GRANT|{login}"


def grant_id(role: str, place: str, first: str) -> str:
    """Name of a grant within its login: a later filing of the same name replaces it."""
    return f"{role}@{place}:{first}"


def validate_grant(body: JsonObject) -> list[str]:
    """K-GRANT: {grant, login, party, role, place, forms, from, to, basis}; dates ISO, "" open.

    A `to` before `from` takes the grant back altogether.
    """
    return [*_fields(body, GRANT_FIELDS), *_grant_problems(body)]


def _grant_problems(body: JsonObject) -> Iterator[str]:
    role = ROLES.get(_text(body, "role"))
    if role is None or not role.grantable:
        known = "、".join(code for code, found in ROLES.items() if found.grantable)
        yield f"字段「role」应为 {known} 之一"
    elif role.needs_place and not _text(body, "place"):
        yield f"{role.zh}的授权必须写明地区（字段「place」）"
    if not LOGIN.match(_text(body, "login")):
        yield "字段「login」应为 2–60 位小写字母、数字或 . _ @ -"
    if not 0 < len(_text(body, "grant")) <= 70:
        yield "字段「grant」应为 1–70 个字符"
    if not 0 < len(_text(body, "party")) <= 40:
        yield "字段「party」应为主体代码"
    if len(_text(body, "place")) > 20:
        yield "字段「place」应为地区代码"
    if not _text(body, "basis").strip():
        yield "字段「basis」应写明授权依据"
    yield from _form_problems(body.get("forms"))
    yield from _date_problems(body)


def _form_problems(forms: object) -> Iterator[str]:
    if not isinstance(forms, Sequence) or isinstance(forms, str) or not forms:
        yield '字段「forms」应为表号列表，或 ["*"]'
        return
    for form in forms:
        if form != "*" and not (isinstance(form, str) and FORM.match(form)):
            yield f"字段「forms」中「{form}」不是表号"
    if len(" ".join(map(str, forms))) > 200:
        yield '字段「forms」过长；请改用 ["*"] 或拆成多份授权'


def _date_problems(body: JsonObject) -> Iterator[str]:
    for name in ("from", "to"):
        value = _text(body, name)
        if name == "to" and value == "":
            continue
        if not is_day(value):
            yield f"字段「{name}」应为日期，如 2026-11-20"


def is_day(text: str) -> bool:
    """Whether `text` is an ISO day in its one canonical spelling."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def validate_recovery(body: JsonObject) -> list[str]:
    """K-RECOVERY: {login, party, place, kind, expires_at}: that a code was issued, not the code."""
    problems = _fields(body, ("expires_at", "kind", "login", "party", "place"))
    if body.get("kind") not in RECOVERY_KINDS:
        problems.append(f"字段「kind」应为 {'、'.join(RECOVERY_KINDS)} 之一")
    if not LOGIN.match(_text(body, "login")):
        problems.append("字段「login」不是登录名")
    if not _natural(body.get("expires_at")):
        problems.append("字段「expires_at」应为毫秒时间")
    return problems


def validate_access(body: JsonObject) -> list[str]:
    """K-ACCESS: {day, entries, root}: how many reads a day saw and the last hash of their chain."""
    problems = _fields(body, ("day", "entries", "root"))
    if not is_day(_text(body, "day")):
        problems.append("字段「day」应为日期，如 2026-11-20")
    if not _natural(body.get("entries")):
        problems.append("字段「entries」应为条数")
    if not HEX64.match(_text(body, "root")):
        problems.append("字段「root」应为 64 位十六进制摘要")
    return problems


def _fields(body: JsonObject, names: Iterable[str]) -> list[str]:
    wanted = set(names)
    missing = [f"缺少字段「{name}」" for name in sorted(wanted - set(body))]
    return missing + [f"不认识的字段「{name}」" for name in sorted(set(body) - wanted)]


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def grant_entries(draft: Draft, body: JsonObject) -> tuple[Entry, ...]:
    """A grant joins the thread of its login; the entry carries the body, which is small."""
    return (Entry(grant_thread(_text(body, "login")), "grant", body),)


def recovery_entries(draft: Draft, body: JsonObject) -> tuple[Entry, ...]:
    """Codes issued to one login stand in one thread."""
    return (Entry(f"K-RECOVERY|{_text(body, 'login')}", str(body["kind"]), {}),)


def access_entries(draft: Draft, body: JsonObject) -> tuple[Entry, ...]:
    """Every day's root stands in one thread, in order."""
    return (Entry("K-ACCESS|", "day", {"day": body["day"]}),)


def grant_rows(login: str, lines: Iterable[ThreadLine]) -> list[GrantTuple]:
    """Rows of the register (`GRANT_COLUMNS`) from the grant entries of one login's thread.

    The last filing under a grant's name is the one in force; a grant taken back before its first
    day leaves no row.
    """
    latest: dict[str, ThreadLine] = {}
    for line in sorted(lines, key=lambda found: found.seq):
        if line.kind == "grant":
            latest[_text(line.detail, "grant")] = line
    return [_row(login, line) for _, line in sorted(latest.items()) if not _void(line.detail)]


def _void(body: JsonObject) -> bool:
    return bool(body["to"]) and _text(body, "to") < _text(body, "from")


def _row(login: str, line: ThreadLine) -> GrantTuple:
    body = line.detail
    forms = body["forms"]
    return (
        login,
        f"{login}|{body['grant']}",
        login,
        _text(body, "party"),
        _text(body, "role"),
        " ".join(forms) if isinstance(forms, Sequence) else "",
        _text(body, "place"),
        _text(body, "from"),
        _text(body, "to"),
        line.seq,
    )
