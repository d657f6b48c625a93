"""Grants and codes are filings; what they allow follows from the register at once."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.projection import catch_up, rebuild
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants import services
from ortoo.kernel.grants.models import Account, Grant, RecoveryCode
from ortoo.kernel.grants.scope import SYSTEM
from ortoo.kernel.grants.services import NewGrant
from ortoo.kernel.grants.tests.small_region import NOW, ON, SmallRegion

pytestmark = pytest.mark.django_db
PASSWORD = "shu-cai-jia-ge-7"


def refused(code: str, act, **arguments) -> Refused:
    with pytest.raises(Refused) as refusal:
        act(**arguments)
    assert refusal.value.code == code
    return refusal.value


def grant_to(region: SmallRegion, key: str, role: str = "league_reviewer", **changes) -> NewGrant:
    site = region.sites[key]
    account = services.create_account(
        login=f"new-{Account.objects.count()}", party=site.office, display_name="新人"
    )
    given = {
        "login": account.login, "party": site.office, "role": role, "place": site.place,
        "valid_from": date(2026, 11, 1), "basis": "代班通知",
    }  # fmt: skip
    return NewGrant(**{**given, **changes})


def test_everything_in_the_small_region_was_filed(region: SmallRegion) -> None:
    assert len(read.rows("form = 'K-GRANT'", [])) == len(region.logins)
    assert Grant.objects.count() == len(region.logins)
    assert region.scope("league-reviewer-planned").may(
        "review", place=region.sites["planned"].place
    )


@pytest.mark.law(9)
def test_the_register_of_grants_is_the_same_after_a_rebuild(region: SmallRegion) -> None:
    found = [table for table in rebuild() if table.table == "kernel_grant"]
    assert found and all(table.equal for table in found)


def test_an_operator_grants_inside_her_places_and_is_refused_outside(region: SmallRegion) -> None:
    operator = region.scope("operator-root")
    services.grant(by=operator, new=grant_to(region, "planned"), now_ms=NOW)
    new = grant_to(region, "parent", "operator")
    services.grant(by=operator, new=new, now_ms=NOW)
    lower = region.scope(new.login)
    refused("SCOPE-PLACE", services.grant, by=lower, new=grant_to(region, "planned"), now_ms=NOW)
    refused(
        "GRANT-PEER",
        services.grant,
        by=lower,
        new=grant_to(region, "parent", "auditor"),
        now_ms=NOW,
    )


def test_nobody_else_grants_and_nobody_grants_to_herself(region: SmallRegion) -> None:
    new = grant_to(region, "own", "banner_reviewer")
    for login in ("region-reviewer-root", "clerk-own", "auditor-root", "region-reader-root"):
        refused("SCOPE-VERB", services.grant, by=region.scope(login), new=new, now_ms=NOW)
    site = region.sites["root"]
    own = NewGrant("operator-root", site.office, "region_reviewer", site.place, ON, "自己")
    refused("GRANT-SELF", services.grant, by=region.scope("operator-root"), new=own, now_ms=NOW)


def test_administrator_and_reviewer_are_never_one_login(region: SmallRegion) -> None:
    site = region.sites["parent"]
    new = NewGrant("league-reviewer-parent", site.office, "operator", site.place, ON, "兼任")
    refused("GRANT-APART", services.grant, by=SYSTEM, new=new, now_ms=NOW)


def test_a_clerks_grant_for_another_firm_is_refused(region: SmallRegion) -> None:
    other = region.sites["sibling"]
    new = NewGrant("clerk-own", other.firm, "clerk", other.place, ON, "兼职")
    refused("GRANT-PARTY", services.grant, by=SYSTEM, new=new, now_ms=NOW)


def test_a_grant_taken_back_ends_at_once_and_stays_on_the_record(region: SmallRegion) -> None:
    row = Grant.objects.get(login="league-reviewer-parent")
    name = row.key.partition("|")[2]
    before = row.seq
    operator = region.scope("operator-root")
    act = {"by": operator, "login": row.login, "grant": name, "now_ms": NOW}
    refused("REASON-NEEDED", services.revoke, reason=" ", **act)
    services.revoke(reason="调离", **act)
    assert region.scope(row.login).roles == {"public"}
    filings = read.rows("form = 'K-GRANT' AND subject = %s", [f"account:{row.login}"])
    assert filings[0].seq == before
    assert filings[-1].annuls == before
    assert filings[-1].reason == "调离"


def test_granting_the_same_again_after_taking_it_back_is_a_new_filing(region: SmallRegion) -> None:
    operator, new = region.scope("operator-root"), grant_to(region, "planned")
    services.grant(by=operator, new=new, now_ms=NOW)
    services.revoke(by=operator, login=new.login, grant=new.id, reason="误授", now_ms=NOW)
    assert region.scope(new.login).roles == {"public"}
    again = services.grant(by=operator, new=new, now_ms=NOW)
    assert not again.duplicate
    assert "league_reviewer" in region.scope(new.login).roles


def test_a_login_name_is_taken_once_and_a_weak_password_is_refused_by_name(db) -> None:
    services.create_account(login="a-1", party="P", display_name="甲", password=PASSWORD)
    make = services.create_account
    refused("ACCOUNT-TAKEN", make, login="a-1", party="P", display_name="乙")
    refused("ACCOUNT-LOGIN", make, login="A 1", party="P", display_name="乙")
    for weak in ("short1", "1234567890123", "a-2-has-its-name"):
        refused("PASSWORD-WEAK", make, login="a-2", party="P", display_name="乙", password=weak)
    assert Account.objects.get(login="a-1").check_password(PASSWORD)


REVIEWER_OF = {"own": "banner-reviewer-own", "planned": "league-reviewer-planned"}


def test_a_reviewer_issues_a_code_that_is_filed_without_the_code(region: SmallRegion) -> None:
    scope = region.scope("league-reviewer-parent")
    code = services.issue_recovery_code(reviewer_scope=scope, login="clerk-own", now_ms=NOW)
    assert len(code) == 8 and code.isdigit()
    filing = read.rows("form = 'K-RECOVERY'", [])[-1]
    assert code not in filing.body.decode()
    assert json.loads(filing.body)["login"] == "clerk-own"
    assert filing.actor == "account:league-reviewer-parent"
    kept = RecoveryCode.objects.get()
    assert code not in kept.code_hash
    assert kept.expires_at == NOW + 30 * 60_000


@pytest.mark.parametrize(
    ("by", "login"),
    [
        ("league-reviewer-parent", "clerk-planned"),
        ("league-reviewer-planned", "clerk-own"),
        ("league-reviewer-planned", "clerk-parent"),
        ("banner-reviewer-own", "clerk-sibling"),
        ("banner-reviewer-own", "clerk-parent"),
        ("banner-reviewer-own", "banner-reviewer-own"),
        ("banner-reviewer-own", "league-reviewer-parent"),
        ("league-reviewer-neighbour-parent", "clerk-own"),
        ("region-reviewer-root", "operator-root"),
        ("region-reviewer-root", "auditor-root"),
        ("region-reviewer-root", "source-foreign"),
        ("operator-root", "auditor-root"),
        ("region-reviewer-root", "nobody"),
    ],
)
def test_a_code_outside_the_scope_is_refused_in_the_same_words(region, by, login) -> None:
    act = services.issue_recovery_code
    error = refused("RECOVERY-LOGIN", act, reviewer_scope=region.scope(by), login=login, now_ms=NOW)
    words = error.message.replace(login, "*")
    assert words == "在您的范围内没有可由您发码的账号「*」。"
    assert read.rows("form = 'K-RECOVERY'", []) == []


def test_a_second_factor_is_reset_by_the_operator_only_and_that_is_filed(region) -> None:
    Account.objects.filter(login="banner-reviewer-own").update(totp_secret="x")
    act = services.reset_second_factor
    arguments = {"login": "banner-reviewer-own", "now_ms": NOW}
    refused("SCOPE-VERB", act, by=region.scope("league-reviewer-parent"), **arguments)
    act(by=region.scope("operator-root"), **arguments)
    assert Account.objects.get(login="banner-reviewer-own").totp_secret == ""
    assert json.loads(read.rows("form = 'K-RECOVERY'", [])[-1].body)["kind"] == "second_factor"


def test_the_register_catches_up_by_itself(region: SmallRegion) -> None:
    assert catch_up() == 0
