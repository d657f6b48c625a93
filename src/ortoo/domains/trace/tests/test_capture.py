"""Laws 1, 2 and 5: a capture is one filing of many parts, kept whole, corrected from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ortoo.domains.trace.capture import CODE, part_name
from ortoo.domains.trace.services import capture
from ortoo.domains.trace.tests.day import event, events
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History, counts
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal import log
from ortoo.kernel.seal.disclosure import disclose, part_names, unpack, verify_disclosure
from ortoo.kernel.seal.salting import without_secret
from ortoo.kernel.seal.tests.million import KEY, SIZE, in_a_million
from ortoo.kernel.seal.verify import verify


def say(said: list[dict[str, Any]], key: str = "job-1", **more: Any) -> Receipt:
    given = {"filer": FIRMS[0], "actor": "account:test", "now_ms": NOW, **more}
    return capture(events=said, key=key, **given)


@pytest.mark.law(1, 2)
def test_five_hundred_events_are_one_filing_and_one_of_them_is_proved(history: History) -> None:
    receipt = say(events())
    assert counts()["kernel_filing"] == counts()["tail"] == 1
    assert part_names(receipt.seq) == ["envelope", *(part_name(n) for n in range(500))]
    shown = disclose(receipt.seq, ["envelope", part_name(417)], now_ms=NOW)
    held = verify_disclosure(shown.document, log.log_keys())
    assert [json.loads(part.value) for part in held.parts] == [event(417)]
    assert held.envelope is not None
    facts = {name: held.envelope[name] for name in ("form", "filer", "received_at")}
    assert facts == {"form": CODE, "filer": FIRMS[0], "received_at": NOW}
    assert len(shown.document) <= 2048
    assert shown.guessable == ()
    assert verify() == []


@pytest.mark.law(1)
def test_one_bad_event_refuses_all_and_is_named_by_index_and_reason(history: History) -> None:
    said = events(40)
    said[17]["action"] = "LOOK"
    del said[31]["eventTime"]
    before = counts()
    with pytest.raises(Refused) as refused:
        say(said)
    assert refused.value.code == "CAPTURE-EVENT"
    assert "第 18 个事件" in refused.value.message
    found = [(detail["index"], detail["code"]) for detail in refused.value.details]
    assert found == [(17, "EVENT-ACTION"), (31, "EVENT-TIME")]
    assert counts() == before


def test_the_same_job_sent_again_is_the_first_receipt(history: History) -> None:
    first, again = say(events(3)), say(events(3))
    assert (again.seq, again.duplicate, again.digest) == (first.seq, True, first.digest)
    with pytest.raises(Refused, match="FILING-KEY-REUSED"):
        say(events(4))
    assert counts()["kernel_filing"] == 1


def test_the_same_events_of_two_jobs_have_no_hash_in_common(history: History) -> None:
    first, second = say(events(3)), say(events(3), "job-2")
    assert first.digest != second.digest
    secrets = {json.loads(read.get(r.seq).body)["secret"] for r in (first, second)}
    assert len(secrets) == 2
    assert "secret" not in without_secret(json.loads(read.get(first.seq).body))


@pytest.mark.law(5)
@pytest.mark.parametrize("link", ["supersedes", "annuls"])
def test_a_capture_is_never_superseded_or_annulled(history: History, link: str) -> None:
    first = say(events(2))
    body = {"events": events(1), "secret": "0" * 64}
    draft = Draft(
        CODE, FIRMS[0], "account:test", "k", body, NOW, reason="更正", **{link: first.seq}
    )
    with pytest.raises(Refused, match="CAPTURE-SUPERSEDED"):
        file(draft, now_ms=NOW)


def wrong(number: int) -> dict[str, Any]:
    declaration = {"declarationTime": "2026-11-21T09:00:00+08:00", "reason": "incorrect_data"}
    return event(number, errorDeclaration=declaration)


@pytest.mark.law(5)
def test_an_event_is_declared_wrong_by_another_capture_and_both_stand(history: History) -> None:
    first = say(events(5))
    second = say([wrong(3)], "job-2", corrects=first.seq, reason="箱号读错")
    assert read.get(second.seq).corrects == first.seq
    assert json.loads(read.get(first.seq).body)["events"] == events(5)
    assert verify() == []


@pytest.mark.law(5)
@pytest.mark.parametrize(
    ("said", "more", "code"),
    [
        ([wrong(9)], {"corrects": 1, "reason": "x"}, "CAPTURE-TARGET"),
        ([wrong(3)], {"corrects": 77, "reason": "x"}, "CAPTURE-TARGET"),
        ([wrong(3)], {"corrects": 2, "reason": "x"}, "CAPTURE-TARGET"),
        ([wrong(3)], {"corrects": 1, "reason": "x", "filer": FIRMS[1]}, "CORRECTS-OTHER-PARTY"),
        ([wrong(3)], {"corrects": 1}, "REASON-NEEDED"),
        ([wrong(3)], {}, "CAPTURE-CORRECTS"),
        ([event(8)], {"corrects": 1, "reason": "x"}, "CAPTURE-CORRECTS"),
    ],
)
def test_a_declaration_must_name_an_event_of_the_filing_it_corrects(
    history: History, said: list[dict[str, Any]], more: dict[str, Any], code: str
) -> None:
    say(events(5))
    history.move()
    with pytest.raises(Refused, match=code):
        say(said, "job-2", **more)


def test_more_events_than_the_limit_are_refused_with_413(history: History) -> None:
    with pytest.raises(Refused, match="CAPTURE-LIMIT") as refused:
        say([event(n) for n in range(1001)])
    assert refused.value.status == 413


@pytest.mark.parametrize("secret", [None, "", "0" * 63, "G" * 64, 7])
def test_a_capture_without_a_sound_secret_is_refused(history: History, secret: object) -> None:
    body = {"events": events(1), "secret": secret}
    with pytest.raises(Refused, match="BODY-INVALID"):
        file(Draft(CODE, FIRMS[0], "account:test", "k", body, NOW), now_ms=NOW)


@pytest.mark.law(2)
@pytest.mark.parametrize("number", [0, 255, 256, 417, 499])
def test_one_event_of_five_hundred_in_a_million_filings_is_proved_in_two_kilobytes(
    history: History, number: int
) -> None:
    key = "0d5c1f3e-6f0a-4a55-9a8e-2f6f6d8b8b11"
    shown = disclose(say(events(), key).seq, ["envelope", part_name(number)], now_ms=NOW)
    document = in_a_million(shown.document)
    assert len(document) <= 2048
    held = verify_disclosure(document, [KEY])
    assert (held.seq, held.checkpoint.size) == (423_977, SIZE)
    assert json.loads(held.parts[0].value) == event(number)
    assert held.envelope is not None and held.envelope["filer"] == FIRMS[0]
    plain = repr(unpack(document))
    assert not any(event(n)["eventID"] in plain for n in range(500) if n != number)
