"""Writes of the ports; each ends in the one write of the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ortoo.domains.port.declarations import DECLARATION
from ortoo.domains.port.offices import OFFICES, SYSTEM, offices_of, refuse
from ortoo.domains.port.orders import ORDER
from ortoo.domains.port.quotas import openings
from ortoo.domains.port.residents import RESIDENT
from ortoo.domains.port.rules import ROLES, civil_day, offices_fault
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms.record_filing import Files, draft_record, file_record
from ortoo.kernel.forms.record_filing import subject_of as known_subject

Line = Mapping[str, object]


def truck_thread(declarant: str, case: str) -> str:
    """Key of the thread of one truck: a declarant's own numbers can take nobody else's."""
    return f"GK-TRUCK|{declarant}|{case}"


def order_thread(group: str, order: str) -> str:
    """Key of the thread of one order."""
    return f"{ORDER}|{group}|{order}"


def name_offices(
    *, port: str, offices: Mapping[str, str], basis: str, filer: str = SYSTEM, actor: str,
    key: str, now_ms: int,
) -> Receipt:  # fmt: skip
    """Say who acts at a port: a party for each of `rules.ROLES`. Refused OFFICES-PARTY."""
    body = {"port": port, **offices, "basis": basis}
    mode = "system" if filer == SYSTEM else "own"
    return file(
        Draft(OFFICES, filer, actor, key, body, now_ms, place=port, mode=mode), now_ms=now_ms
    )


def _acting(port: str) -> dict[str, Any]:
    offices = offices_of(port)
    refuse(offices_fault({}, offices))
    assert offices is not None
    return {role: offices[role] for role in ROLES}


def declaration(
    *, body: Mapping[str, object], declarant: str, actor: str, key: str, now_ms: int,
    files: Files | None = None, under: int | None = None, supersedes: int | None = None,
    reason: str = "",
) -> Draft:  # fmt: skip
    """A truck's declaration ready to be filed: agencies filled from the port, the driver sealed.

    `under` is the mandate 委托 of a broker who files for the declarant.
    """
    whole = {**body, **_acting(str(body.get("port", "")))}
    draft = Draft(
        DECLARATION, declarant, actor, key, whole, now_ms, subject=declarant,
        place=str(body["port"]), mode="own" if under is None else "mandate", under=under,
        supersedes=supersedes, reason=reason,
    )  # fmt: skip
    return draft_record(draft, files=files, now_ms=now_ms)


def declare(
    *, body: Mapping[str, object], declarant: str, actor: str, key: str, now_ms: int,
    files: Files | None = None, under: int | None = None, supersedes: int | None = None,
    reason: str = "",
) -> Receipt:  # fmt: skip
    """File a truck's declaration. See `declaration`. Refused PORT-…, THREAD-EXISTS."""
    return file(
        declaration(
            body=body, declarant=declarant, actor=actor, key=key, now_ms=now_ms, files=files,
            under=under, supersedes=supersedes, reason=reason,
        ),
        now_ms=now_ms,
    )  # fmt: skip


def release(
    *, body: Mapping[str, object], filer: str, actor: str, key: str, now_ms: int
) -> Receipt:
    """The port office releases a truck by what was weighed; kilograms go from border to yard."""
    draft = Draft(
        "GK-TRUCK-RELEASE", filer, actor, key, body, now_ms, subject=str(body.get("declarant", "")),
        place=str(body.get("port", "")),
    )  # fmt: skip
    return file_record(draft, now_ms=now_ms)


def register_resident(
    *, pass_number: str, name: str, group: str, port: str, valid: tuple[str, str], filer: str,
    actor: str, key: str, now_ms: int,
) -> str:  # fmt: skip
    """Register a resident's border pass; the reference by which orders name them."""
    body = {
        "resident": "resident:" + "0" * 32, "pass_number": pass_number, "resident_name": name,
        "group": group, "port": port, "valid_from": valid[0], "valid_to": valid[1],
    }  # fmt: skip
    draft = Draft(RESIDENT, filer, actor, key, body, now_ms, place=port)
    sealed = draft_record(draft, now_ms=now_ms)
    reference = known_subject("resident", pass_number)
    if reference is None or not isinstance(sealed.body, dict):
        raise Refused("HUSHI-REFERENCE", "没有取得边民内部编号。", "请核对密钥目录。", 503)
    sealed.body["resident"] = reference
    file(sealed, now_ms=now_ms)
    return reference


def order(
    *, number: str, group: str, port: str, lines: Sequence[Line], vehicle: str, actor: str,
    key: str, now_ms: int, supersedes: int | None = None, reason: str = "", day: str = "",
) -> Receipt:  # fmt: skip
    """File one order, opening today's quotas that are not open yet, all or nothing.

    `lines`: resident, good, net (kg), value (fen). A correction names the order it supersedes, the
    reason and the order's own day. Refused POSTING-BELOW-ZERO when a quota does not suffice.
    """
    today = civil_day(now_ms).isoformat()
    body = {
        "order": number, "status": "order", "day": day or today, "port": port,
        "customs": _acting(port)["customs"], "vehicle": vehicle, "lines": list(lines),
    }  # fmt: skip
    draft = Draft(
        ORDER, group, actor, key, body, now_ms, subject=group, place=port, supersedes=supersedes,
        reason=reason,
    )  # fmt: skip
    ready = draft_record(draft, now_ms=now_ms)
    residents = [str(line["resident"]) for line in lines]
    opening = openings(residents, now_ms) if body["day"] == today else []
    return file_many([*opening, ready], now_ms=now_ms)[-1]


def cancel(
    *, number: str, group: str, port: str, day: str, supersedes: int, reason: str, actor: str,
    key: str, now_ms: int,
) -> Receipt:  # fmt: skip
    """The group takes its order back: every quota gets back what the order took."""
    body = {
        "order": number, "status": "cancel", "day": day, "port": port,
        "customs": _acting(port)["customs"],
    }  # fmt: skip
    draft = Draft(
        ORDER, group, actor, key, body, now_ms, subject=group, place=port, supersedes=supersedes,
        reason=reason,
    )  # fmt: skip
    return file_record(draft, now_ms=now_ms)
