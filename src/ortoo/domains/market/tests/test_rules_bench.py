from __future__ import annotations

import importlib.util
from pathlib import Path

BENCH = Path(__file__).parents[5] / "benchmarks" / "rules.py"


def test_the_rules_bench_gives_its_keys_and_its_flags_do_fire():
    spec = importlib.util.spec_from_file_location("rules_bench", BENCH)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    found = bench.run("300", True, None, "sqlite")
    assert {"checks", "row_local_per_cpu_s", "with_peers_per_cpu_s"} <= set(found)
    assert found["checks"] == 300 * 46 * 11
    assert found["return_cells"] == 184 and found["return_ms"] < 20
    assert found["violations"] > 0
