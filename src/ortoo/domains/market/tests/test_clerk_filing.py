"""Filing, checking and correcting a return over HTTP, as a clerk does it."""

from __future__ import annotations

import re
import time

import pytest

from ortoo.domains.market import services
from ortoo.domains.market.tests.clerk_region import (
    AFTER_DUE,
    BEFORE,
    FORM,
    Clerks,
    clerks,
    page,
    post_json,
    usual_fields,
    usual_grid,
)
from ortoo.kernel.filings import read
from ortoo.kernel.forms.models import ReturnDraft

__all__ = ["clerks"]
KEY = "a" * 32


def filed(clerks: Clerks, key: str = "own") -> list[int]:
    return list(clerks.matter(key).state().versions)


def post(client, fields, name="return", **more):
    return client.post(page(name), {**fields, "version": "0-0", "key": KEY, **more})


def test_a_full_page_files_a_return_and_leads_to_its_receipt(clerks: Clerks) -> None:
    client = clerks.client()
    response = post(client, usual_fields(), action="file")
    assert response.status_code == 303
    seq = filed(clerks)[0]
    assert response["Location"] == f"/receipts/{seq}/"
    filing = read.get(seq)
    assert filing is not None
    assert (filing.filer, filing.actor) == (clerks.matter().party, "account:clerk-own")
    assert client.get(page()).content.count(b"readonly") > 100


def test_the_same_page_pressed_twice_files_once(clerks: Clerks) -> None:
    client = clerks.client()
    first = post(client, usual_fields())
    clerks.clock.ms += 1500
    second = post(client, usual_fields())
    assert first["Location"] == second["Location"]
    assert len(filed(clerks)) == 1


def test_a_page_filed_changed_and_filed_again_shows_both_sides(clerks: Clerks) -> None:
    client = clerks.client()
    post(client, usual_fields())
    again = post(client, usual_fields(c_0301_price="52.50"))
    assert again.status_code == 409 and "这一页已经报送过" in again.content.decode()
    assert len(filed(clerks)) == 1


def test_pasted_texts_are_understood_in_the_unit_chosen(clerks: Clerks) -> None:
    fields = usual_fields(**{"c_0301_price": "２６．００元", "c_0608_price": "2.5"})
    fields |= {"u.0301": "斤", "c.0301.sales_qty": "4,000", "c.0301.stock": "10000"}
    fields |= {"c.0608.price": "5.00元/公斤"}
    assert post(clerks.client(), fields).status_code == 303
    row = usual_grid()
    found = read.get(filed(clerks)[0])
    assert found is not None
    assert found.body.count(b"5200") >= 4
    assert row.columns["price"]


def test_the_grid_shows_last_period_in_grey_and_what_is_known_with_its_source(
    clerks: Clerks,
) -> None:
    text = clerks.client().get(page()).content.decode()
    assert '<span class="g-last">52.00</span>' in text
    assert 'name="c.0628.price" value="未经营"' in text
    assert "上期报表 11月7日—13日" in text
    assert "本表 184 格，本期要填 154 格，已知 1 格（1%）" in text
    assert "可由收银系统取得，尚未接入" in text, "the emergency list is connected"
    assert "袋装10公斤" in text and 'data-num="1" data-den="2"' in text


def test_a_soft_issue_without_a_reason_stops_the_return_and_keeps_what_was_typed(
    clerks: Clerks,
) -> None:
    client, fields = clerks.client(), usual_fields(c_0301_price="88.00")
    response = post(client, fields)
    text = response.content.decode()
    assert response.status_code == 422
    assert "尚未报送" in text and 'href="#c.0301.price"' in text
    assert 'name="c.0301.price" value="88.00"' in text
    assert filed(clerks) == []
    assert 'value="88.00"' in client.get(page()).content.decode(), "the draft was kept"


def test_a_reason_from_the_list_lets_a_soft_issue_pass_and_is_filed_as_a_mark(
    clerks: Clerks,
) -> None:
    fields = usual_fields(c_0301_price="88.00", c_0301_sales="17.60")
    fields["r.0301.price"] = "产地涨价"
    assert post(clerks.client(), fields).status_code == 303
    filing = read.get(filed(clerks)[0])
    assert filing is not None and "R3:0301" in filing.body.decode()


def test_an_unclear_reason_is_refused_at_its_cell(clerks: Clerks) -> None:
    fields = usual_fields(c_0301_price="88.00", c_0301_sales="17.60")
    fields["r.0301.price"] = "正常"
    issues = post_json(clerks.client(), page("check"), {"fields": fields}).json()["issues"]
    found = [issue for issue in issues if issue["code"] == "GRID-REASON"]
    assert [(issue["item"], issue["measure"]) for issue in found] == [("0301", "price")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("=1+1", "CELL-FORMULA"),
        ("@SUM(A1)", "CELL-FORMULA"),
        ("+cmd|' /C calc'!A0", "CELL-FORMULA"),
        ("#REF!", "CELL-FORMULA"),
        ("30%", "CELL-PERCENT"),
        ("12-15", "CELL-RANGE"),
        ("nan", "CELL-NAN"),
        ("1e5", "CELL-EXPONENT"),
        ("<script>alert(1)</script>", "CELL-TEXT"),
        ("9" * 61, "CELL-LONG"),
    ],
)
def test_what_is_not_a_number_is_a_coded_issue_and_is_never_filed(
    clerks: Clerks, text: str, code: str
) -> None:
    client, fields = clerks.client(), usual_fields(c_0301_price=text)
    issues = post_json(client, page("check"), {"fields": fields}).json()["issues"]
    assert [(i["code"], i["item"], i["measure"]) for i in issues] == [(code, "0301", "price")]
    response = post(client, fields)
    assert response.status_code == 422
    assert b"<script>alert" not in response.content
    assert filed(clerks) == []


