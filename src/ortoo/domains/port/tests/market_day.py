"""Border residents at the port on one day: registered, quotas untouched, ordering in groups."""

from __future__ import annotations

from collections.abc import Sequence

from ortoo.domains.port import services
from ortoo.domains.port.tests.gate import DAY, GROUP, OFFICES, PORT, ms
from ortoo.kernel.filings.draft import Receipt

QUOTA = 800_000  # fen: 8,000 yuan


def passes(count: int) -> list[str]:
    """Fictional numbers of border passes."""
    return [f"BP15082500{number:04d}" for number in range(count)]


def register(count: int, group: str = GROUP) -> list[str]:
    """Register so many residents; their references."""
    return [
        services.register_resident(
            pass_number=number, name=f"边民甲{number[-4:]}", group=group, port=PORT,
            valid=("2026-01-01", "2028-12-31"),
            filer=OFFICES["border"], actor="account:border", key=f"pass-{number}",
            now_ms=ms("08:00"),
        )
        for number in passes(count)
    ]  # fmt: skip


def line(resident: str, value: int) -> dict[str, object]:
    return {"resident": resident, "good": "1207999100", "net": 50, "value": value}


def order(
    number: str, values: Sequence[tuple[str, int]], clock: str = "09:00", **more: object
) -> Receipt:
    """One order: (resident, fen) a line."""
    said: dict[str, object] = {
        "number": number, "group": GROUP, "port": PORT, "vehicle": "蒙B12345",
        "lines": [line(resident, value) for resident, value in values],
        "actor": "account:group", "key": f"order-{number}", "now_ms": ms(clock), **more,
    }  # fmt: skip
    return services.order(**said)  # type: ignore[arg-type]


def cancel(number: str, seq: int, clock: str = "10:00") -> Receipt:
    return services.cancel(
        number=number, group=GROUP, port=PORT, day=DAY, supersedes=seq, reason="货物未到",
        actor="account:group", key=f"cancel-{number}", now_ms=ms(clock),
    )  # fmt: skip
