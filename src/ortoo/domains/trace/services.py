"""Writes of traceability: one capture, filed as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ortoo.domains.trace import rules
from ortoo.domains.trace.capture import CODE, events_of
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.seal.salting import FIELD, secret_for


def capture(
    *,
    events: Sequence[Mapping[str, object]],
    filer: str,
    actor: str,
    key: str,
    now_ms: int,
    corrects: int | None = None,
    reason: str = "",
) -> Receipt:
    """File `events` as one capture. The same key and events again return the first receipt.

    `key` names the capture job and must be drawn by the caller, never computed from the events: it
    stands in the envelope, which is shown. `corrects` is the filing whose events the error
    declarations among `events` are about. Refused CAPTURE-EVENT names every event that is wrong;
    CAPTURE-LIMIT, CAPTURE-SUPERSEDED, CAPTURE-CORRECTS, CAPTURE-TARGET, CORRECTS-OTHER-PARTY.
    """
    if corrects is not None:
        _check_target(corrects, rules.declared(events))
    body = {"events": list(events), FIELD: secret_for(key)}
    return file(
        Draft(
            form=CODE, filer=filer, actor=actor, key=key, body=body, said_at=now_ms,
            corrects=corrects, reason=reason,
        ),
        now_ms=now_ms,
    )  # fmt: skip


def _check_target(seq: int, event_ids: Sequence[str]) -> None:
    """A filing never changes, so what is read here still holds when the correction is filed."""
    target = read.get(seq)
    if target is None or target.form != CODE:
        raise Refused("CAPTURE-TARGET", f"第 {seq} 号不是事件采集。", "请核对所更正的报件号。", 404)
    there = {
        event.get("eventID")
        for event in events_of(json.loads(target.body))
        if isinstance(event, Mapping)
    }
    absent = [name for name in event_ids if name not in there]
    if absent:
        raise Refused(
            "CAPTURE-TARGET",
            f"第 {seq} 号采集中没有事件「{absent[0][:80]}」。",
            "错误声明的 eventID 应与原事件相同，请核对。",
        )
