"""The launcher and the locks: any POSIX shell, any folder name, one installation at a time."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .source import CHECKOUT

SHELL = shutil.which("dash") or "/bin/sh"
STUB = "import sys; print('ran', *sys.argv[1:])"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a space in its name, whose locks ask for nothing."""
    root = tmp_path / "my checkout"
    (root / "src" / "ortoo" / "commands").mkdir(parents=True)
    shutil.copy(CHECKOUT / "ortoo", root)
    source = "src/ortoo/commands/environment.py"
    shutil.copy(CHECKOUT / source, root / source)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text("# nothing\n")
    (root / "src" / "ortoo" / "__init__.py").write_text("")
    (root / "src" / "ortoo" / "__main__.py").write_text(STUB)
    return root


def launch(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SHELL, str(root / "ortoo"), *arguments],
        env={"PATH": os.environ["PATH"], "ORTOO_PYTHON": sys.executable, **environment},
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def pins(name: str) -> dict[str, set[str]]:
    text = (CHECKOUT / name).read_text("utf-8")
    found: dict[str, set[str]] = {}
    for match in re.finditer(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", text, re.MULTILINE):
        found.setdefault(match[1].lower(), set()).add(match[2])
    return found


def test_the_development_lock_holds_everything_the_other_one_does():
    development = pins("requirements-dev.lock")
    assert {k: v for k, v in pins("requirements.lock").items() if development.get(k) != v} == {}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_by_hash_and_names_no_host(name):
    text = (CHECKOUT / name).read_text("utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])
    assert "://" not in text


def test_the_launcher_is_executable_and_posix():
    path = CHECKOUT / "ortoo"
    assert os.access(path, os.X_OK)
    assert path.read_text("utf-8").startswith("#!/bin/sh\n")
    assert subprocess.run([SHELL, "-n", str(path)], check=False).returncode == 0


def test_a_python_that_does_not_run_is_named_in_both_languages(checkout):
    answer = launch(checkout, "demo", ORTOO_PYTHON="/nowhere/python3")
    assert answer.returncode == 1 and "ran" not in answer.stdout
    assert "/nowhere/python3 不能运行" in answer.stderr and "does not run" in answer.stderr


def test_a_machine_without_python_is_told_what_to_install(checkout, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cmp", "readlink"):
        (tools / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    answer = launch(checkout, "demo", PATH=str(tools), ORTOO_PYTHON="")
    assert answer.returncode == 1
    assert "apt install python3" in answer.stderr and "3.11" in answer.stderr


def test_a_python_that_lacks_venv_is_told_what_to_install(checkout, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cmp", "readlink"):
        (tools / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    (tools / "python3").write_text("#!/bin/sh\nexit 4\n")
    (tools / "python3").chmod(0o755)
    answer = launch(checkout, "demo", PATH=str(tools), ORTOO_PYTHON="")
    assert answer.returncode == 1 and "python3-venv" in answer.stderr


@pytest.mark.slow
def test_the_environment_is_made_once_and_then_costs_almost_nothing(checkout, tmp_path):
    first = launch(checkout, "demo", "a b")
    assert (first.returncode, first.stdout) == (0, "ran demo a b\n"), first.stderr
    assert "requirements.lock" in first.stderr
    link = tmp_path / "ortoo-link"
    link.symlink_to(checkout / "ortoo")
    fastest = 9.0
    for _ in range(5):
        started = time.monotonic()
        again = subprocess.run([SHELL, str(link), "demo"], capture_output=True, check=True)
        fastest = min(fastest, time.monotonic() - started)
        assert again.stderr == b""
    assert fastest < 0.3
    development = launch(checkout, "test")
    assert "requirements-dev.lock" in development.stderr
    assert launch(checkout, "test").stderr == launch(checkout, "demo").stderr == ""
    (checkout / "requirements.lock").write_text("# changed\n")
    assert "requirements.lock" in launch(checkout, "demo").stderr


@pytest.mark.slow
def test_two_first_runs_at_once_make_one_environment(checkout):
    command = [SHELL, str(checkout / "ortoo"), "demo"]
    environment = {"PATH": os.environ["PATH"], "ORTOO_PYTHON": sys.executable}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [out for out, _ in said] == [b"ran demo\n"] * 2
    assert sum(b"requirements.lock" in err for _, err in said) == 1


@pytest.mark.slow
def test_an_interrupted_first_run_is_taken_up_again(checkout):
    process = subprocess.Popen(
        [SHELL, str(checkout / "ortoo"), "demo"],
        env={"PATH": os.environ["PATH"], "ORTOO_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (checkout / ".venv").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert launch(checkout, "demo").stdout == "ran demo\n"
    (checkout / ".venv" / "ortoo-unfinished").touch()
    (checkout / ".venv" / "ortoo-run.lock").unlink()
    assert launch(checkout, "demo").stdout == "ran demo\n"
    assert not (checkout / ".venv" / "ortoo-unfinished").exists()


@pytest.mark.slow
def test_a_failed_installation_shows_why_and_does_not_run_the_command(checkout):
    (checkout / "requirements.lock").write_text("./no-such-package\n")
    answer = launch(checkout, "demo")
    assert answer.returncode != 0 and "ran" not in answer.stdout
    assert "no-such-package" in answer.stderr and "安装未完成" in answer.stderr
