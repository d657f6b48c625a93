"""A stolen signing key: what it puts in doubt, and that a new signature over a recount ends it."""

from __future__ import annotations

import pytest
from django.db import connection

from ortoo.kernel.filings.checkpointing import CheckpointRow, store_checkpoint
from ortoo.kernel.filings.read import tail
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.seal import checkpoint as cp
from ortoo.kernel.seal import key_filings, log, note, revocation
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.revocation import RevocationError, Span, compromised, resign
from ortoo.kernel.seal.signer import Ed25519Signer
from ortoo.kernel.seal.verify import verify

WITNESS = Ed25519Signer.from_private_bytes(bytes(range(32)))
WITNESS_KEY = note.VerifierKey("witness.example", WITNESS.public_bytes, cosigner=True)


@pytest.fixture
def key(history: History) -> str:
    """K-KEY is seq 1; then moves 2…7 with checkpoints of size 3, 5 and 7 at NOW + 30, 50, 70."""
    key_filings.register_key_form()
    key_filings.begin(now_ms=NOW)
    for number in range(2, 8):
        history.move(number)
        if number % 2:
            log.checkpoint(now_ms=NOW + 10 * number)
    return log.signing_keys().in_use().key_id


def steal(key: str, since: int) -> None:
    key_filings.revoke(key, from_ms=NOW + since, actor="account:op", reason="失窃", now_ms=NOW + 90)


def test_what_a_key_signed_since_it_was_stolen_is_listed_and_nothing_else(key: str) -> None:
    steal(key, 40)
    found = compromised(key)
    assert found.checkpoints == ((5, NOW + 50), (7, NOW + 70))
    assert found.exposed == found.uncovered == Span(4, 7)
    assert found.restored_by is None
    (finding,) = revocation.uncovered()
    assert (finding.code, finding.seq) == ("VERIFY-COMPROMISED", 4)


def test_a_checkpoint_by_the_new_key_after_a_recount_restores_trust(
    history: History, key: str
) -> None:
    steal(key, 40)
    row = resign(now_ms=NOW + 100)
    found = compromised(key)
    assert found.checkpoints == ((5, NOW + 50), (7, NOW + 70))
    assert found.exposed == Span(4, 7)
    assert found.uncovered is None
    assert found.restored_by == (row.size, NOW + 100)
    assert list(revocation.uncovered()) == []
    assert verify() == []


def test_the_new_key_refuses_to_vouch_for_a_forged_log(history: History, key: str) -> None:
    steal(key, 40)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_filing SET reason = 'x' WHERE seq = 6")
    with pytest.raises(RevocationError, match="RESIGN-VERIFY"):
        resign(now_ms=NOW + 100)
    assert compromised(key).restored_by is None


def test_a_log_rewritten_whole_contradicts_a_checkpoint_kept_elsewhere(
    history: History, key: str
) -> None:
    """The thief rewrites filing 7 with everything that hangs on it: only the kept note tells."""
    kept = newest()
    with connection.cursor() as cursor:
        for table in ("filing", "leaf", "posting", "outbox"):
            cursor.execute(f"DELETE FROM kernel_{table} WHERE seq = 7")
        cursor.execute("DELETE FROM kernel_checkpoint WHERE size = 7")
        cursor.execute("UPDATE kernel_log_tail SET size = 6")
    history.move(70)
    log.checkpoint(now_ms=NOW + 70)
    steal(key, 40)
    with pytest.raises(RevocationError, match=r"RESIGN-VERIFY.*VERIFY-KEPT"):
        resign(now_ms=NOW + 100, kept_note=kept)
    # Without it the forgery is signed: a recount alone cannot see it.
    assert resign(now_ms=NOW + 100).size > 7


def newest() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM kernel_checkpoint ORDER BY size DESC LIMIT 1")
        return cursor.fetchone()[0]


def test_a_forged_line_of_the_new_key_is_no_cover(history: History, key: str) -> None:
    steal(key, 40)
    new = log.signing_keys().in_use()
    thief = Ed25519Signer.generate()
    row = log.checkpoint(now_ms=NOW + 95)
    text = note.parse(row.note).text
    line = note.SignatureLine(
        "ortoo.example/log", new.named("ortoo.example/log").key_hash, thief.sign(text.encode())
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_checkpoint SET note = %s WHERE size = %s",
            [str(note.Note(text, (line,))), row.size],
        )
    assert compromised(key).uncovered == Span(4, 7)


def test_a_checkpoint_that_a_witness_saw_stands(history: History, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM kernel_checkpoint WHERE size = 5")
        seen = cp.cosign(note.parse(cursor.fetchone()[0]), WITNESS_KEY.name, WITNESS, 123)
        cursor.execute("UPDATE kernel_checkpoint SET note = %s WHERE size = 5", [str(seen)])
    steal(key, 40)
    assert compromised(key, witnesses=[WITNESS_KEY]).uncovered == Span(6, 7)
    assert compromised(key).uncovered == Span(4, 7)


def test_asking_what_if_needs_no_revocation(history: History, key: str) -> None:
    with pytest.raises(KeystoreError, match="KEY-TIME"):
        compromised(key)
    assert compromised(key, since_ms=NOW + 60).uncovered == Span(6, 7)
    assert compromised(key, since_ms=NOW + 80).checkpoints == ()
    assert compromised(key, since_ms=NOW).exposed == Span(1, 7)
    with pytest.raises(KeystoreError, match="KEY-UNKNOWN"):
        compromised("0" * 16)


def test_a_doubtful_checkpoint_over_the_very_tail_waits_for_the_next_filing(
    history: History, key: str
) -> None:
    old = log.signing_keys().current()
    steal(key, 40)
    whole = log.grown(log.frontiers(None), tail())
    said = log.statement(whole, after=7, signed_at=NOW + 91)
    by_thief = str(cp.sign_checkpoint(said, old))
    store_checkpoint(
        CheckpointRow(
            said.size, said.root_sha256, said.root_sm3, log.packed(whole), by_thief, NOW + 91
        )
    )
    with pytest.raises(RevocationError, match="RESIGN-NOTHING"):
        resign(now_ms=NOW + 100)
    history.move()
    resign(now_ms=NOW + 101)
    assert compromised(key).uncovered is None


def test_a_proof_rests_on_a_checkpoint_that_no_stolen_key_puts_in_doubt(key: str) -> None:
    assert [log.inclusion(seq).size for seq in (3, 4, 6)] == [3, 5, 7]
    steal(key, 40)
    assert [log.inclusion(seq).size for seq in (3, 4, 6)] == [3, 5, 7], "there is no better one yet"
    row = resign(now_ms=NOW + 100)
    assert [log.inclusion(seq).size for seq in (3, 4, 6)] == [3, row.size, row.size]
