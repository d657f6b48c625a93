"""Drafts over HTTP: shared by a party's clerks, versioned, never lost."""

from __future__ import annotations

from ortoo.domains.market.tests.clerk_region import (
    Clerks,
    clerks,
    page,
    post_json,
    usual_fields,
    usual_grid,
)
from ortoo.kernel.forms.models import ReturnDraft

__all__ = ["clerks"]


def save(client, fields, version="0-0"):
    return post_json(client, page("draft"), {"fields": fields, "version": version})


def test_a_draft_is_saved_under_a_version_and_restored(clerks: Clerks) -> None:
    client = clerks.client()
    answer = save(client, {"c.0301.price": "52", "u.0301": "斤"})
    assert answer.status_code == 200
    assert answer.json()["saved_at"] == "10:30"
    text = client.get(page()).content.decode()
    assert 'name="c.0301.price" value="52"' in text
    assert f'data-version="{answer.json()["version"]}"' in text
    assert '<option value="斤" data-num="1" data-den="2" selected>' in text
    assert "草稿已保存 10:30" in text
    assert save(client, {}, answer.json()["version"]).status_code == 200, "all may be emptied"


def test_an_old_version_meets_the_other_side_with_who_when_and_fields(clerks: Clerks) -> None:
    client = clerks.client()
    first = save(client, {"c.0301.price": "52"}).json()["version"]
    save(client, {"c.0301.price": "53"}, first)
    answer = save(client, {"c.0301.price": "54"}, first)
    assert answer.status_code == 409
    found = answer.json()
    assert found["fields"] == {"c.0301.price": "53"}
    assert (found["who"], found["saved_at"]) == ("账号·clerk-own", "10:30")
    assert save(client, {"c.0301.price": "54"}, found["version"]).status_code == 200
    assert save(client, {"c.0301.price": "54"}, first).status_code == 200, "nothing would change"


def test_a_draft_older_than_a_filed_return_meets_that_return_not_an_empty_draft(
    clerks: Clerks,
) -> None:
    client = clerks.client()
    version = save(client, {"c.0301.price": "52"}).json()["version"]
    clerks.file(grid=usual_grid(10))
    assert not ReturnDraft.objects.exists()
    answer = save(client, {"c.0301.price": "54"}, version)
    assert answer.status_code == 409
    assert answer.json()["fields"]["c.0301.price"] == "52.10"


def test_two_parties_never_share_a_draft(clerks: Clerks) -> None:
    save(clerks.client(), {"c.0301.price": "77.77"})
    other = clerks.client("clerk-sibling")
    assert b"77.77" not in other.get(page()).content
    assert save(other, {"c.0301.price": "1"}).status_code == 200
    assert ReturnDraft.objects.count() == 2


def test_without_script_the_form_saves_and_a_conflict_shows_both_sides(clerks: Clerks) -> None:
    client = clerks.client()
    response = client.post(page("draft"), {**usual_fields(), "version": "0-0"}, follow=True)
    assert response.redirect_chain == [(page(), 302)]
    assert "草稿已保存 10:30" in response.content.decode()
    stale = client.post(page("draft"), {**usual_fields(c_0301_price="61"), "version": "0-0"})
    text = stale.content.decode()
    assert stale.status_code == 409 and "DRAFT-STALE" in text
    assert "61" in text and "52.00" in text
    by_action = client.post(page(), {**usual_fields(), "version": "0-0", "action": "draft"})
    assert by_action.status_code == 302


def test_a_draft_wants_an_open_period_and_the_right_method(clerks: Clerks) -> None:
    client = clerks.client()
    closed = post_json(client, page("draft", "W2026-11-21"), {"fields": {}})
    assert (closed.status_code, closed.json()["code"]) == (409, "PERIOD-NOT-OPEN")
    assert client.get(page("draft")).status_code == 405
    assert client.get(page("check")).status_code == 405


def test_an_unfiled_draft_over_a_filed_return_is_announced(clerks: Clerks) -> None:
    clerks.file()
    client = clerks.client()
    text = client.get(page("correct")).content.decode()
    version = text.partition('data-version="')[2].partition('"')[0]
    assert save(client, usual_fields(c_0301_price="52.80"), version).status_code == 200
    assert "草稿里还有没有报送的内容" in client.get(page()).content.decode()
    assert 'value="52.80"' in client.get(page("correct")).content.decode()
