"""A simulated Friday from opening to bulletin: small in the ordinary suite, whole when slow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = ["--size", "14"]
Friday = dict[str, Any]


def played(arguments: list[str], timeout: int) -> Friday:
    """What `./ortoo bench friday` says."""
    command = [sys.executable, "-P", "-m", "ortoo", "bench", "friday", "--json", *arguments]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ORTOO_")}
    found = subprocess.run(
        command, cwd=CHECKOUT, env=kept, check=False, capture_output=True, text=True,
        timeout=timeout,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-4000:]
    return dict(json.loads(found.stdout))


@pytest.fixture(scope="module")
def small() -> Friday:
    return played(SMALL, 300)


@pytest.fixture(scope="module")
def whole() -> Friday:
    return played([], 1800)


def books_are_straight(friday: Friday) -> None:
    assert (friday["errors"], friday["error_samples"]) == (0, [])
    assert friday["errors_5xx"] == 0
    assert (friday["lost"], friday["counted_twice"], friday["not_owed"]) == ([], [], [])
    assert (friday["owed_unlike_lists"], friday["stuck"]) == ([], [])
    assert (friday["verify_findings"], friday["rebuild_differs"]) == ([], [])
    assert friday["projections_behind"] == 0


def sums_agree(friday: Friday) -> None:
    assert friday["sums_compared"] > 1000
    assert (friday["recount_differs"], friday["recount_samples"]) == (0, [])
    assert (friday["region_is_sum_of_units"], friday["region_samples"]) == (True, [])
    assert friday["bulletin_figures"] > 100
    assert (friday["bulletin_differs"], friday["bulletin_samples"]) == (0, [])
    assert friday["rounded_twice"] == []


def reminders_arrive(friday: Friday) -> None:
    assert friday["messages"].get("sms delivered", 0) > 0
    assert friday["system_filed"]["K-CHASE"] > 0
    assert friday["system_filed"]["K-OVERDUE"] > 0


def only_silent_firms_owe(friday: Friday) -> None:
    left = sum(friday["duties_open"].values())
    assert left == friday["silent_firms"]
    assert (friday["duties_unexplained"], friday["silent_without_duty"]) == ({}, [])


def everyone_files_once(friday: Friday) -> None:
    filed = {form: n for form, n in friday["filings"].items() if " " not in form}
    silent = friday["silent_firms"] + friday["waived"]
    assert sum(filed.values()) == sum(friday["owed"].values()) - silent
    assert sum(friday["ways"].values()) == sum(filed.values())


def slips_add_up(friday: Friday) -> None:
    assert friday["slips_planted"] == friday["slips_found"] + friday["slips_missed"]
    assert friday["slips_found"] > 0
    assert friday["questions"].get("on a planted slip", 0) > 0


def neighbours_are_refused(friday: Friday) -> None:
    assert friday["neighbour_office"].keys() <= {"403", "404"}
    assert friday["neighbour_firm"].keys() <= {"403", "404"}
    assert sum(friday["neighbour_office"].values()) == 15


def known_cells_are_confirmed(friday: Friday) -> None:
    for form in ("SCJC-W1", "EMG-STOCK", "LTQY-M1"):
        asked, known = friday["cells_asked"][form], friday["cells_known"][form]
        assert 0 < friday["cells_confirmed"][form] <= known < asked
    assert 0.05 < friday["once_only"] < 1


def the_public_reads_after_the_embargo(friday: Friday) -> None:
    for form in ("SCJC-W1", "EMG-STOCK", "LTQY-M1"):
        assert f"{form} issued" in friday["stood"]
        told, public = friday["bulletin"][form], friday["bulletin"][form]["public"]
        assert 0 < public["figures"] <= told["figures"]
        assert sum(public["moves"].values()) <= sum(told["moves"].values())


HOLDS = [
    books_are_straight,
    reminders_arrive,
    sums_agree,
    only_silent_firms_owe,
    everyone_files_once,
    slips_add_up,
    neighbours_are_refused,
    known_cells_are_confirmed,
    the_public_reads_after_the_embargo,
]


@pytest.mark.parametrize("holds", HOLDS, ids=lambda holds: holds.__name__)
def test_on_a_small_friday(small: Friday, holds: Callable[[Friday], None]) -> None:
    holds(small)


def test_two_clerks_who_pass_one_list_at_once_pass_it_once(small: Friday) -> None:
    assert sum(small["races"].values()) > 0
    assert small["accepted_twice"] == []
    assert all("refused" in pair or "already" in pair for pair in small["races"])


@pytest.mark.slow
@pytest.mark.parametrize("holds", HOLDS, ids=lambda holds: holds.__name__)
def test_on_the_whole_friday(whole: Friday, holds: Callable[[Friday], None]) -> None:
    holds(whole)


@pytest.mark.slow
def test_the_whole_friday_is_that_of_three_lists(whole: Friday) -> None:
    assert whole["lists"] == {"sample": 230, "guarantor": 128, "backbone": 388}
    assert whole["on_two_lists"] > 150
    assert whole["units"] == 13
    assert whole["accepted_twice"] == []
