"""Paths read two blocks of leaves and a few nodes; the stored nodes are a cache nobody believes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import log2
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms import merkle
from ortoo.kernel.filings.checkpointing import last_checkpoint
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.seal import log, tiles


@pytest.fixture
def table(db: None) -> Iterator[None]:
    """The cache's table, also where no migration has made it yet."""
    stood = tiles._table_stands()
    if not stood:
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE {tiles.TABLE} (level smallint, position bigint,"
                " sha256 BLOB, sm3 BLOB, PRIMARY KEY (level, position))"
            )
    yield
    if not stood:
        tiles._STANDS.clear()


def plant(low: int, high: int) -> None:
    """Leaves [low, high) of a log nobody filed."""
    rows = [
        (at + 1, hashlib.sha256(b"a%d" % at).digest(), hashlib.sha256(b"b%d" % at).digest())
        for at in range(low, high)
    ]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO kernel_leaf (seq, sha256, sm3) VALUES (%s, %s, %s)", rows)


def leaves(size: int) -> tuple[list[bytes], list[bytes]]:
    chunks = [pair for chunk in log.leaves(0, size) for pair in chunk]
    return [first for first, _ in chunks], [second for _, second in chunks]


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Rows that SELECTs of leaves and nodes return, counted by asking the database again."""
    found = {"kernel_leaf": 0, tiles.TABLE: 0}

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for name in found:
            if sql.startswith("SELECT") and f" FROM {name}" in sql:
                found[name] += len(connection.connection.execute(_own(sql), params).fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield found


def _own(sql: str) -> str:
    """With the marks of the driver beneath Django."""
    return sql.replace("%s", "?") if connection.vendor == "sqlite" else sql


@given(st.integers(1, 1 << 40), st.data())
def test_a_path_wants_two_blocks_and_two_nodes_a_level_at_any_size(
    size: int, data: st.DataObject
) -> None:
    inner, blocks = tiles.wanted(data.draw(st.integers(0, size - 1)), size)
    assert len(blocks) <= 2
    assert len(inner) <= 2 * log2(size + 1)
    assert all((at + 1) << level <= size for level, at in inner)


@pytest.mark.law(8)
@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 1300, 2048, 2100])
def test_paths_from_stored_nodes_are_those_of_all_leaves(table: None, size: int) -> None:
    plant(0, size)
    sha256, sm3 = leaves(size)
    for index in {0, 1, 255, 256, 300, 1023, 1024, size // 2, size - 2, size - 1}:
        if 0 <= index < size:
            path = tiles.path(index, size)
            assert path.leaf == (sha256[index], sm3[index])
            assert list(path.sha256) == merkle.inclusion_proof(sha256, index)
            assert list(path.sm3) == merkle.inclusion_proof(sm3, index, hash_name="sm3")


@pytest.mark.law(8)
def test_a_second_path_reads_at_most_two_blocks_of_leaves_and_a_few_nodes(table: None) -> None:
    size = 9_900
    plant(0, size)
    with counted() as first:
        tiles.path(4_321, size)
    assert first["kernel_leaf"] >= size - 256
    for index in (0, 4_321, 9_727, 9_899):
        tiles.path(index, size)
        with counted() as found:
            tiles.path(index, size)
        assert 0 < found["kernel_leaf"] <= 2 * tiles.WIDTH
        assert 0 < found[tiles.TABLE] <= 2 * log2(size)


@pytest.mark.law(9)
def test_the_nodes_may_be_dropped_at_any_time_and_come_back_equal(table: None) -> None:
    plant(0, 3_000)
    before, rows = tiles.path(2_222, 3_000), stored()
    assert rows
    tiles.drop()
    assert stored() == []
    assert tiles.path(2_222, 3_000) == before
    assert stored() == rows


def test_paths_of_a_log_that_grew_use_the_nodes_there_are(table: None) -> None:
    plant(0, 2_048)
    tiles.path(7, 2_048)
    plant(2_048, 3_000)
    with counted() as found:
        path = tiles.path(7, 3_000)
    assert list(path.sha256) == merkle.inclusion_proof(leaves(3_000)[0], 7)
    assert found["kernel_leaf"] <= 256 + 3_000 - 2_048


def stored() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {tiles.TABLE} ORDER BY level, position")
        return [(a, b, bytes(c), bytes(d)) for a, b, c, d in cursor.fetchall()]


def seal_planted(history: History, size: int) -> int:
    """A real filing behind planted leaves, under a signed checkpoint; returns its log index."""
    plant(0, size)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_log_tail")
        cursor.execute("INSERT INTO kernel_log_tail (id, size) VALUES (1, %s)", [size])
    return history.move().seq


@pytest.mark.law(8)
def test_a_spoiled_node_is_found_out_and_mended(table: None, history: History) -> None:
    seq = seal_planted(history, 2_100)
    good, rows = log.inclusion(seq, now_ms=NOW), stored()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {tiles.TABLE} SET sha256 = sm3")
    assert stored() != rows
    assert log.inclusion(seq) == good
    used = set(tiles.wanted(seq - 1, seq)[0])
    assert [row for row in stored() if row[:2] in used] == [r for r in rows if r[:2] in used]


def test_a_missing_leaf_is_reported_with_its_place(table: None, history: History) -> None:
    seq = seal_planted(history, 700)
    log.checkpoint(now_ms=NOW)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_leaf WHERE seq = 600")
    with pytest.raises(log.LogError, match=r"LOG-GAP.*513"):
        log.inclusion(seq)
    assert last_checkpoint() is not None


@pytest.mark.law(8)
def test_an_altered_leaf_is_no_proof(table: None, history: History) -> None:
    seq = seal_planted(history, 700)
    log.inclusion(seq, now_ms=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_leaf SET sha256 = sm3 WHERE seq = 690")
    with pytest.raises(log.LogError, match="LOG-PROOF"):
        log.inclusion(seq)
