"""One sealing key per person, and its destruction: the erasure of law 3.

A small SQLite file of its own in the keys folder. A destroyed subject stays listed as destroyed, so
that no later filing quietly gives the person a new key. Destruction overwrites the key's bytes in
the file and empties the write-ahead log; what a disk keeps of blocks it has given up is beyond
software, so the folder belongs on an encrypted volume.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ortoo.kernel.seal.cipher import KEY_SIZE, NONCE_SIZE, Place, unwrap, wrap
from ortoo.kernel.seal.keystore import PRIVATE_FILE, KeystoreError, locked, prepare, sync_folder

SCHEMA = """
CREATE TABLE subject_key (
    subject TEXT PRIMARY KEY,
    key BLOB,
    created_at_ms INTEGER NOT NULL,
    destroyed_at_ms INTEGER,
    CHECK ((key IS NULL) = (destroyed_at_ms IS NOT NULL))
)
"""
# Keys set aside by `renew`: they still open what was sealed with them until it is sealed anew.
SPARES = """
CREATE TABLE IF NOT EXISTS subject_key_spare (
    key BLOB PRIMARY KEY,
    subject TEXT NOT NULL,
    replaced_at_ms INTEGER NOT NULL
)
"""
RESERVED = "instance:"
"""What begins so is a secret of the installation, no person's: never renewed or destroyed."""
BATCH = 500
WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """What may be listed of a subject's key: never the key. Times in ms since 1970 UTC."""

    subject: str
    created_at_ms: int
    destroyed_at_ms: int | None

    @property
    def destroyed(self) -> bool:
        return self.destroyed_at_ms is not None


