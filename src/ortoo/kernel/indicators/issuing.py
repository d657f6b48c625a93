"""K-ISSUE 发布: figures as they were given out. What was issued is a filing and so never moves.

The body names the period, the log index the figures were computed at, and the figures themselves;
a later issue of the same period is a further vintage 数据版次, never a change of the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry

FORM = "K-ISSUE"
FIELDS = {"form": str, "period": str, "log_index": int, "note": str, "cells": dict}


def thread_of(form: str, period: str) -> str:
    """Key of the thread that holds every vintage of one period's figures."""
    return f"{FORM}|{form}|{period}"


def _validate(body: JsonObject) -> Iterator[str]:
    for name, kind in FIELDS.items():
        if type(body.get(name)) is not kind:
            yield f"字段「{name}」缺失或类型不符"
    for name in body.keys() - FIELDS.keys():
        yield f"不认识的字段「{name}」"
    if not body.get("cells"):
        yield "「cells」不能为空"


def _entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period = cast(str, body["form"]), cast(str, body["period"])
    yield Entry(thread_of(form, period), "issue", {"log_index": body["log_index"]})


def register_issue_form() -> None:
    """Make issues fileable."""
    register(RecordBehaviour(FORM, 1, _validate, _entries))
