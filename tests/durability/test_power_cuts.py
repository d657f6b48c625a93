"""Acknowledged is durable: power cut at random moments, and processes and servers killed."""

from __future__ import annotations

import pytest
from benchmarks import postgres

from .running import bench, need_shim, scenarios

pytestmark = pytest.mark.law(16)


def _nothing_is_lost(found: dict) -> None:
    assert (found["lost"], found["checkpoints_lost"]) == (0, 0)
    assert found["verify_ok"] and found["rebuild_equal"]


def test_what_was_acknowledged_survives_power_cuts_and_kills_and_would_not_without_the_barrier():
    need_shim()
    found = bench("--size", "40x2")
    assert (found["database"], found["power_cuts"], found["kills"]) == ("sqlite", 40, 2)
    assert found["acknowledged"] > 400 and found["promises_checked"] > 1_000
    _nothing_is_lost(found)
    assert found["lost_without_barrier"] > 0, "a disk that never loses anything proves nothing"


@pytest.mark.slow
def test_five_hundred_power_cuts_and_twenty_kills_lose_nothing():
    need_shim()
    found = bench("--size", "full")
    assert (found["power_cuts"], found["kills"]) == (500, 20)
    _nothing_is_lost(found)
    assert found["lost_without_barrier"] > 0


@pytest.mark.slow
def test_the_same_cuts_tell_a_barrier_that_is_almost_right_from_the_right_one():
    lost = scenarios("weaker-barriers")["weaker-barriers"]
    assert lost["joins_a_sync_already_running"] > 0
    assert lost["syncs_the_database_instead_of_its_log"] > 0


@pytest.mark.postgresql
def test_on_postgresql_killed_clients_and_a_killed_server_lose_nothing():
    why = postgres.reason_missing()
    if why:
        pytest.skip(why)
    found = bench("--size", "0x4", "--database", "postgresql")
    assert (found["power_cuts"], found["kills"], found["server_crashes"]) == (0, 4, 2)
    assert found["acknowledged"] > 20
    _nothing_is_lost(found)
