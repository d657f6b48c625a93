"""The keys folder 密钥目录: signing keys with their history, and one sealing key per person.

The folder lies outside the database and outside its backups: what a backup still holds of an
erased person stays unreadable because the key was never in it. It holds

    signing.json          public history of the signing keys: created, retired, lost, revoked
    signing-<id>.key      the private key in use, mode 0600
    subjects.sqlite3      the sealing key of each subject, or the time of its destruction
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import ED25519, Signer, SignerError, generate, kept

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class KeystoreError(Exception):
    """A key cannot be had. Codes: KEY-ABSENT, KEY-EXISTS, KEY-DESTROYED, KEY-MODE, KEY-INSIDE,
    KEY-BROKEN, KEY-SCRUB, KEY-STALE, KEY-UNKNOWN, KEY-TIME, KEY-RESERVED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}:{message}")
        self.code = code
        self.message = message


def check_apart(folder: Path, others: Sequence[Path]) -> None:
    """KeystoreError KEY-INSIDE when the keys folder and a data or backup folder contain another.

    Backing up the keys with the data would undo every erasure.
    """
    keys = folder.resolve()
    for other in (path.resolve() for path in others):
        if keys == other or keys in other.parents or other in keys.parents:
            raise KeystoreError("KEY-INSIDE", f"密钥目录 {keys} 与数据目录 {other} 不得互相包含。")


def prepare(folder: Path) -> Path:
    """Create the folder for its owner alone; KeystoreError KEY-MODE when others may enter it."""
    if not folder.exists():
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    _check_mode(folder)
    return folder


