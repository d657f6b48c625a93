"""The life of signing keys, with real files: created, rotated, lost, revoked, and on the log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History
from ortoo.kernel.seal import key_filings, log
from ortoo.kernel.seal.checkpoint import verify_checkpoint
from ortoo.kernel.seal.keystore import KeystoreError, SigningKeys, write_private
from ortoo.kernel.seal.signer import ED25519, Ed25519Signer
from ortoo.kernel.seal.verify import verify

SECOND, THIRD = NOW + 1000, NOW + 2000


@pytest.fixture
def keys(history: History) -> SigningKeys:
    key_filings.register_key_form()
    key_filings.begin(now_ms=NOW)
    return log.signing_keys()


def told() -> list[tuple[str, str]]:
    found = [json.loads(row.body) for row in read.rows("form = %s", ["K-KEY"])]
    return [(body["key_id"], body["act"]) for body in found]


@pytest.mark.law(13)
def test_every_act_of_a_key_is_on_the_log_in_order(history: History, keys: SigningKeys) -> None:
    first = keys.in_use().key_id
    second = key_filings.rotate(actor="account:op", reason="年度轮换", now_ms=SECOND).key_id
    key_filings.revoke(
        second, from_ms=SECOND, actor="account:op", reason="笔记本失窃", now_ms=THIRD
    )
    third = keys.in_use().key_id
    assert told() == [
        (first, "created"), (first, "retired"), (second, "created"), (second, "retired"),
        (second, "revoked"), (third, "created"),
    ]  # fmt: skip
    last = json.loads(read.rows("form = %s AND subject = %s", ["K-KEY", second])[-1].body)
    assert (last["from_at"], last["at"], last["reason"]) == (SECOND, THIRD, "笔记本失窃")
    assert key_filings.compare_history() == []
    assert verify() == []


@pytest.mark.law(13)
def test_old_checkpoints_verify_after_every_change(history: History, keys: SigningKeys) -> None:
    rows = []
    for step in range(4):
        history.move()
        rows.append(log.checkpoint(now_ms=NOW + step))
        key_filings.rotate(actor="SYSTEM", reason="轮换", now_ms=NOW + step)
    signed = {verify_checkpoint(row.note, log.log_keys()).key for row in rows}
    assert len(signed) == 4
    assert verify() == []


def test_a_lost_private_key_signs_nothing_and_spoils_nothing(
    history: History, keys: SigningKeys
) -> None:
    history.move()
    before = log.checkpoint(now_ms=NOW + 1)
    lost = keys.in_use().key_id
    (keys.folder / f"signing-{lost}.key").unlink()
    history.move()
    with pytest.raises(KeystoreError, match=r"KEY-ABSENT.*恢复，或轮换"):
        log.checkpoint(now_ms=NOW + 2)
    assert verify() == []
    key_filings.rotate(actor="account:op", reason="私钥文件丢失", now_ms=SECOND)
    assert (lost, "lost") in told()
    assert (lost, "retired") not in told()
    assert verify_checkpoint(before.note, log.log_keys()).checkpoint.size == before.size
    assert log.checkpoint(now_ms=THIRD).size > before.size
    assert verify() == []
    assert key_filings.compare_history() == []


def test_what_a_crash_left_unfiled_is_a_finding_until_it_is_filed(
    history: History, keys: SigningKeys
) -> None:
    keys.rotate(now_ms=SECOND, reason="轮换")  # and the process dies before the filing
    assert {f.code for f in key_filings.compare_history()} == {"VERIFY-KEYS"}
    assert len(key_filings.file_history(now_ms=THIRD)) == 2
    assert key_filings.compare_history() == []
    assert key_filings.file_history(now_ms=THIRD) == []
    body = json.loads(read.rows("form = %s", ["K-KEY"])[1].body)
    assert (body["at"], body["reason"]) == (SECOND, "轮换")


@pytest.mark.parametrize("change", ["planted", "dropped", "times", "unrevoked"])
def test_a_doctored_key_record_contradicts_the_log(
    history: History, keys: SigningKeys, change: str
) -> None:
    first = keys.in_use().key_id
    key_filings.revoke(first, from_ms=NOW, actor="a", reason="失窃", now_ms=SECOND)
    path = keys.folder / "signing.json"
    rows = json.loads(path.read_text())
    if change == "planted":
        other = Ed25519Signer.generate()
        public = other.public_bytes.hex()
        rows.insert(0, rows[0] | {"key_id": other.key_id, "public": public})
    elif change == "dropped":
        del rows[0]
    elif change == "times":
        rows[0]["compromised_from_ms"] = SECOND
    else:
        rows[0] |= {"revoked_at_ms": None, "compromised_from_ms": None}
    write_private(path, json.dumps(rows).encode())
    assert {f.code for f in key_filings.compare_history()} == {"VERIFY-KEYS"}


def test_a_log_from_before_keys_were_filed_is_not_accused(history: History) -> None:
    history.move()
    log.checkpoint(now_ms=NOW)
    assert key_filings.compare_history() == []


def test_a_revocation_said_again_reaches_only_further_back(
    history: History, keys: SigningKeys
) -> None:
    first = keys.in_use().key_id
    revoke = {"actor": "a", "reason": "失窃", "now_ms": THIRD}
    assert key_filings.revoke(first, from_ms=SECOND, **revoke).compromised_from_ms == SECOND
    assert key_filings.revoke(first, from_ms=NOW, **revoke).compromised_from_ms == NOW
    assert key_filings.revoke(first, from_ms=SECOND, **revoke).compromised_from_ms == NOW
    assert told().count((first, "revoked")) == 2
    assert key_filings.compare_history() == []


def test_a_key_nobody_knows_or_a_time_that_cannot_be_is_refused(keys: SigningKeys) -> None:
    first, revoke = keys.in_use().key_id, {"actor": "a", "reason": "b", "now_ms": SECOND}
    with pytest.raises(KeystoreError, match="KEY-UNKNOWN"):
        key_filings.revoke("0" * 16, from_ms=NOW, **revoke)
    for impossible in (NOW - 1, SECOND + 1):
        with pytest.raises(KeystoreError, match="KEY-TIME"):
            key_filings.revoke(first, from_ms=impossible, **revoke)
    assert keys.in_use().key_id == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_id": "0" * 16}, {"public": "zz"}, {"act": "borrowed"}, {"at": -1}, {"reason": " "},
        {"from_at": 5}, {"algorithm": "rsa"}, {"act": "revoked"},
    ],
)  # fmt: skip
def test_a_key_filing_that_does_not_hold_together_is_refused(
    history: History, keys: SigningKeys, wrong: dict[str, object]
) -> None:
    (act,) = key_filings.acts_of(keys.in_use())
    body = act.body("试") | wrong
    with pytest.raises(Refused, match="BODY-INVALID"):
        history.file("K-KEY", "SYSTEM", body)
    assert list(key_filings.validate(replace(act, at=7).body("试"))) == []


ROTATE = """
import sys, time
from pathlib import Path
from ortoo.kernel.seal.keystore import KeystoreError, SigningKeys
keys, seen = SigningKeys(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
try:
    print(keys.rotate(now_ms=2, replacing=seen).key_id)
except KeystoreError as error:
    print(error.code)
"""


def test_of_two_processes_that_rotate_at_once_one_wins(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys")
    first = keys.create(now_ms=1).key_id
    command = [sys.executable, "-c", ROTATE, str(keys.folder), first]
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = {**os.environ, "PYTHONPATH": str(Path(key_filings.__file__).parents[3])}
    rivals = [subprocess.Popen(command, env=env, **pipe) for _ in range(3)]
    assert [rival.stdout.readline() for rival in rivals] == ["ready\n"] * 3
    for rival in rivals:
        rival.stdin.write("go\n")
        rival.stdin.flush()
    said = sorted(rival.communicate(timeout=30)[0].strip() for rival in rivals)
    assert said.count("KEY-STALE") == 2
    assert len(keys.history()) == 2
    assert keys.current().key_id in said
    assert [path.name for path in keys.folder.glob("signing-*.key")] == [
        f"signing-{keys.current().key_id}.key"
    ]


def test_a_private_file_left_by_a_change_cut_off_goes_with_the_next(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys")
    first = keys.create(now_ms=1)
    left = keys.folder / f"signing-{first.key_id}.key"
    kept = left.read_bytes()
    keys.rotate(now_ms=2)
    write_private(left, kept)
    keys.rotate(now_ms=3)
    assert len(list(keys.folder.glob("signing-*.key"))) == 1


def test_a_record_written_before_revocation_existed_is_read(tmp_path: Path) -> None:
    signer = Ed25519Signer.generate()
    row = {
        "key_id": signer.key_id, "algorithm": ED25519, "public": signer.public_bytes.hex(),
        "created_at_ms": 1, "retired_at_ms": None,
    }  # fmt: skip
    (tmp_path / "signing.json").write_text(json.dumps([row]))
    assert SigningKeys(tmp_path).in_use().compromised_from_ms is None
