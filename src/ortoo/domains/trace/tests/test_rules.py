"""What is checked of an event: each case breaks one good event in one way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ortoo.domains.trace import rules

from .day import event

BASE = {
    "eventTime": "2026-11-20T08:00:00.000Z",
    "eventTimeZoneOffset": "+08:00",
}
DECLARED = {"declarationTime": "2026-11-21T08:00:00Z"}
GOOD: list[dict[str, Any]] = [
    event(1),
    event(1, errorDeclaration=DECLARED),
    event(1, action="ADD", ilmd={"lot": "A"}),
    {**BASE, "type": "ObjectEvent", "action": "ADD", "sensorElementList": [{}], "readPoint": {}},
    {**BASE, "type": "AggregationEvent", "action": "DELETE", "parentID": "urn:p"},
    {**BASE, "type": "AggregationEvent", "action": "OBSERVE", "childEPCs": ["urn:c"]},
    {**BASE, "type": "AssociationEvent", "action": "ADD", "parentID": "urn:p", "childEPCs": ["c"]},
    {**BASE, "type": "TransactionEvent", "action": "ADD", "bizTransactionList": [{}]},
    {**BASE, "type": "TransformationEvent", "inputEPCList": ["a"], "outputQuantityList": [{}]},
    {**BASE, "type": "TransformationEvent", "inputEPCList": ["a"], "transformationID": "urn:t"},
]  # fmt: skip


@pytest.mark.parametrize("good", GOOD, ids=lambda event: event["type"])
def test_a_good_event_of_each_type_has_no_fault(good: dict[str, Any]) -> None:
    assert rules.faults([good]) == []


@pytest.mark.parametrize(
    ("at", "change", "code"),
    [
        (0, {"type": "QuantityEvent"}, "EVENT-TYPE"),
        (0, {"eventTime": "2026-11-20T08:00:00"}, "EVENT-TIME"),
        (0, {"eventTime": "2026-02-30T08:00:00Z"}, "EVENT-TIME"),
        (0, {"eventTimeZoneOffset": "8"}, "EVENT-OFFSET"),
        (0, {"action": "LOOK"}, "EVENT-ACTION"),
        (0, {"epcList": None}, "EVENT-WHAT"),
        (0, {"ilmd": {}}, "EVENT-ILMD"),
        (0, {"eventID": "seven"}, "EVENT-ID"),
        (0, {"errorDeclaration": {"reason": "did_not_occur"}}, "EVENT-DECLARATION"),
        (0, {"errorDeclaration": {**DECLARED, "reason": 7}}, "EVENT-DECLARATION"),
        (5, {"errorDeclaration": DECLARED}, "EVENT-DECLARATION"),
        (4, {"parentID": ""}, "EVENT-PARENT"),
        (5, {"childEPCs": []}, "EVENT-WHAT"),
        (6, {"parentID": None}, "EVENT-PARENT"),
        (7, {"bizTransactionList": []}, "EVENT-TRANSACTION"),
        (7, {"ilmd": {}}, "EVENT-ILMD"),
        (8, {"inputEPCList": []}, "EVENT-WHAT"),
        (8, {"action": "ADD"}, "EVENT-ACTION"),
    ],
)
def test_each_way_of_being_wrong_has_its_code(at: int, change: Any, code: str) -> None:
    found = rules.faults([event(9), {**GOOD[at], **change}])
    assert [(fault.index, fault.code) for fault in found] == [(1, code)]


def test_an_event_id_said_twice_is_a_fault_of_the_second() -> None:
    found = rules.faults([event(1), event(2), event(1)])
    assert [(fault.index, fault.code) for fault in found] == [(2, "EVENT-DUPLICATE")]


def test_something_that_is_no_object_is_a_fault_and_no_crash() -> None:
    assert [fault.code for fault in rules.faults(["x", 1, None])] == ["EVENT-SHAPE"] * 3


CHECKOUT = Path(__file__).resolve().parents[5]
FOLDER = Path(os.environ.get("ORTOO_SHARED", CHECKOUT.parent / "shared")) / "data/trace"
SETS = ("epcis-event-hash", "gs1-epcis/JSON")
DOCUMENTS = sorted(path for name in SETS for path in FOLDER.glob(f"{name}/**/*.json*"))


def events_in(document: Any) -> list[Any]:
    body = document.get("epcisBody", {}) if isinstance(document, dict) else {}
    found = body.get("queryResults", {}).get("resultsBody", body)
    return found.get("eventList", [found["event"]] if "event" in found else [])


@pytest.mark.skipif(not DOCUMENTS, reason="the published EPCIS examples are not at hand")
def test_published_events_are_refused_only_where_we_are_stricter() -> None:
    read, found = 0, set()
    for path in DOCUMENTS:
        events = events_in(json.loads(path.read_text("utf-8-sig")))
        read += len(events)
        # One document may hold the same event in several spellings, under one ID.
        found |= {(path.stem, f.code) for event in events for f in rules.faults([event])}
    assert read > 60
    assert found == {("SensorDataExample12", "EVENT-DECLARATION")}
