"""采用: which outlet took up which version of a published bulletin, counted by office and year."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ortoo.domains.market.bulletins import records, wording
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_filing import file_record
from ortoo.kernel.grants.scope import Scope

FORM = "MON-ADOPTED"
LEVEL_ZH = {"banner": "旗县级", "league": "盟市级", "region": "自治区级", "national": "国家级"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What is entered of an adoption."""

    version: str
    outlet: str
    level: str
    day: dt.date
    link: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Adoption:
    """One adoption as filed; `points` by the regulation of its day."""

    seq: int
    place: str
    period: str
    bulletin: int
    taken: Taken
    by: str
    points: int
    key: str


@dataclass(frozen=True, slots=True)
class Year:
    """An office's year: adoptions by level and their points."""

    place: str
    counts: dict[str, int]
    points: int


def adopt(
    *,
    scope: Scope,
    bulletin: Bulletin,
    taken: Taken,
    key: str,
    now_ms: int,
    said_at: int | None = None,
) -> Receipt:
    """登记采用. Refused ADOPTED-NOT-OUT, ADOPTED-DAY before it was published, ADOPTED-OUTLET,
    ADOPTED-TWICE."""
    scope.require("review", form=RETAIL, place=bulletin.place)
    if bulletin.filer != scope.party:
        raise Refused("ADOPTED-OTHER", "只能登记本机关公报的采用。", "请由编发单位登记。", 403)
    published = bulletin.published_at
    if published is None:
        raise Refused("ADOPTED-NOT-OUT", "这份公报没有发布。", "发布后再登记采用。", 409)
    _refuse(bulletin, taken, now_ms, published)
    body: dict[str, object] = {
        "bulletin": bulletin.seq,
        "version": taken.version,
        "outlet": taken.outlet.strip(),
        "level": taken.level,
        "day": taken.day.isoformat(),
    }
    body |= {
        name: text.strip()
        for name, text in (("link", taken.link), ("excerpt", taken.excerpt))
        if text.strip()
    }
    return _file(scope, bulletin.place, bulletin.period, body, key, (now_ms, said_at, None))


def _refuse(bulletin: Bulletin, taken: Taken, now_ms: int, published: int) -> None:
    from ortoo.domains.market.parameters import civil_day

    if not taken.outlet.strip():
        raise Refused("ADOPTED-OUTLET", "没有写明采用单位。", "请填写媒体或单位名称。", 422)
    if taken.link and not taken.link.startswith(("https://", "http://")):
        raise Refused("ADOPTED-LINK", "网址写法不对。", "请填写以 http 开头的网址。", 422)
    if not civil_day(published) <= taken.day <= civil_day(now_ms):
        raise Refused("ADOPTED-DAY", "采用日期应在发布之后、今天之前。", "请核对日期。", 422)
    same = (taken.version, taken.outlet.strip(), taken.day)
    for one in _standing([bulletin.place]):
        if one.bulletin == bulletin.seq and same == (
            one.taken.version, one.taken.outlet, one.taken.day,
        ):  # fmt: skip
            raise Refused("ADOPTED-TWICE", "这次采用已经登记过。", "请核对采用登记。", 409)


def take_back(*, scope: Scope, adoption: Adoption, reason: str, now_ms: int) -> Receipt:
    """撤销登记 of what was entered wrongly, by a superseding filing with the reason."""
    scope.require("review", form=RETAIL, place=adoption.place)
    row = read.get(adoption.seq)
    if row is None or row.filer != scope.party:
        raise Refused("ADOPTED-OTHER", "只能撤销本机关的登记。", "请由编发单位办理。", 403)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "撤销没有写明理由。", "请填写理由。", 422)
    body = {**json.loads(row.body), "withdrawn": True}
    follows = now_ms, None, (adoption.seq, reason.strip()[:500])
    draft_key = f"{adoption.key}-back"[:48]
    return _file(scope, adoption.place, adoption.period, body, draft_key, follows, row.key)


def _file(
    scope: Scope,
    place: str,
    period: str,
    body: dict[str, object],
    key: str,
    when: tuple[int, int | None, tuple[int, str] | None],
    subject: str = "",
) -> Receipt:
    now_ms, said_at, follows = when
    draft = Draft(
        FORM, scope.party, scope.actor, key, body, now_ms if said_at is None else said_at,
        period=period, subject=subject or key, place=place,
        supersedes=follows[0] if follows else None, reason=follows[1] if follows else "",
        mode="own" if said_at is None else "import",
    )  # fmt: skip
    receipt = file_record(draft, now_ms=now_ms)
    catch_up()
    return receipt


def adoptions(scope: Scope, *, year: int | None = None) -> list[Adoption]:
    """Adoptions of the places whose chain this reader is in, newest first."""
    found = [one for one in _standing(None) if records.in_chain(scope, one.place)]
    if year is not None:
        found = [one for one in found if one.taken.day.year == year]
    return sorted(found, key=lambda one: (one.taken.day, one.seq), reverse=True)


def by_office(found: Iterable[Adoption]) -> list[Year]:
    """Each office's count by level and points, most points first."""
    offices: dict[str, list[Adoption]] = {}
    for one in found:
        offices.setdefault(one.place, []).append(one)
    years = [
        Year(
            place,
            {level: sum(a.taken.level == level for a in mine) for level in wording.LEVELS},
            sum(a.points for a in mine),
        )
        for place, mine in offices.items()
    ]
    return sorted(years, key=lambda one: (-one.points, one.place))


def _standing(places: Sequence[str] | None) -> list[Adoption]:
    rows = read.rows("form=%s", [FORM])
    gone = {row.supersedes for row in rows if row.supersedes is not None}
    found = []
    for row in rows:
        body = json.loads(row.body)
        if row.seq in gone or body.get("withdrawn") or (places and row.place not in places):
            continue
        day = dt.date.fromisoformat(body["day"])
        taken = Taken(
            body["version"], body["outlet"], body["level"], day, body.get("link", ""),
            body.get("excerpt", ""),
        )  # fmt: skip
        points = wording.points_of(taken.level, day)
        found.append(
            Adoption(
                row.seq, row.place, row.period, body["bulletin"], taken, row.actor, points, row.key
            )
        )
    return found
