"""The durability barrier (Law 16): acknowledge only after an fdatasync begun after the commit.

SQLite commits under WAL with synchronous=NORMAL, which writes the WAL without waiting for the
disk. One fdatasync then serves every commit that happened before it began: waiters share it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


class SyncBarrier:
    """Shared fdatasync of one SQLite write-ahead log; safe for threads of one process."""

    def __init__(self, wal: Path) -> None:
        self._wal = wal
        self._condition = threading.Condition()
        self._started = 0
        self._finished = 0
        self._running = False

    def wait(self) -> None:
        """Return once an fdatasync that began after this call was made has ended.

        Raises OSError when the disk refuses: the caller must then not acknowledge.
        """
        with self._condition:
            wanted = self._started + 1
            while self._finished < wanted:
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

    def _sync(self) -> None:
        try:
            handle = os.open(self._wal, os.O_RDONLY)
        except FileNotFoundError:
            # Checkpointed and removed: SQLite synced the database file itself before doing so.
            return
        try:
            os.fdatasync(handle) if hasattr(os, "fdatasync") else os.fsync(handle)
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
