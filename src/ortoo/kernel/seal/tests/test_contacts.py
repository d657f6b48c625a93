"""Law 3: contacts are sealed into registrations, opened by key, and gone when it is destroyed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History
from ortoo.kernel.filings.write import file
from ortoo.kernel.parties.models import Contact
from ortoo.kernel.seal import contacts
from ortoo.kernel.seal.contacts import Person
from ortoo.kernel.seal.verify import verify

CODES = [f"ORG-{number}" for number in range(40)]


def register(history: History, people: dict[str, Person], key: str = "reg") -> None:
    sealed = contacts.seal_contacts(filing_key=key, people=people, now_ms=NOW)
    parties = [
        {"code": code, "kind": "source", "name": code, "place": "MNG", **sealed.fields[code]}
        for code in people
    ]
    draft = history.draft("K-PARTY", "SYSTEM", {"parties": parties}, key=key)
    file(replace(draft, sealed=sealed.values), now_ms=NOW)
    catch_up()


@pytest.mark.law(3)
def test_many_contacts_are_revealed_as_they_were_given(history: History) -> None:
    people = {code: Person(f"人{code}", f"139{n:08d}") for n, code in enumerate(CODES)}
    register(history, people)
    assert contacts.reveal_many([*CODES, "ORG-NONE"]) == people
    assert contacts.reveal(CODES[3]) == people[CODES[3]]
    assert contacts.reveal("ORG-NONE") is None


@pytest.mark.law(3)
def test_projection_and_body_hold_references_only(history: History) -> None:
    register(history, {CODES[0]: Person("张三", "13912345678")})
    body = read.get(1).body
    assert "张三".encode() not in body
    assert b"13912345678" not in body
    assert len(bytes(Contact.objects.get(party=CODES[0]).name_ref)) == 32


@pytest.mark.law(3)
def test_erasing_one_person_leaves_the_others_and_is_filed(history: History) -> None:
    register(history, {code: Person("人", "139") for code in CODES[:5]})
    erased = contacts.erase_contact(
        party=CODES[0], by="SYSTEM", actor="account:op", basis="本人申请", now_ms=NOW
    )
    assert read.get(erased.seq).form == "K-ERASE"
    assert set(contacts.reveal_many(CODES)) == set(CODES[1:5])
    assert verify() == []


@pytest.mark.law(3)
def test_the_next_contact_of_a_party_is_another_person(history: History) -> None:
    register(history, {CODES[0]: Person("张三", "139")})
    contacts.erase_contact(party=CODES[0], by="SYSTEM", actor="a", basis="申请", now_ms=NOW)
    register(history, {CODES[0]: Person("李四", "138")}, key="reg-2")
    assert contacts.reveal(CODES[0]) == Person("李四", "138")
    contacts.erase_contact(party=CODES[0], by="SYSTEM", actor="a", basis="申请", now_ms=NOW)
    assert contacts.reveal(CODES[0]) is None
    assert verify() == []


@pytest.mark.law(3)
def test_erasing_twice_files_once(history: History) -> None:
    register(history, {CODES[0]: Person("张三", "139")})
    first, again = (
        contacts.erase_contact(party=CODES[0], by="SYSTEM", actor="a", basis="申请", now_ms=NOW)
        for _ in range(2)
    )
    assert again.duplicate
    assert first.seq == again.seq


@pytest.mark.law(3)
def test_a_party_without_contact_has_nothing_to_erase(history: History) -> None:
    history.register(sealed=False)
    catch_up()
    assert (
        contacts.erase_contact(party=FIRMS[0], by="SYSTEM", actor="a", basis="b", now_ms=NOW)
        is None
    )
