"""Sealing keys: one a person, shared by all processes, and gone for good when destroyed."""

from __future__ import annotations

import random
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ortoo.kernel.seal.cipher import CipherError
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.subjects import SubjectKeys


@pytest.fixture
def keys(tmp_path: Path) -> SubjectKeys:
    return SubjectKeys(tmp_path / "keys")


def everything_in(keys: SubjectKeys) -> bytes:
    return b"".join(path.read_bytes() for path in keys.path.parent.iterdir())


def test_a_key_is_made_once_and_read_back(keys: SubjectKeys) -> None:
    made = keys.create("P-1", now_ms=5)
    assert len(made) == 32
    assert keys.get("P-1") == made == SubjectKeys(keys.path.parent).get("P-1")
    with pytest.raises(KeystoreError, match="KEY-EXISTS"):
        keys.create("P-1", now_ms=6)
    with pytest.raises(KeystoreError, match="KEY-ABSENT"):
        keys.get("P-2")


def test_the_file_is_for_its_owner_alone(keys: SubjectKeys) -> None:
    keys.create("P-1", now_ms=5)
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


def test_ensure_makes_only_what_is_missing(keys: SubjectKeys) -> None:
    old = keys.create("P-7", now_ms=1)
    names = [f"P-{n}" for n in range(1200)]
    first = keys.ensure([*names, *names], now_ms=2)
    assert first["P-7"] == old
    assert keys.ensure(names, now_ms=3) == first
    assert len(keys.listed()) == 1200


def test_a_destroyed_subject_stays_listed_and_never_gets_a_key_again(keys: SubjectKeys) -> None:
    keys.create("P-1", now_ms=5)
    keys.create("P-2", now_ms=6)
    keys.destroy("P-1", now_ms=9)
    keys.destroy("P-1", now_ms=10)
    assert [(k.subject, k.destroyed_at_ms, k.destroyed) for k in keys.listed()] == [
        ("P-1", 9, True),
        ("P-2", None, False),
    ]
    assert keys.is_destroyed("P-1")
    assert not keys.is_destroyed("P-2")
    for attempt in (
        lambda: keys.get("P-1"),
        lambda: keys.create("P-1", now_ms=11),
        lambda: keys.ensure(["P-2", "P-1", "P-3"], now_ms=11),
        lambda: keys.wrap("P-1", b"v", ("F", "p")),
    ):
        with pytest.raises(KeystoreError, match="KEY-DESTROYED"):
            attempt()
    with pytest.raises(KeystoreError, match="KEY-ABSENT"):
        keys.get("P-3")


def test_nobody_can_destroy_a_key_that_never_was(keys: SubjectKeys) -> None:
    with pytest.raises(KeystoreError, match=r"KEY-ABSENT.*无可销毁"):
        keys.destroy("P-1", now_ms=1)


def test_no_byte_of_a_destroyed_key_remains_in_the_folder(keys: SubjectKeys) -> None:
    draw = random.Random(20261120)
    made: dict[str, bytes] = {}
    gone: set[str] = set()
    for _ in range(30):
        made |= keys.ensure(
            (f"P-{draw.getrandbits(60):x}" * draw.randint(1, 6) for _ in range(20)),
            now_ms=draw.choice([1, 1_790_000_000_000]),
        )
        for subject in draw.sample(sorted(set(made) - gone), 6):
            keys.destroy(subject, now_ms=1_790_000_000_001)
            gone.add(subject)
    stored = everything_in(keys)
    assert [subject for subject in gone if made[subject] in stored] == []
    # The search would have found them: every living key is there, once.
    assert {stored.count(key) for subject, key in made.items() if subject not in gone} == {1}


def test_a_reader_that_holds_old_pages_is_reported_until_it_ends(tmp_path: Path) -> None:
    keys = SubjectKeys(tmp_path / "keys", wait_s=0.05)
    made = keys.create("P-1", now_ms=1)
    reader = sqlite3.connect(keys.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM subject_key").fetchall()
    with pytest.raises(KeystoreError, match="KEY-SCRUB"):
        keys.destroy("P-1", now_ms=2)
    assert keys.is_destroyed("P-1")
    reader.close()
    keys.destroy("P-1", now_ms=3)
    assert made not in everything_in(keys)


def test_threads_that_ensure_the_same_person_get_the_same_key(keys: SubjectKeys) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: keys.ensure(["P-1"], now_ms=1)["P-1"], range(24)))
    assert len(set(found)) == 1


def test_a_wrapped_value_opens_only_for_its_subject_and_place(keys: SubjectKeys) -> None:
    keys.ensure(["P-1", "P-2"], now_ms=1)
    wrapped = keys.wrap("P-1", "张三".encode(), ("F-1", "consignee.name"))
    assert keys.unwrap("P-1", wrapped, ("F-1", "consignee.name")).decode() == "张三"
    for subject, place in (
        ("P-2", ("F-1", "consignee.name")),
        ("P-1", ("F-2", "consignee.name")),
        ("P-1", ("F-1", "consignee.phone")),
        ("P-1", ("F-1consignee", ".name")),
    ):
        with pytest.raises(CipherError, match="SEAL-OPEN"):
            keys.unwrap(subject, wrapped, place)


def test_keys_held_open_are_the_same_keys_and_an_erasure_meanwhile_is_seen(tmp_path: Path) -> None:
    keys = SubjectKeys(tmp_path / "keys")
    with keys.held() as held:
        made = held.ensure(["P-1", "P-2"], now_ms=1)
        assert made == {subject: keys.get(subject) for subject in ("P-1", "P-2")}
        keys.destroy("P-1", now_ms=2)
        assert held.is_destroyed("P-1")
        with pytest.raises(KeystoreError):
            held.ensure(["P-1"], now_ms=3)
    assert keys.get("P-2") == made["P-2"]
