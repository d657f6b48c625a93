"""SM2: the standard's example, three implementations against each other, checkpoints signed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ortoo.kernel.seal import checkpoint as cp
from ortoo.kernel.seal import signer as signers
from ortoo.kernel.seal import sm2
from ortoo.kernel.seal.keystore import KeystoreError, SigningKeys, write_private
from ortoo.kernel.seal.note import NoteError
from ortoo.kernel.seal.signer import ED25519, SM2, VERIFIERS, SignerError
from ortoo.kernel.seal.tests import sm2_reference as reference
from ortoo.kernel.seal.tests.sm2_reference import ReferenceSigner

# GM/T 0003.5-2012 Annex A.2 (GB/T 32918.5): the recommended curve, "message digest", default ID.
PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
MESSAGE = b"message digest"
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
OTHER = ReferenceSigner(0x1234567)
ORIGIN = "ortoo.example/log"
needs_extra = pytest.mark.skipif(
    not sm2.available(), reason="the extra sm2 (gmssl-pyx) is not installed"
)


def test_the_reference_signs_and_verifies_as_the_standard_prints() -> None:
    assert reference.public_of(PRIVATE) == PUBLIC
    assert reference.digest(PUBLIC, MESSAGE) == int(
        "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640", 16
    )
    assert reference.sign(PRIVATE, MESSAGE, K) == SIGNATURE
    assert reference.verify(PUBLIC, MESSAGE, SIGNATURE)
    assert not reference.verify(PUBLIC, MESSAGE, SIGNATURE, identity=b"ALICE123@YAHOO.COM")


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (31, 32), (33, 1)])
def test_der_and_r_s_turn_into_one_another(size: tuple[int, int]) -> None:
    r, s = (int.from_bytes(b"\x8f" * min(each, 32), "big") for each in size)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert sm2.raw_of(sm2.der_of(raw)) == raw
    for wrong in (
        b"",
        sm2.der_of(raw) + b"\0",
        sm2.der_of(raw)[:-1],
        b"\x31" + sm2.der_of(raw)[1:],
    ):
        with pytest.raises(SignerError, match="DER"):
            sm2.raw_of(wrong)


def test_without_the_extra_sm2_is_refused_with_the_remedy(monkeypatch) -> None:
    monkeypatch.setattr(sm2, "MODULE", "no_such_module")
    assert not sm2.available()
    for attempt in (
        lambda: signers.generate(SM2),
        lambda: signers.verify(PUBLIC, SM2, MESSAGE, SIGNATURE),
    ):
        with pytest.raises(SignerError, match=r"SIGN-ALGORITHM.*ortoo\[sm2\]"):
            attempt()


def test_the_slot_takes_any_signer_of_algorithm_sm2() -> None:
    """A certified module's signer, played by the reference: a checkpoint in both hands."""
    verifiers = {**VERIFIERS, SM2: reference.verify}
    state = cp.Checkpoint(ORIGIN, 3, bytes(32), bytes(32))
    wire = str(cp.sign_checkpoint(state, OTHER))
    keys = [cp.VerifierKey(ORIGIN, OTHER.public_bytes, SM2)]
    assert cp.verify_checkpoint(wire, keys, verifiers=verifiers).checkpoint == state
    forged = wire.replace(f"{ORIGIN}\n3", f"{ORIGIN}\n4")
    with pytest.raises(NoteError, match="NOTE-SIGNATURE"):
        cp.verify_checkpoint(forged, keys, verifiers=verifiers)
    note = cp.cosign(cp.sign_checkpoint(state, OTHER), "witness.example", OTHER, 5)
    witness = cp.VerifierKey("witness.example", OTHER.public_bytes, SM2, cosigner=True)
    seen = cp.verify_checkpoint(str(note), keys, [witness], quorum=1, verifiers=verifiers)
    assert [each.at_s for each in seen.cosigned] == [5]


def test_a_folder_turns_from_ed25519_to_sm2_and_back_with_every_checkpoint_valid(
    tmp_path: Path, monkeypatch
) -> None:
    """The keys folder with the reference in the module's place; with the module itself below."""
    made = iter((ReferenceSigner(7), ReferenceSigner(8)))
    monkeypatch.setattr(sm2.Sm2Signer, "generate", lambda: next(made))
    monkeypatch.setattr(
        sm2.Sm2Signer,
        "from_private_bytes",
        lambda private, public: ReferenceSigner(int.from_bytes(private, "big")),
    )
    turn_there_and_back(tmp_path, {**VERIFIERS, SM2: reference.verify})


@needs_extra
def test_the_module_turns_a_folder_there_and_back(tmp_path: Path) -> None:
    turn_there_and_back(tmp_path, VERIFIERS)


