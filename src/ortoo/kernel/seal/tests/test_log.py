"""Laws 2 and 8: checkpoints that grow, and proofs that a receipt's filing is in the log."""

from __future__ import annotations

import pytest

from ortoo.algorithms import merkle
from ortoo.kernel.filings import read
from ortoo.kernel.filings.digest import leaf_data
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.seal import log
from ortoo.kernel.seal.checkpoint import verify_checkpoint
from ortoo.kernel.seal.verify import verify


@pytest.mark.law(8)
def test_checkpoints_grow_from_one_another_to_the_roots_of_all_leaves(history: History) -> None:
    for size in range(1, 12):
        history.move(size)
        row = log.checkpoint(now_ms=NOW + size)
        assert row.size == size
    for name, root in (("sha256", row.sha256), ("sm3", row.sm3)):
        leaves = [
            merkle.leaf_hash(leaf_data(found.digest, found.digest_sm3), name)
            for found in read.after(0, 99)
        ]
        assert merkle.root(leaves, name) == root
    assert verify() == []


def test_a_log_that_has_not_grown_is_not_signed_again(history: History) -> None:
    history.move()
    assert log.checkpoint(now_ms=NOW) == log.checkpoint(now_ms=NOW + 1)


def test_an_empty_log_is_not_signed(history: History) -> None:
    with pytest.raises(log.LogError, match="LOG-EMPTY"):
        log.checkpoint(now_ms=NOW)


@pytest.mark.law(2)
@pytest.mark.parametrize("size", [1, 2, 7, 9])
def test_every_receipt_is_proved_in_a_signed_checkpoint_under_both_hashes(
    history: History, size: int
) -> None:
    receipts = [history.move(number) for number in range(size)]
    for receipt in receipts:
        proof = log.inclusion(receipt.seq, now_ms=NOW)
        said = verify_checkpoint(proof.note, log.log_keys()).checkpoint
        assert (proof.digest, proof.digest_sm3) == (receipt.digest, receipt.digest_sm3)
        data, place = leaf_data(receipt.digest, receipt.digest_sm3), (receipt.seq - 1, said.size)
        for name, root, hashes in (
            ("sha256", said.root_sha256, proof.hashes),
            ("sm3", said.root_sm3, proof.hashes_sm3),
        ):
            leaf = merkle.leaf_hash(data, name)
            assert merkle.verify_inclusion(leaf, place, root, hashes, name)


def test_a_filing_behind_the_last_checkpoint_is_proved_only_after_signing(
    history: History,
) -> None:
    history.move()
    log.checkpoint(now_ms=NOW)
    seq = history.move().seq
    with pytest.raises(log.LogError, match="LOG-UNKNOWN"):
        log.inclusion(seq)
    assert log.inclusion(seq, now_ms=NOW + 1).size == 2
    with pytest.raises(log.LogError, match="LOG-UNKNOWN"):
        log.inclusion(99, now_ms=NOW)


def test_a_rotated_key_goes_on_verifying_what_it_signed(history: History) -> None:
    history.move()
    first = log.checkpoint(now_ms=NOW)
    log.signing_keys().rotate(now_ms=NOW + 1)
    history.move()
    second = log.checkpoint(now_ms=NOW + 2)
    names = {verify_checkpoint(row.note, log.log_keys()).key for row in (first, second)}
    assert len(names) == 2
    assert verify() == []


def test_a_receipt_number_tells_form_and_time_and_no_figure(history: History) -> None:
    receipt = history.move(1234)
    found = log.verify_receipt(receipt.number)
    assert found == log.ReceiptFound(receipt.seq, receipt.received_at, "T-MOVE")
    assert "1234" not in repr(found)


@pytest.mark.parametrize("spoil", ["{0}0", "9{0}", "{0}\n1", "", "x", "000000001-00000000"])
def test_a_number_that_was_never_issued_is_not_found(history: History, spoil: str) -> None:
    assert log.verify_receipt(spoil.format(history.move().number)) is None


def test_a_number_typed_in_lower_case_full_width_or_with_spaces_is_found(history: History) -> None:
    number = history.move().number
    wide = number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789ABCDEF-"})
    for typed in (number.lower(), f" {number} ", wide, number.replace("-", "—")):
        assert log.verify_receipt(typed) is not None
