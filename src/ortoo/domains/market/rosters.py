"""值班表: who is on duty at an office on a day. Names and telephones are sealed (law 3)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import day_of
from ortoo.kernel.forms.record_filing import file_record, revealed
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

FORM = "MON-ROSTER"
POST_ZH = {"leader": "带班领导", "day": "白班", "night": "夜班"}


@dataclass(frozen=True, slots=True)
class Watch:
    """One person on duty, in the clear."""

    post: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Roster:
    """An office's roster of a day; `watches` without those whose persons were erased."""

    seq: int
    place: str
    day: dt.date
    watches: tuple[Watch, ...]


def set_roster(
    *, scope: Scope, place: str, day: dt.date, watches: tuple[Watch, ...], key: str, now_ms: int
) -> Receipt:
    """File or replace the 值班表 of the own office and a day."""
    scope.require("review", place=place)
    if place != active_office(scope):
        raise Refused("ROSTER-OTHER-OFFICE", "只能填本机关的值班表。", "请选本机关。", 403)
    if not watches:
        raise Refused("ROSTER-EMPTY", "值班表是空的。", "请至少填一人的岗位、姓名和电话。")
    standing = _standing([place], day).get(place)
    if standing is not None and standing.key == key:
        return Receipt(
            standing.seq, key, standing.digest, standing.digest_sm3, standing.received_at, True
        )
    body = {
        "place": place,
        "day": day.isoformat(),
        "watches": [
            {"number": n, "post": one.post, "name": one.name.strip(), "phone": one.phone.strip()}
            for n, one in enumerate(watches, 1)
        ],
    }
    draft = Draft(
        form=FORM, filer=scope.party, actor=scope.actor, key=key, body=body, said_at=now_ms,
        period=day_of(day).code, subject=place, place=place,
        supersedes=standing.seq if standing else None, reason="值班调整" if standing else "",
    )  # fmt: skip
    receipt = file_record(draft, now_ms=now_ms)
    catch_up()
    return receipt


def active_office(scope: Scope) -> str:
    """The place whose office this scope speaks for, "" for none."""
    return next(
        (hold.place for hold in scope.holds if hold.place and hold.party == scope.party), ""
    )


def rosters(scope: Scope, day: dt.date, *, now_ms: int) -> list[Roster]:
    """Today's rosters of the own office, those above it and those below: offices call each other.

    Only for who reviews; the look at names is logged (law 15).
    """
    mine = scope.places("review")
    if not mine:
        return []
    pack, office = active_pack(), active_office(scope)
    above = set(pack.reporting_chain(office, day)) if office in pack else set()
    found = []
    for place, row in sorted(_standing(None, day).items()):
        if place not in mine | above:
            continue
        said = json.loads(row.body)["watches"]
        clear = revealed(row.seq)
        watches = tuple(
            Watch(
                watch["post"],
                str(clear[f"watches.{n:04d}.name"]),
                str(clear[f"watches.{n:04d}.phone"]),
            )
            for n, watch in enumerate(said, 1)
            if f"watches.{n:04d}.name" in clear
        )
        found.append(Roster(row.seq, place, day, watches))
    if found:
        shown = sum(len(one.watches) for one in found)
        access.record(scope, "roster", f"MON-ROSTER {day}", shown, "值班联系", now_ms=now_ms)
    return found


def _standing(places: list[str] | None, day: dt.date) -> dict[str, read.FilingRow]:
    rows = read.rows("form=%s AND period=%s", [FORM, day_of(day).code])
    return {row.place: row for row in rows if places is None or row.place in places}
