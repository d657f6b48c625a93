"""The keys folder: private files, a history that never forgets, a folder apart from the data."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ortoo.kernel.seal import checkpoint as cp
from ortoo.kernel.seal.keystore import KeystoreError, SigningKeys, check_apart, write_private
from ortoo.kernel.seal.signer import verify


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "keys")


def test_a_created_key_is_the_current_one_after_a_restart(keys: SigningKeys) -> None:
    made = keys.create(now_ms=1000)
    again = SigningKeys(keys.folder).current()
    assert verify(made.public_bytes, again.algorithm, b"m", again.sign(b"m"))
    assert [(k.key_id, k.created_at_ms, k.retired_at_ms) for k in keys.history()] == [
        (made.key_id, 1000, None)
    ]


def test_files_are_for_their_owner_alone(keys: SigningKeys) -> None:
    keys.create(now_ms=1)
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in keys.folder.glob("signing*")}
    assert modes == {0o600}


def test_a_private_key_others_can_read_is_not_used(keys: SigningKeys) -> None:
    signer = keys.create(now_ms=1)
    (keys.folder / f"signing-{signer.key_id}.key").chmod(0o640)
    with pytest.raises(KeystoreError, match=r"KEY-MODE.*chmod 600"):
        keys.current()
    keys.folder.chmod(0o755)
    with pytest.raises(KeystoreError, match=r"KEY-MODE.*chmod 700"):
        keys.rotate(now_ms=2)


def test_a_second_key_is_made_only_by_rotation(keys: SigningKeys) -> None:
    first = keys.create(now_ms=1)
    with pytest.raises(KeystoreError, match="KEY-EXISTS"):
        keys.create(now_ms=2)
    second = keys.rotate(now_ms=3)
    assert keys.current().key_id == second.key_id != first.key_id
    assert [k.retired_at_ms for k in keys.history()] == [3, None]
    assert not (keys.folder / f"signing-{first.key_id}.key").exists()


def test_a_checkpoint_signed_before_a_rotation_verifies_after_it(keys: SigningKeys) -> None:
    state = cp.Checkpoint("ortoo.example/log", 1, bytes(32), bytes(32))
    wire = str(cp.sign_checkpoint(state, keys.create(now_ms=1)))
    keys.rotate(now_ms=2)
    trusted = [key.named(state.origin) for key in keys.history()]
    assert cp.verify_checkpoint(wire, trusted).checkpoint == state


def test_absent_and_broken_keys_are_told_apart(keys: SigningKeys) -> None:
    with pytest.raises(KeystoreError, match=r"KEY-ABSENT.*请先生成"):
        keys.current()
    signer = keys.create(now_ms=1)
    private = keys.folder / f"signing-{signer.key_id}.key"
    write_private(private, bytes(32))
    with pytest.raises(KeystoreError, match="KEY-BROKEN"):
        keys.current()
    private.unlink()
    with pytest.raises(KeystoreError, match=r"KEY-ABSENT.*缺失"):
        keys.current()
    (keys.folder / "signing.json").write_text("[{}]", "utf-8")
    with pytest.raises(KeystoreError, match="KEY-BROKEN"):
        keys.history()


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "x.key"
    write_private(path, b"old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.key"]


def test_keys_and_data_may_not_lie_in_one_another(tmp_path: Path) -> None:
    check_apart(tmp_path / "keys", [tmp_path / "data", tmp_path / "backups"])
    for keys, data in (("a", "a"), ("a/keys", "a"), ("a", "a/data")):
        with pytest.raises(KeystoreError, match="KEY-INSIDE"):
            check_apart(tmp_path / keys, [tmp_path / data])