def _check_mode(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        remedy = "chmod 700" if path.is_dir() else "chmod 600"
        raise KeystoreError("KEY-MODE", f"{path} 可被他人读取；请先执行 {remedy}。")


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` as a whole, mode 0600, on disk before this returns: never half a key."""
    # mkstemp creates with mode 0600, so that there is no moment at which others could read.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the folder's entries on disk: until then a power cut may undo a rename."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time makes or changes the files of a keys folder."""
    with (folder / ".lock").open("a") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The public side of one signing key; times in milliseconds since 1970 UTC.

    A key that is no longer in use has `retired_at_ms`; `lost_at_ms` says that its private file was
    found missing then. `compromised_from_ms`: since when others may have signed with it.
    """

    key_id: str
    algorithm: str
    public: bytes
    created_at_ms: int
    retired_at_ms: int | None = None
    lost_at_ms: int | None = None
    revoked_at_ms: int | None = None
    compromised_from_ms: int | None = None
    reason: str = ""

    def named(self, name: str) -> VerifierKey:
        """As the key of the log or witness `name`, to verify checkpoints old and new."""
        return VerifierKey(name, self.public, self.algorithm)

    def is_trusted_at(self, at_ms: int) -> bool:
        """Whether nobody else is known to have held the key at that time."""
        return self.compromised_from_ms is None or at_ms < self.compromised_from_ms


class SigningKeys:
    """The instance's signing keys: at most one in use, all earlier ones remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def history(self) -> tuple[SigningKey, ...]:
        """Every key ever used, oldest first; empty before the first."""
        path = self.folder / "signing.json"
        if not path.exists():
            return ()
        try:
            rows = json.loads(path.read_text("utf-8"))
            return tuple(
                SigningKey(**row | {"public": bytes.fromhex(row["public"])}) for row in rows
            )
        except (ValueError, TypeError, KeyError) as error:
            raise KeystoreError(
                "KEY-BROKEN", f"密钥记录 {path} 不能读取，请从备份恢复。"
            ) from error

    def create(self, *, now_ms: int, algorithm: str = ED25519) -> Signer:
        """The first signing key; KeystoreError KEY-EXISTS when one is in use: use `rotate`."""
        prepare(self.folder)
        with locked(self.folder):
            if self.in_use() is not None:
                raise KeystoreError("KEY-EXISTS", "已有在用的签名密钥；更换请用轮换。")
            return self._add(self.history(), now_ms, algorithm)

    def current(self) -> Signer:
        """The key in use; KeystoreError KEY-ABSENT, KEY-MODE or KEY-BROKEN."""
        record = self.in_use()
        if record is None:
            raise KeystoreError("KEY-ABSENT", f"密钥目录 {self.folder} 尚无签名密钥，请先生成。")
        path = self._private(record.key_id)
        if not path.exists():
            raise KeystoreError("KEY-ABSENT", f"签名私钥 {path} 缺失；请恢复，或轮换为新密钥。")
        _check_mode(path)
        try:
            return kept(record.algorithm, path.read_bytes(), record.public)
        except SignerError as error:
            if error.code != "SIGN-KEY":
                raise
            raise KeystoreError("KEY-BROKEN", f"签名私钥 {path} 与记录的公钥不符。") from error

    def rotate(
        self,
        *,
        now_ms: int,
        algorithm: str | None = None,
        replacing: str | None = None,
        reason: str = "",
    ) -> Signer:
        """Retire the key in use and start another, of the same algorithm unless one is named.

        The retired private key is deleted: it can sign nothing more, and its public key goes on
        verifying what it signed. With `replacing`, of two processes that saw the same key in use
        one wins and the other gets KeystoreError KEY-STALE.
        """
        prepare(self.folder)
        with locked(self.folder):
            old = self.in_use()
            if replacing is not None and (old is None or old.key_id != replacing):
                raise KeystoreError(
                    "KEY-STALE", f"签名密钥 {replacing} 已被他人更换，现用密钥请重新查看。"
                )
            named = algorithm or (old.algorithm if old else ED25519)
            return self._replace(now_ms, named, reason)

    def revoke(self, key_id: str, *, from_ms: int, now_ms: int, reason: str) -> SigningKey:
        """Say that others may have signed with the key since `from_ms`; returns its new record.

        A key in use is retired in the same write and another of its algorithm started, so that no
        moment passes in which a key known to be stolen signs. Said again, the earlier time stands.
        KeystoreError KEY-UNKNOWN, or KEY-TIME for a time before the key was made or in the future.
        """
        prepare(self.folder)
        with locked(self.folder):
            key = next((key for key in self.history() if key.key_id == key_id), None)
            if key is None:
                raise KeystoreError("KEY-UNKNOWN", f"没有签名密钥 {key_id}；请用 keys list 查看。")
            if not key.created_at_ms <= from_ms <= now_ms:
                raise KeystoreError(
                    "KEY-TIME", "失密起始时间应在该密钥启用之后、现在之前；请核对日期与时区。"
                )
            said = replace(
                key,
                revoked_at_ms=key.revoked_at_ms or now_ms,
                compromised_from_ms=min(from_ms, key.compromised_from_ms or from_ms),
                reason=reason,
            )
            if key.retired_at_ms is None:
                self._replace(now_ms, key.algorithm, reason, instead=said)
            else:
                self._write(said if each.key_id == key_id else each for each in self.history())
            return next(key for key in self.history() if key.key_id == key_id)

    def in_use(self) -> SigningKey | None:
        """The record of the key that signs now."""
        return next((key for key in self.history() if key.retired_at_ms is None), None)

    def _private(self, key_id: str) -> Path:
        return self.folder / f"signing-{key_id}.key"

    def _replace(
        self, now_ms: int, algorithm: str, reason: str, instead: SigningKey | None = None
    ) -> Signer:
        """End the key in use (as `instead` says), add a new one, delete other private keys."""
        old = self.in_use()
        earlier = self.history()
        if old is not None:
            absent = not self._private(old.key_id).exists()
            ended = replace(
                instead or old,
                retired_at_ms=now_ms,
                lost_at_ms=now_ms if absent else None,
                reason=reason,
            )
            earlier = tuple(ended if key.key_id == old.key_id else key for key in earlier)
        signer = self._add(earlier, now_ms, algorithm)
        # Also what an earlier change left behind that was cut off here.
        for path in self.folder.glob("signing-*.key"):
            if path != self._private(signer.key_id):
                path.unlink(missing_ok=True)
        sync_folder(self.folder)
        return signer

    def _add(self, earlier: Iterable[SigningKey], now_ms: int, algorithm: str) -> Signer:
        # The private file first: a crash before the history leaves a key nobody ever used.
        signer = generate(algorithm)
        write_private(self._private(signer.key_id), signer.private_bytes())
        self._write((*earlier, SigningKey(signer.key_id, algorithm, signer.public_bytes, now_ms)))
        return signer

    def _write(self, keys: Iterable[SigningKey]) -> None:
        rows = [asdict(key) | {"public": key.public.hex()} for key in keys]
        text = json.dumps(rows, indent=1, ensure_ascii=True) + "\n"
        write_private(self.folder / "signing.json", text.encode("ascii"))
