"""Writes of the sample: nominate, ask back, amend, decide, withdraw, design. Each is filed.

The approval and the change of the list are one `file_many`; what a running period owes follows
from them by further filings that cite the decision, and can be carried out again until done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ortoo.domains.market.sample import frame, timing
from ortoo.domains.market.sample.carrying import carry_out
from ortoo.domains.market.sample.matters import Matter, Nomination
from ortoo.domains.market.sample.matters import matter as matter_of
from ortoo.domains.market.sample.rules import (
    JOIN,
    LEAVE,
    Fault,
    changed_rows,
    members_in,
    nomination_faults,
)
from ortoo.domains.market.sample.seats import (
    CHANGE,
    DECIDE,
    DESIGN,
    WITHDRAW,
    matter_thread,
)
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.grants.roles import ROLES
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.parties.models import Party
from ortoo.kernel.places.active import active_pack

__all__ = [
    "Verdict", "amend", "ask_back", "carry_out", "decide", "file_design", "nominate", "office_of",
    "withdraw",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided of a nomination at a step: outcome pass or refuse, opinion, and for the
    approval the statistical bureau's number."""

    step: str
    outcome: str
    reason: str = ""
    approval: str = ""


def office_of(scope: Scope) -> str:
    """The place of the office for which this scope keeps lists. Refused SCOPE-…"""
    for hold in scope.holds:
        if hold.place and "manage_lists" in ROLES[hold.role].verbs:
            return hold.place
    scope.require("manage_lists", place=active_pack().root.code)
    return active_pack().root.code


def nominate(*, scope: Scope, new: Nomination, key: str, now_ms: int) -> Receipt:
    """推荐: file a nomination for the scope's own office. `key` comes with the page.

    Refused SAMPLE-…: what cannot be asked, when it cannot take effect, a seat in another's hand.
    """
    place = office_of(scope)
    scope.require("manage_lists", form=new.form, place=place)
    _refuse_nomination(scope, new, now_ms)
    draft = _nomination(scope, new, case_of(key, now_ms), key, now_ms)
    receipt = file(draft, now_ms=now_ms)
    catch_up()
    return receipt


def case_of(key: str, now_ms: int) -> str:
    """A nomination's number, the same for the same page: year and eight signs."""
    year = timing.civil_day(now_ms).year
    return f"{year}-{hashlib.sha256(key.encode()).hexdigest()[:8].upper()}"


def ask_back(*, scope: Scope, matter: Matter, text: str, now_ms: int) -> Receipt:
    """退回补正: the step's owner says what is missing; its clock stands until it is amended."""
    _require_step(scope, matter)
    if not text.strip():
        raise Refused("REASON-NEEDED", "退回补正须写明缺什么。", "请填写需要补正的内容。")
    body = {
        "thread": matter.thread,
        "step": matter.step,
        "to": matter.nominator,
        "question": text.strip()[:500],
    }
    return _file(scope, "K-ASK", body, matter, now_ms)


def amend(
    *, scope: Scope, matter: Matter, new: Nomination, reason: str, key: str, now_ms: int
) -> Receipt:
    """补正: the nomination said anew and, where one was asked, the question answered, in one."""
    _require_nominator(scope, matter)
    _refuse_nomination(scope, new, now_ms, matter)
    freed = sorted({m.party for m in matter.asks.moves} - {m.party for m in new.moves})
    draft = _nomination(
        scope, new, matter.case, key, now_ms, freed=freed, follows=(matter.seq, reason)
    )
    drafts = [draft]
    if matter.question is not None:
        body = {"thread": matter.thread, "ask": matter.question.seq, "text": reason[:500]}
        drafts.append(_draft(scope, "K-ANSWER", body, matter, now_ms))
    receipt = file_many(drafts, now_ms=now_ms)[0]
    catch_up()
    return receipt


