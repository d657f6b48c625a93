"""What holds on every page: headers, language, and calm refusals without stack traces."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ortoo.site.tests.accounts_fixtures import log_in
from ortoo.site.tests.accounts_urls import SECRET

pytestmark = pytest.mark.usefixtures("region")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
PAGES = ["/", "/login/", "/recover/", "/nothing-here/", "/misbehave/denied/", "/logout/"]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_carries_the_policy_errors_too(client: Client, address: str) -> None:
    response = client.get(address)
    assert response["Content-Security-Policy"] == POLICY
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["/login/", "/recover/", "/logout/", "/nothing-here/"])
def test_no_page_holds_inline_script_or_style(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


def test_pages_of_a_session_are_not_kept_and_the_publics_may_be(client: Client) -> None:
    assert "no-store" not in client.get("/misbehave/missing/").get("Cache-Control", "")
    log_in(client)
    for address in ("/", "/account/", "/nothing-here/", "/logout/"):
        assert client.get(address)["Cache-Control"] == "no-store, private"


def test_chinese_comes_first_and_a_cookie_changes_it(client: Client) -> None:
    first = client.get("/login/", headers={"accept-language": "en"})
    assert first["Content-Language"] == "zh-hans"
    response = client.post("/language/", {"language": "en", "next": "/login/"})
    assert response["Location"] == "/login/"
    assert client.get("/login/")["Content-Language"] == "en"
    client.post("/language/", {"language": "xx", "next": "//evil.example/"})
    assert client.get("/login/")["Content-Language"] == "en"


@pytest.mark.parametrize(
    "address", ["/login/", "/recover/", "/logout/", "/nothing-here/", "/account/"]
)
def test_in_english_no_chinese_is_left_but_names(client: Client, address: str) -> None:
    log_in(client)
    if address == "/login/":
        client.logout()
    client.cookies["django_language"] = "en"
    page = client.get(address).content.decode()
    words = re.sub(r"<[^>]+>", " ", page)
    for name in ("驿传", "中文", "标记", "企业", "账号·"):
        words = words.replace(name, "")
    assert re.findall(r"[\u4e00-\u9fff]+", words) == []


def test_a_refusal_is_a_page_that_says_what_where_by_which_rule_and_what_to_do(client) -> None:
    response = client.get("/misbehave/refused/")
    page = response.content.decode()
    assert response.status_code == 409
    for said in ("RETURN-STALE", "已有新版。", "/misbehave/refused/", "第5条", "请刷新。"):
        assert said in page


def test_the_same_refusal_is_a_problem_to_the_api_and_to_who_asks_for_json(client) -> None:
    for response in (
        client.get("/api/misbehave/refused/"),
        client.get("/misbehave/refused/", headers={"accept": "application/json"}),
    ):
        assert response["Content-Type"] == "application/problem+json"
        body = response.json()
        assert body["status"] == response.status_code == 409
        assert body["code"] == "RETURN-STALE"
        assert body["detail"] == "已有新版。"
        assert (body["rule"], body["remedy"]) == ("第5条", "请刷新。")


def test_findings_of_a_refusal_reach_the_api_whole(client: Client) -> None:
    body = client.get("/api/misbehave/issues/").json()
    assert body["errors"] == [{"code": "NAN", "item": "猪肉"}, "x"]


def test_a_refusal_for_lack_of_log_in_leads_there_and_back(client: Client) -> None:
    response = client.get("/misbehave/login/?a=1")
    assert response["Location"] == "/login/?next=%2Fmisbehave%2Flogin%2F%3Fa%3D1"
    assert client.get("/api/misbehave/login/").status_code == 401
    assert client.post("/misbehave/login/").status_code == 401


@pytest.mark.parametrize(
    ("how", "status"),
    [("denied", 403), ("missing", 404), ("busy", 503), ("crash", 500), ("table", 500)],
)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_no_answer_shows_the_exceptions_words_or_a_trace(client, how, status, prefix) -> None:
    response = client.get(f"{prefix}/misbehave/{how}/")
    text = response.content.decode()
    assert response.status_code == status
    assert SECRET not in text and "Traceback" not in text and "Error" not in text


def test_an_unexpected_fault_gets_a_number_that_stands_in_the_log(client, caplog) -> None:
    number = client.get("/api/misbehave/crash/").json()["instance"]
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", number)
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)
    assert re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", client.get("/misbehave/crash/").content.decode())


def test_the_test_client_still_hears_of_faults() -> None:
    with pytest.raises(ZeroDivisionError):
        Client().get("/misbehave/crash/")


def test_an_address_that_does_not_exist_is_told_calmly_and_without_the_urlconf(client) -> None:
    page = client.get("/nothing-here/")
    assert page.status_code == 404
    assert "misbehave" not in page.content.decode()
    assert client.get("/api/nothing/").json()["code"] == "NOT-FOUND"


def test_a_button_opened_as_a_link_is_told_calmly(client: Client) -> None:
    response = client.get("/language/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "请从首页进入" in response.content.decode()


def test_too_large_a_body_is_413_with_a_way_out(client: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/take/", {"a": "x" * 1000}, headers={"accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (413, "BODY-TOO-LARGE")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert client.post("/take/", dict.fromkeys("abcdef", "1")).status_code == 413


def test_the_error_page_stands_when_its_own_frame_fails(client: Client, monkeypatch) -> None:
    def fail(*arguments: object) -> str:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("ortoo.site.errors.render_to_string", fail)
    response = client.get("/misbehave/crash/")
    assert response.status_code == 500
    assert "系统遇到没有预料到的情况" in response.content.decode()
    assert SECRET not in response.content.decode()
