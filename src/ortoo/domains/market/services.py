"""Writes of market monitoring; each ends in `filings.file_many` and names its actor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ortoo.domains.market.filing_returns import Matter, ReturnToFile, file_returns
from ortoo.domains.market.opening import (
    REVIEW_HOURS,
    SAMPLE,
    SYSTEM,
    archive,
    open_due_periods,
    open_period,
    reviewing_chain,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.periodic import (
    office_thread,
)

__all__ = [
    "ANSWER_HOURS", "REVIEW_HOURS", "SAMPLE", "SYSTEM", "Acceptance", "ForeignMonth", "Matter",
    "Question", "ReturnToFile", "accept", "archive", "chase", "file_foreign", "file_return",
    "open_due_periods", "open_period", "query", "reply", "reviewing_chain", "send_back", "waive",
]  # fmt: skip
ANSWER_HOURS = 4
_HOUR_MS = 3_600_000


def file_return(*, scope: Scope, new: ReturnToFile, now_ms: int) -> Receipt:
    """报送 or 自查更正 of one return. Raises Refused with the form's issues in `details`."""
    return file_returns(scope=scope, news=[new], now_ms=now_ms)[0]


def waive(
    *, scope: Scope, matter: Matter, office: str, text: str, now_ms: int, lifted: bool = False
) -> Receipt:
    """免报: the respondent owes nothing this period, for the stated reason; `lifted` undoes it."""
    _require_office(scope, "review", matter, office)
    if not text.strip():
        raise Refused("REASON-NEEDED", "免报必须写明原因。", "请填写原因，例如停业、自然灾害。")
    said = {"office": office, "text": text.strip()[:500], "lifted": lifted}
    return _say("K-WAIVE", scope, matter, {**_matter_body(matter), **said}, now_ms)


def reply(*, scope: Scope, matter: Matter, query: int, text: str, now_ms: int) -> Receipt:
    """答复核实: the respondent says why the number stands."""
    scope.require("reply_query", form=matter.form, party=matter.party)
    if not text.strip():
        raise Refused("REPLY-EMPTY", "答复不能为空。", "请写明情况，或直接更正该单元格。")
    body = {**_matter_body(matter), "query": query, "text": text.strip()[:500]}
    return _say("K-REPLY", scope, matter, body, now_ms)


@dataclass(frozen=True, slots=True)
class Question:
    """发核实: cells of a return and what the office wants to know."""

    matter: Matter
    target: int
    office: str
    cells: tuple[tuple[str, str], ...]
    text: str


def query(*, scope: Scope, new: Question, now_ms: int) -> Receipt:
    """发核实 on cells of the return in force; due in some hours, or at the review's end."""
    _require_office(scope, "query", new.matter, new.office)
    if not new.text.strip() or not new.cells:
        raise Refused("QUERY-EMPTY", "核实须选定单元格并写明问题。", "请选择单元格并填写问题。")
    body = {
        **_matter_body(new.matter),
        "target": new.target,
        "office": new.office,
        "due_at": now_ms + ANSWER_HOURS * _HOUR_MS,
        "cells": [{"item": item, "measure": measure} for item, measure in new.cells],
        "question": new.text.strip()[:500],
    }
    return _say("K-QUERY", scope, new.matter, body, now_ms)


def send_back(
    *, scope: Scope, matter: Matter, target: int, office: str, text: str, now_ms: int
) -> Receipt:
    """退回 the whole return, with the reason."""
    _require_office(scope, "send_back", matter, office)
    if not text.strip():
        raise Refused("REASON-NEEDED", "退回必须写明原因。", "请填写退回原因。")
    body = {**_matter_body(matter), "target": target, "office": office, "text": text.strip()[:500]}
    return _say("K-SENDBACK", scope, matter, body, now_ms)


def confirm_assisted(*, scope: Scope, matter: Matter, target: int, now_ms: int) -> Receipt:
    """确认代录: the party says that what an office entered for it is what it stated."""
    scope.require("confirm_assisted", form=matter.form, party=matter.party)
    receipt = file(
        Draft(
            form="K-CONFIRM",
            filer=matter.party,
            actor=scope.actor,
            key=_key("confirm", matter.thread, str(target)),
            said_at=now_ms,
            period=matter.period,
            subject=matter.party,
            body={
                "form": matter.form,
                "period": matter.period,
                "party": matter.party,
                "target": target,
                "text": "",
            },
        ),
        now_ms=now_ms,
    )
    catch_up()
    return receipt


@dataclass(frozen=True, slots=True)
class Acceptance:
    """审核通过 of named returns at one office, filed once with the list attached.

    `targets`: (party, log index of the return judged). `conclude` ends the office's 本期审核.
    """

    form: str
    period: str
    office: str
    targets: tuple[tuple[str, int], ...]
    conclude: bool = False
    note: str = ""