class SubjectKeys:
    """The sealing keys in one keys folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, *, wait_s: float = WAIT_S) -> None:
        self.path = folder / "subjects.sqlite3"
        self._wait_s = wait_s

    def create(self, subject: str, *, now_ms: int) -> bytes:
        """A new 32-byte key; KeystoreError KEY-EXISTS, or KEY-DESTROYED after an erasure."""
        key = secrets.token_bytes(KEY_SIZE)
        with self._writing() as connection:
            if (row := self._row(connection, subject)) is not None:
                _live(subject, row[0])
                raise KeystoreError("KEY-EXISTS", f"个人“{subject}”已有密钥。")
            connection.execute(
                "INSERT INTO subject_key VALUES (?, ?, ?, NULL)", (subject, key, now_ms)
            )
        return key

    def get(self, subject: str) -> bytes:
        """The key; KeystoreError KEY-ABSENT where there never was one, KEY-DESTROYED after."""
        with self._open() as connection:
            row = self._row(connection, subject)
        if row is None:
            raise KeystoreError(
                "KEY-ABSENT",
                f"个人“{subject}”没有密钥，其信息不能读取；"
                "若曾有密钥而非依法删除，请从密钥目录的副本恢复。",
            )
        return _live(subject, row[0])

    def opening(self, subject: str) -> tuple[bytes, ...]:
        """Every key that may open a value of the subject, the one in use first.

        KeystoreError as `get`. More than one only while a renewal is under way.
        """
        sql = "SELECT key FROM subject_key_spare WHERE subject = ? ORDER BY replaced_at_ms DESC"
        key = self.get(subject)
        with self._open() as connection:
            return (key, *(row[0] for row in connection.execute(sql, (subject,))))

    def renew(self, subject: str, *, now_ms: int) -> None:
        """Give the subject another key; the one before still opens until `drop_spares`.

        KeystoreError KEY-ABSENT, KEY-DESTROYED or KEY-RESERVED.
        """
        _of_a_person(subject)
        with self._writing() as connection:
            row = self._row(connection, subject)
            if row is None:
                raise KeystoreError("KEY-ABSENT", f"个人“{subject}”没有密钥，无可更换。")
            old = _live(subject, row[0])
            connection.execute(
                "INSERT INTO subject_key_spare VALUES (?, ?, ?)", (old, subject, now_ms)
            )
            connection.execute(
                "UPDATE subject_key SET key = ? WHERE subject = ?",
                (secrets.token_bytes(KEY_SIZE), subject),
            )

    def renewing(self) -> tuple[tuple[str, int], ...]:
        """(subject, when its last spare was set aside) of everyone who still has a spare key."""
        sql = "SELECT subject, MAX(replaced_at_ms) FROM subject_key_spare GROUP BY 1 ORDER BY 1"
        with self._open() as connection:
            return tuple(connection.execute(sql))

    def drop_spares(self, subject: str) -> None:
        """Destroy the spare keys of a subject whose values all open with the key in use."""
        with self._writing() as connection:
            connection.execute("DELETE FROM subject_key_spare WHERE subject = ?", (subject,))
        self.scrub()

    def ensure(self, subjects: Iterable[str], *, now_ms: int) -> dict[str, bytes]:
        """The keys of all `subjects`, made where missing, in one commit.

        KeystoreError KEY-DESTROYED, with nothing made, when one of them was erased.
        """
        wanted = list(dict.fromkeys(subjects))
        found: dict[str, bytes | None] = {}
        with self._writing() as connection:
            for batch in _batches(wanted):
                marks = ",".join("?" * len(batch))
                sql = f"SELECT subject, key FROM subject_key WHERE subject IN ({marks})"
                found.update(connection.execute(sql, batch))
            keys = {subject: _live(subject, key) for subject, key in found.items()}
            new = {s: secrets.token_bytes(KEY_SIZE) for s in wanted if s not in keys}
            connection.executemany(
                "INSERT INTO subject_key VALUES (?, ?, ?, NULL)",
                [(subject, key, now_ms) for subject, key in new.items()],
            )
        return keys | new

    def destroy(self, subject: str, *, now_ms: int, absent_too: bool = False) -> None:
        """Erase: overwrite the key and keep the subject listed as destroyed. Safe to repeat.

        KeystoreError KEY-ABSENT for a subject without a key, unless `absent_too`: then it is
        listed as destroyed all the same, so that nobody gives it a key. KEY-RESERVED for a secret
        of the installation. KEY-SCRUB as `scrub`.
        """
        _of_a_person(subject)
        with self._writing() as connection:
            row = self._row(connection, subject)
            if row is None and not absent_too:
                raise KeystoreError("KEY-ABSENT", f"个人“{subject}”没有密钥，无可销毁。")
            if row is None:
                connection.execute(
                    "INSERT INTO subject_key VALUES (?, NULL, ?, ?)", (subject, now_ms, now_ms)
                )
            elif row[0] is not None:
                connection.execute(
                    "UPDATE subject_key SET key = NULL, destroyed_at_ms = ? WHERE subject = ?",
                    (now_ms, subject),
                )
            connection.execute("DELETE FROM subject_key_spare WHERE subject = ?", (subject,))
        self.scrub()

    def scrub(self) -> None:
        """Leave no old bytes in the write-ahead log.

        KeystoreError KEY-SCRUB when a reader that would not end holds them there: a destroyed key
        is gone for every reader, but not from the file; call again.
        """
        with self._open() as connection:
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise KeystoreError("KEY-SCRUB", "密钥已销毁，密钥文件的日志残留待清；请重试。")

    def listed(self) -> tuple[SubjectKey, ...]:
        """Every subject that has or had a key, by creation."""
        sql = "SELECT subject, created_at_ms, destroyed_at_ms FROM subject_key ORDER BY 2, 1"
        with self._open() as connection:
            return tuple(SubjectKey(*row) for row in connection.execute(sql))

    def is_destroyed(self, subject: str) -> bool:
        with self._open() as connection:
            row = self._row(connection, subject)
        return row is not None and row[0] is None

    def wrap(self, subject: str, value: bytes, place: Place) -> bytes:
        """Encrypt with the subject's key, bound to `place` = (filing key, path)."""
        return wrap(self.get(subject), value, place, secrets.token_bytes(NONCE_SIZE))

    def unwrap(self, subject: str, wrapped: bytes, place: Place) -> bytes:
        """Inverse of `wrap`; CipherError when it does not open, KeystoreError without a key."""
        return unwrap(self.get(subject), wrapped, place)

    @staticmethod
    def _row(connection: sqlite3.Connection, subject: str) -> tuple[bytes | None] | None:
        sql = "SELECT key FROM subject_key WHERE subject = ?"
        row: tuple[bytes | None] | None = connection.execute(sql, (subject,)).fetchone()
        return row

    @contextlib.contextmanager
    def held(self) -> Iterator[SubjectKeys]:
        """The same keys with the file opened once for several questions, in this thread only.

        Opening and closing it is nine tenths of a question's time.
        """
        with self._open() as connection:
            yield _HeldKeys(self.path.parent, connection)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            self._found()
        connection = sqlite3.connect(self.path, timeout=self._wait_s, isolation_level=None)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(SPARES)
            yield connection
        finally:
            connection.close()

    def _found(self) -> None:
        """Make the file whole beside its place and move it there, so that nobody sees it half."""
        folder = prepare(self.path.parent)
        with locked(folder):
            if self.path.exists():
                return
            new = self.path.with_suffix(".new")
            new.unlink(missing_ok=True)
            # SQLite gives its journal files the mode of the database file.
            os.close(os.open(new, os.O_CREAT | os.O_WRONLY, PRIVATE_FILE))
            with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(SCHEMA)
            new.replace(self.path)
            sync_folder(folder)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


class _HeldKeys(SubjectKeys):
    """Keys whose file somebody else opened and will close."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        super().__init__(folder)
        self._connection = connection

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        yield self._connection


def _of_a_person(subject: str) -> None:
    if subject.startswith(RESERVED):
        raise KeystoreError("KEY-RESERVED", f"“{subject}”是本系统的密钥，不属于任何个人。")


def _live(subject: str, key: bytes | None) -> bytes:
    if key is None:
        raise KeystoreError(
            "KEY-DESTROYED", f"个人“{subject}”的密钥已依法销毁，其信息不能再读取或重新登记。"
        )
    return key


def _batches(subjects: list[str]) -> Iterator[list[str]]:
    rest = iter(subjects)
    while batch := list(islice(rest, BATCH)):
        yield batch
