"""What the write says when the disk or the database refuses: coded, in words, never a traceback.

The driver's errors of both databases and the barrier's become `Refused`; a statement that was
wrong, and a database that was only busy, stay what they were.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db import Error as DatabaseError

from ortoo.kernel.filings.barrier import BarrierBroken, SyncBarrier, barrier_for
from ortoo.kernel.filings.refusal import Refused

INSUFFICIENT_STORAGE, UNAVAILABLE = 507, 503
_AGAIN = "没有取得回执的报件请用同一标识重新报送，已经收下的不会重复。"
_SAID: dict[str, tuple[int, str, str]] = {
    "STORAGE-FULL": (
        INSUFFICIENT_STORAGE,
        "服务器的磁盘已满，这次报件没有收下。",
        f"请管理员腾出数据目录所在磁盘的空间。{_AGAIN}",
    ),
    "STORAGE-READONLY": (
        UNAVAILABLE,
        "服务器的数据目录只读，这次报件没有收下。",
        f"请管理员检查磁盘的挂载方式与数据目录的权限。{_AGAIN}",
    ),
    "STORAGE-FAILED": (
        UNAVAILABLE,
        "服务器的磁盘读写出错，不能确认这次报件已经存妥。",
        f"请管理员检查磁盘后重新启动服务器，并运行 ortoo verify。{_AGAIN}",
    ),
    "STORAGE-UNSURE": (
        UNAVAILABLE,
        "此前一次写盘失败，磁盘上存了什么已不能确定；重新启动之前不再收件。",
        f"请管理员检查磁盘，重新启动服务器，并运行 ortoo verify。{_AGAIN}",
    ),
    "STORAGE-CORRUPT": (
        UNAVAILABLE,
        "数据库文件已损坏，这次报件没有收下。",
        f"请管理员停止服务，运行 ortoo verify，并从备份恢复。{_AGAIN}",
    ),
    "STORAGE-UNREACHABLE": (
        UNAVAILABLE,
        "连接不上数据库，不能确认这次报件已经收下。",
        f"请稍候重试；仍不行时请管理员检查数据库服务与数据目录。{_AGAIN}",
    ),
}
# Primary result codes of SQLite: the low byte of the extended ones (sqlite.org/rescode.html).
_SQLITE = {
    sqlite3.SQLITE_FULL: "STORAGE-FULL",
    sqlite3.SQLITE_READONLY: "STORAGE-READONLY",
    sqlite3.SQLITE_IOERR: "STORAGE-FAILED",
    sqlite3.SQLITE_CORRUPT: "STORAGE-CORRUPT",
    sqlite3.SQLITE_NOTADB: "STORAGE-CORRUPT",
    sqlite3.SQLITE_CANTOPEN: "STORAGE-UNREACHABLE",
}
_SYNCS_FAILED = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
# PostgreSQL's SQLSTATE (Appendix A), whole or as a class of two characters.
_SQLSTATE = {
    "53100": "STORAGE-FULL",
    "25006": "STORAGE-READONLY",
    "58030": "STORAGE-FAILED",
    "58P01": "STORAGE-FAILED",
    "XX001": "STORAGE-CORRUPT",
    "XX002": "STORAGE-CORRUPT",
    "57P01": "STORAGE-UNREACHABLE",
    "57P02": "STORAGE-UNREACHABLE",
    "57P03": "STORAGE-UNREACHABLE",
    "08": "STORAGE-UNREACHABLE",
}
_ERRNO = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "STORAGE-FULL"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "STORAGE-READONLY"),
}


@contextmanager
def translated() -> Iterator[None]:
    """Around the one write: a driver's or the disk's error becomes a `Refused`.

    Codes: STORAGE-FULL (507), STORAGE-READONLY, STORAGE-FAILED, STORAGE-UNSURE, STORAGE-CORRUPT,
    STORAGE-UNREACHABLE (503). Other errors pass through. Nothing is written at all once a sync of
    this process has failed.
    """
    try:
        barrier = _barrier()
        if barrier is not None:
            barrier.check()
        yield
    except (OSError, sqlite3.Error, DatabaseError) as error:
        _condemn(error)
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    except Exception as error:
        # The driver of PostgreSQL is not installed everywhere, so its errors are known by shape.
        refusal = refusal_of(error) if hasattr(error, "sqlstate") else None
        if refusal is None:
            raise
        raise refusal from error


def refusal_of(error: BaseException) -> Refused | None:
    """What a disk's or driver's error means to whoever filed; None where it means nothing here."""
    code = _code_of(error)
    if code is None:
        return None
    status, message, remedy = _SAID[code]
    return Refused(code, message, remedy, status)


def _code_of(error: BaseException) -> str | None:
    if isinstance(error, BarrierBroken):
        return "STORAGE-UNSURE"
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0, "STORAGE-FAILED")
    if isinstance(error, DatabaseError):
        inner = error.__cause__
        return _code_of(inner) if inner is not None else None
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get(_sqlite_code(error) & 0xFF)
    if hasattr(error, "sqlstate"):
        return _postgres_code(error)
    return None


def _sqlite_code(error: BaseException) -> int:
    # Absent where the driver raised it itself, before SQLite was asked.
    return int(getattr(error, "sqlite_errorcode", 0) or 0)


def _postgres_code(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None)
    if state is None:
        # A connection that broke has no SQLSTATE: the server never answered.
        lost = type(error).__name__ in ("OperationalError", "InterfaceError")
        return "STORAGE-UNREACHABLE" if lost else None
    return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2])


def _condemn(error: BaseException) -> None:
    """SQLite saw a sync fail: the barrier may then never be told of it, and must not trust one."""
    inner = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(inner, sqlite3.Error) and _sqlite_code(inner) in _SYNCS_FAILED:
        barrier = _barrier()
        if barrier is not None:
            barrier.condemn(OSError(errno.EIO, "a sync of the database failed"))


def wait_durable() -> None:
    """Return when what this connection has committed is on the disk (Law 16).

    Inside a transaction of the caller's nothing is committed yet: the wait is then part of that
    transaction's end, so that leaving `atomic()` is what may be acknowledged.
    """
    # The connection itself: through Django's proxy each look at it costs a microsecond and more.
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor != "sqlite":
        return
    if not here.in_atomic_block:
        _wait()
    elif not any(hook[1] is _wait for hook in here.run_on_commit):
        transaction.on_commit(_wait)


def settle() -> bool:
    """Bring everything in SQLite's log into the database file and sync that; whether it was done.

    For the start of a server, before anything is acknowledged: after a failed sync the log may
    stand whole in the system's memory and not on the disk, and no sync of it writes it again.
    False when another process is reading or writing; nothing is then known to be wrong.
    """
    if connection.vendor != "sqlite":
        return True
    with translated(), connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(cursor.fetchone()[0]) == 0


def _barrier() -> SyncBarrier | None:
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor != "sqlite":
        return None
    return barrier_for(str(here.settings_dict["NAME"]))


def _wait() -> None:
    barrier = _barrier()
    if barrier is not None:
        with translated():
            barrier.wait()
