"""RFC 6962 trees: known roots, properties of proofs, and the published vectors."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.algorithms import hashing, merkle

# Leaves and roots of the reference tests of the Certificate Transparency logs (public domain data
# quoted in many implementations); tree sizes 0 to 8.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHED = [merkle.leaf_hash(leaf) for leaf in LEAVES]
MANY = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(64)]


def recursive_root(leaves: list[bytes], hash_name: str = "sha256") -> bytes:
    """The definition of RFC 6962 §2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.new(hash_name, b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = (
        recursive_root(leaves[:split], hash_name),
        recursive_root(leaves[split:], hash_name),
    )
    return hashlib.new(hash_name, b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_reference_trees_have_their_published_roots(size: int) -> None:
    assert merkle.root(HASHED[:size]).hex() == ROOTS[size]
    assert merkle.Frontier().with_leaves(HASHED[:size]).root().hex() == ROOTS[size]


def test_sm3_gives_the_standards_own_digest_and_its_own_roots() -> None:
    # GB/T 32905-2016, annex A.1: SM3("abc").
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert merkle.digest(b"abc", "sm3").hex() == expected
    leaves = [merkle.leaf_hash(leaf, "sm3") for leaf in LEAVES]
    assert merkle.root(leaves, "sm3") == recursive_root(leaves, "sm3")
    assert merkle.root(leaves, "sm3") != merkle.root(HASHED)


def test_sm3_comes_from_cryptography_where_hashlib_lacks_it(monkeypatch) -> None:
    expected = merkle.leaf_hash(b"abc", "sm3")

    def refuse(*_: object) -> None:
        raise ValueError("unsupported hash type sm3")

    hashing.constructor.cache_clear()
    monkeypatch.setattr(hashing.hashlib, "new", refuse)
    try:
        assert merkle.leaf_hash(b"abc", "sm3") == expected
    finally:
        hashing.constructor.cache_clear()


def test_an_unknown_hash_is_refused() -> None:
    with pytest.raises(merkle.HashUnavailableError, match="md5"):
        merkle.root([], "md5")


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_fast_root_is_the_recursive_definition(data: list[bytes]) -> None:
    leaves = [merkle.leaf_hash(item) for item in data]
    assert merkle.root(leaves) == recursive_root(leaves)


@given(st.integers(1, 64), st.data())
def test_any_flipped_bit_of_any_leaf_changes_the_root(size: int, data: st.DataObject) -> None:
    leaves = MANY[:size]
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(leaves[index], "big") ^ (1 << bit)).to_bytes(32, "big")
    changed = [*leaves[:index], flipped, *leaves[index + 1 :]]
    assert merkle.root(changed) != merkle.root(leaves)


@given(st.integers(0, 64), st.integers(0, 64))
def test_a_frontier_grown_in_two_steps_and_stored_between_has_the_same_root(
    first: int, second: int
) -> None:
    low, high = sorted((first, second))
    begun = merkle.Frontier().with_leaves(MANY[:low])
    stored = merkle.Frontier.from_bytes(begun.to_bytes())
    assert stored == begun
    grown = stored.with_leaves(MANY[low:high])
    assert grown == merkle.Frontier().with_leaves(MANY[:high])
    assert grown.root() == merkle.root(MANY[:high])


def test_a_frontier_refuses_nodes_that_do_not_fit_its_size() -> None:
    with pytest.raises(ValueError, match="3 leaves need 2 nodes"):
        merkle.Frontier(3, (MANY[0],))
    for broken in (b"", b"\x06sha256", merkle.Frontier(1, (MANY[0],)).to_bytes()[:-1]):
        with pytest.raises(ValueError):
            merkle.Frontier.from_bytes(broken)


def test_every_inclusion_proof_up_to_64_leaves_verifies_and_no_other_leaf_does() -> None:
    for size in range(1, 65):
        tree = merkle.root(MANY[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(MANY, index, size)
            assert merkle.verify_inclusion(MANY[index], (index, size), tree, proof)
            other = MANY[(index + 1) % 64]
            assert not merkle.verify_inclusion(other, (index, size), tree, proof)


def test_every_consistency_proof_up_to_64_leaves_verifies_and_a_changed_past_does_not() -> None:
    roots = [merkle.root(MANY[:size]) for size in range(65)]
    for size2 in range(1, 65):
        for size1 in range(1, size2 + 1):
            proof = merkle.consistency_proof(MANY, size1, size2)
            pair = (roots[size1], roots[size2])
            assert merkle.verify_consistency((size1, size2), pair, proof)
            wrong = (roots[size1 - 1], roots[size2])
            assert not merkle.verify_consistency((size1, size2), wrong, proof)


def test_every_subtree_of_40_leaves_proves_its_place_and_its_leaves() -> None:
    tree = merkle.root(MANY[:40])
    for start in range(40):
        for end in range(start + 1, 41):
            if not merkle.is_subtree(start, end):
                continue
            part = merkle.root(MANY[start:end])
            proof = merkle.subtree_consistency_proof(MANY, (start, end), 40)
            place = ((start, end), 40)
            assert merkle.subtree_consistency_fault(place, (part, tree), proof) is None
            path = merkle.subtree_inclusion_proof(MANY, start, (start, end))
            place_of_leaf = (start, (start, end))
            assert merkle.subtree_inclusion_fault(MANY[start], place_of_leaf, part, path) is None


def test_stored_nodes_give_the_same_proofs_as_all_leaves() -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()

    def keep(level: int, index: int, node: bytes) -> None:
        nodes[level, index] = node

    def read(level: int, index: int) -> bytes:
        return nodes[level, index]

    for size in (5, 21, 50):
        frontier = frontier.with_leaves(MANY[frontier.size : size], keep)
        assert merkle.span_root((0, size), read) == frontier.root()
        for index in range(size):
            found = merkle.proof_from_nodes((index, index + 1), size, read)
            assert found == merkle.inclusion_proof(MANY, index, size)
        for size1 in range(1, size + 1):
            found = merkle.proof_from_nodes((0, size1), size, read)
            assert found == merkle.consistency_proof(MANY, size1, size)


def test_a_consistency_proof_from_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no subtree"):
        merkle.consistency_proof(MANY, 0, 4)
    fault = merkle.consistency_fault((0, 4), (merkle.root([]), merkle.root(MANY[:4])), [])
    assert fault is not None
    assert fault.code == "MERKLE-RANGE"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda proof: proof[:-1], "MERKLE-SHORT"),
        (lambda proof: [*proof, MANY[9]], "MERKLE-LONG"),
        (lambda proof: [b"short", *proof[1:]], "MERKLE-SIZE"),
        (lambda proof: [MANY[9], *proof[1:]], "MERKLE-ROOT"),
    ],
)
def test_a_fault_says_what_is_wrong_with_the_proof(change, code: str) -> None:
    proof = change(merkle.inclusion_proof(MANY, 3, 8))
    fault = merkle.inclusion_fault(MANY[3], (3, 8), merkle.root(MANY[:8]), proof)
    assert fault is not None
    assert fault.code == code


