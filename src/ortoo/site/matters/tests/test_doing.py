"""Doing one's step from the page: once, by whom it is owed, and calmly when somebody was faster."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from ortoo.kernel.filings import clock
from ortoo.kernel.filings.read import thread_lines
from ortoo.site.matters.doing import new_key
from ortoo.site.matters.tests.gate import BORDER, CUSTOMS, FIRM, OFFICE
from ortoo.site.matters.tests.test_matter import address, text


def act(client, gate, name: str, **data: object):
    data = {"key": new_key(), "seen": gate_seen(gate), **data}
    return client.post(reverse("matter-act", kwargs={"thread": gate.thread, "act": name}), data)


def gate_seen(gate) -> int:
    return thread_lines([gate.thread])[gate.thread][-1].seq


def kinds(gate) -> list[str]:
    return [line.kind for line in thread_lines([gate.thread])[gate.thread]]


def test_the_owner_is_offered_the_outcomes_of_the_procedure_and_others_are_not(gate, enter) -> None:
    page = enter(CUSTOMS).get(address(gate)).content.decode()
    for word in ("准予", "担保放行", "不予放行"):
        assert f">{word}" in page
    assert 'value="bond"' in page and "暂停计时" in page
    hers = enter(FIRM).get(address(gate)).content.decode()
    assert 'name="outcome"' not in hers and "撤回" in hers
    waiting = enter(OFFICE).get(address(gate)).content.decode()
    assert 'name="outcome"' not in waiting, "release is not open yet"


def test_every_agency_decides_and_the_matter_ends(gate, enter) -> None:
    conditions = {"conditions": "保证金 5 万元"}
    done = act(enter(CUSTOMS), gate, "decide", step="customs", outcome="bond", **conditions)
    assert done.status_code == 302
    [message] = get_messages(done.wsgi_request)
    assert "回执号" in str(message)
    act(enter(BORDER), gate, "decide", step="border", outcome="pass")
    act(enter(OFFICE), gate, "decide", step="release", outcome="released")
    said = text(enter(FIRM).get(address(gate)))
    assert "已放行，11月18日" in said and "自开立起历时 1 小时工作时间" in said
    assert "条件：保证金 5 万元" in said
    assert "提交结论" not in text(enter(OFFICE).get(address(gate)))


@pytest.mark.law(1)
def test_a_second_press_files_nothing_more_even_after_the_matter_went_on(gate, enter) -> None:
    data = {"key": new_key(), "step": "border", "outcome": "pass"}
    for _ in range(2):
        assert act(enter(BORDER), gate, "decide", **data).status_code == 302
    act(enter(CUSTOMS), gate, "decide", step="customs", outcome="pass")
    assert act(enter(BORDER), gate, "decide", **data).status_code == 302
    assert kinds(gate) == ["open", "decide", "decide"]


def test_a_refusal_needs_its_reason_and_a_condition_its_words(gate, enter) -> None:
    client = enter(CUSTOMS)
    for data, code in (
        ({"outcome": "refuse"}, "DECIDE-REASON"),
        ({"outcome": "bond"}, "DECIDE-CONDITIONS"),
        ({}, "DECIDE-OUTCOME"),
        ({"outcome": "maybe"}, "OUTCOME-UNKNOWN"),
    ):
        answer = act(client, gate, "decide", step="customs", **data)
        assert answer.status_code == 422 and code in answer.content.decode(), code
    assert kinds(gate) == ["open"]


def test_what_was_typed_stays_when_something_is_missing(gate, enter) -> None:
    key = new_key()
    answer = act(
        enter(CUSTOMS), gate, "decide", step="customs", outcome="bond", reason="箱封完好", key=key
    )
    page = answer.content.decode()
    assert "箱封完好</textarea>" in page and 'value="bond" checked' in page
    assert f'value="{key}"' in page


def test_who_was_slower_is_told_calmly_what_changed_and_loses_no_word(gate, enter) -> None:
    seen = gate_seen(gate)
    act(enter(BORDER), gate, "decide", step="border", outcome="pass")
    answer = act(
        enter(BORDER), gate, "decide", step="border", outcome="refuse", reason="证件过期", seen=seen
    )
    said = text(answer)
    assert answer.status_code == 409 and "STEP-DECIDED" in said
    assert "您打开页面之后，这个案卷又有" in said and "边检查验：准予" in said
    assert "证件过期" in said
    assert kinds(gate) == ["open", "decide"]


def test_a_step_of_another_is_refused_by_code(gate, enter) -> None:
    answer = act(enter(BORDER), gate, "decide", step="customs", outcome="pass")
    assert answer.status_code == 403 and "STEP-OTHER-OWNER" in answer.content.decode()


def test_a_reader_may_not_act_and_an_office_above_without_a_part_neither(gate, enter) -> None:
    for login in ("auditor-root", "region-reviewer-root"):
        answer = act(enter(login), gate, "decide", step="customs", outcome="pass")
        assert answer.status_code == 403 and "MATTER-READ-ONLY" in answer.content.decode(), login
        assert act(enter(login), gate, "decide", step="customs").status_code == 403, login
    assert kinds(gate) == ["open"]


def test_a_question_stops_the_clock_and_its_answer_starts_it(gate, enter) -> None:
    act(enter(CUSTOMS), gate, "ask", step="customs", to=gate.firm, question="原产地？")
    asked = gate_seen(gate)
    hers = text(enter(FIRM).get(address(gate)))
    assert "答复own商务局的询问" in hers and "原产地？" in hers
    clock.use(lambda: gate.at(5))
    act(enter(FIRM), gate, "answer", number=asked, text="蒙古国")
    said = text(enter(CUSTOMS).get(address(gate)))
    assert "剩 3 小时工作时间" in said and "蒙古国" in said
    again = act(enter(FIRM), gate, "answer", number=asked, text="又答")
    assert again.status_code == 409 and "ASK-CLOSED" in again.content.decode()


def test_a_hold_is_set_within_its_limit_and_lifted_before_a_decision(gate, enter) -> None:
    client = enter(CUSTOMS)
    hold = {"step": "customs", "kind": "inspect", "against": gate.firm, "basis": "布控 114"}
    assert act(client, gate, "hold", **hold).status_code == 302
    number = gate_seen(gate)
    page = client.get(address(gate)).content.decode()
    assert "恢复计时" in page and 'name="outcome"' not in page
    early = act(client, gate, "decide", step="customs", outcome="pass")
    assert early.status_code == 409 and "STEP-PAUSED" in early.content.decode()
    assert act(client, gate, "resume", number=number, result="未见异常").status_code == 302
    once_more = act(client, gate, "hold", **hold)
    assert once_more.status_code == 409 and "PAUSE-LIMIT" in once_more.content.decode()
    assert 'name="kind"' not in client.get(address(gate)).content.decode()
    assert act(client, gate, "decide", step="customs", outcome="pass").status_code == 302


def test_the_filer_takes_it_back_and_nobody_else_can(gate, enter) -> None:
    other = act(enter(CUSTOMS), gate, "withdraw")
    assert other.status_code == 403 and "WITHDRAW-OTHER" in other.content.decode()
    act(enter(FIRM), gate, "withdraw")
    assert "撤回" in text(enter(FIRM).get(address(gate)))
    late = act(enter(CUSTOMS), gate, "decide", step="customs", outcome="pass")
    assert late.status_code == 409 and "THREAD-CLOSED" in late.content.decode()


def test_an_unknown_act_and_a_text_too_long_are_refused(gate, enter) -> None:
    assert act(enter(CUSTOMS), gate, "burn").status_code == 404
    long = act(enter(CUSTOMS), gate, "ask", step="customs", to=gate.firm, question="长" * 1001)
    assert long.status_code == 422 and "TEXT-LONG" in long.content.decode()
    assert enter(CUSTOMS).get(
        reverse("matter-act", kwargs={"thread": gate.thread, "act": "decide"})
    ).status_code == 405  # fmt: skip
