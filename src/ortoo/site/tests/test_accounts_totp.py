"""The published vectors of RFC 4226 appendix D and RFC 6238 appendix B."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ortoo.site.accounts import totp

SEED = b"12345678901234567890"
SEEDS = {
    "sha1": SEED,
    "sha256": b"12345678901234567890123456789012",
    "sha512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
RFC_4226 = (
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
)
RFC_6238 = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_counters_give_the_codes_of_rfc_4226(counter: int, code: str) -> None:
    assert totp.code_at(SEED, counter) == code


@pytest.mark.parametrize(("seconds", "codes"), list(RFC_6238.items()))
def test_times_give_the_codes_of_rfc_6238(seconds: int, codes: tuple[str, ...]) -> None:
    step = totp.step_at(seconds * 1000)
    for (name, seed), code in zip(SEEDS.items(), codes, strict=True):
        assert totp.code_at(seed, step, digits=8, algorithm=name) == code


@given(now_ms=st.integers(0, 2**42), away=st.integers(-5, 5))
def test_a_code_is_good_one_step_to_either_side_and_names_its_step(now_ms: int, away: int) -> None:
    step = totp.step_at(now_ms) + away
    if step < 0:
        return
    found = totp.matching_step(SEED, totp.code_at(SEED, step), now_ms)
    near = [s for s in range(totp.step_at(now_ms) - 1, totp.step_at(now_ms) + 2) if s >= 0]
    if step in near:
        assert found is not None
    elif totp.code_at(SEED, step) not in {totp.code_at(SEED, s) for s in near}:
        assert found is None


@pytest.mark.parametrize("code", ["", "abcdef", "１２３４５６", "1234567", "猪肉", "-12345"])
def test_what_is_not_a_code_is_never_one(code: str) -> None:
    assert totp.matching_step(SEED, code, 59_000) is None


def test_the_provisioning_address_carries_the_secret_that_is_shown() -> None:
    secret = totp.new_secret()
    text = totp.secret_text(secret).replace(" ", "")
    uri = totp.provisioning_uri(secret, login="a b", issuer="Ortoo")
    assert uri.startswith("otpauth://totp/Ortoo%3Aa%20b?") and f"secret={text}&" in uri
    assert base64.b32decode(text + "=" * (-len(text) % 8)) == secret