@settings(max_examples=50)
@given(
    st.lists(st.binary(max_size=20), min_size=1, max_size=12),
    st.sampled_from(merkle.HASH_NAMES),
    st.data(),
)
def test_one_part_of_a_filing_is_proved_without_the_others(
    parts: list[bytes], hash_name: str, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    digest = merkle.parts_root(parts, hash_name)
    proof = merkle.part_proof(parts, index, hash_name)
    assert merkle.verify_part(digest, parts[index], proof)
    assert not merkle.verify_part(digest, parts[index] + b"x", proof)


def test_a_filing_without_parts_has_no_digest() -> None:
    with pytest.raises(ValueError, match="envelope"):
        merkle.parts_root([])


# --- published vectors -----------------------------------------------------------------------


def shared_vectors(kind: str) -> list[dict]:
    here = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[5] / "shared"))
    folder = here / "data/trace/rfc6962-vectors/testdata" / kind
    if not folder.is_dir():
        pytest.skip("the RFC 6962 vectors of the shared data are not beside this checkout")
    return [
        json.loads(path.read_text("utf-8")) | {"path": str(path.relative_to(folder))}
        for path in sorted(folder.rglob("*.json"))
    ]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def fault_of(kind: str, case: dict) -> merkle.ProofFault | None:
    proof = [decoded(item) for item in case["proof"] or []]
    if kind == "inclusion":
        position = (case["leafIdx"], case["treeSize"])
        leaf, tree = decoded(case["leafHash"]), decoded(case["root"])
        return merkle.inclusion_fault(leaf, position, tree, proof)
    if kind == "subtreeinclusion":
        place = (case["leafIdx"], (case["start"], case["end"]))
        leaf, tree = decoded(case["leafHash"]), decoded(case["root"])
        return merkle.subtree_inclusion_fault(leaf, place, tree, proof)
    roots = (decoded(case["root1"]), decoded(case["root2"]))
    if kind == "consistency":
        return merkle.consistency_fault((case["size1"], case["size2"]), roots, proof)
    return merkle.subtree_consistency_fault(
        ((case["start"], case["end"]), case["size"]), roots, proof
    )


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("inclusion", 98),
        ("consistency", 98),
        ("subtreeinclusion", 204),
        ("subtreeconsistency", 118),
    ],
)
def test_every_published_vector_is_judged_as_published(kind: str, count: int) -> None:
    cases = shared_vectors(kind)
    wrong = [
        case["path"] for case in cases if (fault_of(kind, case) is not None) != case["wantErr"]
    ]
    assert wrong == []
    assert len(cases) == count
