"""Make `.venv` from a hashed lock. Run by the launcher, by path, before anything is installed.

Standard library only. One process at a time holds the lock file; the kernel releases it when that
process dies, so a killed installation never blocks the next one. A mark stands in the environment
while pip writes; found at the start, it means an interrupted installation, and the environment is
made afresh (what pip has fetched is in its cache).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
UNFINISHED = "ortoo-unfinished"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def alone(path: Path) -> Iterator[int]:
    """Hold the installation lock; wait, saying so, while another process has it. Gives its fd."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一个进程正在安装，请稍候…… (another process is installing; waiting)")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would leak another Python's modules into ours."""
    return {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}


def works(venv: Path) -> bool:
    """Whether the environment has a Python we support that starts, and a pip that loads."""
    python = venv / "bin" / "python"
    if not os.access(python, os.X_OK) or (venv / UNFINISHED).exists():
        return False
    question = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))"
    answer = subprocess.run([python, "-I", "-c", question], capture_output=True, check=False)
    return answer.returncode == 0


def current(root: Path, kind: str) -> bool:
    """Whether the environment already holds what the lock says."""
    stamp = root / ".venv" / f"ortoo-{kind}.lock"
    lock = root / LOCKS[kind]
    return stamp.exists() and stamp.read_bytes() == lock.read_bytes()


def watch(process: subprocess.Popen[bytes], venv: Path, expected: int) -> None:
    """Show, until pip ends, how long it has run and how many packages lie in the environment."""
    started, shown = time.monotonic(), 0.0
    on_terminal = sys.stderr.isatty()
    while process.poll() is None:
        time.sleep(0.25)
        elapsed = time.monotonic() - started
        if elapsed - shown < (1 if on_terminal else 15):
            continue
        shown = elapsed
        done = sum(1 for _ in venv.glob("lib/python3*/site-packages/*.dist-info"))
        line = f"  安装依赖 installing: {min(done, expected)}/{expected}，{elapsed:.0f} s"
        print(
            f"\r{line}" if on_terminal else line,
            end="" if on_terminal else "\n",
            file=sys.stderr,
            flush=True,
        )
    if on_terminal and shown:
        say("")


def run_pip(venv: Path, lock: Path, log: Path, held: int) -> int:
    """Run pip on the lock, its words into the log; return its exit code.

    pip inherits the held lock: should this process be killed, the next one waits for pip to end.
    """
    expected = sum(
        1 for line in lock.read_text("utf-8").splitlines() if "==" in line and line[0].isalnum()
    )
    command: list[str | Path] = [
        venv / "bin" / "python",
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        lock,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            pass_fds=(held,),
        )
        try:
            watch(process, venv, expected)
        finally:
            process.wait()
    return process.returncode


def install(root: Path, kind: str, held: int) -> int:
    """Install the lock into the environment, making it first if need be; return pip's exit code."""
    venv, lock = root / ".venv", root / LOCKS[kind]
    if not works(venv):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-I", "-m", "venv", venv], check=True)
    say(f"准备运行环境（首次约需一分钟） Preparing .venv from {lock.name}, about a minute …")
    (venv / UNFINISHED).touch()
    log = venv / "ortoo-install.log"
    code = run_pip(venv, lock, log, held)
    (venv / UNFINISHED).unlink()  # pip ended by itself: it undoes what it could not finish
    if code != 0:
        say(log.read_text("utf-8", "replace")[-4000:])
        say("安装未完成。请检查网络或 pip 的镜像设置后再次运行。")
        say("(installation failed: check the network or pip's own settings, then run again)")
        return code
    # The development lock holds everything the other one does, at the same versions.
    for name in ("dev", "run") if kind == "dev" else ("run",):
        shutil.copyfile(root / LOCKS[name], venv / f"ortoo-{name}.lock")
    return 0


def main(arguments: list[str]) -> int:
    """`environment.py ROOT run|dev`: bring ROOT/.venv up to the lock of that kind."""
    root, kind = Path(arguments[0]), arguments[1]
    with alone(root / "var" / "install.lock") as held:
        if current(root, kind) and works(root / ".venv"):
            return 0
        try:
            return install(root, kind, held)
        except KeyboardInterrupt:
            say("已中断；再次运行会重新开始。 (interrupted; run again)")
            return 130
        except subprocess.CalledProcessError as failure:
            say(f"无法创建 .venv：{failure}。 (could not create .venv)")
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
