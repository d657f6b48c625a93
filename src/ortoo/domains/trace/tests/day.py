"""A fictional packing day: crates of mutton leave a fictional plant. Pure and numbered."""

from __future__ import annotations

from typing import Any

PLANT = "https://id.gs1.org/414/6901234000016"


def event(number: int, **more: Any) -> dict[str, Any]:
    """One shipping event; a real one's size (about 430 bytes)."""
    minute = f"{8 + number // 60:02d}:{number % 60:02d}"
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:4f5a1c1e-8a5e-4b53-9c2a-{number:012d}",
        "eventTime": f"2026-11-20T{minute}:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": [f"https://id.gs1.org/01/16901234000013/21/{100_000 + number}"],
        "readPoint": {"id": f"{PLANT}/254/{number % 7}"},
        "bizLocation": {"id": PLANT},
        **more,
    }


def events(count: int = 500) -> list[dict[str, Any]]:
    return [event(number) for number in range(count)]
