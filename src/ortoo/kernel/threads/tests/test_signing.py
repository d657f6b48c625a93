"""Solvers and models draft; a person signs the plan, or the policy and its budget (Law 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.postings.balance import balance
from ortoo.kernel.threads.rebuild import rebuild_threads
from ortoo.kernel.threads.signing import (
    UNIT,
    budget_account,
    content_digest,
    fold_plan,
    plan_thread,
)

pytestmark = [pytest.mark.django_db, pytest.mark.law(17)]
NOW = 1_795_000_000_000
OFFICE = "OFFICE"


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as found:
        work()
    return found.value.code


def say(form: str, body: dict[str, Any], *, key: str, **more: Any) -> int:
    said = {"filer": OFFICE, "actor": "account:head", "said_at": NOW, **more}
    return file(Draft(form=form, key=key, body=body, **said), now_ms=NOW).seq


def plan(key: str = "p1", tonnes: int = 40) -> dict[str, Any]:
    body = {
        "plan": "FEED-2026", "signer": OFFICE, "due_at": NOW + 1, "model": "hay-lp",
        "model_digest": "a" * 64, "as_of": 0, "content": {"hay_t": tonnes},
    }  # fmt: skip
    say("K-PLAN", body, key=key, filer="SYSTEM", actor="SYSTEM", mode="system")
    return body


def sign(body: dict[str, Any], key: str = "s1", form: str = "K-SIGN", **more: Any) -> int:
    return say(form, {"plan": body["plan"], "digest": content_digest(body)}, key=key, **more)


def state() -> Any:
    from ortoo.kernel.filings import read

    thread = plan_thread("FEED-2026")
    return fold_plan(read.thread_lines([thread])[thread])


def test_a_draft_binds_nobody_until_the_named_party_signs_that_very_content() -> None:
    drafted = plan()
    assert state().signed is None
    duty = Duty.objects.get(kind="sign")
    assert (duty.owner, duty.closed_seq, duty.due_at) == (OFFICE, None, NOW + 1)
    other = {**drafted, "content": {"hay_t": 41}}
    assert refused(lambda: sign(other)) == "SIGN-OTHER"
    assert refused(lambda: sign(drafted, filer="NEIGHBOUR")) == "SIGN-PARTY"
    assert refused(lambda: sign(drafted, actor="SYSTEM")) == "SIGN-PERSON"
    seq = sign(drafted)
    assert state().signed == 1
    assert Duty.objects.get(kind="sign").closed_seq == seq
    assert refused(lambda: sign(drafted, "s2")) == "SIGN-NOTHING"


def test_a_newer_draft_takes_the_place_of_an_unsigned_one_and_leaves_the_signed_in_force() -> None:
    first = plan()
    second = plan("p2", 50)
    assert refused(lambda: sign(first)) == "SIGN-OTHER"
    sign(second)
    assert state().signed == 2
    third = plan("p3", 60)
    assert state().signed == 2, "until the newer one is signed"
    sign(third, "d1", "K-DECLINE")
    assert state().signed == 2
    found = {(d.key[-1], d.closed_seq is None, d.void_seq) for d in Duty.objects.all()}
    assert found == {("1", True, 2), ("2", False, None), ("3", False, None)}
    assert all(one.equal for one in rebuild_threads())


def policy(key: str = "y1", budget: int = 10, **more: Any) -> int:
    body = {
        "policy": "SPOT-CHECK", "model": "risk-gbm", "model_digest": "b" * 64, "rules": "前 5%",
        "budget": budget, "from_ms": NOW, "to_ms": NOW + 10,
    }  # fmt: skip
    return say("K-POLICY", body, key=key, **more)


def select(under: int | None, cost: int, key: str, said: Any = None, **more: Any) -> int:
    body = {
        "policy": "SPOT-CHECK", "signer": OFFICE, "model_digest": "b" * 64, "as_of": 1,
        "subjects": ["TRUCK-1"], "cost": cost, **(said or {}),
    }  # fmt: skip
    sender = {"filer": "SYSTEM", "actor": "SYSTEM", "mode": "policy", "under": under, **more}
    return say("K-SELECT", body, key=key, **sender)


def test_the_system_selects_within_a_budget_a_person_signed_and_not_one_beyond() -> None:
    assert refused(lambda: policy(actor="SYSTEM")) == "SIGN-PERSON"
    signed = policy()
    select(signed, 4, "c1")
    select(signed, 6, "c2")
    assert balance(budget_account(OFFICE, "SPOT-CHECK"), UNIT) == 0
    assert refused(lambda: select(signed, 1, "c3")) == "POSTING-BELOW-ZERO"
    policy("y2", 1)
    select(signed, 1, "c3")


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ({"model_digest": "c" * 64}, {}),
        ({"policy": "OTHER"}, {}),
        ({"signer": "NEIGHBOUR"}, {}),
        ({}, {"filer": OFFICE, "actor": "account:head"}),
        ({}, {"said_at": NOW + 11}),
    ],
)
def test_a_selection_outside_the_signed_policy_is_refused(
    said: dict[str, Any], more: dict[str, Any]
) -> None:
    signed = policy()
    assert refused(lambda: select(signed, 1, "c1", said, **more)) == "POLICY-OUTSIDE"


def test_a_selection_without_a_policy_is_refused() -> None:
    more = {"mode": "system"}
    assert refused(lambda: select(None, 1, "c1", **more)) == "SELECT-POLICY"
