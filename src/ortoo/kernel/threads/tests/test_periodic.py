"""Laws 5, 7 and 11 on the periodic return."""

from __future__ import annotations

import pytest

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import (
    CODE,
    FIRMS,
    LOW,
    OFFICES,
    PERIOD,
    PLACE,
    TOP,
    History,
    counts,
    duties,
)


def refused(call, *arguments, **named) -> str:
    """The code of the refusal; nothing was written."""
    before = counts()
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert counts() == before
    return caught.value.code


@pytest.mark.law(7)
def test_a_correction_while_the_office_reads_makes_its_acceptance_stale(history: History) -> None:
    history.open()
    first = history.say_return().seq
    history.say_return(price=610, supersedes=first, reason="录错")
    targets = {FIRMS[0]: first}
    assert refused(history.accept, targets) == "REVIEW-STALE"
    assert refused(history.query, first) == "REVIEW-STALE"
    assert refused(history.send_back, first) == "REVIEW-STALE"


@pytest.mark.law(7)
def test_one_stale_target_refuses_the_whole_acceptance(history: History) -> None:
    history.open()
    first, other = history.say_return().seq, history.say_return(FIRMS[1]).seq
    history.say_return(price=610, supersedes=first, reason="录错")
    assert refused(history.accept, {FIRMS[0]: first, FIRMS[1]: other}) == "REVIEW-STALE"
    assert not history.state(FIRMS[1]).accepted


@pytest.mark.law(7)
def test_a_return_that_was_never_filed_cannot_be_reviewed(history: History) -> None:
    history.open()
    assert refused(history.accept, {FIRMS[0]: 1}) == "REVIEW-STALE"


@pytest.mark.law(7)
def test_offices_working_on_different_returns_do_not_meet(history: History) -> None:
    history.open()
    first, other = history.say_return().seq, history.say_return(FIRMS[1]).seq
    history.query(first)
    history.accept({FIRMS[1]: other})
    assert [history.state(firm).stage for firm in FIRMS] == ["queried", "checked"]


@pytest.mark.law(5)
def test_a_review_changes_no_number(history: History) -> None:
    from ortoo.kernel.filings import read

    history.open()
    first = history.say_return()
    asked = history.query(first.seq)
    history.reply(asked.seq)
    history.accept({FIRMS[0]: first.seq})
    assert history.state().effective == first.seq
    row = read.get(first.seq)
    assert (row.filer, row.digest) == (FIRMS[0], first.digest)


@pytest.mark.law(5)
def test_a_question_is_answered_once(history: History) -> None:
    history.open()
    asked = history.query(history.say_return().seq).seq
    history.reply(asked)
    assert refused(history.reply, asked) == "QUERY-CLOSED"
    assert refused(history.reply, 1) == "QUERY-CLOSED"


@pytest.mark.law(11)
def test_an_archived_period_takes_no_filing_of_any_kind(history: History) -> None:
    history.open()
    first = history.say_return().seq
    asked = history.query(first).seq
    history.archive()
    attempts = [
        (history.say_return, FIRMS[1]),
        (history.query, first),
        (history.reply, asked),
        (history.send_back, first),
        (history.accept, {FIRMS[0]: first}),
    ]
    for call, argument in attempts:
        assert refused(call, argument) == "PERIOD-ARCHIVED"
    change = {"price": 600, "supersedes": first, "reason": "改"}
    assert refused(history.say_return, **change) == "PERIOD-ARCHIVED"


@pytest.mark.law(11)
def test_a_locked_return_is_corrected_with_a_reason_and_reviewed_again(history: History) -> None:
    history.open()
    first = history.say_return().seq
    history.accept({FIRMS[0]: first})
    history.accept({FIRMS[0]: first}, TOP)
    assert history.state().locked
    assert refused(history.say_return, supersedes=first) == "REASON-NEEDED"
    second = history.say_return(price=610, supersedes=first, reason="复核发现录错").seq
    assert not history.state().locked
    key = f"recheck|{FIRMS[0]}#1"
    assert duties()[key] == (second, None, None)
    done = history.accept({FIRMS[0]: second}, TOP).seq
    assert duties()[key] == (second, done, None)


