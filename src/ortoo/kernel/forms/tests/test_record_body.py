"""Bodies of records: what is accepted is canonical, what is not is refused with every issue."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_check import MAX_ISSUES, RecordContext, check
from ortoo.kernel.forms.tests.record_samples import behaviour, body, form, plain_body

ACCEPTED = behaviour()


def codes(said: object) -> set[tuple[str, str]]:
    """(path, code) of every issue encoding names; empty when the body is accepted."""
    try:
        ACCEPTED.encode(said)
    except Refused as error:
        return {(issue["path"], issue["code"]) for issue in error.details}
    return set()


def line(**changes: Any) -> list[dict[str, Any]]:
    first, second = body()["lines"]
    return [{**first, **changes}, second]


def test_an_accepted_body_is_encoded_canonically_from_object_and_bytes() -> None:
    said = body()
    shuffled = dict(random.Random(1).sample(list(said.items()), len(said)))
    data = ACCEPTED.encode(shuffled)
    assert data == canonical(said)
    assert ACCEPTED.encode(json.dumps(said, ensure_ascii=True, indent=2).encode()) == data


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"case": None}, "case", "RECORD-MISSING"),
        ({"colour": 1}, "colour", "RECORD-UNKNOWN"),
        ({"case": 7}, "case", "RECORD-TYPE"),
        ({"case": " "}, "case", "RECORD-TEXT"),
        ({"case": "A" * 41}, "case", "RECORD-RANGE"),
        ({"case": "a"}, "case", "RECORD-PATTERN"),
        ({"case": "A|B"}, "case", "RECORD-SEPARATOR"),
        ({"remark": "a\x00b"}, "remark", "RECORD-TEXT"),
        ({"remark": "a\ud800"}, "remark", "RECORD-TEXT"),
        ({"remark": "a\u202eb"}, "remark", "RECORD-TEXT"),
        ({"seal_number": "a\nb"}, "seal_number", "RECORD-TEXT"),
        ({"seal_number": None}, "seal_number", "RECORD-MISSING"),
        ({"sealed": False}, "seal_number", "RECORD-NOT-ASKED"),
        ({"sealed": 1}, "sealed", "RECORD-TYPE"),
        ({"pieces": 1.0}, "pieces", "RECORD-TYPE"),
        ({"pieces": True}, "pieces", "RECORD-TYPE"),
        ({"pieces": float("nan")}, "pieces", "RECORD-TYPE"),
        ({"pieces": 10**5000}, "pieces", "RECORD-RANGE"),
        ({"pieces": 0}, "pieces", "RECORD-RANGE"),
        ({"direction": "transit"}, "direction", "RECORD-CHOICE"),
        ({"direction": ["import"]}, "direction", "RECORD-CHOICE"),
        ({"declarant": "91150000YY0000000X"}, "declarant", "RECORD-PARTY"),
        ({"declarant": "ORG-WFP"}, "declarant", "RECORD-PARTY"),
        ({"port": "990000"}, "port", "RECORD-PLACE"),
        ({"port": "MNG"}, "port", "RECORD-PLACE"),
        ({"arrives": "20261114"}, "arrives", "RECORD-DATE"),
        ({"arrives": "2026-02-30"}, "arrives", "RECORD-DATE"),
        ({"weighed_at": -1}, "weighed_at", "RECORD-TYPE"),
        ({"parent": "no thread"}, "parent", "RECORD-THREAD"),
        ({"parent": "T-OTHER|1"}, "parent", "RECORD-THREAD"),
        ({"driver_name": "巴特尔"}, "driver_name", "RECORD-SEALED"),
        ({"lines": "x"}, "lines", "RECORD-TYPE"),
        ({"lines": []}, "lines", "RECORD-LINES"),
        ({"lines": None}, "lines", "RECORD-MISSING"),
        ({"lines": [1]}, "lines.0001", "RECORD-TYPE"),
        ({"lines": line(number=2)}, "lines.0002.number", "RECORD-LINE-TWICE"),
        ({"lines": line(good="gr 01")}, "lines.0001.good", "RECORD-GOOD"),
        ({"lines": line(colour="red")}, "lines.0001.colour", "RECORD-UNKNOWN"),
        ({"invoice": ["x"]}, "invoice.0001", "ATTACH-ADDRESS"),
        ({"invoice": []}, "invoice", "ATTACH-COUNT"),
        ({"invoice": ["ab" * 32] * 2}, "invoice.0002", "ATTACH-TWICE"),
        ({"invoice": {}}, "invoice", "RECORD-TYPE"),
        ({"signature": {}}, "signature", "RECORD-UNKNOWN"),
        ({"secret": None}, "secret", "RECORD-SECRET"),
        ({"secret": "EF" * 32}, "secret", "RECORD-SECRET"),
    ],
)
def test_each_kind_of_wrong_value_is_named_with_its_path(changes, path, code) -> None:
    assert (path, code) in codes(body(**changes))


def test_a_field_that_is_not_asked_under_this_condition_is_refused() -> None:
    exported = body(direction="export", licence="L-1")
    assert ("licence", "RECORD-NOT-ASKED") in codes(exported)
    assert codes(body(direction="export", licence=None)) == set()


def test_all_problems_are_listed_at_once_each_with_value_rule_and_remedy() -> None:
    with pytest.raises(Refused) as caught:
        ACCEPTED.encode(body(case=None, pieces="x", port="1", lines=line(net=0)))
    issues = {issue["path"]: issue for issue in caught.value.details}
    assert set(issues) == {"case", "pieces", "port", "lines.0001.net"}
    assert caught.value.code == "BODY-INVALID"
    assert all(issue["remedy"] and issue["message"] and issue["rule"] for issue in issues.values())
    assert issues["pieces"]["value"] == "x"


def test_line_fifty_one_is_refused_and_fifty_are_accepted() -> None:
    rows = [{**line()[0], "number": n, "net": 1, "price": 0} for n in range(1, 52)]
    rows[0]["price"] = 300_00
    assert ("lines", "RECORD-LINES") in codes(body(lines=rows))
    assert codes(body(lines=rows[:50], pieces=50)) == set()


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"leaves": "2026-11-13"}, "leaves", "C1"),
        ({"value": 300_02}, "value", "C2"),
        ({"gross": 110_000}, "lines.0002.net", "C3"),
    ],
)
def test_a_broken_rule_names_its_line_its_sentence_and_its_source(changes, path, rule) -> None:
    with pytest.raises(Refused) as caught:
        ACCEPTED.encode(body(**changes))
    (issue,) = caught.value.details
    assert (issue["path"], issue["code"], issue["rule"]) == (path, "RULE-HARD", rule)
    assert issue["source"].startswith("试用规则") and "=" in issue["value"]


def test_a_rule_holds_within_its_tolerance_and_is_silent_where_a_value_is_blank() -> None:
    assert codes(body(value=300_01)) == set()
    assert codes(body(leaves=None)) == set()


def test_a_soft_rule_is_told_before_filing_and_does_not_stop_it() -> None:
    said = body(pieces=1)
    assert codes(said) == set()
    (issue,) = check(form(), said, plain=False)
    assert (issue.code, issue.rule, issue.severity) == ("RULE-SOFT", "C4", "soft")


def test_rules_still_speak_of_what_is_sound_in_a_faulty_body() -> None:
    found = codes(body(case=None, leaves="2026-11-13"))
    assert found == {("case", "RECORD-MISSING"), ("leaves", "RULE-HARD")}


def test_a_page_checks_persons_in_the_clear_and_codes_against_registers() -> None:
    context = RecordContext(
        filer_kind="agency", parties=lambda code: False, places=lambda code: True
    )
    found = {(issue.path, issue.code) for issue in check(form(), plain_body(), context)}
    assert found == {
        ("", "RECORD-RESPONDENT"),
        ("declarant", "RECORD-UNREGISTERED"),
        ("carrier", "RECORD-UNREGISTERED"),
    }
    (issue,) = check(form(), plain_body(driver_name="名" * 61))
    assert (issue.path, issue.code) == ("driver_name", "RECORD-RANGE")


def test_a_body_wrong_a_thousand_times_is_told_two_hundred_times() -> None:
    found = check(form(), {f"x{n}": 1 for n in range(1000)})
    assert len(found) == MAX_ISSUES


# --- hostile input ------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = [*body(), "invoice", "sheet", "signature", "x"]
CHANGED = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)
CELLS = st.dictionaries(st.sampled_from(["number", "good", "name", "net", "price", "y"]), JSON)


def outcome(said: object) -> str:
    """`accepted`, or the code of the refusal; anything else raised fails the test."""
    try:
        data = ACCEPTED.encode(said)
    except Refused as error:
        assert error.code.isascii() and error.message and error.remedy
        json.dumps(error.details)
        return error.code
    assert canonical(json.loads(data)) == data
    assert ACCEPTED.parts(data)
    return "accepted"


def many(examples: int) -> settings:
    quiet = list(HealthCheck)
    return settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=quiet,
    )  # fmt: skip


def try_changed(changes: dict[str, Any], rows: list[dict[str, Any]], keep: bool) -> None:
    said = {**body(), **changes}
    if not keep:
        said["lines"] = [{**body()["lines"][0], **row} for row in rows]
    outcome(said)


ANY_CHANGE = (CHANGED, st.lists(CELLS, max_size=2), st.booleans())


@many(500)
@given(*ANY_CHANGE)
def test_any_changed_body_ends_in_acceptance_or_a_coded_refusal(changes, rows, keep) -> None:
    try_changed(changes, rows, keep)


@pytest.mark.slow
@many(10_000)
@given(*ANY_CHANGE)
def test_ten_thousand_changed_bodies_end_in_acceptance_or_a_coded_refusal(
    changes, rows, keep
) -> None:
    try_changed(changes, rows, keep)


@many(300)
@given(JSON | st.binary(max_size=60))
def test_any_object_or_bytes_end_in_acceptance_or_a_coded_refusal(said) -> None:
    outcome(said)
    if not isinstance(said, bytes):
        check(form(), said)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"[" * 200_000, "BODY-JSON"),
        (b'{"a":' * 200_000, "BODY-JSON"),
        (b'{"pieces":' + b"9" * 1_000_000 + b"}", "BODY-JSON"),
        (b'{"pieces":NaN}', "BODY-NAN"),
        (b'{"case":"A","case":"B"}', "BODY-DUPLICATE-KEY"),
        (b'{"pieces":1e400}', "BODY-INVALID"),
        (b"\xff\xfe", "BODY-JSON"),
        (b" " * 2_000_001, "BODY-TOO-LARGE"),
        ({"remark": nested(100_000)}, "BODY-INVALID"),
        ({"pieces": 10**1_000_000}, "BODY-INVALID"),
        ({1: 2}, "BODY-INVALID"),
        ([], "BODY-INVALID"),
        (None, "BODY-INVALID"),
    ],
)
def test_each_hostile_body_is_refused_with_its_code(said, code) -> None:
    assert outcome(said) == code
