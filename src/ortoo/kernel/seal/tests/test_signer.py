"""Signers: the standard's vectors, and algorithms nobody here knows. SM2: test_sm2."""

from __future__ import annotations

import pytest

from ortoo.kernel.seal.signer import (
    ED25519,
    SM2,
    VERIFIERS,
    Ed25519Signer,
    Signer,
    SignerError,
    generate,
    verify,
)

# RFC 8032 §7.1, tests 1 and 2: seed, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_ed25519_signs_as_rfc_8032_prints(
    seed: str, public: str, message: str, signature: str
) -> None:
    signer: Signer = Ed25519Signer.from_private_bytes(bytes.fromhex(seed))
    assert signer.public_bytes.hex() == public
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    assert verify(signer.public_bytes, ED25519, bytes.fromhex(message), bytes.fromhex(signature))


def test_a_false_signature_or_a_broken_key_is_simply_false() -> None:
    signer = Ed25519Signer.generate()
    signature = signer.sign(b"a")
    assert not verify(signer.public_bytes, ED25519, b"b", signature)
    assert not verify(signer.public_bytes, ED25519, b"a", signature[:-1])
    assert not verify(b"short", ED25519, b"a", signature)


def test_an_algorithm_nobody_here_knows_is_an_error_and_not_false() -> None:
    with pytest.raises(SignerError, match=r"SIGN-ALGORITHM.*rsa"):
        verify(b"", "rsa", b"", b"")
    with pytest.raises(SignerError, match=r"SIGN-ALGORITHM.*rsa"):
        generate("rsa")
    accept = {**VERIFIERS, SM2: lambda public, message, signature: signature == message}
    assert verify(b"", SM2, b"m", b"m", verifiers=accept)


def test_a_signer_never_shows_its_key() -> None:
    signer = Ed25519Signer.from_private_bytes(bytes(range(32)))
    assert repr(signer) == f"Ed25519Signer({signer.key_id})"
    assert len(signer.key_id) == 16


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(SignerError, match="SIGN-KEY"):
        Ed25519Signer.from_private_bytes(b"short")
