"""Laws 9 and 10: the registers of parties are what was last filed, and nothing else."""

from __future__ import annotations

import pytest

from ortoo.kernel.filings.projection import catch_up, rebuild
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, History
from ortoo.kernel.parties.models import Contact, ListMember, Party


@pytest.mark.law(9)
def test_the_last_statement_about_a_party_stands_and_keeps_its_successor(history: History) -> None:
    history.register()
    history.file("K-SUCCESSOR", "SYSTEM", {"party": FIRMS[0], "successor": FIRMS[1]})
    renamed = {"code": FIRMS[0], "kind": "enterprise", "name": "新名", "place": "152502"}
    seq = history.file("K-PARTY", "SYSTEM", {"parties": [renamed]}).seq
    catch_up()
    party = Party.objects.get(code=FIRMS[0])
    assert (party.name, party.place, party.successor, party.seq) == (
        "新名", "152502", FIRMS[1], seq,
    )  # fmt: skip
    assert Contact.objects.filter(party=FIRMS[0]).exists()


@pytest.mark.law(9)
def test_a_member_registered_again_with_an_end_has_left_the_list(history: History) -> None:
    for last in ("", "2026-10-31"):
        body = {"list": "sample", "members": [[FIRMS[0], "2026-01-01", last]]}
        history.file("K-LIST", "SYSTEM", body)
    catch_up()
    assert ListMember.objects.get(party=FIRMS[0]).valid_to == "2026-10-31"


@pytest.mark.law(9)
def test_registers_rebuilt_are_the_same(history: History) -> None:
    history.register()
    assert all(outcome.equal for outcome in rebuild(fix=False))


@pytest.mark.parametrize(
    "party",
    [
        {"code": FIRMS[0]},
        {"code": FIRMS[0], "kind": "person", "name": "x", "place": "15"},
        {"code": FIRMS[0][:-1] + "?", "kind": "enterprise", "name": "x", "place": "15"},
        {"code": "ORG-X", "kind": "source", "name": " ", "place": "15"},
    ],
)
def test_a_party_that_cannot_stand_in_the_register_is_refused(history: History, party) -> None:
    with pytest.raises(Refused) as caught:
        history.file("K-PARTY", "SYSTEM", {"parties": [party]})
    assert caught.value.code == "BODY-INVALID"