def test_the_check_of_a_whole_form_is_quick_and_counts_blanks(clerks: Clerks) -> None:
    client = clerks.client()
    post_json(client, page("check"), {"fields": usual_fields()})
    began = time.perf_counter()
    assert post_json(client, page("check"), {"fields": usual_fields()}).json() == {"issues": []}
    assert time.perf_counter() - began < 0.5
    blank = post_json(client, page("check"), {"fields": {}}).json()["issues"]
    assert {issue["code"] for issue in blank} == {"GRID-BLANK"}
    assert post(client, {}).status_code == 422


def test_a_rule_of_a_group_is_shown_above_the_grid_and_answered_there(clerks: Clerks) -> None:
    fields = usual_fields()
    for name in [name for name in fields if name.startswith("c.03") and name.endswith("sales")]:
        fields[name] = "0.10"
        fields[name.replace("sales", "sales_qty")] = "19.2"
        fields[name.replace("sales", "stock")] = "6980.8"
    client = clerks.client()
    response = post(client, fields)
    text = response.content.decode()
    assert response.status_code == 422
    assert 'name="r.0300.sales"' in text and "肉类合计" in text
    assert post(client, fields | {"r.0300.sales": "到货少"}).status_code == 303


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({"c.9999.price": "1"}, "FIELD-UNKNOWN", 400),
        ({"c.0301.secret": "1"}, "FIELD-UNKNOWN", 400),
        ({"c.0300.price": "1"}, "FIELD-UNKNOWN", 400),
        ({"x.0301.price": "1"}, "FIELD-UNKNOWN", 400),
        ({"__proto__": "1"}, "FIELD-UNKNOWN", 400),
        ({"u.0301.price": "斤"}, "FIELD-UNKNOWN", 400),
        ({"c.0301.price": 12.5}, "FIELD-TYPE", 400),
        ({"c.0301.price": "1" * 501}, "FIELD-LONG", 400),
        ({"r.0301.price": "a\x00b"}, "FIELD-TEXT", 400),
        ({"r.0301.price": "\ud800"}, "FIELD-TEXT", 400),
        ({f"c.{n}.price": "1" for n in range(1300)}, "FIELDS-MANY", 413),
        ([], "FIELDS-SHAPE", 400),
    ],
)
def test_fields_that_the_form_does_not_have_are_refused_with_a_code(
    clerks: Clerks, said: object, code: str, status: int
) -> None:
    client = clerks.client()
    for name in ("check", "draft"):
        response = post_json(client, page(name), {"fields": said, "version": "0-0"})
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert not ReturnDraft.objects.exists()


def test_a_post_form_with_an_unknown_or_repeated_field_is_refused(clerks: Clerks) -> None:
    client = clerks.client()
    response = post(client, {"c.<script>.price": "1"})
    assert response.status_code == 400
    assert b"<script>." not in response.content and "FIELD-UNKNOWN" in response.content.decode()
    assert post(client, {"c.0301.price": ["1", "2"]}).status_code == 400


def test_an_oversized_post_is_refused_before_it_is_read(clerks: Clerks) -> None:
    client = clerks.client()
    said = {"fields": {"r.0301.price": "x" * 300_000}}
    response = post_json(client, page("check"), said)
    assert (response.status_code, response.json()["code"]) == (413, "BODY-TOO-LARGE")
    assert post(client, {"r.0301.price": "x" * 300_000}).status_code == 413
    assert client.post(page("check"), "{", content_type="application/json").status_code == 400


def test_a_late_return_is_taken_and_marked(clerks: Clerks) -> None:
    clerks.clock.ms = AFTER_DUE
    client = clerks.client()
    assert "已过截止时间" in client.get(page()).content.decode()
    response = post(client, usual_fields())
    assert response.status_code == 303
    receipt = client.get(response["Location"]).content.decode()
    assert "标记为迟报" in receipt and 'class="badge late"' in receipt


def test_a_period_that_is_not_open_says_what_to_do(clerks: Clerks) -> None:
    client = clerks.client()
    future = client.get(page(period="W2026-11-21"))
    assert future.status_code == 409
    assert "11月26日 08:00 开放填报" in future.content.decode()
    assert client.get(page(period="W2026-11-15")).status_code == 404
    assert client.get(page(period="M2026-13")).status_code == 404
    assert client.get("/returns/NO-SUCH/W2026-11-14/").status_code == 404
    other = clerks.client("clerk-neighbour").get(page())
    assert other.status_code == 409 and "样本企业名录" in other.content.decode()


