"""The `case` bench on what ships: GK-TRUCK from its file, its two forms, decisions by K-DECIDE.

A draft is made from what a person typed when its turn comes: the agencies filled in from the port,
28 fields and a line of goods checked, the driver sealed, the parts salted. Drivers return, as they
do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.case_by_hand import HOUR_MS, START_MS

PREFIX = "GK-TRUCK"
PLACE = "150825"
DRIVERS = 500
ROLES = ("customs", "border", "health", "transport", "port_office")


def _party(serial: int, kind: str = "11") -> str:
    from ortoo.kernel.parties.codes import fictional_uscc

    return fictional_uscc("150000", serial, kind=kind)


def _offices() -> dict[str, str]:
    return {role: _party(900 + number) for number, role in enumerate(ROLES)}


AGENCIES: tuple[str, ...] = ()
OFFICES: dict[str, str] = {}
FIRM = ""


def register() -> None:
    """Load the definitions as the site does, and say who acts at the port."""
    global AGENCIES, FIRM  # noqa: PLW0603  the codes are computed and Django is not up at import
    from ortoo.domains.port import services
    from ortoo.domains.port.quotas import regulations
    from ortoo.domains.port.registration import PROCEDURES, register_port
    from ortoo.kernel.threads.catalogue import CATALOGUE, regulation_values
    from ortoo.kernel.threads.steps import register_step_forms

    register_step_forms()
    register_port()
    CATALOGUE.use(regulation=regulation_values(regulations().integer))
    CATALOGUE.load_folders([PROCEDURES])
    OFFICES.update(_offices())
    AGENCIES = tuple(OFFICES[role] for role in ROLES[:4])
    FIRM = _party(1, "91")
    services.name_offices(
        port=PLACE, offices=OFFICES, basis="bench", actor="SYSTEM", key="offices", now_ms=START_MS
    )


def opening(case: str, number: int, now_ms: int) -> Any:
    """The declaration of a truck, from what was typed."""
    from ortoo.domains.port import services

    net, driver = 80_000 + number % 5_000, random.Random(number).randrange(DRIVERS)
    body = {
        "case": case, "port": PLACE, "arrives": "2025-11-15", "plate": f"УБА-{driver:04d}",
        "trailer": f"УБЧ-{driver:04d}", "carrier": "MNG-BENCH-01", "manifest": f"M{number:015d}",
        "trade_mode": "0110", "price_kind": "formula", "origin": "MNG", "value": 4_000_000 + number,
        "driver_name": f"Жолооч {driver}", "driver_document": f"E{driver:07d}",
        "driver_nationality": "MNG", "crew": 1, "vehicle_permit": f"VP-{driver:05d}",
        "driver_well": True, "disinfected": True, "radiation_checked": True, "axles": 6,
        "tare": 19_800, "gross": net + 20_000, "road_permit": f"RP-{driver:05d}",
        "lines": [{"number": 1, "good": "2701121000", "name": "炼焦煤", "declared_net": net,
                   "price": 4_000_000 + number}],
    }  # fmt: skip
    return services.declaration(
        body=body, declarant=FIRM, actor="account:broker", key=f"declare|{case}", now_ms=now_ms
    )


def _decision(case: str, role: str, now_ms: int) -> Any:
    from ortoo.domains.port.services import truck_thread
    from ortoo.kernel.filings.draft import Draft

    party = OFFICES[role]
    body = {"thread": truck_thread(FIRM, case), "step": role, "outcome": "pass",
            "reason": "符合规定"}  # fmt: skip
    return Draft(
        "K-DECIDE", party, f"account:{role}", f"decide|{case}|{role}", body, now_ms,
        subject=FIRM, place=PLACE,
    )  # fmt: skip


def _release(case: str, number: int, now_ms: int) -> Any:
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.forms.record_filing import draft_record

    body = {
        "declarant": FIRM, "case": case, "port": PLACE, "outcome": "go",
        "released_on": "2025-11-15",
        "lines": [{"number": 1, "good": "2701121000", "weighed_net": 79_900 + number % 5_000}],
    }  # fmt: skip
    draft = Draft(
        "GK-TRUCK-RELEASE", OFFICES["port_office"], "account:port", f"release|{case}", body,
        now_ms, subject=FIRM, place=PLACE,
    )  # fmt: skip
    return draft_record(draft, now_ms=now_ms)


def steps(case: str, number: int, now_ms: int) -> list[Callable[[], Any]]:
    """The six filings of a case, each made when it is called."""
    made: list[Callable[[], Any]] = [lambda: opening(case, number, now_ms)]
    made += [lambda role=role: _decision(case, role, now_ms) for role in ROLES[:4]]
    return [*made, lambda: _release(case, number, now_ms)]


def decided(lines: Sequence[Any], as_of: int | None) -> int:
    """How many decisions stand in a thread at a log index, folded by the engine."""
    from ortoo.kernel.threads.catalogue import CATALOGUE

    return len(CATALOGUE.procedure(PREFIX).fold(lines, as_of).decisions)


__all__ = ["AGENCIES", "HOUR_MS", "PREFIX", "decided", "opening", "register", "steps"]
