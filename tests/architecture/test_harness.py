"""The bench harness: one JSON object on stdout, and processor time counted once."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .source import CHECKOUT, PACKAGE

sys.path.insert(0, str(CHECKOUT))
from benchmarks import harness, processor

BENCH = """
import os, subprocess, sys
from benchmarks.harness import progress

def arguments(parser):
    parser.add_argument("--rise", type=float, default=0.2)

def run(*, size, quick, data, database, rise):
    progress("half way")
    print("chatter of a library")
    subprocess.run(["echo", "chatter of a child"])
    os.write(1, b"chatter below python")
    if size == "broken":
        raise ValueError("no such size")
    return {"rise": rise, "quick": quick, "nothing": float("nan"), "peer": None, "notes": "a note"}
"""


@pytest.fixture
def bench(tmp_path: Path):
    """Runs `ortoo bench sample …` in a checkout that has this one bench."""
    for folder in ("src", "benchmarks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src" / "ortoo").symlink_to(PACKAGE)
    for name in ("__init__", "harness", "processor"):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(
            (CHECKOUT / "benchmarks" / f"{name}.py").read_text("utf-8")
        )
    (tmp_path / "benchmarks" / "sample.py").write_text(BENCH)
    runner = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(PACKAGE.parent)!r}]\n"
        "from ortoo import cli\nfrom ortoo.commands import bench\nfrom pathlib import Path\n"
        f"bench.CHECKOUT = Path({str(tmp_path)!r})\n"
        "sys.exit(cli.main(['bench', *sys.argv[1:]]))"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", runner, *arguments], capture_output=True, text=True, check=False
        )

    return run


def test_stdout_is_one_json_object_whatever_the_bench_prints(bench):
    answer = bench("sample", "--json", "--quick", "--rise", "0.3")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert answer.stdout.count("\n") == 1
    assert {"name", "commit", "python", "cores", "size", "seconds", "notes"} <= found.keys()
    assert (found["name"], found["size"], found["rise"]) == ("sample", "quick", 0.3)
    assert found["nothing"] is None and found["peer"] is None and found["notes"] == ["a note"]
    for chatter in ("half way", "of a library", "of a child", "below python"):
        assert chatter in answer.stderr


def test_a_bench_that_fails_still_prints_one_object_and_says_so(bench):
    answer = bench("sample", "--json", "--size", "broken")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"] == "ValueError: no such size"
    assert "Traceback" in answer.stderr


def test_an_unknown_bench_lists_those_there_are(bench):
    answer = bench("simple", "--json")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "sample" in answer.stderr


def test_data_that_is_not_there_is_wrong_usage(bench):
    answer = bench("sample", "--json", "--data", "/nowhere")
    assert (answer.returncode, answer.stdout) == (2, "")


def test_values_json_cannot_say_become_null_and_numpy_scalars_numbers():
    numpy = pytest.importorskip("numpy")
    made = harness.plain({"a": numpy.float64(1.5), "b": (numpy.int64(2), math.inf), 3: Path("x")})
    assert made == {"a": 1.5, "b": [2, None], "3": "x"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_time_of_children_is_counted_once_while_they_live_and_after():
    burn = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.4: pass"]
    with processor.Meter() as used:
        subprocess.run(burn, check=True)
    assert 0.35 < used.cpu.tree < 1.5
    waits = "import sys,time\nwhile time.process_time() < 0.4: pass\nprint(1,flush=True)\ninput()"
    with processor.Meter() as used:
        child = subprocess.Popen(
            [sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        alive = processor.cpu_seconds()
        child.communicate(b"\n")
    assert alive.tree > 0
    assert 0.35 < used.cpu.tree < 1.5


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_the_servers_time_is_kept_apart_and_not_counted_twice():
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(1,flush=True)\ninput()"
    child = subprocess.Popen(
        [sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    apart = processor.cpu_seconds([child.pid])
    together = processor.cpu_seconds()
    child.communicate(b"\n")
    assert apart.server >= 0.25
    assert abs(together.tree - apart.total) < 0.2


def test_a_process_whose_name_holds_brackets_is_read():
    line = "42 (a) b (c) S 7 " + " ".join("0" for _ in range(9)) + " 3 4 5 6 20 0"
    assert processor.parse_stat(line) == processor.Process(42, "a) b (c", 7, 18)


def test_a_process_that_is_no_back_end_has_no_server():
    with pytest.raises(ValueError, match="no PostgreSQL back end"):
        processor.server_of(os.getpid())
