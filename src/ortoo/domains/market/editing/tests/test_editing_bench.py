"""The peers of the editing bench are the published definitions, MAD = 0 and all."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[6] / "benchmarks" / "editing_peers.py"


def peers():
    spec = importlib.util.spec_from_file_location("editing_peers", BENCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_peers_score_as_published() -> None:
    history = np.array([[10.0, 5.0, np.nan], [12.0, 5.0, np.nan], [11.0, 5.0, 7.0]])
    now = np.array([20.0, 50.0, 70.0])
    found = peers().scores(history, now)
    every = np.array([10.0, 12.0, 11.0, 20.0])
    assert found["z"][0] == pytest.approx(abs(20 - every.mean()) / every.std() / 3)
    assert found["modified_z"][0] == pytest.approx(0.6745 * (20 - 11.5) / 1.0 / 3)
    # A tenfold price after a constant: a MAD of 0 sees nothing, and min-max does.
    assert found["modified_z"][1] == 0
    assert found["min_max"][1] > 1
    assert np.isnan([found[name][2] for name in ("z", "modified_z", "min_max")]).all()