def withdraw(*, scope: Scope, matter: Matter, reason: str, now_ms: int) -> Receipt:
    """撤回: the bureau takes its nomination back; the seats are free."""
    _require_nominator(scope, matter)
    body = {
        "case": matter.case,
        "list": matter.asks.list,
        "reason": reason.strip()[:500],
        "seats": _seats(matter),
    }
    return _file(scope, WITHDRAW, body, matter, now_ms)


def decide(*, scope: Scope, matter: Matter, verdict: Verdict, now_ms: int) -> Receipt:
    """复核 or 核准. An approval is filed together with the change of the list that it brings.

    Refused SAMPLE-…, STEP-…: also where the list, the period or the nomination moved meanwhile.
    """
    _require_step(scope, matter, verdict.step)
    approving = verdict.step == "approve" and verdict.outcome == "pass"
    if approving:
        _refuse_nomination(scope, matter.asks, now_ms, matter)
    ends = approving or verdict.outcome == "refuse"
    said = {name: text for name, text in asdict(verdict).items() if str(text).strip()}
    body: dict[str, object] = {
        **said,
        "nominator": matter.nominator,
        "case": matter.case,
        "list": matter.asks.list,
        "target": matter.seq,
    }
    if ends:
        body["seats"] = _seats(matter)
    drafts = [_draft(scope, DECIDE, body, matter, now_ms)]
    if approving:
        drafts += _list_drafts(scope, matter, now_ms)
    receipt = file_many(drafts, now_ms=now_ms)[0]
    catch_up()
    if approving:
        # Already decided: what a running period still owes is tried again from the page.
        carry_out(
            scope=scope, matter=matter_of(scope, matter.nominator, matter.case), now_ms=now_ms
        )
    return receipt


def file_design(*, scope: Scope, body: Mapping[str, object], key: str, now_ms: int) -> Receipt:
    """File a list's design. Refused DESIGN-…, BODY-INVALID, SCOPE-PLACE outside the region."""
    root = active_pack().root.code
    scope.require("manage_lists", place=root)
    frame.title_of(str(body.get("list", "")))
    draft = Draft(DESIGN, scope.party, scope.actor, key, body, now_ms, place=root)
    return file(draft_record(draft, now_ms=now_ms), now_ms=now_ms)


def _refuse_nomination(
    scope: Scope, new: Nomination, now_ms: int, own: Matter | None = None
) -> None:
    """Every fault of what is asked, as one refusal with details."""
    frame.title_of(new.list)
    if new.form not in {form.code for form in frame.forms_of(new.list)}:
        raise Refused("SAMPLE-FORM", f"表式 {new.form} 不用这个名录。", "请选择名录的表式。", 422)
    timing.refuse_period(new, now_ms)
    inside = scope.places("manage_lists")
    rows = Party.objects.filter(kind="enterprise", code__in=[m.party for m in new.moves])
    known = frozenset(row.code for row in rows if row.place in inside)
    if own is not None and own.nominator != scope.party:
        # Whoever decides sees no further than the bureau that recommended.
        under = active_pack().under(own.place, new.span.end)
        known = frozenset(row.code for row in rows if row.place in inside & under)
    stays = frame.tenures(new.list)
    found = nomination_faults(new.kind, new.moves, members_in(stays, new.span), known)
    if not new.reason.strip():
        found.append(Fault("SAMPLE-REASON", "推荐没有写明理由。", "请写明理由，例如停业、合并。"))
    if found:
        first = found[0]
        raise Refused(first.code, first.message, first.remedy, 422, details=[*found])