@pytest.mark.law(7)
def test_what_is_no_longer_owed_becomes_void_and_stays(history: History) -> None:
    history.open()
    asked = history.query(history.say_return().seq).seq
    archived = history.archive().seq
    found = duties()
    assert found[f"answer|{FIRMS[0]}#1"] == (asked, None, archived)
    assert found[f"file|{FIRMS[1]}"] == (1, None, archived)
    assert found[f"file|{FIRMS[0]}"] == (1, 2, None)
    assert found[f"review|@{LOW}"] == (1, None, archived)


@pytest.mark.law(7)
def test_questions_and_returns_sent_back_open_and_close_duties_of_their_own(
    history: History,
) -> None:
    history.open()
    first = history.say_return().seq
    one, two = history.query(first).seq, history.query(first, office=TOP).seq
    answered = history.reply(one).seq
    back = history.send_back(first).seq
    second = history.say_return(price=610, supersedes=first, reason="录错").seq
    again = history.send_back(second).seq
    found = duties()
    assert found[f"answer|{FIRMS[0]}#1"] == (one, answered, None)
    assert found[f"answer|{FIRMS[0]}#2"] == (two, second, None)
    assert found[f"refile|{FIRMS[0]}#1"] == (back, second, None)
    assert found[f"refile|{FIRMS[0]}#2"] == (again, None, None)


@pytest.mark.law(7)
def test_an_offices_review_closes_when_everyone_is_accepted_or_it_concludes(
    history: History,
) -> None:
    history.open()
    first, other = history.say_return().seq, history.say_return(FIRMS[1]).seq
    history.accept({FIRMS[0]: first})
    assert duties()[f"review|@{LOW}"][1] is None
    last = history.accept({FIRMS[1]: other}).seq
    assert duties()[f"review|@{LOW}"][1] == last
    concluded = history.accept({FIRMS[0]: first}, TOP, conclude=True).seq
    assert duties()[f"review|@{TOP}"][1] == concluded


def confirm(history: History, target: int, filer: str = FIRMS[0], **more) -> int:
    from ortoo.kernel.filings.tests.history import CODE, PERIOD

    body = {"form": CODE, "period": PERIOD, "party": FIRMS[0], "target": target, "text": ""}
    return history.file("K-CONFIRM", filer, body, period=PERIOD, **more).seq


@pytest.mark.law(5)
def test_what_an_office_entered_for_a_party_waits_for_the_partys_word(history: History) -> None:
    history.open()
    assert refused(history.say_return, mode="assisted") == "ASSIST-EVIDENCE"
    seq = history.say_return(mode="assisted", reason="来电登记 9:40").seq
    assert duties()[f"confirm|{FIRMS[0]}#1"] == (seq, None, None)
    assert refused(confirm, history, seq, FIRMS[1]) == "CONFIRM-OTHER-PARTY"
    for_it = {"mode": "assisted", "reason": "来电"}
    assert refused(confirm, history, seq, **for_it) == "CONFIRM-OTHER-PARTY"
    done = confirm(history, seq)
    assert duties()[f"confirm|{FIRMS[0]}#1"] == (seq, done, None)
    assert refused(confirm, history, seq) == "CONFIRM-CLOSED"
    assert history.state().stage == "filed"


@pytest.mark.law(5)
def test_a_correction_by_the_party_itself_settles_what_was_entered_for_it(
    history: History,
) -> None:
    history.open()
    seq = history.say_return(mode="assisted", reason="来电登记").seq
    own = history.say_return(price=600, supersedes=seq, reason="更正代录").seq
    assert duties()[f"confirm|{FIRMS[0]}#1"] == (seq, own, None)
    assert refused(confirm, history, seq) == "CONFIRM-CLOSED"


@pytest.mark.law(11)
def test_what_was_sent_back_is_not_accepted_before_it_is_filed_again(history: History) -> None:
    history.open()
    first = history.say_return().seq
    history.send_back(first)
    assert refused(history.accept, {FIRMS[0]: first}) == "REVIEW-SENT-BACK"
    again = history.say_return(price=610, supersedes=first, reason="重报").seq
    history.accept({FIRMS[0]: again})
    assert history.state().stage == "checked"


