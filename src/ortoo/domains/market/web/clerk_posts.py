"""What a clerk's page posts, as a form or as JSON: sizes and names refused before anything else."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from ortoo.domains.market.web.clerk_fields import unspoken
from ortoo.domains.market.web.clerk_sheet import Part, checked
from ortoo.kernel.filings.refusal import Refused

LONGEST_BODY = 256 * 1024
LONGEST_REASON = 200
LONGEST_NOTE = 500
_OWN = frozenset(
    {"csrfmiddlewaretoken", "version", "action", "key", "supersedes", "reason", "said_at", "note"}
)
_KEY = re.compile(r"[0-9a-f]{32}\Z")
_TOKEN = re.compile(r"[0-9]{1,18}-[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class Posted:
    """A page's fields and what goes with them. `token` is the draft's, `key` made with the page."""

    fields: Mapping[str, str]
    token: str
    key: str
    action: str = "file"
    supersedes: int | None = None
    reason: str = ""
    note: str = ""
    said_at: int | None = None
    """When the clerk pressed the button by the phone's own clock, where it was filed later, ms."""


def is_json(request: HttpRequest) -> bool:
    """Whether the script of the page asks, rather than the form itself."""
    return bool(request.content_type == "application/json")


def posted(request: HttpRequest, parts: Sequence[Part]) -> Posted:
    """Read a POST of either kind. Raises Refused BODY-TOO-LARGE, JSON, FIELD…"""
    refuse_oversized(request)
    said = _json(request) if is_json(request) else _form(request)
    token = str(said.get("version", ""))
    supersedes = str(said.get("supersedes", ""))
    key, at = str(said.get("key", "")), str(said.get("said_at", ""))
    return Posted(
        fields=checked(parts, said.get("fields", {})),
        token=token if _TOKEN.fullmatch(token) else "0-0",
        key=key if _KEY.fullmatch(key) else new_key(),
        action=str(said.get("action", "file")),
        supersedes=int(supersedes) if re.fullmatch(r"[0-9]{1,15}", supersedes) else None,
        reason=_reason(said.get("reason", "")),
        note=_reason(said.get("note", ""), LONGEST_NOTE),
        said_at=int(at) if re.fullmatch(r"[0-9]{1,15}", at) else None,
    )


def new_key() -> str:
    """The key of a page about to be shown: a second press of its button files nothing more."""
    return uuid.uuid4().hex


def refuse_oversized(request: HttpRequest) -> None:
    """413 before the body is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch(r"[0-9]{1,12}", str(length)) or int(length) > LONGEST_BODY:
        raise Refused(
            "BODY-TOO-LARGE",
            f"一次提交的内容超过 {LONGEST_BODY // 1024} KB。",
            "一张报表远小于此；请从报表页提交。",
            413,
        )


def _json(request: HttpRequest) -> Mapping[str, object]:
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused("JSON", "请求正文不是有效的 JSON。", "请刷新报表页。", 400) from error
    if not isinstance(said, dict):
        raise Refused("JSON", "请求正文应为 JSON 对象。", "请刷新报表页。", 400)
    return said


def _form(request: HttpRequest) -> Mapping[str, object]:
    fields: dict[str, str] = {}
    said: dict[str, object] = {"fields": fields}
    for name, values in request.POST.lists():
        if len(values) > 1:
            raise Refused("FIELD-TWICE", f"字段「{name[:60]}」出现了两次。", "请刷新报表页。", 400)
        if name in _OWN:
            said[name] = values[0]
        else:
            fields[name] = values[0]
    return said


def _reason(said: object, longest: int = LONGEST_REASON) -> str:
    text = str(said).strip()
    if unspoken(text) or len(text) > longest:
        raise Refused(
            "REASON-LONG",
            f"原因或说明不得超过 {longest} 字或含控制字符。",
            "请改短后再提交。",
            400,
        )
    return text