def _nomination(
    scope: Scope,
    new: Nomination,
    case: str,
    key: str,
    now_ms: int,
    *,
    freed: Sequence[str] = (),
    follows: tuple[int, str] | None = None,
) -> Draft:
    region = _region_party()
    body: dict[str, object] = {
        "case": case,
        "list": new.list,
        "form": new.form,
        "period": new.period,
        "midway": new.midway,
        "kind": new.kind,
        "reason": new.reason.strip()[:500],
        "section": region,
        "region": region,
        "lines": [
            {name: value for name, value in asdict(move).items() if value != ""}
            for move in new.moves
        ],
    }
    if freed:
        body["freed"] = [{"party": party} for party in freed]
    draft = Draft(
        CHANGE, scope.party, scope.actor, key, body, now_ms, period=new.period,
        subject=matter_thread(scope.party, case), place=office_of(scope),
        supersedes=follows[0] if follows else None, reason=follows[1] if follows else "",
    )  # fmt: skip
    return draft_record(draft, now_ms=now_ms)


def _region_party() -> str:
    root = active_pack().root.code
    found = Party.objects.filter(kind="agency", place=root).order_by("code").first()
    if found is None:
        raise Refused("SAMPLE-REGION", "全区主管部门尚未登记。", "请先登记主体。", 409)
    return str(found.code)


def _list_drafts(scope: Scope, matter: Matter, now_ms: int) -> list[Draft]:
    """The list's change, and the succession where one party carries on another."""
    asks = matter.asks
    rows = changed_rows(frame.tenures(asks.list), asks.moves, asks.span)
    drafts = [_draft(scope, "K-LIST", {"list": asks.list, "members": rows}, matter, now_ms)]
    if asks.kind == "merge":
        joining = {move.pair: move.party for move in asks.moves if move.move == JOIN}
        pairs = [(m.party, joining.get(m.pair)) for m in asks.moves if m.move == LEAVE]
        known = set(
            Party.objects.filter(code__in=[party for party, _ in pairs])
            .exclude(successor="")
            .values_list("code", flat=True)
        )
        drafts += [
            _draft(scope, "K-SUCCESSOR", {"party": old, "successor": new}, matter, now_ms)
            for old, new in pairs
            if new is not None and old not in known
        ]
    return drafts


def _seats(matter: Matter) -> list[dict[str, str]]:
    return [{"party": move.party} for move in matter.asks.moves]


def _require_nominator(scope: Scope, matter: Matter) -> None:
    scope.require("manage_lists", form=matter.asks.form, place=matter.place)
    if scope.party != matter.nominator:
        raise Refused("SAMPLE-OTHER", "这件推荐是另一个单位的。", "请由推荐单位办理。", 403)


def _require_step(scope: Scope, matter: Matter, step: str = "") -> None:
    """The scope's own party owes the step that is open, and keeps lists for the region."""
    scope.require("manage_lists", form=matter.asks.form, place=active_pack().root.code)
    if matter.stage not in ("agree", "approve") or (step and step != matter.stage):
        raise Refused("SAMPLE-STAGE", "这件推荐现在不在这个环节。", "请刷新页面查看进度。", 409)
    if scope.party != matter.holder:
        raise Refused("STEP-OTHER-OWNER", "这个环节由另一个单位办理。", "请由承办单位办理。", 403)


def _draft(
    scope: Scope, form: str, body: Mapping[str, object], matter: Matter, now_ms: int
) -> Draft:
    told = repr(sorted(body.items()))
    key = hashlib.sha256(f"{form}|{matter.thread}|{matter.seq}|{told}".encode()).hexdigest()[:48]
    cited = f"依据样本变动 {matter.case}（推荐第 {matter.seq} 号）" if form[:2] == "K-" else ""
    draft = Draft(
        form, scope.party, scope.actor, key, body, now_ms, subject=matter.thread,
        place=matter.place, reason=cited,
    )  # fmt: skip
    return draft if form.startswith("K-") else draft_record(draft, now_ms=now_ms)


def _file(
    scope: Scope, form: str, body: Mapping[str, object], matter: Matter, now_ms: int
) -> Receipt:
    receipt = file(_draft(scope, form, body, matter, now_ms), now_ms=now_ms)
    catch_up()
    return receipt
