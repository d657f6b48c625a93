"""Log-in, throttle, idle and ended sessions, log-out."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ortoo.kernel.grants.models import Account, LoginAttempt
from ortoo.site.accounts import throttle
from ortoo.site.tests.accounts_fixtures import PASSWORD, log_in, who

pytestmark = pytest.mark.usefixtures("region")
NEW_PASSWORD = "yang-rou-jia-ge-8"


@pytest.fixture
def client() -> Client:
    return Client()


def said(response) -> str:
    """The refusal's own words, without tokens and what was typed."""
    found = re.findall(r'<div class="notice error".*?</div>', response.content.decode(), re.S)
    return re.sub(r"<[^>]+>", "", "".join(found))


def test_log_in_gives_a_new_session_key_and_the_logins_scope(client: Client) -> None:
    client.get("/login/")
    before = client.session.session_key
    response = log_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session.session_key not in (None, before)
    assert who(client) == {"login": "clerk-own", "roles": ["clerk", "public"]}


def test_the_login_name_may_be_typed_in_full_width_and_capitals(client: Client) -> None:
    assert log_in(client, " Ｃlerk-OWN ").status_code == 302


def test_a_wrong_password_and_an_unknown_name_are_told_in_the_same_words(client: Client) -> None:
    wrong = log_in(client, password="not-the-password")
    unknown = log_in(client, "nobody-here")
    assert said(wrong) == said(unknown) != ""
    assert wrong.status_code == unknown.status_code == 200


def test_an_unknown_name_costs_a_password_hash_too(client: Client, monkeypatch) -> None:
    hashed = []
    monkeypatch.setattr("ortoo.site.accounts.backend.make_password", hashed.append)
    log_in(client, "nobody-here")
    assert len(hashed) == 1


@pytest.mark.parametrize("login", ["clerk-own", "nobody-here"])
def test_five_wrong_tries_lock_a_name_known_or_not_and_say_until_when(client, clock, login) -> None:
    for _ in range(4):
        assert log_in(client, login, "wrong-password").status_code == 200
        clock.forward(minutes=1)
    locked = log_in(client, login, "wrong-password")
    assert locked.status_code == 429
    assert re.search(r"请在 \d\d:\d\d 之后再试", said(locked))
    assert 0 < int(locked["Retry-After"]) <= 15 * 60
    assert log_in(client, login, PASSWORD).status_code == 429
    assert who(client)["login"] == ""


def test_a_lock_ends_fifteen_minutes_after_the_first_try_however_often_one_tries(
    client: Client, clock
) -> None:
    for _ in range(5):
        log_in(client, password="wrong-password")
    for _ in range(14):
        clock.forward(minutes=1)
        assert log_in(client).status_code == 429
    clock.forward(minutes=1, seconds=1)
    assert log_in(client).status_code == 302


def test_an_address_is_locked_over_all_names_and_another_is_not(client: Client) -> None:
    for number in range(throttle.TRIES_BY_ADDRESS):
        log_in(client, f"name-{number}", "wrong-password")
    assert log_in(client).status_code == 429
    assert log_in(client, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_success_takes_only_the_own_names_tries_away(client: Client) -> None:
    log_in(client, "nobody-here", "wrong-password")
    log_in(client, password="wrong-password")
    log_in(client)
    assert LoginAttempt.objects.count() == 1


def test_the_table_of_tries_keeps_no_name(client: Client) -> None:
    log_in(client, "my-password-by-mistake", "wrong-password")
    assert "mistake" not in LoginAttempt.objects.get().name


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, "192.0.2.1"),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6"}, "192.0.2.1"),
        ({"REMOTE_ADDR": "2001:db8::1:2:3:4"}, "2001:db8::/64"),
        ({"REMOTE_ADDR": "::ffff:192.0.2.7"}, "192.0.2.7"),
        ({"REMOTE_ADDR": ""}, "unknown"),
    ],
)
def test_the_callers_address(rf, given, address) -> None:
    assert throttle.address_of(rf.get("/", **given)) == address


def test_behind_one_proxy_the_last_hop_is_believed_and_no_earlier_one(rf, settings) -> None:
    settings.TRUSTED_PROXIES = 1
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 192.0.2.5")
    assert throttle.address_of(request) == "192.0.2.5"


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/returns/?week=47", "/returns/?week=47"),
        ("http://testserver/returns/", "/returns/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("http://testserver//evil.example/", "/"),
        ("http://testserver/\\evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/logout/", "/"),
        ("/login/?next=/x", "/"),
    ],
)
def test_after_log_in_one_comes_back_to_a_path_of_this_site_only(client, wanted, target) -> None:
    response = client.post(f"/login/?next={wanted}", {"login": "clerk-own", "password": PASSWORD})
    assert response["Location"] == target
    other = Client().post("/login/", {"login": "clerk-own", "password": PASSWORD, "next": wanted})
    assert other["Location"] == target


