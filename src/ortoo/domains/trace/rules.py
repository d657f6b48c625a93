"""What an event of a capture must look like. Pure; EPCIS 2.0 §7.4 and CBV 2.0, in part.

Checked: the type and the fields that EPCIS requires of it, action, time with zone, zone offset,
ilmd only where it may stand, error declarations, repeated event IDs. Stricter than EPCIS: an error
declaration must carry the event's ID, since that is how its event is found.

Not checked: the JSON Schema as a whole, vocabularies (bizStep, disposition …), the syntax of
identifiers, sensor reports, extensions and their namespaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

MAX_EVENTS = 1_000
ACTIONS = ("ADD", "OBSERVE", "DELETE")
OFFSET = re.compile(r"[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
MAX_EVENT_ID = 300
WITH_ACTION = ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent")
Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EventFault:
    """What is wrong with the event at `index` (from 0). `code` is stable ASCII."""

    index: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"第 {self.index + 1} 个事件（events[{self.index}]）{self.code}：{self.message}"


def faults(events: Sequence[object]) -> list[EventFault]:
    """Everything wrong with the events of one capture, by index."""
    found: list[EventFault] = []
    seen: dict[str, int] = {}
    for index, event in enumerate(events):
        if not isinstance(event, Mapping):
            found.append(EventFault(index, "EVENT-SHAPE", "不是对象。"))
            continue
        found += [EventFault(index, code, message) for code, message in _event(event)]
        name = event.get("eventID")
        if isinstance(name, str):
            if name in seen:
                message = f"与第 {seen[name] + 1} 个事件的 eventID 相同。"
                found.append(EventFault(index, "EVENT-DUPLICATE", message))
            seen.setdefault(name, index)
    return found


def declared(events: Sequence[object]) -> list[str]:
    """Event IDs that error declarations in these events are about."""
    return [
        str(event["eventID"])
        for event in events
        if isinstance(event, Mapping) and "errorDeclaration" in event and "eventID" in event
    ]


Fault = tuple[str, str]


def _event(event: Event) -> Iterator[Fault]:
    kind = event.get("type")
    if kind not in _CHECKS:
        yield "EVENT-TYPE", f"类型「{str(kind)[:40]}」不是 EPCIS 的五种事件之一。"
        return
    yield from _times(event)
    if kind in WITH_ACTION and event.get("action") not in ACTIONS:
        yield "EVENT-ACTION", "action 应为 ADD、OBSERVE 或 DELETE。"
    yield from _CHECKS[str(kind)](event)
    yield from _declaration(event)
    name = event.get("eventID", "urn:")
    if not (isinstance(name, str) and 0 < len(name) <= MAX_EVENT_ID and ":" in name):
        yield "EVENT-ID", "eventID 应为不超过 300 字符的 URI。"


def _times(event: Event) -> Iterator[Fault]:
    if not is_moment(event.get("eventTime")):
        yield "EVENT-TIME", "eventTime 应为带时区的时间，如 2026-11-20T08:00:00+08:00。"
    offset = event.get("eventTimeZoneOffset")
    if not (isinstance(offset, str) and OFFSET.fullmatch(offset)):
        yield "EVENT-OFFSET", "eventTimeZoneOffset 应为 +08:00 这样的时差。"


def is_moment(value: object) -> bool:
    """Whether it is an existing date and time with a zone (ISO 8601 as EPCIS writes it)."""
    if not (isinstance(value, str) and MOMENT.fullmatch(value)):
        return False
    try:
        datetime.fromisoformat(value[:19] + "+00:00")
    except ValueError:
        return False
    return True


def _object(event: Event) -> Iterator[Fault]:
    whole = isinstance(event.get("epcList"), list) or _some(event, "quantityList")
    if not (whole or (_some(event, "sensorElementList") and "readPoint" in event)):
        yield "EVENT-WHAT", "须有 epcList、quantityList，或 sensorElementList 与 readPoint。"
    if "ilmd" in event and event.get("action") != "ADD":
        yield "EVENT-ILMD", "ilmd 只能在 action 为 ADD 时出现。"


def _aggregation(event: Event) -> Iterator[Fault]:
    if event.get("action") in ("ADD", "DELETE") and not _text(event, "parentID"):
        yield "EVENT-PARENT", "action 为 ADD 或 DELETE 时须有 parentID。"
    yield from _children(event)


def _association(event: Event) -> Iterator[Fault]:
    if not _text(event, "parentID"):
        yield "EVENT-PARENT", "关联事件须有 parentID。"
    yield from _children(event)


def _children(event: Event) -> Iterator[Fault]:
    children = _some(event, "childEPCs") or _some(event, "childQuantityList")
    if event.get("action") != "DELETE" and not children:
        yield "EVENT-WHAT", "须有 childEPCs 或 childQuantityList（action 为 DELETE 时可无）。"
    yield from _no_ilmd(event)


def _transaction(event: Event) -> Iterator[Fault]:
    if not _some(event, "bizTransactionList"):
        yield "EVENT-TRANSACTION", "交易事件须有 bizTransactionList。"
    yield from _no_ilmd(event)


def _transformation(event: Event) -> Iterator[Fault]:
    into = _some(event, "inputEPCList") or _some(event, "inputQuantityList")
    out = _some(event, "outputEPCList") or _some(event, "outputQuantityList")
    if not ((into and out) or ((into or out) and _text(event, "transformationID"))):
        yield "EVENT-WHAT", "须有投入与产出；只有其一时须有 transformationID。"
    if "action" in event:
        yield "EVENT-ACTION", "转化事件没有 action。"


def _no_ilmd(event: Event) -> Iterator[Fault]:
    if "ilmd" in event:
        yield "EVENT-ILMD", "此类事件没有 ilmd。"


def _declaration(event: Event) -> Iterator[Fault]:
    if "errorDeclaration" not in event:
        return
    said = event["errorDeclaration"]
    if not isinstance(said, Mapping) or not is_moment(said.get("declarationTime")):
        yield "EVENT-DECLARATION", "errorDeclaration 须有 declarationTime。"
    elif not isinstance(said.get("reason", ""), str):
        yield "EVENT-DECLARATION", "errorDeclaration 的 reason 应为文本。"
    if not _text(event, "eventID"):
        yield "EVENT-DECLARATION", "声明错误须以 eventID 指明是哪个事件。"


def _some(event: Event, name: str) -> bool:
    value = event.get(name)
    return isinstance(value, list) and len(value) > 0


def _text(event: Event, name: str) -> bool:
    value = event.get(name)
    return isinstance(value, str) and bool(value)


_CHECKS = {
    "ObjectEvent": _object,
    "AggregationEvent": _aggregation,
    "AssociationEvent": _association,
    "TransactionEvent": _transaction,
    "TransformationEvent": _transformation,
}
