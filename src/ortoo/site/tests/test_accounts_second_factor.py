"""The second factor, recovery codes and one-click log-in of demonstrations."""

from __future__ import annotations

import base64
import re

import pytest
from django.test import Client

from ortoo.kernel.grants.models import AccessEntry, Account, RecoveryCode
from ortoo.kernel.grants.services import issue_recovery_code
from ortoo.site.accounts import second_factor
from ortoo.site.tests.accounts_fixtures import PASSWORD, code_for, log_in, who

pytestmark = pytest.mark.usefixtures("region")
REVIEWER = "league-reviewer-parent"
NEW_PASSWORD = "yang-rou-jia-ge-8"


@pytest.fixture
def client() -> Client:
    return Client()


def secret_on(page: str) -> bytes:
    text = re.search(r'class="code">([A-Z2-7 ]{39})<', page)[1].replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def enrolled(clock, login: str = REVIEWER) -> bytes:
    secret = b"12345678901234567890"
    second_factor.keep(Account.objects.get(login=login), secret)
    clock.forward(minutes=2)
    return secret


def test_in_production_a_reviewer_sets_up_a_second_factor_before_anything(client, clock) -> None:
    response = log_in(client, REVIEWER)
    assert response["Location"] == "/account/second-factor/"
    assert who(client)["login"] == ""
    page = client.get("/account/second-factor/").content.decode()
    assert "data:image/svg+xml" in page
    secret = secret_on(page)
    assert secret_on(client.get("/account/second-factor/").content.decode()) == secret
    wrong = client.post("/account/second-factor/", {"code": "000000"})
    assert "不正确" in wrong.content.decode()
    client.post("/account/second-factor/", {"code": code_for(secret, clock)})
    assert who(client) == {"login": REVIEWER, "roles": ["league_reviewer", "public"]}


def test_the_secret_is_not_stored_as_it_is(client, clock) -> None:
    secret = enrolled(clock)
    account = Account.objects.get(login=REVIEWER)
    for text in (secret.hex(), secret.decode(), base64.b32encode(secret).decode()):
        assert text not in account.totp_secret
    assert second_factor.secret_of(account) == secret
    Account.objects.filter(login="clerk-own").update(totp_secret=account.totp_secret)
    assert second_factor.secret_of(Account.objects.get(login="clerk-own")) is None


def test_a_code_logs_in_once_and_its_replay_is_refused(client, clock) -> None:
    secret = enrolled(clock)
    assert log_in(client, REVIEWER)["Location"] == "/login/code/"
    assert who(client)["login"] == ""
    code = code_for(secret, clock)
    assert client.post("/login/code/", {"code": f"{code[:3]} {code[3:]}"}).status_code == 302
    assert who(client)["login"] == REVIEWER
    other = Client()
    log_in(other, REVIEWER)
    assert other.post("/login/code/", {"code": code}).status_code == 200
    assert who(other)["login"] == ""
    earlier = code_for(secret, clock, steps=-1)
    assert other.post("/login/code/", {"code": earlier}).status_code == 200
    assert other.post("/login/code/", {"code": code_for(secret, clock, steps=1)}).status_code == 302


def test_codes_cannot_be_guessed_in_a_row(client, clock) -> None:
    secret = enrolled(clock)
    log_in(client, REVIEWER)
    for _ in range(5):
        assert client.post("/login/code/", {"code": "000000"}).status_code == 200
    assert client.post("/login/code/", {"code": code_for(secret, clock)}).status_code == 429


def test_the_code_page_without_a_password_leads_to_log_in(client, clock) -> None:
    secret = enrolled(clock)
    response = client.post("/login/code/", {"code": code_for(secret, clock)})
    assert response["Location"] == "/login/"
    log_in(client, REVIEWER)
    clock.forward(minutes=6)
    assert client.get("/login/code/")["Location"] == "/login/"


def test_a_password_changed_meanwhile_ends_the_half_finished_log_in(client, clock) -> None:
    secret = enrolled(clock)
    log_in(client, REVIEWER)
    account = Account.objects.get(login=REVIEWER)
    account.set_password(NEW_PASSWORD)
    account.save()
    assert client.post("/login/code/", {"code": code_for(secret, clock)})["Location"] == "/login/"


def test_an_open_screen_cannot_replace_the_second_factor(client, clock) -> None:
    secret = enrolled(clock)
    log_in(client, REVIEWER)
    client.post("/login/code/", {"code": code_for(secret, clock)})
    assert client.get("/account/second-factor/")["Location"] == "/account/"


def test_a_role_granted_during_a_weak_session_waits_for_the_second_factor(client, region) -> None:
    from ortoo.kernel.grants.scope import SYSTEM
    from ortoo.kernel.grants.services import NewGrant, grant
    from ortoo.kernel.grants.tests.small_region import NOW, ON

    log_in(client)
    site = region.sites["own"]
    new = NewGrant("clerk-own", site.firm, "banner_reviewer", site.place, ON, "借调")
    grant(by=SYSTEM, new=new, now_ms=NOW)
    assert who(client)["roles"] == ["clerk", "public"]