@pytest.mark.law(11)
def test_an_open_question_keeps_a_return_from_acceptance_unless_the_office_says_why(
    history: History,
) -> None:
    from ortoo.kernel.filings.tests.history import CODE, OFFICES, PERIOD

    history.open()
    first = history.say_return().seq
    asked = history.query(first).seq
    assert refused(history.accept, {FIRMS[0]: first}) == "REVIEW-QUERIED"
    body = {
        "form": CODE, "period": PERIOD, "office": LOW, "targets": [[FIRMS[0], first]],
        "conclude": False, "note": "电话说明属实",
    }  # fmt: skip
    history.file("K-ACCEPT", OFFICES[LOW], body, period=PERIOD)
    assert history.state().accepted_by(LOW)
    history.reply(asked)
    history.accept({FIRMS[0]: first}, TOP)
    assert history.state().stage == "accepted"


def _waive(history: History, firm: str = FIRMS[0], *, lifted: bool = False) -> object:
    body = {"form": CODE, "period": PERIOD, "party": firm, "office": LOW, "text": "停业",
            "lifted": lifted}  # fmt: skip
    return history.file("K-WAIVE", OFFICES[LOW], body, period=PERIOD)


@pytest.mark.law(7)
def test_a_waived_return_is_no_longer_owed_and_is_owed_again_when_that_is_lifted(
    history: History,
) -> None:
    history.open()
    _waive(history)
    assert history.state().stage == "waived"
    assert duties()[f"file|{FIRMS[0]}"][2] is not None
    _waive(history, lifted=True)
    assert history.state().stage == "missing"
    assert duties()[f"file|{FIRMS[0]}"][2] is None
    assert refused(_waive, history, lifted=True) == "WAIVE-NONE"


@pytest.mark.law(7)
def test_what_was_filed_cannot_be_waived_and_what_is_waived_may_still_be_filed(
    history: History,
) -> None:
    history.open()
    history.say_return()
    assert refused(_waive, history) == "WAIVE-FILED"
    _waive(history, FIRMS[1])
    assert refused(_waive, history, FIRMS[1]) == "WAIVE-STANDS"
    history.say_return(FIRMS[1])
    assert history.state(FIRMS[1]).stage == "filed"


@pytest.mark.law(7)
def test_a_review_closes_when_the_rest_is_waived(history: History) -> None:
    history.open()
    history.accept({FIRMS[0]: history.say_return().seq})
    assert duties()[f"review|@{LOW}"][1] is None
    last = _waive(history, FIRMS[1])
    assert duties()[f"review|@{LOW}"][1] == last.seq  # type: ignore[attr-defined]


@pytest.mark.law(6)
def test_a_firm_that_joins_a_running_period_opens_a_review_of_its_own(history: History) -> None:
    body = {**history.opening().body, "respondents": [[FIRMS[0], PLACE, [LOW, TOP]]]}  # type: ignore[dict-item]
    history.file("K-OPEN", "SYSTEM", body, period=PERIOD)
    history.accept({FIRMS[0]: history.say_return().seq})
    joined = {**body, "respondents": [[FIRMS[1], PLACE, [LOW, TOP]]], "order": 1}
    history.file("K-OPEN", "SYSTEM", joined, period=PERIOD)
    assert history.state(FIRMS[1]).order == 1
    assert duties()[f"review|@{LOW}#2"][1] is None
    told = history.accept({FIRMS[1]: history.say_return(FIRMS[1]).seq})
    assert duties()[f"review|@{LOW}#2"][1] == told.seq


@pytest.mark.law(6)
@pytest.mark.parametrize("asked", [{}, {"items": ["0101"]}, {"items": [], "measures": ["price"]}])
def test_an_opening_that_names_no_whole_set_of_cells_is_refused(
    history: History, asked: dict[str, list[str]]
) -> None:
    body = {**history.opening().body, "asked": asked}  # type: ignore[dict-item]
    assert refused(history.file, "K-OPEN", "SYSTEM", body, period=PERIOD) == "BODY-INVALID"
