"""The kernel's own record forms: opening, querying, answering, sending back, accepting, archiving.

Their bodies are small JSON objects; each says plainly which return of which period it concerns, so
that the thread entries follow from the body alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.threads.periodic import office_thread, return_thread


def require(**kinds: type | tuple[type, ...]) -> Any:
    """A validator: each named field is of the given type, and no other field stands."""
    return require_some({}, **kinds)


def require_some(may: Mapping[str, type], **kinds: type | tuple[type, ...]) -> Any:
    """`require`, with fields that may be left out."""

    def validate(body: JsonObject) -> Iterator[str]:
        for name, kind in kinds.items():
            value = body.get(name)
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                yield f"字段「{name}」缺失或类型不符"
        for name, value in body.items():
            if name not in kinds and not (name in may and type(value) is may[name]):
                yield f"不认识的字段「{name}」"

    return validate


_OPENING = require_some(
    {"version": int, "asked": dict, "order": int},
    form=str, period=str, due_at=int, review_due_at=int, offices=dict, respondents=list,
)  # fmt: skip


def _validate_opening(body: JsonObject) -> Iterator[str]:
    """The fields of an opening; `asked` names rows and columns, and nothing else."""
    yield from _OPENING(body)
    asked = body.get("asked")
    if isinstance(asked, dict) and (
        set(asked) != {"items", "measures"}
        or not all(
            isinstance(part, list) and part and all(isinstance(code, str) for code in part)
            for part in asked.values()
        )
    ):
        yield "「asked」应写明非空的 items 和 measures"


def _text(body: JsonObject, *names: str) -> tuple[str, ...]:
    return tuple(str(body[name]) for name in names)


def _open_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    """body: form, period, due_at, review_due_at, offices {place: party}, version of the form,
    respondents [[party, place, [office place, …lowest first]]]; where an order opened it, `asked`
    {items, measures} and `order`, the log index of what ordered it."""
    form, period = _text(body, "form", "period")
    owners = cast("Mapping[str, str]", body["offices"])
    pinned = {name: body[name] for name in ("version", "asked", "order") if name in body}
    under: dict[str, list[str]] = {place: [] for place in owners}
    for party, place, chain in cast("Sequence[tuple[str, str, list[str]]]", body["respondents"]):
        for office in chain:
            under[office].append(party)
        yield Entry(
            return_thread(form, period, party),
            "open",
            {
                "due_at": body["due_at"],
                "owner": party,
                "place": place,
                "offices": [[office, owners[office]] for office in chain],
                **pinned,
            },
        )
    for office, owner in owners.items():
        yield Entry(
            office_thread(form, period, office),
            "open",
            {"owner": owner, "due_at": body["review_due_at"], "respondents": under[office]},
        )


def _cell_names(body: JsonObject) -> list[str]:
    cells = cast("Sequence[Mapping[str, str]]", body["cells"])
    return [f"{cell['item']}.{cell['measure']}" for cell in cells]


def _query_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, party = _text(body, "form", "period", "party")
    yield Entry(
        return_thread(form, period, party),
        "query",
        {
            "target": body["target"],
            "office": body["office"],
            "due_at": body["due_at"],
            "cells": _cell_names(body),
        },
    )


def _reply_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, party = _text(body, "form", "period", "party")
    yield Entry(return_thread(form, period, party), "reply", {"query": body["query"]})


def _confirm_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, party = _text(body, "form", "period", "party")
    yield Entry(return_thread(form, period, party), "confirm", {"target": body["target"]})


def _send_back_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, party = _text(body, "form", "period", "party")
    detail = {"target": body["target"], "office": body["office"]}
    yield Entry(return_thread(form, period, party), "send_back", detail)


def _accept_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, office = _text(body, "form", "period", "office")
    targets = cast("Sequence[tuple[str, int]]", body["targets"])
    detail: dict[str, object] = {"parties": [party for party, _ in targets]}
    if body["conclude"]:
        detail["conclude"] = True
    yield Entry(office_thread(form, period, office), "accept", detail)
    # A note is what lets an office accept in spite of a question nobody answered.
    despite = {"despite": True} if str(body["note"]).strip() else {}
    for party, seq in targets:
        judged = {"target": seq, "office": office, **despite}
        yield Entry(return_thread(form, period, party), "accept", judged)


def _archive_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period = _text(body, "form", "period")
    for party in cast("Sequence[str]", body["parties"]):
        yield Entry(return_thread(form, period, party), "archive", {})
    for office in cast("Sequence[str]", body["offices"]):
        yield Entry(office_thread(form, period, office), "archive", {})


def _waive_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, party, office = _text(body, "form", "period", "party", "office")
    detail = {"office": office, "lifted": body["lifted"]}
    yield Entry(return_thread(form, period, party), "waive", detail)
    yield Entry(office_thread(form, period, office), "waive", {**detail, "party": party})


def _chase_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, office = _text(body, "form", "period", "office")
    # What the system sends by the clock is not what the office itself did.
    auto = {"auto": True} if draft.mode == "system" else {}
    detail = {"parties": body["parties"], **auto}
    yield Entry(office_thread(form, period, office), "chase", detail)


def _escalate_entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period, office = _text(body, "form", "period", "office")
    detail = {name: body[name] for name in ("level", "due_at", "parties", "lifted")}
    yield Entry(office_thread(form, period, office), "escalate", detail)


_RETURN = {"form": str, "period": str, "party": str}
_CONTROL = (
    RecordBehaviour(
        "K-OPEN",
        1,
        _validate_opening,
        _open_entries,
    ),
    RecordBehaviour(
        "K-QUERY",
        1,
        require(**_RETURN, target=int, office=str, due_at=int, cells=list, question=str),
        _query_entries,
    ),
    RecordBehaviour("K-REPLY", 1, require(**_RETURN, query=int, text=str), _reply_entries),
    RecordBehaviour("K-CONFIRM", 1, require(**_RETURN, target=int, text=str), _confirm_entries),
    RecordBehaviour(
        "K-SENDBACK", 1, require(**_RETURN, target=int, office=str, text=str), _send_back_entries
    ),
    RecordBehaviour(
        "K-ACCEPT",
        1,
        require(form=str, period=str, office=str, targets=list, conclude=bool, note=str),
        _accept_entries,
    ),
    RecordBehaviour(
        "K-ARCHIVE", 1, require(form=str, period=str, parties=list, offices=list), _archive_entries
    ),
    # 免报: this respondent owes nothing this period, or (`lifted`) owes it after all.
    RecordBehaviour(
        "K-WAIVE", 1, require(**_RETURN, office=str, text=str, lifted=bool), _waive_entries
    ),
    RecordBehaviour(
        "K-CHASE",
        1,
        require(form=str, period=str, office=str, parties=list, channel=str, text=str),
        _chase_entries,
    ),
    # 升级: returns still missing so long after they were due, brought to an office; or (`lifted`)
    # that those firms have said their part since.
    RecordBehaviour(
        "K-OVERDUE",
        1,
        require(
            form=str, period=str, office=str, level=str, hours_late=int, due_at=int, parties=list,
            lifted=bool, text=str,
        ),
        _escalate_entries,
    ),
    # 删除个人信息: that a person's key was destroyed, by which reference and on what basis.
    RecordBehaviour("K-ERASE", 1, require(person=str, basis=str)),
)


def register_control_forms() -> None:
    """Make the kernel's own record forms fileable."""
    for behaviour in _CONTROL:
        register(behaviour)
