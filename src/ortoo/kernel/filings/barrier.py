"""The durability barrier (Law 16): acknowledge only after an fdatasync begun after the commit.

SQLite commits under WAL with synchronous=NORMAL, which writes the WAL without waiting for the
disk. One fdatasync then serves every commit that happened before it began: waiters share it.

A sync that fails once is the last. Linux marks the pages it could not write as clean, so that the
next sync succeeds over data that is nowhere (LWN 752063, "PostgreSQL's fsync() surprise", 2018);
and it tells each open descriptor of a failure once, and one opened afterwards perhaps not at all.
So the descriptor is held open, and after a failure nothing is acknowledged until a restart.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


class BarrierBroken(OSError):
    """An earlier sync failed: what the disk holds is not known until the process starts again."""


class SyncBarrier:
    """Shared fdatasync of one SQLite write-ahead log; safe for threads of one process."""

    def __init__(self, wal: Path) -> None:
        self._wal = wal
        self._condition = threading.Condition()
        self._started = 0
        self._finished = 0
        self._running = False
        self._broken: OSError | None = None
        self._held: int | None = None
        self._process = 0

    def wait(self) -> None:
        """Return once an fdatasync that began after this call was made has ended.

        Raises OSError when the disk refuses, and `BarrierBroken` for ever after: the caller must
        then not acknowledge.
        """
        with self._condition:
            wanted = self._started + 1
            while self._finished < wanted:
                self.check()
                if self._running:
                    self._condition.wait()
                    continue
                self._running = True
                self._started += 1
                turn = self._started
                self._condition.release()
                try:
                    self._sync()
                finally:
                    self._condition.acquire()
                    self._running = False
                    self._condition.notify_all()
                self._finished = turn

    def check(self) -> None:
        """Raise `BarrierBroken` when an earlier sync failed: nothing new should then be written."""
        if self._broken is not None:
            raise BarrierBroken(self._broken.errno, self._broken.strerror)

    def condemn(self, error: OSError) -> None:
        """Refuse from now on: somebody else, such as SQLite itself, saw a sync of the log fail."""
        with self._condition:
            self._broken = self._broken or error
            self._condition.notify_all()

    def _sync(self) -> None:
        try:
            handle = self._descriptor()
        except FileNotFoundError:
            # Checkpointed and removed: SQLite synced the database file itself before doing so. Or
            # never made, where the file system allows no WAL: then the removal of the rollback
            # journal is the commit, and the folder is what must reach the disk.
            _sync_folder(self._wal.parent)
            return
        try:
            os.fdatasync(handle) if hasattr(os, "fdatasync") else os.fsync(handle)
        except OSError as error:
            self._broken = error
            raise

    def _descriptor(self) -> int:
        """The log's, held open while it is the same file. Only the thread that syncs is here."""
        now, process = self._wal.stat(), os.getpid()
        if self._held is not None:
            held = os.fstat(self._held)
            # A descriptor inherited by a fork would be told of a failure once for both processes.
            if (held.st_dev, held.st_ino, self._process) == (now.st_dev, now.st_ino, process):
                return self._held
            os.close(self._held)
            self._held = None
        # SQLite takes its locks on the database file and the -shm, so opening and closing the log
        # drops none of them.
        self._held, self._process = os.open(self._wal, os.O_RDONLY), process
        return self._held


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_BARRIERS: dict[str, SyncBarrier] = {}
_LOCK = threading.Lock()


def barrier_for(database: str) -> SyncBarrier | None:
    """The barrier of an on-disk SQLite database; None for databases in memory."""
    if not database or ":memory:" in database or "mode=memory" in database:
        return None
    with _LOCK:
        if database not in _BARRIERS:
            _BARRIERS[database] = SyncBarrier(Path(database + "-wal"))
        return _BARRIERS[database]
