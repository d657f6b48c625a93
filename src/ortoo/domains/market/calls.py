"""电话记录: telephone calls of an office to firms about a return, and what came of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ortoo.domains.market.reminders import states_of
from ortoo.domains.market.services import Matter
from ortoo.domains.market.thread_keys import digest_key
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.forms.record_registry import record_form
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.threads.periodic import office_thread

CALL = "MON-CALL"
_NUMBER = re.compile(r"\d[\d\s-]{5,}\d")


@dataclass(frozen=True, slots=True)
class NewCall:
    """One call: about which return, to which role, with what outcome."""

    matter: Matter
    office: str
    spoke_with: str
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A logged call as pages show it. `at` in ms."""

    seq: int
    party: str
    form: str
    period: str
    office: str
    at: int
    spoke_with: str
    outcome: str
    note: str
    actor: str


def log_call(*, scope: Scope, new: NewCall, now_ms: int) -> Receipt:
    """File a call, and with it the 催报 it was: both or neither.

    Raises Refused CALL-NUMBER, NOT-YOUR-RESPONDENT, BODY-INVALID, SCOPE-….
    """
    matter, office = new.matter, new.office
    scope.require("chase", form=matter.form, place=office)
    state = states_of(matter.form, matter.period, [matter.party]).get(matter.party)
    if state is None or office not in {place for place, _ in state.offices}:
        raise Refused("NOT-YOUR-RESPONDENT", "该企业不由本级审核。", "请核对报送关系。", 403)
    scope.require("chase", form=matter.form, place=state.place)
    if _NUMBER.search(new.note):
        raise Refused("CALL-NUMBER", "备注中不得写电话号码。", "请删去号码；联系方式另行登记。")
    body: dict[str, object] = {
        "form": matter.form, "period": matter.period, "office": office, "party": matter.party,
        "called_at": now_ms, "spoke_with": new.spoke_with, "outcome": new.outcome,
    }  # fmt: skip
    if new.note.strip():
        body["note"] = new.note.strip()
    words = ("call", scope.actor, matter.thread, office, str(now_ms))
    shared = {"filer": scope.party, "actor": scope.actor, "said_at": now_ms, "place": office}
    call = Draft(
        form=CALL, key=digest_key(*words), body=body, subject=matter.party, **shared  # type: ignore[arg-type]
    )  # fmt: skip
    chase = Draft(
        form="K-CHASE",
        key=digest_key(*words, "chase"),
        period=matter.period,
        subject=office_thread(matter.form, matter.period, office),
        body={
            "form": matter.form, "period": matter.period, "office": office,
            "parties": [matter.party], "channel": "phone", "text": "",
        },
        **shared,  # type: ignore[arg-type]
    )  # fmt: skip
    receipts = file_many([draft_record(call, now_ms=now_ms), chase], now_ms=now_ms)
    catch_up()
    return receipts[0]


def calls_of(scope: Scope, office: str, parties: Iterable[str]) -> list[Call]:
    """Calls about these firms by offices this scope reviews with, newest first."""
    scope.require("review", place=office)
    threads = [f"{CALL}|{party}" for party in parties]
    lines = read.thread_lines(threads)
    filings = read.by_seqs(line.seq for found in lines.values() for line in found)
    seen = scope.places("review")
    found = [_call(row) for row in filings.values()]
    return sorted((c for c in found if c.office in seen), key=lambda c: -c.seq)


def _call(row: read.FilingRow) -> Call:
    body = json.loads(row.body)
    return Call(
        row.seq, body["party"], body["form"], body["period"], body["office"],
        int(body["called_at"]), body["spoke_with"], body["outcome"], body.get("note", ""),
        row.actor,
    )  # fmt: skip


def options(field: str) -> list[tuple[str, str]]:
    """(code, words) of a choice of the call form: `spoke_with` or `outcome`."""
    found = next(each for each in record_form(CALL).fields if each.code == field)
    return [(code, found.labels[code]["zh"]) for code in found.choices]