def issued(region, clock) -> str:
    scope = region.scope(REVIEWER)
    return issue_recovery_code(reviewer_scope=scope, login="clerk-own", now_ms=clock.ms)


def redeem(client: Client, code: str, login: str = "clerk-own", password: str = NEW_PASSWORD):
    data = {"login": login, "code": code, "password": password, "again": password}
    return client.post("/recover/", data)


def test_a_locked_out_clerk_comes_back_with_the_code_in_full_width_digits(
    client, region, clock
) -> None:
    for _ in range(5):
        log_in(client, password="wrong-password")
    assert log_in(client).status_code == 429
    wide = issued(region, clock).translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    assert redeem(client, wide)["Location"] == "/"
    assert who(client)["login"] == "clerk-own"
    assert log_in(Client(), password=NEW_PASSWORD).status_code == 302


def test_a_code_works_once(client, region, clock) -> None:
    code = issued(region, clock)
    redeem(client, code)
    assert redeem(Client(), code).status_code == 403


def test_a_code_dies_after_thirty_minutes(client, region, clock) -> None:
    code = issued(region, clock)
    clock.forward(minutes=30)
    assert redeem(client, code).status_code == 403


def test_a_code_dies_after_five_wrong_tries(client, region, clock) -> None:
    code = issued(region, clock)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(5):
        assert redeem(client, wrong).status_code == 403
    assert redeem(client, code).status_code == 403
    assert RecoveryCode.objects.get().tries == 5
    assert redeem(client, issued(region, clock)).status_code == 302


def test_a_new_code_ends_the_older_one(client, region, clock) -> None:
    old = issued(region, clock)
    issued(region, clock)
    assert redeem(client, old).status_code == 403


def test_a_weak_password_does_not_use_the_code_up(client, region, clock) -> None:
    code = issued(region, clock)
    assert redeem(client, code, password="1234567890").status_code == 422
    assert redeem(client, code).status_code == 302


def test_recovery_says_the_same_for_unknown_names_and_wrong_codes(client, region, clock) -> None:
    issued(region, clock)
    answers = {
        re.sub(r"csrf\w+|value=\"[^\"]*\"", "", redeem(client, "00000000", login).content.decode())
        for login in ("clerk-own", "clerk-sibling", "nobody-here")
    }
    assert len(answers) == 1


def test_recovery_does_not_go_around_the_second_factor(client, region, clock) -> None:
    secret = enrolled(clock, "clerk-own")
    assert redeem(client, issued(region, clock))["Location"] == "/login/code/"
    assert who(client)["login"] == ""
    client.post("/login/code/", {"code": code_for(secret, clock)})
    assert who(client)["login"] == "clerk-own"


def test_the_reviewers_page_shows_the_code_once_and_only_her_accounts(
    client, region, clock
) -> None:
    secret = enrolled(clock)
    log_in(client, REVIEWER)
    client.post("/login/code/", {"code": code_for(secret, clock)})
    page = client.get("/account/issue-code/").content.decode()
    assert "clerk-own" in page and "clerk-sibling" in page
    assert "clerk-planned" not in page and "clerk-neighbour" not in page
    shown = client.post("/account/issue-code/", {"login": "clerk-own"}).content.decode()
    code = re.search(r"<strong>(\d{8})</strong>", shown)[1]
    assert code not in client.get("/account/issue-code/").content.decode()
    assert redeem(Client(), code).status_code == 302
    refused = client.post("/account/issue-code/", {"login": "clerk-planned"}).content.decode()
    assert "没有可由您发码的账号" in refused


def test_a_clerk_cannot_issue_codes(client) -> None:
    log_in(client)
    assert client.get("/account/issue-code/").status_code == 403


def test_log_ins_stand_in_the_access_log(client) -> None:
    log_in(client)
    entry = AccessEntry.objects.get()
    assert (entry.login, entry.what) == ("clerk-own", "log-in")


def test_one_click_log_in_exists_in_a_demonstration_only(client, settings) -> None:
    Account.objects.filter(login=REVIEWER).update(demo=True)
    assert client.post(f"/demo/login/{REVIEWER}/").status_code == 404
    assert client.post("/demo/login/", {"role": REVIEWER}).status_code == 404
    settings.DEMO = True
    assert client.post("/demo/login/clerk-own/").status_code == 404
    assert client.get(f"/demo/login/{REVIEWER}/").status_code == 405
    assert "一键登录" in client.get("/login/").content.decode()
    assert client.post(f"/demo/login/{REVIEWER}/", {"next": "/take/"})["Location"] == "/take/"
    assert who(client)["roles"] == ["league_reviewer", "public"]
    Account.objects.filter(login="clerk-own").update(demo=True)
    client.post("/demo/login/", {"role": "clerk-own"})
    assert who(client)["login"] == "clerk-own"


def test_a_demonstrations_account_never_works_in_production(client) -> None:
    Account.objects.filter(login="clerk-own").update(demo=True)
    assert log_in(client).status_code == 200
    assert who(client)["login"] == ""
    assert PASSWORD not in client.get("/login/").content.decode()
