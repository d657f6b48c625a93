"""The page of a thread: where it stands, for whom, and as it was known then."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from ortoo.kernel.filings import clock
from ortoo.kernel.grants.models import AccessEntry
from ortoo.site.matters.tests.gate import BORDER, CUSTOMS, FIRM, OFFICE, STRANGERS


def address(gate, **query: object) -> str:
    found = reverse("matter", kwargs={"thread": gate.thread})
    return found + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def text(response) -> str:
    """What the page says, without its markup."""
    whole = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", whole[whole.index("<main") :]))


def test_one_sentence_says_who_is_at_it_and_how_much_working_time_is_left(gate, enter) -> None:
    said = text(enter(FIRM).get(address(gate)))
    assert "正在办理：own商务局的海关审核（剩 3 小时工作时间）" in said
    assert "sibling商务局的边检查验（剩 1 小时工作时间）。" in said


def test_a_paused_clock_is_said_with_its_reason_and_against_whom(gate, enter) -> None:
    ask = gate.step("K-ASK", "customs", 1.5, step="customs", to=gate.firm, question="数量？").seq
    said = text(enter(CUSTOMS).get(address(gate)))
    assert f"起暂停：等待答复询问，对象{gate.region.sites['own'].mark}（第 {ask} 号）" in said
    assert "计时暂停" in said


def test_an_overdue_step_says_so_in_words_and_an_escalation_names_the_supervisor(
    gate, enter
) -> None:
    from ortoo.kernel.threads.due import file_due

    clock.use(lambda: gate.at(6))
    page = enter(CUSTOMS).get(address(gate)).content.decode()
    assert "badge overdue" in page and "已逾期" in page
    assert "已超 1 小时工作时间" in page
    file_due(gate.at(6))
    page = enter(CUSTOMS).get(address(gate)).content.decode()
    assert "已升级，由parent商务局督办" in page
    assert "准予（逾期，视为作出）" in page, "border's silence is deemed consent"


def test_the_table_of_waiting_is_that_of_the_engine(gate, enter) -> None:
    ask = gate.step("K-ASK", "customs", 1.25, step="customs", to=gate.firm, question="数量？").seq
    gate.step("K-ANSWER", gate.firm, 1.75, ask=ask, text="三件")
    said = text(enter(OFFICE).get(address(gate)))
    waiting = said[said.index("谁在等谁") : said.index("办理经过")]
    assert f"{gate.region.sites['own'].mark} 30 分" in waiting
    assert "放行 parent商务局 未开始 海关审核 1 小时" in waiting


def test_the_story_is_told_newest_first_and_each_line_opens_its_receipt(gate, enter) -> None:
    seq = gate.step("K-DECIDE", "border", 1.5, step="border", outcome="pass").seq
    page = enter(FIRM).get(address(gate)).content.decode()
    assert page.index("边检查验：准予") < page.index("开立案卷")
    receipt = reverse("matter-receipt", kwargs={"thread": gate.thread, "seq": seq})
    assert f'href="{receipt}"' in page
    shown = enter(FIRM).get(receipt)
    assert shown.status_code == 200 and f"{seq:09d}-" in shown.content.decode()


def test_a_filing_of_another_thread_has_no_receipt_here(gate, enter) -> None:
    other = gate.open(thread="M-GATE|CASE-2").seq
    receipt = reverse("matter-receipt", kwargs={"thread": gate.thread, "seq": other})
    assert enter(FIRM).get(receipt).status_code == 404


def test_the_diagram_marks_where_the_matter_stands(gate, enter) -> None:
    gate.step("K-DECIDE", "border", 1.5, step="border", outcome="pass")
    page = enter(FIRM).get(address(gate)).content.decode()
    drawing = page[page.index("<svg xmlns") :]
    assert "▶ 办理中" in drawing and "✓ 准予" in drawing
    assert "style=" not in drawing.split("</svg>")[0]


@pytest.mark.law(10)
def test_as_of_shows_the_thread_as_known_then_and_offers_nothing(gate, enter) -> None:
    first = gate.step("K-DECIDE", "border", 1.5, step="border", outcome="pass").seq
    last = gate.step("K-DECIDE", "customs", 1.75, step="customs", outcome="pass").seq
    now = text(enter(OFFICE).get(address(gate)))
    assert "正在办理：parent商务局的放行" in now and "提交结论" in now
    then = text(enter(OFFICE).get(address(gate, as_of=first)))
    assert "正在办理：own商务局的海关审核" in then and "提交结论" not in then
    assert f"截至第{first}号报件口径" in then
    assert f"{last:09d}-" not in then
    before = text(enter(OFFICE).get(address(gate, as_of=1)))
    assert "当时还没有这个案卷" in before


def test_as_of_takes_a_day_to_its_end_and_refuses_what_it_cannot_read(gate, enter) -> None:
    client = enter(OFFICE)
    assert "截至11月18日口径" in text(client.get(address(gate, as_of="2026-11-18")))
    for wrong in ("2026-11-31", "yesterday", "99999999", "2027-01-01"):
        response = client.get(address(gate, as_of=wrong))
        assert response.status_code == 422 and "AS-OF-" in response.content.decode(), wrong


@pytest.mark.law(15)
@pytest.mark.parametrize("login", STRANGERS)
def test_who_has_no_part_in_it_learns_not_even_that_it_exists(gate, enter, login) -> None:
    client = enter(login)
    missing = reverse("matter", kwargs={"thread": "M-GATE|NOBODY"})
    assert client.get(missing).status_code == 404
    answer = client.get(address(gate))
    assert answer.status_code == 404
    assert gate.region.sites["own"].mark not in text(answer)
    act = reverse("matter-act", kwargs={"thread": gate.thread, "act": "decide"})
    assert client.post(act, {"step": "border", "outcome": "pass"}).status_code == 404


def test_a_stranger_is_sent_to_log_in(gate, enter) -> None:
    assert enter("").get(address(gate)).headers["Location"].startswith("/login/")


@pytest.mark.law(15)
def test_an_auditor_reads_and_is_noted_and_a_participant_is_not(gate, enter) -> None:
    said = text(enter("auditor-root").get(address(gate)))
    assert "已记入查阅日志" in said and "提交结论" not in said
    entry = AccessEntry.objects.get(what="案卷")
    assert (entry.login, entry.subject) == ("auditor-root", gate.thread)
    enter(CUSTOMS).get(address(gate))
    assert AccessEntry.objects.filter(what="案卷").count() == 1


def test_a_grant_on_other_forms_opens_no_thread(gate, enter) -> None:
    from ortoo.kernel.grants.models import Grant

    Grant.objects.filter(login=BORDER).update(forms="SCJC-W1")
    assert enter(BORDER).get(address(gate)).status_code == 404


def test_the_filer_does_not_read_why_agencies_hold_her(gate, enter) -> None:
    gate.step(
        "K-HOLD", "customs", 1.5, step="customs", kind="inspect", against=gate.firm,
        basis="举报线索",
    )  # fmt: skip
    ask = gate.step("K-ASK", "border", 1.6, step="border", to=gate.agencies["office"],
                    question="车主背景？").seq  # fmt: skip
    gate.step("K-ANSWER", "office", 1.7, ask=ask, text="无记录")
    hers = enter(FIRM).get(address(gate)).content.decode()
    assert "计时暂停" in hers
    for secret in ("举报线索", "车主背景", "无记录"):
        assert secret not in hers
        assert secret in enter(BORDER).get(address(gate)).content.decode()
    for line in range(ask - 1, ask + 2):
        receipt = reverse("matter-receipt", kwargs={"thread": gate.thread, "seq": line})
        shown = enter(FIRM).get(receipt).content.decode()
        assert not any(secret in shown for secret in ("举报线索", "车主背景", "无记录"))


def test_linked_threads_are_named_and_lead_there_where_they_would_open(gate, enter) -> None:
    gate.open(thread="M-GATE|CASE-2", hours=1.1)
    gate.step("K-LINK", "office", 1.2, relation="parent", other="M-GATE|CASE-2")
    page = enter(CUSTOMS).get(address(gate)).content.decode()
    assert "上级案卷" in page
    assert f'href="{reverse("matter", kwargs={"thread": "M-GATE|CASE-2"})}"' in page


def test_an_annulled_decision_stays_in_the_story_and_says_so(gate, enter) -> None:
    seq = gate.step("K-DECIDE", "border", 1.5, step="border", outcome="pass").seq
    gate.say(
        "K-ANNUL", gate.agencies["office"], {"thread": gate.thread, "target": seq}, 1.6,
        annuls=seq, reason="依据有误",
    )  # fmt: skip
    said = text(enter(FIRM).get(address(gate)))
    assert "已被撤销，不再有效" in said and f"撤销第 {seq} 号报件" in said
    assert "sibling商务局的边检查验" in said.split("本单位可办")[0], "it is owed again"


def test_a_thread_that_follows_no_file_has_no_page(gate, enter) -> None:
    assert enter(FIRM).get("/matters/SCJC-W1%7CW2026-11-14%7CX/").status_code == 404


def test_a_case_may_hold_a_slash_a_space_and_a_mark(gate, enter) -> None:
    odd = "M-GATE|豫A/12 3?#"
    gate.open(thread=odd)
    page = reverse("matter", kwargs={"thread": odd})
    assert enter(FIRM).get(page).status_code == 200
