"""A port that tests step through by the clock: fictional offices, one firm, one truck of coal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ortoo.domains.port import services
from ortoo.domains.port.rules import BEIJING
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file
from ortoo.kernel.parties.codes import fictional_uscc
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.clocks import Wait
from ortoo.kernel.threads.state import ThreadFold

PORT = "150825"
DAY = "2026-11-24"
FIRM = fictional_uscc("150000", 701)
OTHER_FIRM = fictional_uscc("150000", 702)
GROUP = fictional_uscc("150000", 703, kind="93")
OFFICES = {
    role: fictional_uscc("150000", 710 + number, kind="11")
    for number, role in enumerate(("customs", "border", "health", "transport", "port_office"))
}
NAMES = {
    FIRM: "申报单位", GROUP: "互助组", OFFICES["customs"]: "海关", OFFICES["border"]: "边检",
    OFFICES["health"]: "卫生检疫", OFFICES["transport"]: "交通运输",
    OFFICES["port_office"]: "口岸办", "SYSTEM": "系统",
}  # fmt: skip
CASE = "20261124-0001"
THREAD = services.truck_thread(FIRM, CASE)


def ms(clock: str, day: str = DAY) -> int:
    """`HH:MM` of a day in Beijing, in ms since the epoch."""
    moment = datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=BEIJING)
    return int(moment.timestamp()) * 1000


def coal(case: str = CASE, **changes: Any) -> dict[str, object]:
    """What a broker types of one truck of coal; the port fills in the offices."""
    return {
        "case": case, "port": PORT, "arrives": DAY, "plate": "УБА-1234", "trailer": "УБЧ-0042",
        "carrier": "MNG-TEST-01", "manifest": "M20261124000001", "trade_mode": "0110",
        "price_kind": "provisional", "origin": "MNG", "value": 4_200_000,
        "driver_name": "Бат-Эрдэнэ", "driver_document": "E 7654321", "driver_nationality": "MNG",
        "crew": 1, "vehicle_permit": "VP-0001", "driver_well": True, "disinfected": False,
        "radiation_checked": True, "axles": 6, "tare": 19_800, "gross": 104_600,
        "road_permit": "RP-0001",
        "lines": [{"number": 1, "good": "2701121000", "name": "炼焦煤", "declared_net": 84_500,
                   "price": 4_200_000}],
        **changes,
    }  # fmt: skip


def weighed(case: str = CASE, **changes: Any) -> dict[str, object]:
    """What the port office says on release."""
    return {
        "declarant": FIRM, "case": case, "port": PORT, "outcome": "go", "released_on": DAY,
        "lines": [{"number": 1, "good": "2701121000", "weighed_net": 84_260}],
        **changes,
    }  # fmt: skip


class Gate:
    """Says things at the port; each takes the clock at which it is said."""

    def __init__(self) -> None:
        self.said = 0

    def set_up(self) -> None:
        """The parties are registered and the port has offices: log indexes 1 and 2."""
        parties = [
            {"code": code, "kind": "enterprise", "name": NAMES.get(code, "另一企业"), "place": PORT}
            for code in (FIRM, OTHER_FIRM, GROUP)
        ]
        parties += [
            {"code": code, "kind": "agency", "name": NAMES[code], "place": PORT}
            for code in OFFICES.values()
        ]
        self.say("K-PARTY", "SYSTEM", {"parties": parties}, "07:00", mode="system")
        services.name_offices(
            port=PORT, offices=OFFICES, basis="试验口岸", actor="SYSTEM", key="offices",
            now_ms=ms("07:01"),
        )  # fmt: skip
        catch_up()

    def draft(self, form: str, filer: str, body: Mapping[str, object], clock: str, **more: Any
              ) -> Draft:  # fmt: skip
        self.said += 1
        said = {"actor": f"account:{filer[-4:]}", "key": f"said-{self.said}", "place": PORT, **more}
        return Draft(form=form, filer=filer, body=body, said_at=ms(clock), **said)

    def say(self, form: str, filer: str, body: Mapping[str, object], clock: str, **more: Any
            ) -> Receipt:  # fmt: skip
        return file(self.draft(form, filer, body, clock, **more), now_ms=ms(clock))

    def declare(self, clock: str = "08:00", case: str = CASE, **changes: Any) -> Receipt:
        return services.declare(
            body=coal(case, **changes), declarant=FIRM, actor="account:broker",
            key=f"declare-{case}", now_ms=ms(clock),
        )  # fmt: skip

    def decide(self, role: str, clock: str, outcome: str = "pass", **more: Any) -> Receipt:
        body = {"thread": THREAD, "step": role, "outcome": outcome, **more.pop("body", {})}
        return self.say("K-DECIDE", OFFICES[role], body, clock, **more)

    def ask(self, role: str, clock: str, question: str, to: str = FIRM) -> Receipt:
        body = {"thread": THREAD, "step": role, "to": to, "question": question}
        return self.say("K-ASK", OFFICES[role], body, clock)

    def answer(self, ask: int, clock: str, filer: str = FIRM) -> Receipt:
        return self.say("K-ANSWER", filer, {"thread": THREAD, "ask": ask, "text": "已补"}, clock)

    def hold(self, role: str, clock: str, kind: str, basis: str) -> Receipt:
        body = {"thread": THREAD, "step": role, "kind": kind, "against": FIRM, "basis": basis}
        return self.say("K-HOLD", OFFICES[role], body, clock)

    def resume(self, role: str, hold: int, clock: str) -> Receipt:
        body = {"thread": THREAD, "hold": hold, "result": "处理完毕"}
        return self.say("K-RESUME", OFFICES[role], body, clock)

    def release(self, clock: str, **changes: Any) -> Receipt:
        return services.release(
            body=weighed(**changes), filer=OFFICES["port_office"], actor="account:port",
            key=f"release-{clock}", now_ms=ms(clock),
        )  # fmt: skip

    def annul(self, target: int, clock: str, filer: str, thread: str = THREAD) -> Receipt:
        body = {"thread": thread, "target": target}
        return self.say(
            "K-ANNUL", filer, body, clock, annuls=target, reason="决定所依据的事实有误（试验依据）"
        )

    def state(self, as_of: int | None = None) -> ThreadFold:
        return CATALOGUE.procedure("GK-TRUCK").fold(read.thread_lines([THREAD])[THREAD], as_of)

    def waits(self, clock: str) -> list[Wait]:
        return CATALOGUE.procedure("GK-TRUCK").waits(read.thread_lines([THREAD])[THREAD], ms(clock))


def owed(as_of: int | None = None, thread: str = THREAD) -> dict[str, str]:
    """`kind|step` → who owes it, of the thread's duties open at a log index (now when None)."""
    found = {}
    for duty in Duty.objects.filter(thread=thread):
        ended = duty.closed_seq or duty.void_seq
        open_then = as_of is not None and duty.opened_seq <= as_of and (not ended or ended > as_of)
        if open_then or (as_of is None and not ended):
            found[duty.key.replace(f"|{thread}|", "|")] = NAMES[duty.owner]
    return found


def due(step: str, kind: str = "decide") -> str:
    """When a duty is due as stored: `HH:MM` of the day in Beijing, or an empty text."""
    at = Duty.objects.get(key=f"{kind}|{THREAD}|{step}").due_at
    return "" if at is None else datetime.fromtimestamp(at / 1000, BEIJING).strftime("%H:%M")
