"""Contacts 联系人: names and telephones sealed into registration filings, and opened again (Law 3).

The filing's body holds only commitments. Opening is for callers that have checked the scope and
filed or logged why: nothing here asks who looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ortoo.kernel.filings.draft import Draft, Receipt, SealedValue
from ortoo.kernel.filings.write import file
from ortoo.kernel.parties.models import Contact
from ortoo.kernel.seal import models, personal
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.personal import PersonalField
from ortoo.kernel.seal.subjects import SubjectKeys

FIELDS = ("contact_name", "contact_phone")
CHUNK = 900


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers for a party, in the clear."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class SealedContacts:
    """`fields[party]`: what to merge into the party's object of the K-PARTY body; `values`: for
    `Draft.sealed`."""

    fields: Mapping[str, Mapping[str, str]]
    values: tuple[SealedValue, ...]


def subject_keys() -> SubjectKeys:
    """The sealing keys of this instance."""
    return SubjectKeys(Path(settings.KEYS))


def seal_contacts(*, filing_key: str, people: Mapping[str, Person], now_ms: int) -> SealedContacts:
    """Seal the contacts of many parties for one registration filing whose key is `filing_key`.

    One sealing key a person; a party whose last contact was erased gets a new subject for the next.
    """
    keys = subject_keys()
    subjects = _subjects(keys, people)
    by_subject = keys.ensure(subjects.values(), now_ms=now_ms)
    fields: dict[str, dict[str, str]] = {}
    values: list[SealedValue] = []
    for party, person in people.items():
        subject = subjects[party]
        for name, text in zip(FIELDS, (person.name, person.phone), strict=True):
            field = PersonalField(subject, filing_key, path_of(party, name))
            sealed = personal.seal_now(field, text.encode(), by_subject[subject])
            fields.setdefault(party, {})[name] = sealed.commitment.hex()
            values.append(SealedValue(sealed.commitment, field.path, subject, sealed.ciphertext))
    return SealedContacts(fields, tuple(values))


def seal_contact(
    *, filing_key: str, party: str, name: str, phone: str, now_ms: int
) -> SealedContacts:
    """`seal_contacts` for one party."""
    return seal_contacts(filing_key=filing_key, people={party: Person(name, phone)}, now_ms=now_ms)


def path_of(party: str, field: str) -> str:
    """Where a party's contact field stands in a registration's body."""
    return f"parties.{party}.{field}"


def _subjects(keys: SubjectKeys, parties: Iterable[str]) -> dict[str, str]:
    destroyed = {key.subject for key in keys.listed() if key.destroyed}
    found: dict[str, str] = {}
    for party in parties:
        number, subject = 1, f"contact:{party}"
        while subject in destroyed:
            number += 1
            subject = f"contact:{party}#{number}"
        found[party] = subject
    return found


def references(body: Mapping[str, object]) -> list[tuple[bytes, str]]:
    """(commitment, path) of every sealed contact in a registration's body."""
    parties = body.get("parties")
    if not isinstance(parties, list):
        return []
    return [
        (bytes.fromhex(party[name]), path_of(party["code"], name))
        for party in parties
        for name in FIELDS
        if party.get(name)
    ]


def reveal(party: str) -> Person | None:
    """Who answers for a party now; None when nobody is registered or the person was erased."""
    return reveal_many([party]).get(party)


def reveal_many(parties: Iterable[str]) -> dict[str, Person]:
    """Contacts by party; parties without one, or whose contact was erased, are left out.

    PersonalError or CipherError when what is stored is not what was filed.
    """
    wanted = sorted(set(parties))
    contacts: dict[str, tuple[bytes, bytes]] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = Contact.objects.filter(party__in=wanted[start : start + CHUNK])
        for row in rows:
            contacts[row.party] = (bytes(row.name_ref), bytes(row.phone_ref))
    sealed = _sealed(ref for refs in contacts.values() for ref in refs)
    keys = _live_keys({row.subject for row in sealed.values()})
    found: dict[str, Person] = {}
    for party, refs in contacts.items():
        texts = [_open(sealed.get(ref), keys) if ref else "" for ref in refs]
        if texts[0] is not None and texts[1] is not None:
            found[party] = Person(texts[0], texts[1])
    return found


def _sealed(references_: Iterable[bytes]) -> dict[bytes, models.Sealed]:
    wanted = [ref for ref in references_ if ref]
    found: dict[bytes, models.Sealed] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = models.Sealed.objects.filter(commitment__in=wanted[start : start + CHUNK])
        found.update((bytes(row.commitment), row) for row in rows)
    return found


def _live_keys(subjects: set[str]) -> dict[str, bytes]:
    """Keys of the subjects that still have one; makes none."""
    keys = subject_keys()
    if len(subjects) <= 3:
        found = {}
        for subject in subjects:
            try:
                found[subject] = keys.get(subject)
            except KeystoreError as error:
                if error.code not in ("KEY-ABSENT", "KEY-DESTROYED"):
                    raise
        return found
    live = {key.subject for key in keys.listed() if not key.destroyed}
    return keys.ensure(sorted(subjects & live), now_ms=0)


def _open(row: models.Sealed | None, keys: Mapping[str, bytes]) -> str | None:
    if row is None or row.subject not in keys:
        return None
    sealed = personal.Sealed(bytes(row.commitment), row.subject, bytes(row.ciphertext))
    field = PersonalField(row.subject, row.filing_key, row.path)
    return personal.open_value(sealed, field, keys[row.subject]).value.decode()


def erase_contact(*, party: str, by: str, actor: str, basis: str, now_ms: int) -> Receipt | None:
    """删除个人信息: file why, then destroy the key of the party's present contact.

    None when there is no contact. Filed first: a destruction without its filing cannot be.
    """
    contact = Contact.objects.filter(party=party).first()
    if contact is None:
        return None
    row = models.Sealed.objects.filter(commitment=bytes(contact.name_ref)).first()
    if row is None:
        return None
    receipt = file(
        Draft(
            form="K-ERASE",
            filer=by,
            actor=actor,
            key=f"K-ERASE:{row.subject}",
            body={"person": row.subject, "basis": basis},
            said_at=now_ms,
            subject=party,
        ),
        now_ms=now_ms,
    )
    subject_keys().destroy(row.subject, now_ms=now_ms)
    return receipt
