"""Another may speak for a party only under a filing that covers it, and it shows for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import CODE, FIRMS, PERIOD, History, history
from ortoo.kernel.filings.write import file
from ortoo.kernel.grants.mandates import downtime_key, mandated_actor
from ortoo.kernel.seal.verify import verify

pytestmark = [pytest.mark.django_db, pytest.mark.law(5)]
__all__ = ["history"]
AGENT = "BROKER"
NOW = 1_795_000_000_000
SPAN = {"from_ms": NOW, "to_ms": NOW + 10_000}


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as found:
        work()
    return found.value.code


def mandate(history: History, **changes: object) -> int:
    body = {"agent": AGENT, "forms": [CODE], "note": "委托书第 1 号", **SPAN, **changes}
    return history.file("K-MANDATE", FIRMS[0], body).seq


def under(history: History, seq: int, **more: object) -> Draft:
    said = {"mode": "mandate", "under": seq, "actor": mandated_actor("account:b", AGENT), **more}
    return history.a_return(**said)  # type: ignore[arg-type]


def say(draft: Draft) -> int:
    return file(draft, now_ms=NOW + 5).seq


def test_an_agent_files_under_its_mandate_and_the_filing_says_so_for_ever(history: History) -> None:
    history.open()
    seq = mandate(history)
    filed = read.get(say(under(history, seq)))
    assert filed is not None
    assert (filed.mode, filed.under, filed.filer) == ("mandate", seq, FIRMS[0])
    assert filed.actor == "account:b@BROKER"
    assert verify() == []


@pytest.mark.parametrize(
    ("code", "given", "said"),
    [
        ("UNDER-AGENT", {}, {"actor": "account:b@OTHER"}),
        ("UNDER-AGENT", {}, {"actor": "account:b"}),
        ("UNDER-FORM", {"forms": ["OTHER-1"]}, {}),
        ("UNDER-TIME", {"to_ms": NOW + 1}, {"said_at": NOW + 2}),
        ("UNDER-TIME", {}, {"said_at": NOW - 1}),
        ("UNDER-PRINCIPAL", {}, {"filer": FIRMS[1], "subject": FIRMS[1]}),
    ],
)
def test_what_the_mandate_does_not_cover_is_refused(
    history: History, code: str, given: dict[str, object], said: dict[str, object]
) -> None:
    history.open()
    seq = mandate(history, **given)
    assert refused(lambda: say(under(history, seq, **said))) == code


def test_a_mandate_that_was_ended_covers_nothing_more(history: History) -> None:
    history.open()
    seq = mandate(history)
    body = {"agent": AGENT, "forms": [CODE], "note": "终止", "from_ms": NOW, "to_ms": NOW + 1}
    history.file("K-MANDATE", FIRMS[0], body, supersedes=seq, reason="终止委托")
    assert refused(lambda: say(under(history, seq))) == "UNDER-ENDED"


def test_a_mode_that_needs_a_basis_names_one_and_one_that_does_not_names_none(
    history: History,
) -> None:
    opened = history.open().seq
    draft = history.a_return()
    assert refused(lambda: say(replace(draft, mode="mandate"))) == "UNDER-NEEDED"
    assert refused(lambda: say(replace(draft, under=opened))) == "UNDER-UNASKED"
    assert refused(lambda: say(replace(draft, mode="free"))) == "ENVELOPE-MODE"
    basis = replace(draft, mode="mandate", under=opened)
    assert refused(lambda: say(basis)) == "UNDER-UNKNOWN"
    assert refused(lambda: say(replace(basis, under=99))) == "UNDER-UNKNOWN"


def test_each_downtime_number_is_good_for_one_filing_of_that_time(history: History) -> None:
    history.open()
    body = {
        "series": "NM-20261123", "first": 1, "last": 2, "forms": [CODE], "note": "机房停电", **SPAN,
    }  # fmt: skip
    seq = history.file("K-DOWNTIME", "OFFICE", body).seq

    def paper(number: str, **more: object) -> Draft:
        said = {"mode": "downtime", "under": seq, "key": downtime_key(number), **more}
        return history.a_return(**said)  # type: ignore[arg-type]

    assert refused(lambda: say(paper("NM-20261123-0003"))) == "UNDER-NUMBER"
    assert refused(lambda: say(paper("NM-20261122-0001"))) == "UNDER-NUMBER"
    assert refused(lambda: say(replace(paper("x"), key="free"))) == "UNDER-NUMBER"
    assert refused(lambda: say(paper("NM-20261123-0001", said_at=NOW + 99_999))) == "UNDER-TIME"
    say(paper("NM-20261123-0001"))
    other = {"filer": FIRMS[1], "subject": FIRMS[1]}
    again = refused(lambda: say(paper("NM-20261123-0001", **other)))
    assert again == "FILING-KEY-REUSED"
    say(paper("NM-20261123-0002", **other))
    assert len(read.rows("period = %s AND mode = 'downtime'", [PERIOD])) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"agent": ""}, {"agent": 3}, {"forms": []}, {"forms": "x"}, {"forms": [""] * 2},
        {"from_ms": NOW, "to_ms": NOW}, {"to_ms": 2**60}, {"note": " "}, {"more": 1},
    ],
)  # fmt: skip
def test_a_mandate_of_another_shape_is_refused(history: History, wrong: dict[str, object]) -> None:
    assert refused(lambda: mandate(history, **wrong)) == "BODY-INVALID"
