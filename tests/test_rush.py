"""A tiny Friday noon over real HTTP: whoever has a receipt is on the log, and counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from benchmarks.noon.arrivals import HASTE, busiest, moments
from hypothesis import given
from hypothesis import strategies as st

CHECKOUT = Path(__file__).resolve().parents[1]
FIRMS = 20


@pytest.fixture(scope="module")
def rush() -> dict[str, Any]:
    """What `./ortoo bench rush` says of twenty firms in five seconds."""
    command = [sys.executable, "-P", "-m", "ortoo", "bench", "rush", "--json"]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ORTOO_")}
    found = subprocess.run(
        [*command, "--size", f"{FIRMS}x0.08"],
        cwd=CHECKOUT,
        env=kept,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert found.returncode == 0, found.stderr[-4000:]
    return dict(json.loads(found.stdout))


@pytest.mark.slow
@pytest.mark.law(1)
def test_every_firm_that_files_in_the_rush_has_a_receipt_and_is_counted(
    rush: dict[str, Any],
) -> None:
    assert (rush["errors"], rush["error_samples"]) == (0, [])
    assert rush["firms"] == FIRMS
    assert rush["corrections"] == 2
    assert rush["acknowledged"] == rush["stored"] == FIRMS + 2
    assert (rush["lost"], rush["unacknowledged"]) == (0, 0)
    assert rush["counted_in_region"] == FIRMS


@pytest.mark.slow
@pytest.mark.law(9)
def test_after_the_rush_the_log_verifies_and_every_projection_is_equal(
    rush: dict[str, Any],
) -> None:
    assert rush["verify_ok"] and rush["projections_caught_up"] and rush["rebuild_equal"]


@pytest.mark.slow
def test_the_rush_reports_each_kind_of_request(rush: dict[str, Any]) -> None:
    kinds = rush["kinds"]
    assert kinds["home"]["requests"] == FIRMS
    assert kinds["draft"]["requests"] == 2 * FIRMS
    assert kinds["receipt"]["requests"] == FIRMS + 2
    assert {"check", "file", "correct", "review", "queue", "figures", "asset"} <= set(kinds)
    pages = sum(of["requests"] for kind, of in kinds.items() if kind != "asset")
    assert rush["requests"] == pages
    assert rush["p50_ms"] <= rush["p99_ms"] <= rush["max_ms"]
    assert rush["server_cpu_s"] > 0 and rush["server_peak_mb"] > 50


@given(st.integers(1, 700), st.floats(1, 3600), st.integers(0, 99))
def test_arrivals_lie_in_the_window_and_crowd_towards_its_end(
    count: int, window_s: float, seed: int
) -> None:
    found = moments(count, window_s, Random(seed))
    assert len(found) == count
    assert all(-1e-6 <= moment <= window_s + 1e-6 for moment in found)
    last_tenth = sum(moment > 0.9 * window_s for moment in found)
    # Stratified draws: the share of the curve, give or take one at the border.
    assert abs(last_tenth - 0.4037 * count) <= 1.0001
    assert HASTE == 1 / 30


def test_the_busiest_seconds_are_counted() -> None:
    assert busiest([0.0, 5.0, 5.5, 6.0, 20.0], 1.0) == 3
    assert busiest([], 1.0) == 0
