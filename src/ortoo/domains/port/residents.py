"""Border residents 边民: registered by border inspection, referred to and never named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ortoo.domains.port.offices import offices_of, refuse
from ortoo.domains.port.rules import Residence, offices_fault
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused

RESIDENT = "HUSHI-RESIDENT"


def check_resident(draft: Draft, body: JsonObject) -> None:
    """By the border inspection of the port, of the very person whose pass is sealed.

    Refused PORT-UNKNOWN, HUSHI-REGISTRAR or HUSHI-REFERENCE.
    """
    offices = offices_of(str(body["port"]))
    refuse(offices_fault({}, offices))
    if offices is not None and draft.filer != offices["border"]:
        raise Refused("HUSHI-REGISTRAR", "边民证由边检登记。", "请由该口岸边检报送。", 403)
    if {value.subject for value in draft.sealed} != {body["resident"]}:
        raise Refused("HUSHI-REFERENCE", "边民内部编号与边民证号不符。", "请由系统填写编号。")


def residences(residents: Iterable[str]) -> dict[str, Residence | None]:
    """What is registered of each resident now: the last registration stands."""
    threads = {resident: f"{RESIDENT}|{resident}" for resident in residents}
    lines = read.thread_lines(threads.values())
    found: dict[str, Residence | None] = {}
    for resident, thread in threads.items():
        found[resident] = _residence(lines[thread][-1].detail) if lines[thread] else None
    return found


def _residence(said: Mapping[str, object]) -> Residence:
    return Residence(str(said["group"]), str(said["port"]), str(said["from"]), str(said["to"]))
