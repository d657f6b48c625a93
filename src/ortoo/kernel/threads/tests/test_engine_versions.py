"""Law 13 on threads that follow a file: versions pinned, threads migrated by a filing."""

from __future__ import annotations

import pytest

from ortoo.kernel.threads.tests.matter import (
    HOUR,
    migrating,
    refused,
)

# --- versions ----------------------------------------------------------------------------------


@pytest.mark.law(13)
def test_a_migrated_thread_keeps_what_was_decided_and_when_it_began() -> None:
    matter = migrating()
    begun = matter.now
    matter.decide("quarantine")
    matter.say("migrate", "OFFICE", {"to": 2, "map": {"customs": "inspection"}}, after=HOUR)
    assert matter.state.plan.version == 2
    assert matter.open_duties() == {"decide|inspection": "CUSTOMS"}
    assert matter.duty("decide|inspection").due_at == begun + (6 + 16) * HOUR, "five hours today"
    assert matter.duty("decide|customs").void_seq == matter.seq
    assert matter.duty("decide|border").void_seq == matter.seq
    matter.decide("inspection")
    assert matter.open_duties() == {"release|release": "OFFICE"}


@pytest.mark.law(13)
def test_every_decided_step_must_land_somewhere_that_knows_its_outcome() -> None:
    matter = migrating()
    matter.decide("customs", "bond")

    def move(steps: dict[str, str], filer: str = "OFFICE", to: int = 2) -> str:
        return refused(matter.say, "migrate", filer, {"to": to, "map": steps})

    assert move({}) == "MIGRATE-MAP"
    assert move({"customs": "inspection"}) == "MIGRATE-MAP", "no release on bond any more"
    assert move({"border": "inspection", "customs": "inspection"}) == "MIGRATE-MAP"
    assert move({"customs": "nowhere"}) == "MIGRATE-MAP"
    assert move({"nothing": "inspection"}) == "MIGRATE-MAP"
    assert move({"customs": "quarantine"}) == "MIGRATE-MAP", "two on one"
    assert move({}, "CUSTOMS") == "MIGRATE-OTHER"
    assert move({}, to=1) == "MIGRATE-VERSION"
    assert move({}, to=7) == "MIGRATE-VERSION"


def test_a_question_moves_with_its_step() -> None:
    matter = migrating()
    asked = matter.ask()
    matter.say("migrate", "SYSTEM", {"to": 2, "map": {"customs": "inspection"}})
    assert matter.open_duties()["answer|inspection"] == "FIRM"
    matter.answer(asked)
    assert "answer|inspection" not in matter.open_duties()


def test_a_migration_is_undone_by_another_and_not_annulled() -> None:
    matter = migrating()
    moved = matter.say("migrate", "OFFICE", {"to": 2, "map": {"customs": "inspection"}})
    code = refused(matter.say, "annul", "OFFICE", {"target": moved}, reason="依据")
    assert code == "ANNUL-MIGRATION"
    matter.say("migrate", "OFFICE", {"to": 1, "map": {"inspection": "customs"}})
    assert "decide|customs#2" in matter.open_duties()


def test_two_pending_steps_do_not_become_one() -> None:
    matter = migrating()
    steps = {"border": "inspection", "customs": "inspection"}
    code = refused(matter.say, "migrate", "OFFICE", {"to": 2, "map": steps})
    assert code == "MIGRATE-MAP"


def test_a_skipped_step_stays_skipped_under_its_new_name() -> None:
    matter = migrating()
    skip = {"action": "skip", "step": "customs"}
    matter.say("override", "OFFICE", skip, reason="系统故障")
    matter.say("migrate", "OFFICE", {"to": 2, "map": {"customs": "inspection"}})
    assert matter.open_duties() == {"decide|quarantine": "PLANTS"}


def test_two_steps_may_change_names_with_each_other() -> None:
    matter = migrating()
    detail = {"to": 2, "map": {"customs": "quarantine", "quarantine": "inspection"}}
    matter.say("migrate", "OFFICE", detail)
    assert sorted(matter.open_duties()) == ["decide|inspection", "decide|quarantine#2"]
