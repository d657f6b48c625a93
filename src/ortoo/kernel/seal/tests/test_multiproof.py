"""Several leaves under one root: whatever is shown, the root follows, and nothing else fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms import merkle
from ortoo.kernel.seal import multiproof
from ortoo.kernel.seal.multiproof import MultiproofError, root_of, siblings


def tree(count: int) -> tuple[list[bytes], list[bytes]]:
    parts = [b"part %d" % number for number in range(count)]
    return parts, [merkle.leaf_hash(part) for part in parts]


@pytest.mark.law(2)
@given(st.integers(1, 70), st.data())
def test_any_set_of_leaves_leads_to_the_root(count: int, data: st.DataObject) -> None:
    parts, leaves = tree(count)
    shown = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    given_ = siblings(leaves, sorted(shown), "sha256")
    own = {index: parts[index] for index in shown}
    assert root_of(count, own, given_, "sha256") == merkle.root(leaves)
    assert not {leaves[index] for index in shown} & set(given_)


@given(st.integers(1, 70), st.data())
def test_one_leaf_needs_as_many_hashes_as_an_ordinary_proof(
    count: int, data: st.DataObject
) -> None:
    _, leaves = tree(count)
    index = data.draw(st.integers(0, count - 1))
    ordinary = merkle.inclusion_proof(leaves, index)
    assert sorted(siblings(leaves, [index], "sha256")) == sorted(ordinary)


@given(st.integers(2, 70), st.data())
def test_another_leaf_or_hash_leads_elsewhere(count: int, data: st.DataObject) -> None:
    parts, leaves = tree(count)
    index = data.draw(st.integers(0, count - 1))
    given_ = siblings(leaves, [index], "sha256")
    at = data.draw(st.integers(0, len(given_) - 1))
    spoiled = [*given_[:at], bytes(32), *given_[at + 1 :]]
    root = merkle.root(leaves)
    assert root_of(count, {index: parts[index] + b"x"}, given_, "sha256") != root
    assert root_of(count, {index: parts[index]}, spoiled, "sha256") != root


@pytest.mark.parametrize(
    ("count", "index", "change"),
    [
        (9, 4, lambda given_: given_[:-1]),
        (9, 4, lambda given_: [*given_, bytes(32)]),
        (9, 4, lambda given_: [given_[0][:31], *given_[1:]]),
        (0, 4, lambda given_: given_),
        (4, 4, lambda given_: given_),
        (multiproof.MAX_LEAVES + 1, 4, lambda given_: given_),
    ],
)
def test_a_proof_of_another_shape_is_refused_and_does_not_run_away(count, index, change) -> None:
    parts, leaves = tree(9)
    given_ = change(siblings(leaves, [4], "sha256"))
    with pytest.raises(MultiproofError):
        root_of(count, {index: parts[4]}, given_, "sha256")


def test_two_of_five_hundred_need_at_most_sixteen_hashes() -> None:
    _, leaves = tree(501)
    most = max(len(siblings(leaves, [0, index], "sha256")) for index in range(1, 501))
    assert most == 16
