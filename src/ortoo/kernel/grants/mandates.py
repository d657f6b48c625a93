"""Filings under which another may speak: mandates 委托, downtime numbers 停机编号 (Law 5).

K-MANDATE is the principal's own filing: agent, forms, from, to. K-DOWNTIME is an agency's: a series
of numbers written on paper while the system was away, each good for one filing. Both are ended by a
filing of the same form that supersedes them. The judges here say whether a draft is covered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.authority import Authority, register_judge

ALL_FORMS = "*"
MOST_FORMS = 200
MOST_NUMBERS = 10_000
SERIES = re.compile(r"[A-Z0-9][A-Z0-9-]{2,23}")
DOWNTIME_KEY = "downtime:"


def mandated_actor(actor: str, agent: str) -> str:
    """How a draft under a mandate names who pressed the button: the account, at the agent."""
    return f"{actor}@{agent}"


def downtime_key(number: str) -> str:
    """The key of the filing made under a downtime number: so that each number is used once."""
    return DOWNTIME_KEY + number


def _span(body: JsonObject) -> Iterator[str]:
    first, last = body.get("from_ms"), body.get("to_ms")
    if type(first) is not int or type(last) is not int or not 0 <= first < last < 2**53:
        yield "起止时间应为毫秒整数，且起在止之前"


def _forms(body: JsonObject) -> Iterator[str]:
    found = body.get("forms")
    forms = found if isinstance(found, list) else []
    named = all(isinstance(form, str) and 0 < len(form) <= 40 for form in forms)
    if not (named and 0 < len(forms) <= MOST_FORMS):
        yield f"表号应为 1—{MOST_FORMS} 个，或「{ALL_FORMS}」"


def _known(body: JsonObject, names: set[str]) -> Iterator[str]:
    for name in sorted(set(body) ^ names):
        yield f"字段「{name}」{'不认识' if name in body else '缺失'}"


def _text(body: JsonObject, name: str, longest: int) -> Iterator[str]:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        yield f"字段「{name}」应为 1—{longest} 字的文本"


def validate_mandate(body: JsonObject) -> Iterator[str]:
    """{agent, forms, from_ms, to_ms, note}."""
    yield from _known(body, {"agent", "forms", "from_ms", "to_ms", "note"})
    yield from _text(body, "agent", 40)
    yield from _text(body, "note", 500)
    yield from _forms(body)
    yield from _span(body)


def validate_downtime(body: JsonObject) -> Iterator[str]:
    """{series, first, last, forms, from_ms, to_ms, note}: numbers `SERIES-0001` …"""
    yield from _known(body, {"series", "first", "last", "forms", "from_ms", "to_ms", "note"})
    series = body.get("series")
    if not isinstance(series, str) or not SERIES.fullmatch(series):
        yield "编号冠字应为 3—24 位大写字母、数字或短横"
    first, last = body.get("first"), body.get("last")
    if type(first) is not int or type(last) is not int or not 1 <= first <= last <= 999_999:
        yield "编号应为 1—999999 之间的一段"
    elif last - first >= MOST_NUMBERS:
        yield f"一次最多发放 {MOST_NUMBERS:,} 个编号"
    yield from _text(body, "note", 500)
    yield from _forms(body)
    yield from _span(body)


def _thread(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    name = body.get("agent", body.get("series"))
    yield Entry(f"{draft.form}|{draft.filer}|{name}", "given", {"to_ms": body["to_ms"]})


def judge_mandate(authority: Authority, draft: Draft) -> Refused | None:
    """The principal itself gave it; to this agent, for this form, for this moment."""
    said = cast("Mapping[str, Any]", json.loads(authority.body))
    if authority.filer != draft.filer:
        return _outside("UNDER-PRINCIPAL", "这份委托不是该单位出具的")
    if not draft.actor.endswith(f"@{said['agent']}"):
        return _outside("UNDER-AGENT", "这份委托没有委托给办理人所在的单位")
    return _in_forms_and_time(said, draft)


def judge_downtime(authority: Authority, draft: Draft) -> Refused | None:
    """The number is of the series, and what was said on paper was said while it was down."""
    said = cast("Mapping[str, Any]", json.loads(authority.body))
    series, _, number = draft.key.removeprefix(DOWNTIME_KEY).rpartition("-")
    right = draft.key.startswith(DOWNTIME_KEY) and series == said["series"]
    if not (right and re.fullmatch(r"\d{4,6}", number)):
        return _outside("UNDER-NUMBER", f"报件没有写明停机编号「{said['series']}-…」")
    if not said["first"] <= int(number) <= said["last"]:
        return _outside("UNDER-NUMBER", f"停机编号 {number} 不在发放的范围内")
    return _in_forms_and_time(said, draft)


def _in_forms_and_time(said: Mapping[str, Any], draft: Draft) -> Refused | None:
    if ALL_FORMS not in said["forms"] and draft.form not in said["forms"]:
        return _outside("UNDER-FORM", f"所依据的报件不包括表式 {draft.form}")
    if not said["from_ms"] <= draft.said_at <= said["to_ms"]:
        return _outside("UNDER-TIME", "所报事项的时间不在所依据报件的起止时间内")
    return None


def _outside(code: str, what: str) -> Refused:
    return Refused(code, f"{what}。", "请核对依据，或由本单位自己报送。", 403, rule="LAW-5")


def register_mandate_forms() -> None:
    """Make both forms fileable and their judges known."""
    register(RecordBehaviour("K-MANDATE", 1, validate_mandate, _thread))
    register(RecordBehaviour("K-DOWNTIME", 1, validate_downtime, _thread))
    register_judge("mandate", "K-MANDATE", judge_mandate)
    register_judge("downtime", "K-DOWNTIME", judge_downtime)
