"""A VFS over SQLite's own that notes in a `Journal` what is asked of the disk, and can refuse it.

Everything is forwarded to the operating system's VFS; locks, shared memory and reads go there
directly. What Python cannot see, the sync of a folder inside SQLite's `xSync` and `xDelete`, is
seen by SQLite's own hook for the system call that opens the folder. `os.fdatasync`, which the
barrier calls, is wrapped while recording.

Needs a `_sqlite3` that uses a shared library of SQLite (Debian's, Ubuntu's and python.org's do):
`ShimMissing` says why not otherwise. Source: https://www.sqlite.org/vfs.html, os_unix.c.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

from benchmarks.power.journal import (
    CREATE,
    SYNC,
    SYNC_FOLDER,
    TRUNCATE,
    UNLINK,
    WRITE,
    Journal,
)

OK, FULL, READONLY = 0, 13, 8
IOERR_WRITE, IOERR_FSYNC = 778, 1034
OPEN_MAIN, OPEN_JOURNAL, OPEN_WAL = 0x100, 0x800, 0x80000
_KEPT = OPEN_MAIN | OPEN_JOURNAL | OPEN_WAL
_SIZE_HINT = 5
Refuse = Callable[[str, str], int]
"""(kind, file name) → the SQLite code to answer with instead of doing it; 0 to do it."""


class ShimMissing(Exception):
    """SQLite's file layer cannot be watched from here; the text says why."""


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_CONTROL = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)
_FOLDER = CFUNCTYPE(c_int, c_void_p, c_void_p)
_SET_CALL = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
_GET_CALL = CFUNCTYPE(c_void_p, c_void_p, c_char_p)


class _Vfs(Structure):
    _fields_ = [
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p),
        ("zName", c_char_p), ("pAppData", c_void_p), ("xOpen", _OPEN), ("xDelete", _DELETE),
        *((name, c_void_p) for name in (
            "xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym", "xDlClose",
            "xRandomness", "xSleep", "xCurrentTime", "xGetLastError", "xCurrentTimeInt64",
        )),
        ("xSetSystemCall", _SET_CALL), ("xGetSystemCall", _GET_CALL),
        ("xNextSystemCall", c_void_p),
    ]  # fmt: skip


class _Methods(Structure):
    _fields_ = [
        ("iVersion", c_int), ("xClose", c_void_p), ("xRead", c_void_p), ("xWrite", _WRITE),
        ("xTruncate", _TRUNCATE), ("xSync", _SYNC),
        *((name, c_void_p) for name in ("xFileSize", "xLock", "xUnlock", "xCheckReservedLock")),
        ("xFileControl", _CONTROL),
        *((name, c_void_p) for name in (
            "xSectorSize", "xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier",
            "xShmUnmap", "xFetch", "xUnfetch",
        )),
    ]  # fmt: skip


class _File(Structure):
    _fields_ = [("pMethods", POINTER(_Methods))]


def _library() -> ctypes.CDLL:
    """The very library `_sqlite3` calls, or ShimMissing."""
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise ShimMissing("no /proc on this system: the SQLite in use is not found") from error
    found = {line.split()[-1] for line in lines if "libsqlite3" in line}
    if len(found) != 1:
        raise ShimMissing("this Python has SQLite built in, not as a shared library")
    library = ctypes.CDLL(found.pop())
    library.sqlite3_libversion.restype = c_char_p
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [c_char_p]
    library.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
    if library.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        raise ShimMissing("the shared SQLite found is not the one this Python uses")
    return library