def turn_there_and_back(tmp_path: Path, verifiers) -> None:
    keys = SigningKeys(tmp_path / "keys")
    wires = []
    for size, algorithm in enumerate((ED25519, SM2, None, ED25519), 1):
        if size == 1:
            keys.create(now_ms=size, algorithm=algorithm)
        else:
            keys.rotate(now_ms=size, algorithm=algorithm)
        state = cp.Checkpoint(ORIGIN, size, bytes([size]) * 32, bytes(32))
        wires.append((state, str(cp.sign_checkpoint(state, keys.current()))))
    assert [key.algorithm for key in keys.history()] == [ED25519, SM2, SM2, ED25519]
    trusted = [key.named(ORIGIN) for key in keys.history()]
    for state, wire in wires:
        assert cp.verify_checkpoint(wire, trusted, verifiers=verifiers).checkpoint == state
        flipped = wire[:-3] + ("A" if wire[-3] != "A" else "B") + wire[-2:]
        with pytest.raises((NoteError, cp.CheckpointError)):
            cp.verify_checkpoint(flipped, trusted, verifiers=verifiers)
    with pytest.raises(cp.CheckpointError, match="CHECKPOINT-UNSIGNED"):
        cp.verify_checkpoint(wires[1][1], trusted[:1], verifiers=verifiers)
    assert len(list(keys.folder.glob("signing-*.key"))) == 1


@needs_extra
def test_the_module_verifies_what_the_standard_prints() -> None:
    assert sm2.verify_sm2(PUBLIC, MESSAGE, SIGNATURE)
    for at in range(64):
        flipped = SIGNATURE[:at] + bytes([SIGNATURE[at] ^ 1]) + SIGNATURE[at + 1 :]
        assert not sm2.verify_sm2(PUBLIC, MESSAGE, flipped)
    assert not sm2.verify_sm2(PUBLIC, MESSAGE + b"\0", SIGNATURE)


@needs_extra
def test_misshapen_keys_and_signatures_are_simply_false() -> None:
    off = PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1])
    for public in (off, b"", PUBLIC[1:], b"\x04" + bytes(64), b"\x02" + PUBLIC[1:]):
        assert not sm2.verify_sm2(public, MESSAGE, SIGNATURE)
    order = reference.N.to_bytes(32, "big")
    for signature in (b"", SIGNATURE[:-1], bytes(64), b"\xff" * 64, order + order):
        assert not sm2.verify_sm2(PUBLIC, MESSAGE, signature)


@needs_extra
def test_module_and_reference_agree_both_ways() -> None:
    module = sm2.Sm2Signer.from_private_bytes(OTHER.private_bytes(), OTHER.public_bytes)
    assert (module.key_id, module.algorithm) == (OTHER.key_id, SM2)
    for number in range(12):
        message = b"checkpoint %d\n" % number
        made, told = module.sign(message), OTHER.sign(message)
        assert len(made) == 64
        assert reference.verify(OTHER.public_bytes, message, made)
        assert sm2.verify_sm2(OTHER.public_bytes, message, told)
        assert module.sign(message) != made


@needs_extra
def test_a_kept_key_comes_back_and_a_wrong_pair_is_refused(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys")
    made = keys.create(now_ms=1, algorithm=SM2)
    again = SigningKeys(keys.folder).current()
    assert signers.verify(made.public_bytes, SM2, b"m", again.sign(b"m"))
    assert str(made.private_bytes()) not in repr(made)
    path = keys.folder / f"signing-{made.key_id}.key"
    for wrong in ((5).to_bytes(32, "big"), bytes(32), b"\xff" * 32, b"short"):
        write_private(path, wrong)
        with pytest.raises(KeystoreError, match="KEY-BROKEN"):
            keys.current()


SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


def openssl(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *words], cwd=cwd, capture_output=True, text=True, check=False, env=os.environ
    )


@pytest.fixture
def with_openssl(tmp_path: Path) -> Path:
    try:
        listed = openssl("list", "-public-key-algorithms", cwd=tmp_path).stdout
    except FileNotFoundError:
        pytest.skip("there is no openssl program here")
    if "SM2" not in listed:
        pytest.skip("this openssl was built without SM2")
    return tmp_path


def openssl_verifies(folder: Path, public: bytes, message: bytes, signature: bytes) -> bool:
    (folder / "public.der").write_bytes(SPKI + public)
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(sm2.der_of(signature))
    found = openssl(
        "pkeyutl", "-verify", "-pubin", "-inkey", "public.der", "-keyform", "DER", "-rawin",
        "-digest", "sm3", "-pkeyopt", f"distid:{sm2.USER_ID.decode()}", "-in", "message",
        "-sigfile", "signature", cwd=folder,
    )  # fmt: skip
    return found.returncode == 0


def test_openssl_agrees_with_the_reference(with_openssl: Path) -> None:
    assert openssl_verifies(with_openssl, PUBLIC, MESSAGE, SIGNATURE)
    assert openssl_verifies(with_openssl, OTHER.public_bytes, b"m", OTHER.sign(b"m"))
    assert not openssl_verifies(with_openssl, OTHER.public_bytes, b"n", OTHER.sign(b"m"))


@needs_extra
def test_openssl_agrees_with_the_module(with_openssl: Path) -> None:
    module = sm2.Sm2Signer.generate()
    assert openssl_verifies(with_openssl, module.public_bytes, b"m", module.sign(b"m"))
    assert not openssl_verifies(with_openssl, module.public_bytes, b"n", module.sign(b"m"))
