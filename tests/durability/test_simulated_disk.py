"""The simulated disk keeps what a sync promises and nothing more."""

from __future__ import annotations

from random import Random

import pytest
from benchmarks.power.journal import (
    CREATE,
    SECTOR,
    SYNC,
    SYNC_FOLDER,
    TRUNCATE,
    UNLINK,
    WRITE,
    Journal,
)

pytestmark = pytest.mark.law(16)
SEEDS = range(200)


def _done(journal: Journal, kind: str, node: int = 1, name: str = "x", **more: object) -> None:
    journal.end(journal.begin(kind, node, name, **more))  # type: ignore[arg-type]


def _images(journal: Journal, cut: int | None = None) -> list[dict[str, bytes]]:
    at = journal.last() if cut is None else cut
    return [journal.image(at, Random(seed)) for seed in SEEDS]


def _existing(content: bytes = b"") -> Journal:
    return Journal(names={"x": 1}, contents={1: content})


def test_a_write_that_was_synced_is_in_every_image():
    journal = _existing()
    _done(journal, WRITE, data=b"a" * 2000)
    _done(journal, SYNC)
    _done(journal, WRITE, offset=2000, data=b"b")
    assert all(image["x"].startswith(b"a" * 2000) for image in _images(journal))


def test_a_write_that_was_not_synced_is_whole_torn_and_gone():
    journal = _existing()
    _done(journal, WRITE, data=b"a" * 4 * SECTOR)
    kept = {image["x"] for image in _images(journal)}
    assert {b"", b"a" * 4 * SECTOR} <= kept
    torn = kept - {b"", b"a" * 4 * SECTOR}
    assert torn
    for content in torn:
        sectors = {content[at : at + SECTOR] for at in range(0, len(content), SECTOR)}
        assert sectors <= {b"a" * SECTOR, bytes(SECTOR)}


def test_a_sync_begun_before_the_write_was_answered_does_not_keep_it():
    journal = _existing()
    write = journal.begin(WRITE, 1, "x", data=b"a")
    sync = journal.begin(SYNC, 1, "x")
    journal.end(write)
    journal.end(sync)
    assert b"" in {image["x"] for image in _images(journal)}


def test_a_sync_that_failed_or_was_not_answered_before_the_cut_keeps_nothing():
    journal = _existing()
    _done(journal, WRITE, data=b"a")
    journal.end(journal.begin(SYNC, 1, "x"), failed=True)
    assert b"" in {image["x"] for image in _images(journal)}
    journal = _existing()
    _done(journal, WRITE, data=b"a")
    sync = journal.begin(SYNC, 1, "x")
    cut = journal.last()
    journal.end(sync)
    assert b"" in {image["x"] for image in _images(journal, cut)}
    assert b"" not in {image["x"] for image in _images(journal)}


def test_what_a_failed_sync_dropped_no_later_sync_keeps_unless_it_is_written_again():
    journal = _existing()
    _done(journal, WRITE, data=b"a")
    journal.end(journal.begin(SYNC, 1, "x"), failed=True)
    _done(journal, SYNC)
    assert b"" in {image["x"] for image in _images(journal)}
    _done(journal, WRITE, data=b"b")
    _done(journal, SYNC)
    assert {image["x"] for image in _images(journal)} == {b"b"}


def test_what_was_asked_after_the_cut_is_in_no_image():
    journal = _existing(b"old")
    cut = journal.last()
    _done(journal, WRITE, data=b"new")
    assert {image["x"] for image in _images(journal, cut)} == {b"old"}


def test_a_truncation_not_synced_happened_or_did_not():
    journal = _existing(b"abcdef")
    _done(journal, TRUNCATE, offset=3)
    assert {image["x"] for image in _images(journal)} == {b"abc", b"abcdef"}
    _done(journal, SYNC)
    assert {image["x"] for image in _images(journal)} == {b"abc"}


def test_a_file_whose_folder_was_not_synced_may_be_missing_though_its_content_was():
    journal = Journal()
    _done(journal, CREATE)
    _done(journal, WRITE, data=b"a")
    _done(journal, SYNC)
    assert {tuple(image) for image in _images(journal)} == {(), ("x",)}
    _done(journal, SYNC_FOLDER, 0, "")
    assert all(image["x"] == b"a" for image in _images(journal))


def test_a_removed_file_may_come_back_until_its_folder_is_synced_but_never_beside_its_successor():
    journal = _existing(b"old")
    _done(journal, UNLINK)
    _done(journal, CREATE, 2)
    _done(journal, WRITE, 2, data=b"new")
    _done(journal, SYNC, 2)
    assert {image.get("x") for image in _images(journal)} == {b"old", None, b"new"}
    _done(journal, SYNC_FOLDER, 0, "")
    assert {image.get("x") for image in _images(journal)} == {b"new"}


def test_only_what_was_acknowledged_before_the_cut_counts_as_promised():
    journal = _existing()
    journal.acknowledge("filing", "a", b"")
    cut = journal.last()
    journal.acknowledge("filing", "b", b"")
    assert [told.key for told in journal.acknowledged(cut)] == ["a"]