def test_an_archived_period_takes_nothing(clerks: Clerks) -> None:
    services.archive(form=FORM, period=BEFORE, now_ms=clerks.clock.ms)
    client = clerks.client()
    assert client.get(page(period=BEFORE)).status_code == 200
    for name in ("correct", "draft"):
        response = client.post(page(name, period=BEFORE), usual_fields())
        assert response.status_code == 409 and "PERIOD-ARCHIVED" in response.content.decode()


def test_a_colleagues_return_filed_first_is_shown_side_by_side(clerks: Clerks) -> None:
    client = clerks.client()
    clerks.file(grid=usual_grid(10))
    response = post(client, usual_fields(c_0301_price="53.00"))
    text = response.content.decode()
    assert response.status_code == 409 and "RETURN-EXISTS" in text
    assert re.search(r"猪肉（精瘦肉）.*?本期平均零售价格.*?53\.00.*?52\.10", text, re.DOTALL)
    assert 'name="c.0301.price" value="53.00"' in text, "what was typed is in the form"
    assert ReturnDraft.objects.count() == 1, "and in the draft"
    own = text.partition('class="prose"')[2]
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', own))
    form.pop("csrfmiddlewaretoken", None)
    again = client.post(page("correct"), {**form, "reason": "价格更正", "action": "file"})
    assert again.status_code == 303
    assert len(filed(clerks)) == 2


def test_a_correction_in_one_tap_supersedes_before_anyone_reviewed(clerks: Clerks) -> None:
    first = clerks.file()
    client = clerks.client()
    text = client.get(page("correct")).content.decode()
    assert f'name="supersedes" form="grid" value="{first.seq}"' in text
    assert 'value="自查更正"' in text and 'name="c.0301.price" value="52.00"' in text
    fields = usual_fields(c_0301_price="52.50")
    response = post(client, fields, "correct", supersedes=str(first.seq), reason="自查更正")
    assert response.status_code == 303
    newest = read.get(filed(clerks)[-1])
    assert newest is not None and (newest.supersedes, newest.reason) == (first.seq, "自查更正")


def test_after_acceptance_a_correction_wants_a_written_reason(clerks: Clerks) -> None:
    first = clerks.file()
    clerks.accept()
    client = clerks.client()
    text = client.get(page("correct")).content.decode()
    assert "修订" in text and 'maxlength="200" value="" required' in text
    fields = usual_fields(c_0301_price="52.50")
    bare = post(client, fields, "correct", supersedes=str(first.seq), reason="")
    assert bare.status_code == 422 and "REASON-NEEDED" in bare.content.decode()
    said = post(client, fields, "correct", supersedes=str(first.seq), reason="漏计一个门店")
    assert said.status_code == 303


def test_a_correction_of_a_version_no_longer_in_force_is_a_conflict(clerks: Clerks) -> None:
    first = clerks.file()
    clerks.file(grid=usual_grid(7), supersedes=first.seq, reason="自查更正")
    fields = usual_fields(c_0301_price="52.50")
    response = post(
        clerks.client(), fields, "correct", supersedes=str(first.seq), reason="自查更正"
    )
    assert response.status_code == 409 and "RETURN-STALE" in response.content.decode()
    assert len(filed(clerks)) == 2


def test_a_correction_of_nothing_is_refused_and_keeps_what_was_typed(clerks: Clerks) -> None:
    client = clerks.client()
    said = {"supersedes": "12", "reason": "自查更正"}
    response = post(client, usual_fields(c_0301_price="52.50"), "correct", **said)
    assert response.status_code in {403, 422}
    assert "SUPERSEDES-" in response.content.decode()
    assert filed(clerks) == []
    assert 'value="52.50"' in client.get(page()).content.decode()


@pytest.mark.parametrize("login", ["league-reviewer-parent", "auditor-root", "operator-root"])
def test_only_a_respondents_clerk_may_open_the_grid(clerks: Clerks, login: str) -> None:
    client = clerks.client(login)
    assert client.get(page()).status_code == 403
    for name in ("return", "draft", "check", "correct"):
        assert client.post(page(name), usual_fields()).status_code == 403
    assert client.get("/returns/").status_code == 403


def test_the_public_is_sent_to_log_in(clerks: Clerks, client) -> None:
    assert client.get(page())["Location"].startswith("/login/")
    assert post_json(client, page("draft"), {"fields": {}}).status_code == 401


def test_hostile_texts_are_escaped_wherever_they_come_back(clerks: Clerks) -> None:
    client, evil = clerks.client(), '"><script>alert(1)</script>'
    fields = usual_fields(c_0301_price=evil)
    fields["r.0301.price"] = evil
    for response in (post(client, fields), client.get(page())):
        assert b"<script>alert" not in response.content
        assert b"&lt;script&gt;alert" in response.content
