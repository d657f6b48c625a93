"""Draft → sign (Law 17): solvers and models draft, a person signs.

Two ways. A *plan* 方案: a solver's K-PLAN on thread `PLAN|name` binds nobody until the party it
names signs that very content (K-SIGN) or turns it down. A *policy* 办法: a person signs the model,
a budget and the rules under which the system files each selection by itself (K-POLICY, then
K-SELECT in mode `policy`): every selection takes its cost from the policy's own guarded account, so
that the budget cannot be overdrawn whoever runs the model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, canonical, register
from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.authority import Authority, register_judge
from ortoo.kernel.postings.accounts import register_account
from ortoo.kernel.threads.procedure import ThreadLine, register_procedure

PLAN = "PLAN"
BUDGET = "budget"
UNIT = "point"
SYSTEM = "SYSTEM"
LONGEST_NAME = 60
MOST_SELECTED = 500


def plan_thread(name: str) -> str:
    """Key of the thread of a plan and its signature."""
    return f"{PLAN}|{name}"


def budget_account(signer: str, policy: str) -> str:
    """The guarded account of a policy: filled by its signature, emptied by selections."""
    return f"{BUDGET}|{signer}|{policy}"


def content_digest(body: JsonObject) -> str:
    """SHA-256 (hex) of a plan's canonical body: what the signer's own filing repeats."""
    return hashlib.sha256(canonical(body)).hexdigest()


@dataclass(frozen=True, slots=True)
class PlanState:
    """`plan` the newest draft (log index), `signed` the draft that binds, if any."""

    plan: int | None = None
    digest: str = ""
    signer: str = ""
    due_at: int | None = None
    signed: int | None = None
    answered_by: int | None = None


def fold_plan(lines: Iterable[ThreadLine]) -> PlanState:
    """Where a plan stands. A newer draft waits for a signature; the signed one binds till then."""
    state = PlanState()
    for line in sorted(lines, key=lambda found: found.seq):
        said = cast("Mapping[str, Any]", line.detail)
        if line.kind == "plan":
            state = PlanState(
                line.seq, said["digest"], said["signer"], said["due_at"], state.signed
            )
        elif line.kind in ("sign", "decline"):
            signed = state.plan if line.kind == "sign" else state.signed
            state = PlanState(
                state.plan, state.digest, state.signer, state.due_at, signed, line.seq
            )
    return state


class PlanProcedure:
    """One duty `sign` a draft; only a person of the named party answers it, and on that content."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        """SIGN-PERSON, SIGN-PARTY, SIGN-NOTHING or SIGN-OTHER where it may not."""
        if entry.kind == "plan":
            return None
        state = fold_plan(lines)
        if state.plan is None or state.answered_by is not None:
            return Refused("SIGN-NOTHING", "没有待签的方案。", "请刷新页面。", 409)
        if draft.filer != state.signer:
            return Refused("SIGN-PARTY", "方案由另一个单位签发。", "请核对签发单位。", 403)
        if not draft.actor.startswith("account:"):
            return Refused("SIGN-PERSON", "方案须由人签发，系统不得代签。", "请登录后签发。", 403)
        if entry.detail["digest"] != state.digest:
            return Refused(
                "SIGN-OTHER",
                f"所签内容不是现行方案（第 {state.plan} 号）。",
                "方案可能已重新生成，请刷新后核对再签。",
                409,
            )
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        """A duty for each draft; one that a newer draft replaced is no longer owed."""
        drafts = [line for line in lines if line.kind == "plan"]
        answers = [line.seq for line in lines if line.kind in ("sign", "decline")]
        rows = []
        for number, line in enumerate(drafts, start=1):
            said = cast("Mapping[str, Any]", line.detail)
            after = drafts[number].seq if number < len(drafts) else None
            closed = next((s for s in answers if s > line.seq and (not after or s < after)), None)
            if closed is None and after is not None:
                continue
            rows.append(
                DutyRow(
                    f"sign|{thread}#{number}", thread, "sign", said["signer"], "K-SIGN", "", "",
                    thread.partition("|")[2], said["due_at"], line.seq, closed,
                )
            )  # fmt: skip
        return rows


def _fields(body: JsonObject, **kinds: type | tuple[type, ...]) -> Iterator[str]:
    for name in sorted(set(body) ^ set(kinds)):
        yield f"字段「{name}」{'不认识' if name in body else '缺失'}"
    for name, kind in kinds.items():
        value = body.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"字段「{name}」类型不符"
        elif isinstance(value, int) and not 0 <= value < 2**53:
            yield f"字段「{name}」超出范围"
        elif kind is str and not 0 < len(cast(str, value)) <= 500:
            yield f"字段「{name}」应为 1—500 字"
    named = body.get("plan", body.get("policy"))
    if isinstance(named, str) and (len(named) > LONGEST_NAME or "|" in named):
        yield f"名称不超过 {LONGEST_NAME} 字，且不含「|」"


def _plan(body: JsonObject) -> Iterator[str]:
    yield from _fields(
        body, plan=str, signer=str, due_at=int, model=str, model_digest=str, as_of=int, content=dict
    )


def _answer(body: JsonObject) -> Iterator[str]:
    yield from _fields(body, plan=str, digest=str)


def _policy(body: JsonObject) -> Iterator[str]:
    yield from _fields(
        body, policy=str, model=str, model_digest=str, rules=str, budget=int, from_ms=int,
        to_ms=int,
    )  # fmt: skip


def _selection(body: JsonObject) -> Iterator[str]:
    yield from _fields(
        body, policy=str, signer=str, model_digest=str, as_of=int, subjects=list, cost=int
    )
    subjects = body.get("subjects")
    if isinstance(subjects, list) and not (
        0 < len(subjects) <= MOST_SELECTED
        and all(isinstance(one, str) and 0 < len(one) <= 80 for one in subjects)
    ):
        yield f"选取对象应为 1—{MOST_SELECTED} 个标识"
    if body.get("cost") == 0:
        yield "每次选取须占用额度"


def _plan_entry(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    detail = {
        "digest": content_digest(body), "signer": body["signer"], "due_at": body["due_at"],
    }  # fmt: skip
    yield Entry(plan_thread(str(body["plan"])), "plan", detail)


def _sign_entry(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    kind = "sign" if draft.form == "K-SIGN" else "decline"
    yield Entry(plan_thread(str(body["plan"])), kind, {"digest": body["digest"]})


def _grant_budget(draft: Draft, body: Any) -> Iterable[Move]:
    day = "0000-00-00"  # a budget has no days: it is there from the signature on
    yield Move(budget_account(draft.filer, body["policy"]), UNIT, body["budget"], day)


def _spend(draft: Draft, body: Any) -> Iterable[Move]:
    yield Move(budget_account(body["signer"], body["policy"]), UNIT, -body["cost"], "0000-00-00")


def judge_policy(authority: Authority, draft: Draft) -> Refused | None:
    """The system files a selection under the policy, signed model and dates it names itself."""
    said = cast("Mapping[str, Any]", json.loads(authority.body))
    chosen = cast("Mapping[str, Any]", draft.body if isinstance(draft.body, dict) else {})
    wrong = (
        (draft.filer != SYSTEM, "只有系统按签发的办法选取"),
        (draft.form != "K-SELECT", f"办法不包括表式 {draft.form}"),
        (
            (chosen.get("policy"), chosen.get("signer")) != (said["policy"], authority.filer),
            "选取所写的办法不是所依据的办法",
        ),
        (chosen.get("model_digest") != said["model_digest"], "选取所用的模型不是签发的模型"),
        (not said["from_ms"] <= draft.said_at <= said["to_ms"], "不在办法的有效期内"),
    )
    for found, what in wrong:
        if found:
            return Refused(
                "POLICY-OUTSIDE", f"{what}。", "请由负责人重新签发办法。", 403, rule="LAW-17"
            )
    return None


def _person(draft: Draft, data: bytes) -> None:
    if not draft.actor.startswith("account:") or draft.filer == SYSTEM:
        raise Refused("SIGN-PERSON", "办法须由人签发，系统不得代签。", "请登录后签发。", 403)


def _under_policy(draft: Draft, data: bytes) -> None:
    if draft.mode != "policy":
        raise Refused("SELECT-POLICY", "选取须注明所依据的办法。", "请按签发的办法选取。", 403)


@dataclass(frozen=True)
class CheckedBehaviour(RecordBehaviour):
    """A record form that also looks at who says it and how."""

    check: Any = None

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused where this draft may not say it at all."""
        self.check(draft, data)


def register_signing_forms() -> None:
    """Make plans, signatures, policies and selections fileable."""
    register_account(BUDGET, guarded=True)
    register(RecordBehaviour("K-PLAN", 1, _plan, _plan_entry))
    register(RecordBehaviour("K-SIGN", 1, _answer, _sign_entry))
    register(RecordBehaviour("K-DECLINE", 1, _answer, _sign_entry))
    register(CheckedBehaviour("K-POLICY", 1, _policy, post=_grant_budget, check=_person))
    register(CheckedBehaviour("K-SELECT", 1, _selection, post=_spend, check=_under_policy))
    register_procedure(PLAN, PlanProcedure())
    register_judge("policy", "K-POLICY", judge_policy)
