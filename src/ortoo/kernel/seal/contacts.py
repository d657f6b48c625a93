"""Contacts 联系人: names and telephones sealed into registration filings, and opened again (Law 3).

The filing's body holds only commitments. Opening is for callers that have checked the scope and
filed or logged why: nothing here asks who looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ortoo.kernel.filings.draft import Receipt, SealedValue
from ortoo.kernel.filings.resealing import SealedRow
from ortoo.kernel.parties.models import Contact
from ortoo.kernel.seal import models
from ortoo.kernel.seal.cipher import CipherError
from ortoo.kernel.seal.erasure import erase_person
from ortoo.kernel.seal.keystore import KeystoreError
from ortoo.kernel.seal.persons import Said, living_subjects, opened, seal_fields, subject_keys
from ortoo.kernel.seal.persons import reveal as reveal_value

FIELDS = ("contact_name", "contact_phone")
CHUNK = 900
__all__ = [
    "FIELDS", "Person", "SealedContacts", "erase_contact", "path_of", "references", "reveal",
    "reveal_many", "seal_contact", "seal_contacts", "subject_keys",
]  # fmt: skip


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


def seal_contacts(*, filing_key: str, people: Mapping[str, Person], now_ms: int) -> SealedContacts:
    """Seal the contacts of many parties for one registration filing whose key is `filing_key`.

    One sealing key a person; a party whose last contact was erased gets a new subject for the next.
    """
    subjects = living_subjects(f"contact:{party}" for party in people)
    said = {
        path_of(party, name): Said(subjects[f"contact:{party}"], text)
        for party, person in people.items()
        for name, text in zip(FIELDS, (person.name, person.phone), strict=True)
    }
    sealed = seal_fields(filing_key=filing_key, fields=said, now_ms=now_ms)
    fields = {
        party: {name: sealed.commitments[path_of(party, name)] for name in FIELDS}
        for party in people
    }
    return SealedContacts(fields, sealed.values)


def seal_contact(
    *, filing_key: str, party: str, name: str, phone: str, now_ms: int
) -> SealedContacts:
    """`seal_contacts` for one party."""
    return seal_contacts(filing_key=filing_key, people={party: Person(name, phone)}, now_ms=now_ms)


def path_of(party: str, field: str) -> str:
    """Where a party's contact field stands in a registration's body."""
    return f"parties.{party}.{field}"


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
    stored = SealedRow(bytes(row.commitment), row.filing_key, row.path, bytes(row.ciphertext))
    try:
        return opened(row.subject, stored, [keys[row.subject]]).value.decode()
    except CipherError:
        # The person's key may have been renewed between our two reads.
        return reveal_value(stored.commitment)


def erase_contact(*, party: str, by: str, actor: str, basis: str, now_ms: int) -> Receipt | None:
    """删除个人信息: file why, then destroy the key of the party's present contact.

    None when there is no contact.
    """
    contact = Contact.objects.filter(party=party).first()
    if contact is None:
        return None
    row = models.Sealed.objects.filter(commitment=bytes(contact.name_ref)).first()
    if row is None:
        return None
    return erase_person(row.subject, by=by, actor=actor, basis=basis, now_ms=now_ms, about=party)
