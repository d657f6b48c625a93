"""Personal values of any record form 个人信息: sealed before filing, revealed, sealed anew (Law 3).

The body of the filing holds the commitments that `seal_fields` returns; the values go along as
`Draft.sealed`. Revealing is for callers that have checked the scope and filed or logged why:
nothing here asks who looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ortoo.kernel.filings.draft import SealedValue
from ortoo.kernel.filings.resealing import SealedRow, reseal
from ortoo.kernel.seal import models, personal
from ortoo.kernel.seal.cipher import CipherError
from ortoo.kernel.seal.personal import Draw, Opened, PersonalError, PersonalField
from ortoo.kernel.seal.subjects import SubjectKeys

LONGEST_SUBJECT = 72
"""The key of the K-ERASE filing, `K-ERASE:` and the subject, has 80 characters."""
GRACE_MS = 3_600_000
"""How long a replaced key is kept for a filing that was sealed with it and not yet stored."""
_TELEPHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_RESIDENT = re.compile(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """A personal value in the clear, and whose it is: an internal reference, kept for ever."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class SealedFields:
    """`commitments[path]`: 64 hexadecimal digits for the body; `values`: for `Draft.sealed`."""

    commitments: Mapping[str, str]
    values: tuple[SealedValue, ...]


def subject_keys() -> SubjectKeys:
    """The sealing keys of this instance."""
    return SubjectKeys(Path(settings.KEYS))


def seal_fields(
    *, filing_key: str, fields: Mapping[str, Said], now_ms: int, held: SubjectKeys | None = None
) -> SealedFields:
    """Seal the personal values of one filing by their path in its body.

    `held` are the sealing keys where the caller has them open already.

    PersonalError SEAL-SUBJECT for a reference that is itself a number of the person;
    KeystoreError KEY-DESTROYED when one of the subjects was erased: see `living_subjects`.
    """
    for said in fields.values():
        _check_subject(said.subject)
    known = held or subject_keys()
    keys = known.ensure((said.subject for said in fields.values()), now_ms=now_ms)
    commitments: dict[str, str] = {}
    values: list[SealedValue] = []
    for path, said in fields.items():
        field = PersonalField(said.subject, filing_key, path)
        sealed = personal.seal_now(field, said.text.encode(), keys[said.subject])
        commitments[path] = sealed.commitment.hex()
        values.append(SealedValue(sealed.commitment, path, said.subject, sealed.ciphertext))
    return SealedFields(commitments, tuple(values))


def _check_subject(subject: str) -> None:
    """The reference outlives the erasure, so it may not say what was to be erased."""
    parts = re.split(r"[:|#]", subject)
    plain = any(_TELEPHONE.fullmatch(part) or _is_resident_number(part) for part in parts)
    if plain or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise PersonalError(
            "SEAL-SUBJECT",
            f"个人的内部编号应为 1–{LONGEST_SUBJECT} 个可见字符，且不得是公民身份号码或手机号；"
            "它在删除个人信息之后仍会保留。",
        )


def _is_resident_number(text: str) -> bool:
    """公民身份号码 with its check digit (GB 11643-1999): a firm's code of 18 digits is none."""
    if not _RESIDENT.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return text[17].upper() == "10X98765432"[total % 11]


def living_subjects(wanted: Iterable[str]) -> dict[str, str]:
    """For each reference the one to seal under now: `x`, after an erasure `x#2`, then `x#3` …"""
    destroyed = {key.subject for key in subject_keys().listed() if key.destroyed}
    found: dict[str, str] = {}
    for reference in wanted:
        number, subject = 1, reference
        while subject in destroyed:
            number += 1
            subject = f"{reference}#{number}"
        found[reference] = subject
    return found


def reveal(commitment: bytes) -> str:
    """The value behind a commitment of some filing's body.

    KeystoreError KEY-DESTROYED after an erasure, KEY-ABSENT where the key was lost; PersonalError
    SEAL-ABSENT without a stored value; CipherError or PersonalError when it is not what was filed.
    """
    row = models.Sealed.objects.filter(commitment=commitment).first()
    if row is None:
        raise PersonalError("SEAL-ABSENT", "没有与该承诺对应的密封值；请运行核对。")
    stored = SealedRow(commitment, row.filing_key, row.path, bytes(row.ciphertext))
    return opened(row.subject, stored, subject_keys().opening(row.subject)).value.decode()


def opened(subject: str, row: SealedRow, keys: Iterable[bytes]) -> Opened:
    """A stored value under the first of `keys` that fits; the error of the last otherwise."""
    field = PersonalField(subject, row.filing_key, row.path)
    sealed = personal.Sealed(row.commitment, subject, row.ciphertext)
    fault: Exception = CipherError(
        f"SEAL-OPEN:报件 {row.filing_key} 的“{row.path}”没有可用的密钥。"
    )
    for key in keys:
        try:
            return personal.open_value(sealed, field, key)
        except CipherError as error:
            fault = error
    raise fault


def rotate_subject(subject: str, *, now_ms: int) -> int:
    """Seal every value of a person under a new key; no commitment changes. Returns values done.

    The old key opens on for an hour (`GRACE_MS`), for a filing that was sealed with it and is not
    yet stored; `finish_rotations` then ends it. Interrupted anywhere, every value still opens.
    KeystoreError KEY-ABSENT or KEY-DESTROYED.
    """
    subject_keys().renew(subject, now_ms=now_ms)
    return _reseal(subject)


def finish_rotations(*, now_ms: int, grace_ms: int = GRACE_MS) -> list[str]:
    """End the replaced keys of renewals begun before the grace; returns whose. Safe to repeat."""
    keys, done = subject_keys(), []
    for subject, replaced_at_ms in keys.renewing():
        _reseal(subject)
        if replaced_at_ms + grace_ms <= now_ms:
            keys.drop_spares(subject)
            done.append(subject)
    return done


def _reseal(subject: str) -> int:
    keys = subject_keys().opening(subject)

    def change(row: SealedRow) -> bytes | None:
        try:
            opened(subject, row, keys[:1])
        except CipherError:
            found = opened(subject, row, keys[1:])
            draw = Draw(found.salt, Draw.fresh().nonce)
            field = PersonalField(subject, row.filing_key, row.path)
            return personal.seal_value(field, found.value, keys[0], draw).ciphertext
        return None

    return reseal(subject, change)