class Shim:
    """Made once a process and never freed: SQLite keeps the addresses of what is called back."""

    def __init__(self) -> None:
        self.journal: Journal | None = None
        self.refuse: Refuse = lambda kind, name: OK
        self._folder = ""
        self._library = _library()
        self._usual = self._library.sqlite3_vfs_find(None)
        if self._usual.contents.iVersion < 3:
            raise ShimMissing("this SQLite's VFS has no hooks for system calls")
        self._names: dict[int, tuple[str, int]] = {}
        self._nodes: dict[int, int] = {}
        self._fresh = itertools.count(1)
        # Whether an opening created the file is asked before and after it.
        self._one = threading.Lock()
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self._here = threading.local()
        self._vfs = _Vfs.from_buffer_copy(self._usual.contents)
        self._vfs.zName = b"ortoo-disk"
        self._vfs.pNext = None
        self._callbacks: list[Any] = [
            _OPEN(self._open), _DELETE(self._delete), _WRITE(self._write),
            _TRUNCATE(self._truncate), _SYNC(self._sync), _CONTROL(self._control),
            _FOLDER(self._open_folder),
        ]  # fmt: skip
        self._vfs.xOpen, self._vfs.xDelete = self._callbacks[0], self._callbacks[1]
        usual = self._usual.contents
        address = usual.xGetSystemCall(self._usual, b"openDirectory")
        if not address:
            raise ShimMissing("this SQLite's VFS does not name the call that opens a folder")
        self._usual_folder = _FOLDER(address)

    def _hook_folder(self, callback: Any) -> None:
        self._usual.contents.xSetSystemCall(self._usual, b"openDirectory", callback)

    @contextmanager
    def recording(
        self, folder: Path, refuse: Refuse | None = None, clock: Iterator[int] | None = None
    ) -> Iterator[Journal]:
        """Connections opened meanwhile are noted, for databases in `folder`; close them inside."""
        journal = Journal() if clock is None else Journal(clock=clock)
        self._nodes = {}
        for path in sorted(folder.iterdir()):
            node = self._node(path)
            if path.is_file() and not path.name.endswith("-shm"):
                journal.names[path.name], journal.contents[node] = node, path.read_bytes()
        usual_sync = os.fdatasync
        self.journal, self._folder = journal, str(folder.resolve()) + os.sep
        self.refuse = refuse or (lambda kind, name: OK)
        os.fdatasync = self._wrapped(usual_sync)  # type: ignore[assignment]
        self._hook_folder(ctypes.cast(self._callbacks[6], c_void_p))
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        try:
            yield journal
        finally:
            self._library.sqlite3_vfs_register(self._usual, 1)
            self._hook_folder(None)
            os.fdatasync = usual_sync
            self.journal, self.refuse = None, lambda kind, name: OK

    # --- what is called back ------------------------------------------------------------------

    def _of_interest(self, address: int | None) -> str | None:
        """The file's name, when it lies in the folder recorded."""
        if not address or self.journal is None:
            return None
        path = os.fsdecode(ctypes.string_at(address))
        return path.removeprefix(self._folder) if path.startswith(self._folder) else None

    def _node(self, path: Path, *, fresh: bool = False) -> int:
        """A number of our own for the file: the system gives those of removed files out again."""
        inode = path.stat().st_ino
        if fresh or inode not in self._nodes:
            self._nodes[inode] = next(self._fresh)
        return self._nodes[inode]

    def _open(self, vfs: int, name: int, file: int, flags: int, out: int) -> int:
        known = self._of_interest(name) if flags & _KEPT else None
        if known is None:
            return int(self._usual.contents.xOpen(self._usual, name, file, flags, out))
        with self._one:
            code, node = self._create(known, (name, file, flags, out))
        if code == OK:
            self._names[file] = (known, node)
            handle = _File.from_address(file)
            handle.pMethods = ctypes.pointer(self._watched(handle.pMethods))
        return code

    def _create(self, known: str, said: tuple[int, int, int, int]) -> tuple[int, int]:
        """(SQLite's answer, the file's number); a creation is noted."""
        path, journal = Path(self._folder + known), self.journal
        made = None
        if journal is not None and not path.exists():
            made = journal.begin(CREATE, 0, known)
        code = int(self._usual.contents.xOpen(self._usual, *said))
        node = self._node(path, fresh=made is not None) if path.exists() else 0
        if made is not None and journal is not None:
            made.node = node
            journal.end(made, failed=node == 0)
        return code, node

    def _watched(self, usual: Any) -> _Methods:
        address = ctypes.addressof(usual.contents)
        if address not in self._methods:
            copy = _Methods.from_buffer_copy(usual.contents)
            copy.xWrite, copy.xTruncate, copy.xSync = self._callbacks[2:5]
            copy.xFileControl = self._callbacks[5]
            watched = (copy, _Methods.from_buffer_copy(usual.contents))
            self._methods[address] = watched
            self._methods[ctypes.addressof(copy)] = watched
        return self._methods[address][0]

    def _beneath(self, file: int) -> _Methods:
        return self._methods[ctypes.addressof(_File.from_address(file).pMethods.contents)][1]

    def _do(self, kind: str, file: int, call: Callable[[], int], **more: Any) -> int:
        """Note begin, do or refuse, note end."""
        name, node = self._names[file]
        refused, journal = self.refuse(kind, name), self.journal
        if refused:
            if kind == SYNC and journal is not None:
                journal.end(journal.begin(SYNC, node, name), failed=True)
            return refused
        if journal is None:
            return call()
        noted = journal.begin(kind, node, name, **more)
        code = call()
        journal.end(noted, failed=code != OK)
        return code

    def _write(self, file: int, data: int, length: int, offset: int) -> int:
        usual, said = self._beneath(file), ctypes.string_at(data, length)
        return self._do(
            WRITE, file, lambda: int(usual.xWrite(file, data, length, offset)),
            offset=offset, data=said,
        )  # fmt: skip

    def _truncate(self, file: int, size: int) -> int:
        usual = self._beneath(file)
        return self._do(TRUNCATE, file, lambda: int(usual.xTruncate(file, size)), offset=size)

    def _control(self, file: int, what: int, argument: int) -> int:
        usual = self._beneath(file)
        if what != _SIZE_HINT:
            return int(usual.xFileControl(file, what, argument))
        # With memory-mapped reads SQLite lengthens the file to what it will need.
        path = Path(self._folder + self._names[file][0])
        size = ctypes.c_int64.from_address(argument).value
        if not path.exists() or size <= path.stat().st_size:
            return int(usual.xFileControl(file, what, argument))
        return self._do(
            TRUNCATE, file, lambda: int(usual.xFileControl(file, what, argument)), offset=size
        )

    def _sync(self, file: int, flags: int) -> int:
        usual = self._beneath(file)
        return self._with_folder(
            lambda: self._do(SYNC, file, lambda: int(usual.xSync(file, flags)))
        )

    def _delete(self, vfs: int, name: int, sync_folder: int) -> int:
        known, journal, usual = self._of_interest(name), self.journal, self._usual.contents
        if known is None or journal is None:
            return int(usual.xDelete(self._usual, name, sync_folder))
        noted = journal.begin(UNLINK, 0, known)
        self._here.unlinked = noted
        with self._one:
            code = self._with_folder(lambda: int(usual.xDelete(self._usual, name, sync_folder)))
        if self._here.unlinked is not None or code != OK:
            journal.end(noted, failed=code != OK)
        self._here.unlinked = None
        return code

    def _with_folder(self, call: Callable[[], int]) -> int:
        """Do it; if SQLite opened the folder to sync it meanwhile, that ended with it."""
        self._here.folder = None
        code = call()
        if self._here.folder is not None and self.journal is not None:
            self.journal.end(self._here.folder, failed=code != OK)
        self._here.folder = None
        return code

    def _open_folder(self, path: int, descriptor: int) -> int:
        if self._of_interest(path) is not None and self.journal is not None:
            # The removal was answered before the folder is synced for it.
            unlinked = getattr(self._here, "unlinked", None)
            if unlinked is not None:
                self.journal.end(unlinked)
                self._here.unlinked = None
            self._here.folder = self.journal.begin(SYNC_FOLDER, 0)
        return int(self._usual_folder(path, descriptor))

    def _wrapped(self, usual: Callable[[int], None]) -> Callable[[int], None]:
        def fdatasync(descriptor: int) -> None:
            journal, node = self.journal, self._nodes.get(os.fstat(descriptor).st_ino, 0)
            refused = self.refuse("barrier", "")
            if refused:
                if journal is not None:
                    journal.end(journal.begin(SYNC, node), failed=True)
                raise OSError(refused, os.strerror(refused))
            noted = journal.begin(SYNC, node) if journal is not None else None
            usual(descriptor)
            if noted is not None and journal is not None:
                journal.end(noted)

        return fdatasync


_SHIM: list[Shim] = []


def shim() -> Shim:
    """This process's shim. ShimMissing where SQLite cannot be watched."""
    if not _SHIM:
        _SHIM.append(Shim())
    return _SHIM[0]
