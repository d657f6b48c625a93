"""The keys folder 密钥目录: signing keys with their history, and one sealing key per person.

The folder lies outside the database and outside its backups: what a backup still holds of an
erased person stays unreadable because the key was never in it. It holds

    signing.json          public history of the signing keys: created, retired
    signing-<id>.key      private seeds of the keys in use, mode 0600
    subjects.sqlite3      the sealing key of each subject, or the time of its destruction
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import ED25519, Ed25519Signer, Signer

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class KeystoreError(Exception):
    """A key cannot be had. Codes: KEY-ABSENT, KEY-EXISTS, KEY-DESTROYED, KEY-MODE, KEY-INSIDE,
    KEY-BROKEN, KEY-SCRUB."""

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
    """The public side of one signing key; times in milliseconds since 1970 UTC."""

    key_id: str
    algorithm: str
    public: bytes
    created_at_ms: int
    retired_at_ms: int | None = None

    def named(self, name: str) -> VerifierKey:
        """As the key of the log or witness `name`, to verify checkpoints old and new."""
        return VerifierKey(name, self.public, self.algorithm)


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

    def create(self, *, now_ms: int) -> Signer:
        """The first signing key; KeystoreError KEY-EXISTS when one is in use: use `rotate`."""
        prepare(self.folder)
        with locked(self.folder):
            if self._in_use() is not None:
                raise KeystoreError("KEY-EXISTS", "已有在用的签名密钥；更换请用轮换。")
            return self._add(now_ms)

    def current(self) -> Signer:
        """The key in use; KeystoreError KEY-ABSENT, KEY-MODE or KEY-BROKEN."""
        record = self._in_use()
        if record is None:
            raise KeystoreError("KEY-ABSENT", f"密钥目录 {self.folder} 尚无签名密钥，请先生成。")
        path = self._private(record.key_id)
        if not path.exists():
            raise KeystoreError("KEY-ABSENT", f"签名私钥 {path} 缺失；请恢复，或轮换为新密钥。")
        _check_mode(path)
        signer = Ed25519Signer.from_private_bytes(path.read_bytes())
        if signer.public_bytes != record.public:
            raise KeystoreError("KEY-BROKEN", f"签名私钥 {path} 与记录的公钥不符。")
        return signer

    def rotate(self, *, now_ms: int) -> Signer:
        """Retire the key in use and start another.

        The retired private key is deleted: it can sign nothing more, and its public key goes on
        verifying what it signed.
        """
        prepare(self.folder)
        with locked(self.folder):
            old = self._in_use()
            signer = self._add(now_ms)
            if old is not None:
                self._private(old.key_id).unlink(missing_ok=True)
                sync_folder(self.folder)
            return signer

    def _in_use(self) -> SigningKey | None:
        return next((key for key in self.history() if key.retired_at_ms is None), None)

    def _private(self, key_id: str) -> Path:
        return self.folder / f"signing-{key_id}.key"

    def _add(self, now_ms: int) -> Signer:
        # The private file first: a crash before the history leaves a key nobody ever used.
        signer = Ed25519Signer.generate()
        write_private(self._private(signer.key_id), signer.private_bytes())
        earlier = [
            key if key.retired_at_ms is not None else replace(key, retired_at_ms=now_ms)
            for key in self.history()
        ]
        added = SigningKey(signer.key_id, ED25519, signer.public_bytes, now_ms)
        rows = [asdict(key) | {"public": key.public.hex()} for key in (*earlier, added)]
        text = json.dumps(rows, indent=1, ensure_ascii=True) + "\n"
        write_private(self.folder / "signing.json", text.encode("ascii"))
        return signer
