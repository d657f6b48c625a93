"""The barrier after a failure, and the file it syncs."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from ortoo.kernel.filings.barrier import BarrierBroken, SyncBarrier

pytestmark = pytest.mark.law(16)


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    path = tmp_path / "x-wal"
    path.write_bytes(b"log")
    return path


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(descriptor, inode) of every fdatasync asked for."""
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: seen.append((fd, os.fstat(fd).st_ino)))
    return seen


def test_after_one_failed_sync_nothing_is_acknowledged_though_the_next_would_succeed(
    wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [OSError(errno.EIO, "input/output error"), None]

    def fdatasync(descriptor: int) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    barrier = SyncBarrier(wal)
    with pytest.raises(OSError, match="input/output"):
        barrier.wait()
    for _ in range(3):
        with pytest.raises(BarrierBroken):
            barrier.wait()
    assert len(answers) == 1, "a sync was tried again"
    SyncBarrier(wal).wait()


def test_those_who_wait_while_a_sync_fails_are_refused_too(
    wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, release = threading.Event(), threading.Event()

    def fdatasync(descriptor: int) -> None:
        inside.set()
        release.wait(10)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    barrier, outcomes = SyncBarrier(wal), list[str]()

    def wait() -> None:
        try:
            barrier.wait()
            outcomes.append("acknowledged")
        except OSError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    release.set()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["BarrierBroken"] * 4 + ["OSError"]


def test_a_log_that_could_not_be_opened_for_want_of_descriptors_is_tried_again(
    wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = SyncBarrier(wal)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", _refused(errno.EMFILE))
        with pytest.raises(OSError, match="too many"):
            barrier.wait()
    barrier.wait()


def test_a_failure_that_somebody_else_saw_ends_acknowledging(wal: Path) -> None:
    barrier = SyncBarrier(wal)
    barrier.wait()
    barrier.condemn(OSError(errno.EIO, "seen by SQLite"))
    with pytest.raises(BarrierBroken, match="seen by SQLite"):
        barrier.wait()


def test_the_log_is_held_open_so_that_a_failure_before_the_next_sync_is_heard_of(
    wal: Path, synced: list[tuple[int, int]]
) -> None:
    barrier = SyncBarrier(wal)
    for _ in range(3):
        barrier.wait()
    assert len(synced) == 3
    assert len({descriptor for descriptor, _ in synced}) == 1


def test_a_log_that_was_removed_and_made_again_is_the_one_synced(
    wal: Path, synced: list[tuple[int, int]]
) -> None:
    barrier = SyncBarrier(wal)
    barrier.wait()
    wal.rename(wal.with_suffix(".old"))
    wal.write_bytes(b"another")
    barrier.wait()
    assert synced[-1][1] == wal.stat().st_ino


def test_without_a_log_the_folder_is_synced(
    wal: Path, monkeypatch: pytest.MonkeyPatch, synced: list[tuple[int, int]]
) -> None:
    folders: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: folders.append(os.fstat(fd).st_ino))
    wal.unlink()
    SyncBarrier(wal).wait()
    assert (folders, synced) == ([wal.parent.stat().st_ino], [])


def _refused(number: int):
    def refuse(*arguments: object) -> int:
        raise OSError(number, "too many open files")

    return refuse
