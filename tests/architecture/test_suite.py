"""`./ortoo test` tells the truth: its exit code, its last line, and what it hands to pytest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ortoo import cli
from ortoo.commands import suite

PASSES = ("fine", ("-c", "print('looked')"))
FINDS = ("strict", ("-c", "import sys; print('line 3 is wrong'); sys.exit(1)"))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: slow\naddopts = -q\n")
    (tmp_path / "tests" / "test_sample.py").write_text(
        "import pytest\n"
        "def test_quick(): pass\n"
        "@pytest.mark.slow\ndef test_slow(): pass\n"
        "def test_broken(): assert False\n"
    )
    monkeypatch.setattr(suite, "CHECKOUT", tmp_path)
    monkeypatch.setattr(suite, "LINTERS", (PASSES,))
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def last_line(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().out.strip().splitlines()[-1].strip("= ")


def test_the_last_line_and_the_exit_code_are_those_of_pytest(checkout, capfd):
    assert cli.main(["test", "-p", "no:cacheprovider"]) == 1
    assert last_line(capfd).startswith("1 failed, 1 passed in")
    assert cli.main(["test", "-p", "no:cacheprovider", "-k", "quick"]) == 0
    assert last_line(capfd).startswith("1 passed in")


def test_slow_tests_run_when_asked_for(checkout, capfd):
    assert cli.main(["test", "--slow", "-p", "no:cacheprovider", "-k", "not broken"]) == 0
    assert last_line(capfd).startswith("2 passed in")


def test_a_linter_that_finds_something_fails_the_run_but_not_the_last_line(
    checkout, capfd, monkeypatch
):
    monkeypatch.setattr(suite, "LINTERS", (FINDS, PASSES))
    assert cli.main(["test", "-p", "no:cacheprovider", "-k", "quick"]) == 1
    said = capfd.readouterr().out
    assert "line 3 is wrong" in said and "strict: 未通过" in said and "fine: 通过" in said
    assert said.strip().splitlines()[-1].strip("= ").startswith("1 passed in")
    assert cli.main(["test", "--no-lint", "-p", "no:cacheprovider", "-k", "quick"]) == 0


def test_paths_given_from_another_folder_reach_pytest_as_they_were_meant(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "test_x.py").touch()
    given = ["a/test_x.py", "a/test_x.py::test_y", "-k", "a", "no/such.py", "-n=3"]
    assert suite.absolute(given, tmp_path) == [
        f"{tmp_path}/a/test_x.py",
        f"{tmp_path}/a/test_x.py::test_y",
        *given[2:],
    ]


def test_browser_tests_are_told_which_browser_there_is(monkeypatch):
    monkeypatch.setattr(suite.shutil, "which", {"chromium-browser": "/usr/bin/cb"}.get)
    assert suite.browser_environment({})["ORTOO_CHROMIUM"] == "/usr/bin/cb"
    assert suite.browser_environment({"ORTOO_CHROMIUM": "/x"})["ORTOO_CHROMIUM"] == "/x"
    monkeypatch.setattr(suite.shutil, "which", lambda name: None)
    assert "ORTOO_CHROMIUM" not in suite.browser_environment({})


def test_the_linters_named_are_installed_and_configured():
    names = [name for name, _ in suite.LINTERS]
    assert names == ["ruff", "import-linter", "mypy"]
    assert (suite.CHECKOUT / "importlinter.ini").exists()
    assert os.access(suite.CHECKOUT / ".ci" / "run", os.X_OK)
