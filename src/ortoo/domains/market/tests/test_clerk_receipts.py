"""Receipts, their public verification, answers to questions, and the year list."""

from __future__ import annotations

import re

from ortoo.domains.market import services
from ortoo.domains.market.tests.clerk_region import (
    AFTER_DUE,
    FORM,
    PERIOD,
    Clerks,
    clerks,
    page,
    usual_fields,
    usual_grid,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.grants.models import AccessEntry

__all__ = ["clerks"]


def test_a_receipt_shows_number_times_digests_and_a_code_without_inline_style(
    clerks: Clerks,
) -> None:
    receipt = clerks.file()
    text = clerks.client().get(f"/receipts/{receipt.seq}/").content.decode()
    assert receipt.number in text
    assert receipt.digest.hex() in text and receipt.digest_sm3.hex() in text
    assert "2026年11月20日 10:30:00" in text and "及时" in text
    drawing = re.search(r'<div class="qr">(.*?)</div>', text, re.DOTALL)
    assert drawing and "<svg" in drawing[1] and "style=" not in drawing[1]
    assert "自查更正" in text
    assert AccessEntry.objects.count() == 0, "one's own receipt is nobody's reading"


def test_a_receipts_timeline_lists_every_version_with_its_reason(clerks: Clerks) -> None:
    first = clerks.file()
    second = clerks.file(grid=usual_grid(5), supersedes=first.seq, reason="漏计一个门店")
    text = clerks.client().get(f"/receipts/{first.seq}/").content.decode()
    assert "已被更正" in text and f"/receipts/{second.seq}/" in text
    assert "原因：漏计一个门店" in text
    newest = clerks.client().get(f"/receipts/{second.seq}/").content.decode()
    assert f"自 {first.number} 更正" in newest


def test_a_receipt_opens_to_the_own_firm_and_its_reviewers_only(clerks: Clerks) -> None:
    seq = clerks.file().seq
    expected = {
        "clerk-own": 200,
        "league-reviewer-parent": 200,
        "banner-reviewer-own": 200,
        "clerk-sibling": 403,
        "league-reviewer-planned": 403,
        "operator-root": 403,
    }
    found = {login: clerks.client(login).get(f"/receipts/{seq}/") for login in expected}
    assert {login: response.status_code for login, response in found.items()} == expected
    mark = clerks.region.sites["own"].mark.encode()
    assert mark not in found["clerk-sibling"].content
    assert AccessEntry.objects.count() == 2, "the two reviewers' reads are logged"
    assert clerks.client().get("/receipts/999999/").status_code == 404


def test_a_receipts_proof_is_signed_on_request_and_shown(
    clerks: Clerks, settings, tmp_path
) -> None:
    settings.KEYS = tmp_path
    client, seq = clerks.client(), clerks.file().seq
    assert "取得存证证明" in client.get(f"/receipts/{seq}/?proof=1").content.decode()
    response = client.post(f"/receipts/{seq}/", follow=True)
    text = response.content.decode()
    assert response.status_code == 200
    assert "证明路径" in text and settings.LOG_ORIGIN in text
    assert clerks.client("clerk-sibling").post(f"/receipts/{seq}/").status_code == 403


def test_anybody_can_verify_a_number_and_learns_no_firm_and_no_figure(
    clerks: Clerks, client
) -> None:
    receipt = clerks.file(grid=usual_grid(3))
    response = client.get("/verify/", {"n": receipt.number})
    text = response.content.decode()
    assert response.status_code == 200
    assert "有这份报件" in text and receipt.digest.hex() in text
    assert "生活必需品零售市场监测周报表" in text and "10:30:00" in text
    site = clerks.region.sites["own"]
    assert site.mark not in text and site.firm not in text and "52.03" not in text
    loose = receipt.number.lower().replace("-", "－")
    assert "有这份报件" in client.get("/verify/", {"n": f" {loose} "}).content.decode()


def test_a_wrong_number_is_not_found_whatever_it_is(clerks: Clerks, client) -> None:
    receipt = clerks.file()
    wrong = f"{receipt.seq:09d}-00000000"
    for number in (wrong, "1", "-1", "9" * 400, "\x00", "'; --", '"><script>alert(1)</script>'):
        response = client.get("/verify/", {"n": number})
        assert b"<script>alert" not in response.content
        assert "有这份报件" not in response.content.decode()
        assert response.status_code == (200 if number == "\x00" else 404)
    assert client.get("/verify/").status_code == 200
    assert client.post("/verify/").status_code == 405


def test_a_question_stands_on_the_page_with_its_cell_and_is_answered_by_text(
    clerks: Clerks,
) -> None:
    clerks.file()
    asked = clerks.ask("猪肉<b>为何</b>上涨？")
    client = clerks.client()
    text = client.get(page()).content.decode()
    assert "猪肉&lt;b&gt;为何&lt;/b&gt;上涨？" in text
    assert f"{page('correct')}#c.0301.price" in text and "52.00" in text
    assert "11月20日 14:30 前答复" in text
    address = page(f"queries/{asked.seq}")
    assert client.get(address).status_code == 200
    assert client.post(address, {"text": "  "}).status_code == 422
    answered = client.post(address, {"text": "产地到货少"}, follow=True)
    assert "答复已送达" in answered.content.decode()
    assert clerks.matter().state().open_queries == ()
    assert client.post(address, {"text": "再说一次"}).status_code == 409


def test_correcting_the_cell_also_answers_the_question(clerks: Clerks) -> None:
    first = clerks.file()
    clerks.ask()
    client = clerks.client()
    assert "答复核实，更正数据" in client.get(page("correct")).content.decode()
    said = {"supersedes": str(first.seq), "reason": "答复核实，更正数据", "key": "b" * 32}
    response = client.post(page("correct"), {**usual_fields(c_0301_price="51.00"), **said})
    assert response.status_code == 303
    assert clerks.matter().state().open_queries == ()


def test_another_partys_question_cannot_be_answered(clerks: Clerks) -> None:
    clerks.file()
    asked = clerks.ask()
    other = clerks.client("clerk-sibling")
    assert other.get(page(f"queries/{asked.seq}")).status_code == 404
    assert other.post(page(f"queries/{asked.seq}"), {"text": "x"}).status_code == 404
    reviewer = clerks.client("league-reviewer-parent")
    assert reviewer.post(page(f"queries/{asked.seq}"), {"text": "x"}).status_code == 403
    assert len(clerks.matter().state().open_queries) == 1


def test_a_return_sent_back_says_why_and_by_whom(clerks: Clerks) -> None:
    seq = clerks.file().seq
    services.send_back(
        scope=clerks.region.scope("league-reviewer-parent"),
        matter=clerks.matter(),
        target=seq,
        office=clerks.region.sites["parent"].place,
        text="整列单位有误",
        now_ms=clerks.clock.ms,
    )
    client = clerks.client()
    text = client.get(page()).content.decode()
    assert "退回了这张报表" in text and "整列单位有误" in text
    assert "按退回意见更正" in client.get(page("correct")).content.decode()


def test_the_year_list_counts_what_was_due_and_what_was_on_time(clerks: Clerks) -> None:
    client = clerks.client()
    text = client.get("/returns/").content.decode()
    assert "应报 1 期，及时 1 期" in text and "未到期" in text
    clerks.clock.ms = AFTER_DUE
    seq = clerks.file().seq
    text = client.get("/returns/?year=2026").content.decode()
    assert "应报 2 期，及时 1 期" in text and "50.0" in text and "迟报" in text
    filing = read.get(seq)
    assert filing is not None and filing.number in text
    assert f"/returns/{FORM}/{PERIOD}/" in text
    assert client.get("/returns/?year=1999").status_code == 200
    assert client.get("/returns/?year=²").status_code == 200


def test_a_firm_that_owes_nothing_is_told_so(clerks: Clerks) -> None:
    text = clerks.client("clerk-neighbour").get("/returns/").content.decode()
    assert "还没有应报的报表" in text


def test_what_was_entered_for_a_firm_is_confirmed_by_that_firm_alone(clerks: Clerks) -> None:
    from ortoo.kernel.filings.write import file

    matter = clerks.matter()
    seq = file(
        Draft(
            FORM, matter.party, "account:banner-reviewer-own", "assisted", usual_grid(), 0,
            period=matter.period, subject=matter.party, mode="assisted", reason="来电登记",
        ),
        now_ms=clerks.clock.ms,
    ).seq  # fmt: skip
    catch_up()
    page_text = clerks.client().get(f"/receipts/{seq}/").content.decode()
    assert "请确认代录" in page_text
    reviewer = clerks.client("banner-reviewer-own")
    assert "请确认代录" not in reviewer.get(f"/receipts/{seq}/").content.decode()
    assert reviewer.post(f"/receipts/{seq}/confirm/").status_code == 403
    assert clerks.client("clerk-sibling").post(f"/receipts/{seq}/confirm/").status_code == 403
    assert clerks.client().post(f"/receipts/{seq}/confirm/").status_code == 302
    after = clerks.client().get(f"/receipts/{seq}/").content.decode()
    assert "请确认代录" not in after and "本单位确认代录" in after
    assert clerks.client().post(f"/receipts/{seq}/confirm/").status_code == 302, "the same again"
