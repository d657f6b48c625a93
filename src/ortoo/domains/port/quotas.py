"""Daily quotas 日额度: opened once a resident and day by the system party, under the regulation.

A quota is a guarded account `quota|RESIDENT|DAY` in fen. Its filing's key follows from resident and
day, so that it is opened once however many ask; the key is checked, so that nobody opens another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

from django.db import connection

from ortoo.domains.port.offices import SYSTEM, refuse
from ortoo.domains.port.residents import residences
from ortoo.domains.port.rules import FEN, civil_day, day_fault, quota_fault, resident_fault
from ortoo.kernel.filings.behaviour import JsonObject
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.postings.balance import balance
from ortoo.kernel.regulations.regulation import Regulations, load
from ortoo.kernel.threads.catalogue import regulation_values

FORM = "HUSHI-QUOTA"
QUOTA, TRADED, ALLOWANCE = "quota", "traded", "allowance"
REGULATION = "HUSHI-DAY-QUOTA"
COMMODITY = "CNY"
REGULATIONS = Path(__file__).with_name("regulations")


@cache
def regulations() -> Regulations:
    """The dated parameters of the ports."""
    return load([REGULATIONS])


def quota_yuan(day: date) -> int | None:
    """The quota a resident has on a day; None where no value is in force."""
    return regulation_values(regulations().integer)(REGULATION, day)


def quota_key(resident: str, day: str) -> str:
    """The one key under which a resident's quota of a day can be opened."""
    return f"quota|{resident}|{day}"


def left_fen(resident: str, day: str, *, as_of: int | None = None) -> int:
    """What is left of a resident's quota of a day, as known at a log index."""
    return balance(quota_key(resident, day), COMMODITY, as_of=as_of)


def check_quota(draft: Draft, body: JsonObject) -> None:
    """Refused HUSHI-GRANTOR, HUSHI-KEY, HUSHI-DAY, HUSHI-REGULATION, HUSHI-QUOTA, HUSHI-RESIDENT
    or HUSHI-PASS."""
    resident, day = str(body["resident"]), str(body["day"])
    if draft.filer != SYSTEM or draft.mode != "system" or body["regulation"] != REGULATION:
        raise Refused("HUSHI-GRANTOR", "额度只由系统按规定开立。", "申报时自动开立。", 403)
    if draft.key != quota_key(resident, day):
        raise Refused("HUSHI-KEY", "额度报件的标识不对。", "每人每日只开立一次。", 409)
    refuse(day_fault(day, draft.said_at))
    refuse(quota_fault(cast(int, body["quota"]), quota_yuan(date.fromisoformat(day))))
    refuse(resident_fault(resident, residences([resident])[resident], day))


def openings(residents: Iterable[str], now_ms: int) -> list[Draft]:
    """Drafts that open today's quota of those who have none yet. Refused HUSHI-REGULATION."""
    today = civil_day(now_ms)
    yuan = quota_yuan(today)
    if yuan is None:
        refuse(quota_fault(0, None))
        return []
    wanted = {quota_key(resident, today.isoformat()): resident for resident in residents}
    opened = _opened(list(wanted))
    return [
        Draft(
            FORM, SYSTEM, SYSTEM, key,
            {"resident": resident, "day": today.isoformat(), "quota": yuan * FEN,
             "regulation": REGULATION},
            now_ms, mode="system",
        )
        for key, resident in wanted.items()
        if key not in opened
    ]  # fmt: skip


def _opened(keys: list[str]) -> set[str]:
    if not keys:
        return set()
    with connection.cursor() as cursor:
        marks = ",".join(["%s"] * len(keys))
        cursor.execute(f"SELECT key FROM kernel_filing WHERE key IN ({marks})", keys)
        return {str(row[0]) for row in cursor.fetchall()}
