"""Erasure of one person 删除个人信息: filed with its basis, then the key is destroyed (Law 3).

K-ERASE comes first: a destruction without its filing cannot be. If the process dies between the
two, or an older keys folder is put back, `finish_erasures` destroys what the log says was erased.
What the log no longer holds nobody can repeat: the keys folder stands outside the backups of the
data, so that an older database finds today's keys, in which the person's is gone.
"""

from __future__ import annotations

import json

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal.models import Sealed
from ortoo.kernel.seal.persons import subject_keys
from ortoo.kernel.seal.subjects import RESERVED

FORM = "K-ERASE"


def erase_person(
    subject: str, *, by: str, actor: str, basis: str, now_ms: int, about: str = ""
) -> Receipt:
    """File K-ERASE for a person, then destroy the key of every value sealed under `subject`.

    `about`: the party or matter the person belonged to, for the envelope. Asked again, the first
    receipt is returned as a duplicate and the destruction made sure of. Refused ERASE-BASIS without
    a legal basis, ERASE-UNKNOWN where nothing was ever sealed. KeystoreError KEY-SCRUB: filed and
    destroyed, but a reader holds old pages; `finish_erasures` clears them.
    """
    key = f"{FORM}:{subject}"
    known = read.rows("key = %s", [key])
    if known:
        first = known[0]
        receipt = Receipt(
            first.seq, key, first.digest, first.digest_sm3, first.received_at, duplicate=True
        )
    else:
        _check(subject, basis)
        body = {"person": subject, "basis": basis}
        draft = Draft(FORM, by, actor, key, body, said_at=now_ms, subject=about or subject)
        receipt = file(draft, now_ms=now_ms)
    subject_keys().destroy(subject, now_ms=now_ms, absent_too=True)
    return receipt


def _check(subject: str, basis: str) -> None:
    if not basis.strip():
        raise Refused("ERASE-BASIS", "删除个人信息须写明依据。", "请填写本人申请或法律依据。")
    sealed = (
        any(key.subject == subject for key in subject_keys().listed())
        or Sealed.objects.filter(subject=subject).exists()
    )
    if subject.startswith(RESERVED) or not sealed:
        raise Refused(
            "ERASE-UNKNOWN", f"没有以「{subject}」密封的个人信息。", "请核对内部编号。", 404
        )


def finish_erasures(*, now_ms: int) -> list[str]:
    """Destroy the keys of everybody whose K-ERASE is on the log; returns whose still lived.

    Run at every start and after a restore of either folder. Safe to repeat.
    """
    keys = subject_keys()
    listed = {key.subject: key.destroyed for key in keys.listed()}
    living = []
    for row in read.rows("form = %s", [FORM]):
        person = str(json.loads(row.body)["person"])
        if not listed.get(person, False):
            keys.destroy(person, now_ms=now_ms, absent_too=True)
            if person in listed:
                living.append(person)
    keys.scrub()
    return living


def unfinished() -> list[str]:
    """Persons erased by a filing on the log whose key still lives: a finding for `verify`."""
    living = {key.subject for key in subject_keys().listed() if not key.destroyed}
    erased = (str(json.loads(row.body)["person"]) for row in read.rows("form = %s", [FORM]))
    return [person for person in erased if person in living]