def test_an_idle_session_ends_and_the_page_is_kept(client: Client, clock) -> None:
    log_in(client)
    clock.forward(minutes=29)
    assert who(client)["login"] == "clerk-own"
    clock.forward(minutes=29)
    assert who(client)["login"] == "clerk-own"
    clock.forward(minutes=31)
    response = client.get("/take/?week=47")
    assert response.status_code == 303
    assert response["Location"] == "/login/?next=%2Ftake%2F%3Fweek%3D47&why=idle"
    page = client.get(response["Location"]).content.decode()
    assert "草稿已保存" in page and 'value="/take/?week=47"' in page


def test_an_idle_form_comes_back_to_the_page_it_stood_on(client: Client, clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    response = client.post("/take/", headers={"referer": "http://testserver/returns/7/"})
    assert response["Location"] == "/login/?next=%2Freturns%2F7%2F&why=idle"
    evil = client.post("/take/", headers={"referer": "http://evil.example/"})
    assert evil.status_code == 200


def test_an_idle_htmx_request_moves_the_whole_page(client: Client, clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/returns/7/"}
    response = client.post("/take/", headers=headers)
    assert response["HX-Redirect"] == "/login/?next=%2Freturns%2F7%2F&why=idle"


def test_an_idle_caller_of_the_api_gets_a_problem(client: Client, clock) -> None:
    log_in(client)
    clock.forward(minutes=31)
    response = client.get("/take/", headers={"accept": "application/json"})
    assert (response.status_code, response.json()["code"]) == (401, "SESSION-ENDED")


def test_what_a_page_asks_by_itself_does_not_keep_a_session_alive(client: Client, clock) -> None:
    log_in(client)
    for _ in range(4):
        clock.forward(minutes=10)
        response = client.get("/", headers={"ortoo-background": "1"})
    assert response.status_code == 303


def test_a_session_ends_with_the_working_day(client: Client, clock) -> None:
    log_in(client)
    for _ in range(12 * 3 + 1):
        clock.forward(minutes=20)
        response = client.get("/")
    assert response.status_code == 303


def change_password(client: Client, present: str = PASSWORD):
    data = {"present": present, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    return client.post("/account/password/", data)


def test_a_new_password_ends_every_other_session_and_renews_this_ones_key(client: Client) -> None:
    other = Client()
    log_in(client)
    log_in(other)
    key = client.session.session_key
    assert change_password(client)["Location"] == "/account/"
    assert client.session.session_key != key
    assert who(client)["login"] == "clerk-own"
    assert who(other)["login"] == ""
    assert log_in(Client()).status_code == 200
    assert log_in(Client(), password=NEW_PASSWORD).status_code == 302


def test_changing_the_password_asks_for_the_present_one_and_is_throttled(client: Client) -> None:
    log_in(client)
    for _ in range(5):
        assert "现密码不正确" in change_password(client, "guess").content.decode()
    assert "尝试次数过多" in change_password(client).content.decode()
    assert Account.objects.get(login="clerk-own").check_password(PASSWORD)


def test_who_must_change_the_password_sees_nothing_else_first(client: Client) -> None:
    Account.objects.filter(login="clerk-own").update(must_change_password=True)
    log_in(client)
    assert client.get("/")["Location"] == "/account/password/"
    assert client.get("/", headers={"accept": "application/json"}).status_code == 403
    change_password(client)
    assert who(client)["login"] == "clerk-own"


def test_closing_an_account_ends_its_session_at_once(client: Client) -> None:
    log_in(client)
    Account.objects.filter(login="clerk-own").update(is_active=False)
    assert who(client)["login"] == ""
    assert said(log_in(client)) == said(log_in(Client(), "nobody-here"))


def test_log_out_is_by_post_and_a_link_only_asks(client: Client) -> None:
    log_in(client)
    assert client.get("/logout/").status_code == 200
    assert who(client)["login"] == "clerk-own"
    assert client.post("/logout/")["Location"] == "/login/"
    assert who(client)["login"] == ""


FORMS = [
    "/login/", "/login/code/", "/logout/", "/recover/", "/account/password/",
    "/account/second-factor/", "/account/issue-code/", "/demo/login/clerk-own/", "/language/",
]  # fmt: skip


@pytest.mark.parametrize("address", FORMS)
def test_no_form_is_taken_without_its_token(address: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(address, {"login": "clerk-own", "password": PASSWORD})
    assert response.status_code == 403
    assert "CSRF" in response.content.decode()


def test_the_account_page_shows_grants_and_needs_a_log_in(client: Client) -> None:
    assert client.get("/account/")["Location"] == "/login/?next=%2Faccount%2F"
    log_in(client)
    assert "企业统计员" in client.get("/account/").content.decode()
