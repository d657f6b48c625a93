"""Checkpoints: their text, the log's signature, witnesses, and what a witness must refuse."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms import merkle
from ortoo.kernel.seal import checkpoint as cp
from ortoo.kernel.seal.checkpoint import Checkpoint, CheckpointError, GrowthProof
from ortoo.kernel.seal.note import NoteError, VerifierKey
from ortoo.kernel.seal.signer import Ed25519Signer

ORIGIN = "ortoo.example/log"
LOG = Ed25519Signer.from_private_bytes(bytes(range(32)))
OLD_LOG = Ed25519Signer.from_private_bytes(bytes(range(1, 33)))
WITNESSES = [Ed25519Signer.from_private_bytes(bytes([n]) * 32) for n in (7, 8)]
NAMES = ["witness.example/盟局", "witness.example/监管"]
LOG_KEYS = [VerifierKey(ORIGIN, s.public_bytes) for s in (OLD_LOG, LOG)]
WITNESS_KEYS = [
    VerifierKey(name, s.public_bytes, cosigner=True)
    for name, s in zip(NAMES, WITNESSES, strict=True)
]
LEAVES = {
    name: [merkle.leaf_hash(bytes([n]), name) for n in range(20)] for name in merkle.HASH_NAMES
}


def state(size: int) -> Checkpoint:
    roots = [merkle.root(LEAVES[name][:size], name) for name in ("sha256", "sm3")]
    return Checkpoint(ORIGIN, size, *roots)


def growth(size1: int, size2: int) -> GrowthProof:
    paths = [
        tuple(merkle.consistency_proof(LEAVES[name], size1, size2, name))
        for name in ("sha256", "sm3")
    ]
    return GrowthProof(*paths)


def test_the_text_is_origin_size_root_and_the_sm3_line() -> None:
    now = state(8)
    lines = now.text.split("\n")
    assert lines[:2] == [ORIGIN, "8"]
    assert base64.b64decode(lines[2]) == now.root_sha256
    assert lines[3] == "sm3 " + base64.b64encode(now.root_sm3 or b"").decode()
    assert lines[4:] == [""]


def test_the_text_of_the_specification_is_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    read = cp.parse_text(text)
    assert (read.origin, read.size, read.root_sm3) == (
        "example.com/behind-the-sofa",
        20852163,
        None,
    )
    assert read.text == text


@given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32), st.booleans())
def test_any_checkpoint_reads_back(size: int, root: bytes, with_sm3: bool) -> None:
    made = Checkpoint(ORIGIN, size, root, root[::-1] if with_sm3 else None, ("note 一",))
    assert cp.parse_text(made.text) == made


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (lambda t: t.replace("\n8\n", "\n08\n"), "CHECKPOINT-SIZE", 2),
        (lambda t: t.replace("\n8\n", "\n-8\n"), "CHECKPOINT-SIZE", 2),
        (lambda t: t.replace("\n8\n", "\n" + "9" * 5000 + "\n"), "CHECKPOINT-SIZE", 2),
        (lambda t: t.replace("\n8\n", "\n8\nAAAA"), "CHECKPOINT-ROOT", 3),
        (lambda t: t.replace("sm3 ", "sm3  "), "CHECKPOINT-ROOT", 4),
        (lambda t: t.replace(ORIGIN, ""), "CHECKPOINT-ORIGIN", 1),
        (lambda t: t + "\n", "CHECKPOINT-SHAPE", 0),
        (lambda t: t[:-1], "CHECKPOINT-SHAPE", 0),
    ],
)
def test_a_misshapen_text_is_refused_with_its_line(change, code: str, line: int) -> None:
    with pytest.raises(CheckpointError) as caught:
        cp.parse_text(change(state(8).text))
    assert (caught.value.code, caught.value.line) == (code, line)


def test_a_signed_and_witnessed_checkpoint_verifies() -> None:
    note = cp.sign_checkpoint(state(8), LOG)
    for name, signer, at_s in zip(NAMES, WITNESSES, (1_790_000_000, 1_790_000_060), strict=True):
        note = cp.cosign(note, name, signer, at_s)
    seen = cp.verify_checkpoint(str(note), LOG_KEYS, WITNESS_KEYS, quorum=2)
    assert seen.checkpoint == state(8)
    assert seen.key == LOG_KEYS[1]
    assert [(each.witness.name, each.at_s) for each in seen.cosigned] == [
        (NAMES[0], 1_790_000_000),
        (NAMES[1], 1_790_000_060),
    ]


def test_an_old_checkpoint_still_verifies_after_the_key_was_changed() -> None:
    wire = str(cp.sign_checkpoint(state(3), OLD_LOG))
    assert cp.verify_checkpoint(wire, LOG_KEYS).key == LOG_KEYS[0]


def test_the_log_and_a_witness_may_share_a_key_without_mixing_their_signatures() -> None:
    note = cp.sign_checkpoint(state(8), LOG)
    shared = VerifierKey(ORIGIN, LOG.public_bytes, cosigner=True)
    assert cp.cosignatures(note, [shared]) == ()
    assert cp.cosignatures(cp.cosign(note, ORIGIN, LOG, 5), [shared])[0].at_s == 5


def test_too_few_witnesses_are_told() -> None:
    note = cp.cosign(cp.sign_checkpoint(state(8), LOG), NAMES[0], WITNESSES[0], 1)
    with pytest.raises(CheckpointError, match="CHECKPOINT-WITNESSES:须有 2 方见证，现有 1 方"):
        cp.verify_checkpoint(str(note), LOG_KEYS, WITNESS_KEYS, quorum=2)


def test_a_false_witness_line_is_told_by_name() -> None:
    note = cp.cosign(cp.sign_checkpoint(state(8), LOG), NAMES[0], WITNESSES[0], 1)
    line = note.signatures[1]
    later = replace(line, signature=(2).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(NoteError, match=NAMES[0]):
        cp.verify_checkpoint(str(note.with_signature(later)), LOG_KEYS, WITNESS_KEYS)


def test_a_foreign_origin_and_a_missing_signature_are_told_apart() -> None:
    foreign = cp.sign_checkpoint(replace(state(8), origin="other.example/log"), LOG)
    with pytest.raises(CheckpointError, match="CHECKPOINT-ORIGIN"):
        cp.verify_checkpoint(str(foreign), LOG_KEYS)
    unknown = cp.sign_checkpoint(state(8), WITNESSES[0])
    with pytest.raises(CheckpointError, match="CHECKPOINT-UNSIGNED"):
        cp.verify_checkpoint(str(unknown), LOG_KEYS)


@given(st.data())
def test_no_changed_character_of_a_checkpoint_leaves_it_valid(data) -> None:
    wire = str(cp.sign_checkpoint(state(8), LOG))
    at = data.draw(st.integers(0, len(wire) - 1))
    new = data.draw(st.characters(codec="utf-8").filter(lambda c: c != wire[at]))
    with pytest.raises((CheckpointError, NoteError)):
        cp.verify_checkpoint(wire[:at] + new + wire[at + 1 :], LOG_KEYS)


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_log_that_only_grew_passes_a_witness(a: int, b: int) -> None:
    size1, size2 = sorted((a, b))
    cp.check_growth(state(size1), state(size2), growth(size1, size2))


def test_everything_grows_from_the_empty_log() -> None:
    cp.check_growth(state(0), state(9), GrowthProof())


def test_a_rewritten_log_is_refused_for_the_reason_it_deserves() -> None:
    other = {name: merkle.root(LEAVES[name][1:9], name) for name in merkle.HASH_NAMES}
    forged = Checkpoint(ORIGIN, 8, other["sha256"], other["sm3"])
    cases = [
        (state(8), state(5), GrowthProof(), "CHECKPOINT-SHRUNK"),
        (state(8), forged, GrowthProof(), "CHECKPOINT-FORKED"),
        (state(5), forged, growth(5, 8), "CHECKPOINT-PROOF"),
        (state(5), state(8), GrowthProof(), "CHECKPOINT-PROOF"),
        (state(5), state(8), replace(growth(5, 8), sm3=()), "CHECKPOINT-PROOF"),
        (state(5), replace(state(8), root_sm3=None), growth(5, 8), "CHECKPOINT-FORKED"),
        (state(5), replace(state(8), origin="x"), growth(5, 8), "CHECKPOINT-ORIGIN"),
    ]
    for old, new, proof, code in cases:
        with pytest.raises(CheckpointError) as caught:
            cp.check_growth(old, new, proof)
        assert caught.value.code == code


def test_a_root_of_another_length_is_no_checkpoint() -> None:
    with pytest.raises(CheckpointError, match="CHECKPOINT-ROOT"):
        Checkpoint(ORIGIN, 1, b"short")