def accept(*, scope: Scope, new: Acceptance, now_ms: int) -> Receipt:
    """审核通过（其余无异常，一键通过）."""
    scope.require("accept", form=new.form, place=new.office)
    for party, _ in new.targets:
        _require_office(scope, "accept", Matter(new.form, new.period, party), new.office)
    if not new.targets and not new.conclude:
        raise Refused("ACCEPT-EMPTY", "没有可通过的报表。", "请先选择报表。")
    receipt = file(
        Draft(
            form="K-ACCEPT",
            filer=scope.party,
            actor=scope.actor,
            key=_key("accept", scope.actor, str(now_ms), new.form, new.period, new.office,
                     repr(new.targets)),
            said_at=now_ms,
            period=new.period,
            subject=office_thread(new.form, new.period, new.office),
            place=new.office,
            body={
                "form": new.form,
                "period": new.period,
                "office": new.office,
                "targets": [list(pair) for pair in new.targets],
                "conclude": new.conclude,
                "note": new.note[:500],
            },
        ),
        now_ms=now_ms,
    )
    catch_up()
    return receipt


def chase(
    *, scope: Scope, form: str, period: str, office: str, parties: Sequence[str], now_ms: int
) -> Receipt:
    """Log a 催报: whom this office reminded, when and by what means."""
    scope.require("chase", form=form, place=office)
    body = {
        "form": form,
        "period": period,
        "office": office,
        "parties": list(parties),
        "channel": "copied",
        "text": "",
    }
    return file(
        Draft(
            form="K-CHASE",
            filer=scope.party,
            actor=scope.actor,
            key=_key("chase", scope.actor, str(now_ms), form, period, office),
            said_at=now_ms,
            period=period,
            subject=office_thread(form, period, office),
            place=office,
            body=body,
        ),
        now_ms=now_ms,
    )


@dataclass(frozen=True, slots=True)
class ForeignMonth:
    """One market's month as its source published it: item code → price in minor units."""

    place: str
    period: str
    currency: str
    prices: Mapping[str, int]


def file_foreign(
    *, source: str, actor: str, months: Sequence[ForeignMonth], original: Original, now_ms: int
) -> list[Receipt]:
    """File a foreign source's months (境外市场), one filing a market and month, idempotent.

    The file's own bytes are kept and digested with each filing.
    """
    form = registry.get("FOREIGN-M1")
    encode = behaviour_of(form.code).encode
    standing = {
        (row.place, row.period): row
        for row in read.rows("form=%s AND filer=%s", [form.code, source])
    }
    receipts: list[Receipt | None] = []
    drafts = []
    for month in months:
        column = tuple(month.prices.get(item.code) for item in form.leaves)
        body = encode(GridBody({"price": column}, attributes={"currency": month.currency}))
        before = standing.get((month.place, month.period))
        same = before is not None and before.body == body
        receipts.append(_known(before) if before is not None and same else None)
        if not same:
            following = before.seq if before else None
            drafts.append(
                Draft(
                    form=form.code,
                    filer=source,
                    actor=actor,
                    mode="import",
                    # What it follows is in the key: a source may revise, and revise back.
                    key=_key("foreign", source, month.place, month.period, f"{following} {column}"),
                    body=body,
                    said_at=now_ms,
                    period=month.period,
                    subject=month.place,
                    place=month.place,
                    supersedes=following,
                    reason="来源修订" if following else "",
                    original=original,
                )
            )
    filed: list[Receipt] = []
    for start in range(0, len(drafts), 500):
        filed += file_many(drafts[start : start + 500], now_ms=now_ms)
    catch_up()
    fresh = iter(filed)
    return [receipt or next(fresh) for receipt in receipts]


def _known(row: read.FilingRow) -> Receipt:
    """The receipt of what already stands on the log."""
    return Receipt(row.seq, row.key, row.digest, row.digest_sm3, row.received_at, duplicate=True)


def _matter_body(matter: Matter) -> dict[str, object]:
    return {"form": matter.form, "period": matter.period, "party": matter.party}


def _require_office(scope: Scope, verb: str, matter: Matter, office: str) -> None:
    """The office must review this respondent, and the scope must act for that office."""
    scope.require(verb, form=matter.form, place=office)
    state = matter.state()
    if office not in {place for place, _ in state.offices}:
        raise Refused(
            "NOT-YOUR-RESPONDENT", "该企业不由本级审核。", "请核对报送关系。", 403
        )
    scope.require(verb, form=matter.form, place=state.place)


def _say(
    form: str, scope: Scope, matter: Matter, body: Mapping[str, object], now_ms: int
) -> Receipt:
    receipt = file(
        Draft(
            form=form,
            filer=scope.party,
            actor=scope.actor,
            key=_key(form, scope.actor, str(now_ms), matter.thread, repr(sorted(body.items()))),
            said_at=now_ms,
            period=matter.period,
            subject=matter.party,
            body=body,
        ),
        now_ms=now_ms,
    )
    catch_up()
    return receipt


def _key(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:48]
