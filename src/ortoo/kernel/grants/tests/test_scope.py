"""Scope follows the dated 报送关系 and never the code tree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.roles import REVIEWERS, ROLES, VERBS, Reach, conflict, may_recover
from ortoo.kernel.grants.scope import PUBLIC, SYSTEM, role_scope, scope_of
from ortoo.kernel.places.tests.packs_for_tests import ON, PACKS, Sample

FIGURES = ("read_unit_figures", "read_unreviewed", "accept", "query", "send_back", "read_contacts")
SAMPLES = pytest.mark.parametrize("sample", PACKS.values(), ids=PACKS)


@dataclass(frozen=True)
class Row:
    role: str
    party: str = "P1"
    place: str = ""
    forms: str = "*"
    valid_from: str = "2026-01-01"
    valid_to: str = ""


def scope(sample: Sample, *rows: Row, on: date = ON, strong: bool = True):
    who = {"login": "someone", "party": "P1"}
    return scope_of(who, rows, pack=sample.pack, on=on, strong=strong)


@SAMPLES
def test_a_planned_city_and_the_league_it_left_see_nothing_of_each_other(sample: Sample) -> None:
    city = role_scope("league_reviewer", pack=sample.pack, on=ON, place=sample.planned)
    league = role_scope("league_reviewer", pack=sample.pack, on=ON, place=sample.left)
    for verb in FIGURES:
        assert city.may(verb, place=sample.planned)
        assert not league.may(verb, place=sample.planned)
        for code in sample.pack.under(sample.left, ON):
            assert league.may(verb, place=code)
            assert not city.may(verb, place=code)
    assert not city.reach & league.reach


@SAMPLES
def test_the_region_sees_the_planned_city_and_its_old_league_once_each(sample: Sample) -> None:
    region = role_scope("region_reviewer", pack=sample.pack, on=ON, place=sample.pack.root.code)
    assert region.reach == sample.pack.under(sample.pack.root.code, ON)
    assert {sample.planned, sample.left, sample.ordinary} <= region.reach


def test_a_change_of_reporting_moves_the_scope_on_its_day() -> None:
    sample = PACKS["lanchuan"]
    row = Row("league_reviewer", place=sample.left)
    assert scope(sample, row, on=date(2026, 1, 1)).may("review", place=sample.planned) is False
    early = Row("league_reviewer", place=sample.left, valid_from="2010-01-01")
    assert scope(sample, early, on=date(2018, 12, 31)).may("review", place=sample.planned)
    assert not scope(sample, early, on=date(2019, 1, 1)).may("review", place=sample.planned)


@SAMPLES
def test_a_clerk_acts_for_the_own_party_only_even_beside_the_right_place(sample: Sample) -> None:
    clerk = scope(sample, Row("clerk", place=sample.ordinary))
    assert clerk.may("file_return", party="P1")
    assert not clerk.may("file_return", party="P2")
    assert not clerk.may("file_return", place=sample.ordinary)
    assert not clerk.may("read_unit_figures", place=sample.ordinary)
    assert clerk.reach == frozenset()
    assert clerk.may_read(party="P1", place=sample.ordinary)
    assert not clerk.may_read(party="P2", place=sample.ordinary)


@SAMPLES
def test_grants_are_never_merged_across_places(sample: Sample) -> None:
    deputy = scope(
        sample,
        Row("league_reviewer", place=sample.left, forms="SCJC-W1"),
        Row("region_reader", place=sample.planned),
    )
    assert deputy.may("accept", "SCJC-W1", sample.left)
    assert not deputy.may("accept", "SCJC-W1", sample.planned)
    assert not deputy.may("accept", "SCJC-D1", sample.left)
    assert deputy.may("read_aggregates", "SCJC-D1", sample.planned)
    assert deputy.places("accept", "SCJC-D1") == frozenset()


@SAMPLES
def test_a_grant_holds_on_its_days_and_on_no_other(sample: Sample) -> None:
    row = Row(
        "banner_reviewer", place=sample.ordinary, valid_from="2026-11-10", valid_to="2026-11-14"
    )
    held = {
        day: scope(sample, row, on=date(2026, 11, day)).may("review", place=sample.ordinary)
        for day in (9, 10, 14, 15)
    }
    assert held == {9: False, 10: True, 14: True, 15: False}


@SAMPLES
def test_without_a_second_factor_the_roles_that_ask_for_one_are_left_out(sample: Sample) -> None:
    weak = scope(sample, Row("banner_reviewer", place=sample.ordinary), Row("clerk"), strong=False)
    assert weak.roles == {"clerk", "public"}


@SAMPLES
def test_the_operator_and_the_reader_see_no_figure_of_anybody(sample: Sample) -> None:
    for role in ("operator", "region_reader", "public", "source"):
        held = role_scope(role, pack=sample.pack, on=ON, place=sample.pack.root.code)
        assert held.reach == frozenset()
        for verb in FIGURES:
            assert not held.may(verb, place=sample.ordinary)
            assert not held.may(verb)


def test_the_public_reads_what_is_published_and_is_sent_to_log_in_for_the_rest() -> None:
    assert PUBLIC.may("read_published") and PUBLIC.may("verify_seal")
    with pytest.raises(Refused) as refusal:
        PUBLIC.require("read_own", party="P1")
    assert (refusal.value.code, refusal.value.status) == ("SCOPE-LOGIN", 401)


@SAMPLES
def test_a_refusal_says_which_part_of_the_grant_is_missing_and_whom_to_ask(sample: Sample) -> None:
    banner = scope(sample, Row("banner_reviewer", place=sample.ordinary, forms="SCJC-W1"))
    above = sample.pack.reviewing_place(sample.pack.reports_to(sample.ordinary, ON), ON)
    cases = {
        "SCOPE-PLACE": ("accept", "SCJC-W1", sample.planned, None),
        "SCOPE-FORM": ("accept", "SCJC-D1", sample.ordinary, None),
        "SCOPE-VERB": ("manage_grants", None, sample.ordinary, None),
        "SCOPE-PARTY": ("read_own", "SCJC-W1", None, "P2"),
    }
    for code, arguments in cases.items():
        with pytest.raises(Refused) as refusal:
            banner.require(*arguments)
        assert refusal.value.code == code
        assert refusal.value.status == 403
        assert sample.pack.bureau(above.code) in refusal.value.remedy


def test_a_verb_that_does_not_exist_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        PUBLIC.may("read_everything")


def test_every_verb_is_held_by_a_role_and_every_role_holds_known_verbs() -> None:
    held = frozenset().union(*(role.verbs for role in ROLES.values()))
    assert held == frozenset(VERBS)


def test_only_reviewers_write_on_places_and_only_respondents_file() -> None:
    writing = {"query", "send_back", "accept", "file_assisted", "chase", "request_flash"}
    for role in ROLES.values():
        assert bool(writing & role.verbs) == (role.code in REVIEWERS)
        assert ("file_return" in role.verbs) == (role.code in {"clerk", "source"})


def test_the_system_party_reads_no_figure_and_manages_grants_everywhere() -> None:
    assert SYSTEM.actor == "SYSTEM"
    assert SYSTEM.may("manage_grants", place="anywhere")
    assert not SYSTEM.may("read_unit_figures")


@given(
    role=st.sampled_from(sorted(ROLES)),
    verb=st.sampled_from(sorted(VERBS)),
    data=st.data(),
)
def test_what_may_allows_for_a_place_is_exactly_what_places_lists(role, verb, data) -> None:
    sample = data.draw(st.sampled_from(list(PACKS.values())))
    codes = [place.code for place in sample.pack.places]
    at, asked = data.draw(st.sampled_from(codes)), data.draw(st.sampled_from(codes))
    held = role_scope(role, pack=sample.pack, on=ON, place=at, party="P1")
    if VERBS[verb].reach is Reach.PLACES and role != "system":
        assert held.may(verb, place=asked) == (asked in held.places(verb))


def test_administrator_and_auditor_stand_apart() -> None:
    assert conflict(frozenset({"clerk"}), "operator") == "clerk"
    assert conflict(frozenset({"auditor"}), "operator") == "auditor"
    assert conflict(frozenset({"operator"}), "league_reviewer") == "operator"
    assert conflict(frozenset({"league_reviewer"}), "region_reader") == ""
    assert conflict(frozenset({"operator"}), "operator") == ""


def test_a_reviewer_lets_clerks_and_lower_reviewers_in_never_a_colleague() -> None:
    league, clerk = frozenset({"league_reviewer"}), frozenset({"clerk"})
    assert may_recover(league, clerk, lower=False)
    assert may_recover(league, frozenset({"banner_reviewer"}), lower=True)
    assert not may_recover(league, league, lower=False)
    assert not may_recover(frozenset({"operator"}), frozenset({"auditor"}), lower=True)
    assert not may_recover(clerk, clerk, lower=True)
