"""Laws 1, 3, 5, 6, 8 and 18 on the one write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Original
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import (
    FIRMS,
    LOW,
    NOW,
    OFFICES,
    PERIOD,
    History,
    counts,
)
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.tests.small import small_form
from ortoo.kernel.seal.verify import verify


def refusal(code: str, call, *arguments, **named) -> None:
    """`call` is refused with `code` and writes nothing at all."""
    before = counts()
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.code == code
    assert caught.value.message
    assert counts() == before


@pytest.mark.law(1)
def test_a_filing_writes_leaf_entries_duties_postings_and_outbox_together(history: History) -> None:
    history.open()
    history.move()
    found = counts()
    assert found["kernel_filing"] == found["kernel_leaf"] == found["tail"] == 2
    assert found["kernel_duty"] == len(FIRMS) + len(OFFICES)
    assert (found["kernel_posting"], found["kernel_outbox"]) == (2, 1)


@pytest.mark.law(1)
def test_one_refused_draft_refuses_the_whole_batch(history: History) -> None:
    history.open()
    good, bad = history.a_return(FIRMS[0]), history.a_return(FIRMS[1], period="W2026-11-07")
    refusal("PERIOD-NOT-OPEN", history.batch, good, bad)


@pytest.mark.law(1)
def test_a_batch_gives_what_the_same_filings_give_one_by_one(history: History) -> None:
    drafts = [history.opening(), history.a_return(), history.a_return(FIRMS[1])]
    receipts = history.batch(*drafts)
    assert [receipt.seq for receipt in receipts] == [1, 2, 3]
    assert verify() == []


@pytest.mark.law(8)
def test_log_indexes_have_no_gap_after_refusals(history: History) -> None:
    history.open()
    for _ in range(3):
        refusal("PERIOD-NOT-OPEN", history.say_return, period="W2026-11-07")
    assert history.say_return().seq == 2


@pytest.mark.law(1)
def test_the_same_key_again_returns_the_first_receipt(history: History) -> None:
    history.open()
    draft = history.a_return()
    [first] = history.batch(draft)
    before = counts()
    [again] = file_many([replace(draft, said_at=NOW + 9)], now_ms=NOW + 999)
    assert (again.seq, again.digest, again.received_at) == (
        first.seq, first.digest, first.received_at,
    )  # fmt: skip
    assert again.duplicate
    assert not first.duplicate
    assert counts() == before


@pytest.mark.law(1)
@pytest.mark.parametrize(
    "change",
    [{"body": {"fen": 8}}, {"filer": FIRMS[1]}, {"subject": "x"},
     {"original": Original(b"", "a/b", "n")}],
)  # fmt: skip
def test_the_same_key_with_other_content_is_refused(history: History, change) -> None:
    draft = history.draft("T-MOVE", FIRMS[0], {"fen": 7})
    history.batch(draft)
    refusal("FILING-KEY-REUSED", history.batch, replace(draft, **change))


@pytest.mark.law(1)
def test_one_key_twice_in_a_batch_is_refused(history: History) -> None:
    draft = history.draft("T-MOVE", FIRMS[0], {"fen": 7})
    refusal("FILING-KEY-REUSED", history.batch, draft, draft)


@pytest.mark.law(3)
def test_a_registration_sealed_again_under_its_key_is_the_same_but_not_with_other_parties(
    history: History,
) -> None:
    from ortoo.kernel.seal import contacts

    def draft(name: str):
        sealed = contacts.seal_contacts(
            filing_key="reg", people={FIRMS[0]: contacts.Person("张三", "139")}, now_ms=NOW
        )
        party = {"code": FIRMS[0], "kind": "enterprise", "name": name, "place": "152501"}
        body = {"parties": [{**party, **sealed.fields[FIRMS[0]]}]}
        said = history.draft("K-PARTY", "SYSTEM", body, key="reg")
        return replace(said, sealed=sealed.values)

    [first] = history.batch(draft("甲"))
    [again] = history.batch(draft("甲"))
    assert again.duplicate
    assert again.seq == first.seq
    refusal("FILING-KEY-REUSED", history.batch, draft("乙"))


@pytest.mark.law(3)
def test_a_personal_value_stands_nowhere_in_the_database(history: History) -> None:
    history.register()
    catch_up()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {table}")
            text = b"".join(
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for row in cursor.fetchall()
                for value in row
            )
            assert "乌兰其其格".encode() not in text, table
            assert b"13900001111" not in text, table


@pytest.mark.law(5)
def test_a_return_is_followed_only_by_the_same_party_with_a_reason(history: History) -> None:
    history.open()
    first = history.say_return().seq
    refusal("REASON-NEEDED", history.say_return, price=600, supersedes=first)
    refusal(
        "SUPERSEDES-OTHER-PARTY", history.say_return,
        price=600, supersedes=first, reason="改", filer=OFFICES[LOW],
    )  # fmt: skip
    refusal("RETURN-EXISTS", history.say_return, price=600)
    second = history.say_return(price=600, supersedes=first, reason="录错").seq
    refusal("RETURN-STALE", history.say_return, price=601, supersedes=first, reason="录错")
    assert history.state().versions == (first, second)


@pytest.mark.law(5)
def test_nobody_files_in_anothers_name(history: History) -> None:
    history.open()
    refusal("NOT-YOUR-RETURN", history.say_return, FIRMS[0], filer=FIRMS[1])


@pytest.mark.law(5)
def test_a_registered_successor_may_correct_and_a_stranger_may_not(history: History) -> None:
    history.register(sealed=False)
    history.open()
    first = history.say_return().seq
    change = {"price": 600, "supersedes": first, "reason": "合并", "filer": FIRMS[1]}
    refusal("SUPERSEDES-OTHER-PARTY", history.say_return, **change)
    history.file("K-SUCCESSOR", "SYSTEM", {"party": FIRMS[0], "successor": FIRMS[1]})
    catch_up()
    assert history.say_return(**change).seq == history.state().effective


@pytest.mark.law(5)
def test_a_filing_of_another_form_or_thread_cannot_be_superseded(history: History) -> None:
    opening = history.open().seq
    refusal("SUPERSEDES-UNKNOWN", history.say_return, supersedes=opening, reason="改")
    other = history.say_return(FIRMS[1]).seq
    refusal("SUPERSEDES-UNKNOWN", history.say_return, supersedes=other, reason="改")
    refusal("SUPERSEDES-UNKNOWN", history.say_return, supersedes=999, reason="改")


@pytest.mark.law(5)
@pytest.mark.parametrize("way", ["annuls", "corrects"])
def test_annulling_or_correcting_names_a_filing_and_a_reason(history: History, way: str) -> None:
    first = history.move().seq
    body = {"fen": 1}
    refusal("TARGET-UNKNOWN", history.file, "T-MOVE", FIRMS[0], body, reason="依据", **{way: 99})
    refusal("REASON-NEEDED", history.file, "T-MOVE", FIRMS[0], body, **{way: first})
    code = {"annuls": "ANNUL-FORM", "corrects": "CORRECTS-FORM"}[way]
    refusal(code, history.file, "T-MOVE", FIRMS[0], body, reason="依据", **{way: first})


@pytest.mark.law(6)
def test_nothing_is_owed_before_the_system_files_the_opening_and_only_by_whom_it_names(
    history: History,
) -> None:
    assert counts()["kernel_duty"] == 0
    refusal("PERIOD-NOT-OPEN", history.say_return)
    history.open()
    stranger = OFFICES[LOW]
    refusal("PERIOD-NOT-OPEN", history.say_return, stranger)
    assert read.rows("form = 'K-OPEN'", [])[0].filer == "SYSTEM"


@pytest.mark.law(6)
def test_lateness_is_nowhere_stored_so_time_alone_changes_no_row(history: History) -> None:
    from ortoo.kernel.duties.models import Duty

    history.open()
    before = list(Duty.objects.order_by("key").values())
    history.step += 10_000  # long past every due date
    history.move()
    assert list(Duty.objects.order_by("key").values()) == before


@pytest.mark.law(18)
def test_cells_with_a_declared_source_are_counted_apart_from_all_cells() -> None:
    form = small_form()
    known, everything = form.known_cells
    assert (known, everything) == (len(form.leaves), len(form.leaves) * len(form.measures))
    assert form.shares == {"stock": "OTHER.stock"}


@pytest.mark.parametrize("key", ["", "k" * 81, "a\nb"])
def test_a_key_that_cannot_be_printed_is_refused(history: History, key: str) -> None:
    refusal("FILING-KEY", history.file, "T-MOVE", FIRMS[0], {"fen": 1}, key=key)


def test_forms_and_versions_unknown_here_are_refused(history: History) -> None:
    refusal("FORM-UNKNOWN", history.file, "NO-FORM", FIRMS[0], {})
    refusal("FORM-VERSION", history.say_return, version=99, period=PERIOD)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("BODY-SHAPE", {"respondents": [[FIRMS[0], "152501", ["999999"]]]}),
        ("BODY-SHAPE", {"respondents": [[FIRMS[0]]]}),
        ("BODY-SHAPE", {"respondents": [7]}),
        ("BODY-INVALID", {"offices": []}),
        ("BODY-INVALID", {"due_at": True}),
        ("BODY-INVALID", {"extra": 1}),
    ],
)
def test_an_opening_of_the_wrong_shape_is_refused(history: History, code: str, change) -> None:
    draft = history.opening()
    refusal(code, history.batch, replace(draft, body={**draft.body, **change}))
