"""The capture form 事件采集: many events, one filing, each event a salted part of its own.

body: {"events": [EPCIS event, …], "secret": 64 hexadecimal digits (see `kernel.seal.salting`)}.
Parts: `event.0`, `event.1` … In EPCIS's words the error behaviour is `rollback`: all events are
captured, or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from ortoo.domains.trace import rules
from ortoo.kernel.filings.behaviour import JsonObject, register
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.seal.salting import FIELD, SaltedRecord, secret_problem

CODE = "EPCIS-CAPTURE"
ERROR_BEHAVIOUR = "rollback"


def part_name(index: int) -> str:
    """The name under which event `index` (from 0) is disclosed."""
    return f"event.{index}"


def events_of(body: JsonObject) -> Sequence[object]:
    """The events of a capture's body."""
    return cast("Sequence[object]", body["events"])


def _split(body: JsonObject) -> Iterable[tuple[str, object]]:
    return ((part_name(index), event) for index, event in enumerate(events_of(body)))


def _validate(body: JsonObject) -> Iterator[str]:
    """Shape problems as sentences; a bad event raises Refused CAPTURE-EVENT with every index."""
    for name in body:
        if name not in ("events", FIELD):
            yield f"不认识的字段「{name[:40]}」"
    problem = secret_problem(body)
    if problem:
        yield problem
    events = body.get("events")
    if not isinstance(events, list) or not events:
        yield "字段「events」应为至少一个事件的列表"
        return
    if len(events) > rules.MAX_EVENTS:
        raise Refused(
            "CAPTURE-LIMIT",
            f"一次采集 {len(events):,} 个事件，超过上限 {rules.MAX_EVENTS:,}。",
            "请分批采集。",
            413,
        )
    found = rules.faults(events)
    if found:
        raise Refused(
            "CAPTURE-EVENT",
            f"{len(found)} 处有误，全部 {len(events)} 个事件均未接收；" + str(found[0]),
            "请更正所列事件后，把整批重新采集。",
            details=[{"index": f.index, "code": f.code, "message": f.message} for f in found],
        )


@dataclass(frozen=True)
class CaptureBehaviour(SaltedRecord):
    """A salted record that is followed only by error declarations."""

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Refused CAPTURE-SUPERSEDED, CAPTURE-CORRECTS."""
        if draft.supersedes is not None or draft.annuls is not None:
            raise Refused(
                "CAPTURE-SUPERSEDED",
                "事件采集不得被更正件取代或撤销：发生过的采集永远保留。",
                "请另作一次采集，对有误的事件作错误声明（errorDeclaration），并注明所更正的报件号。",
                409,
            )
        declared = rules.declared(events_of(json.loads(data)))
        if bool(declared) != (draft.corrects is not None):
            raise Refused(
                "CAPTURE-CORRECTS",
                "错误声明须注明所更正的报件号，注明报件号的采集须含错误声明。",
                "请核对 errorDeclaration 与所更正的报件号。",
            )


BEHAVIOUR = CaptureBehaviour(
    code=CODE,
    version=1,
    validate=_validate,
    split=_split,
    corrected_by=frozenset({CODE}),
    supersedable=False,
)


def register_trace() -> None:
    """Make captures fileable."""
    register(BEHAVIOUR)
