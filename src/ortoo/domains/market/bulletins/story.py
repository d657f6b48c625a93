"""Bulletins of past weeks for a demonstration: drafted, signed, published, one of them corrected.

Through the same services as anybody's, as history filed later; the words are invented and the
instance says so. Run again it files nothing.
"""

from __future__ import annotations

import datetime as dt

from ortoo.domains.market import issued
from ortoo.domains.market.bulletins import adoptions, gathering, offices, others, records, services
from ortoo.domains.market.bulletins.adoptions import Taken
from ortoo.domains.market.bulletins.numbers import CHANGE
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.bulletins.services import Written
from ortoo.domains.market.parameters import civil_day
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import year_before_on
from ortoo.kernel.grants.models import Account
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.grants.selectors import load_scope
from ortoo.kernel.places.active import active_pack

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEKS = 4
UP, DOWN = 1, -1
CAUSES = {
    ("VE", UP): "气温下降，本地露地蔬菜退市，外调比例上升，运输和损耗成本增加",
    ("VE", DOWN): "产地货源充足，到货量增加",
    ("ME", UP): "天气转冷，肉类消费增加，养殖户惜售",
    ("ME", DOWN): "牛羊集中出栏，供应充足",
    ("FR", UP): "冷库出货减少，品质好的果品价格走高",
}
OUTLOOK = "预计下周蔬菜价格继续小幅波动，肉、禽、蛋价格以稳为主"
NDRC = "猪肉后臀尖，11.84\n牛肉，32.88\n羊肉，37.87\n白条鸡，12.47\n鸡蛋，3.88"


def tell(
    *,
    places: tuple[str, ...],
    now_ms: int,
    weeks: int = WEEKS,
    undrafted: tuple[str, ...] = (),
    unsigned: tuple[str, ...] = (),
) -> int:
    """File the past weeks' bulletins of some units; how many were published.

    The newest issued week is left to the office of an `undrafted` place, and stands as a draft
    that waits for its signature in an `unsigned` one.
    """
    done = 0
    newest = max(
        (one.code for one in gathering.weeks() if gathering.is_issued(one.code)), default=""
    )
    for place in places:
        drafter, signer = _people(place, civil_day(now_ms))
        if drafter is None or signer is None:
            continue
        for period in _periods(weeks):
            if not gathering.is_issued(period) or records.bulletins(
                drafter, place=place, period=period
            ):
                continue
            if period == newest and place in undrafted:
                continue
            try:
                last = "draft" if period == newest and place in unsigned else "publish"
                done += _publish(place, period, (drafter, signer), (now_ms, last))
            except Refused:
                continue
        _beside(drafter, place, now_ms)
    return done


def _periods(weeks: int) -> list[str]:
    """The newest weeks and the same ones a year before, so that last year's words stand beside."""
    form = registry.get(RETAIL)
    newest = gathering.weeks(weeks + 2)
    before = [one for week in newest if (one := year_before_on(form, week)) is not None]
    return [one.code for one in sorted({*newest, *before})]


def _people(place: str, on: dt.date) -> tuple[Scope | None, Scope | None]:
    """The drafter and the signer: two log-ins of the office, or the only one."""
    logins = sorted(offices.holders(place, on))
    scopes = [
        load_scope(account, pack=active_pack(), on=on)
        for login in logins
        if (account := Account.objects.filter(login=login).first()) is not None
    ]
    return (scopes[0], scopes[-1]) if scopes else (None, None)


def _publish(place: str, period: str, people: tuple[Scope, Scope], until: tuple[int, str]) -> int:
    """Up to a step; 1 where it was published."""
    (drafter, signer), (now_ms, last) = people, until
    first = issued.vintages(RETAIL, period)[0].at_ms
    at = [first + hours * HOUR_MS for hours in (15, 20, 22)]
    if at[-1] > now_ms:
        return 0
    written = _words(drafter, place, period)
    services.draft(
        scope=drafter, place=place, period=period, written=written, now_ms=now_ms, said_at=at[0]
    )
    if last == "draft":
        return 0
    found = records.bulletins(drafter, place=place, period=period)[0]
    services.sign(scope=signer, bulletin=found, target=found.seq, now_ms=now_ms, said_at=at[1])
    found = records.bulletin(drafter, found.code)
    services.publish(scope=signer, bulletin=found, target=found.seq, now_ms=now_ms, said_at=at[2])
    _adopt(drafter, records.bulletin(drafter, found.code), at[2] + DAY_MS, now_ms)
    return 1


def _words(scope: Scope, place: str, period: str) -> Written:
    """Causes only where the section moved that way."""
    made = services.composed(scope, place, period, gathering.ISSUED, Written())
    causes = {}
    for row in made.rows:
        number = row.cells.get(CHANGE)
        cause = CAUSES.get((row.section, number.direction)) if row.group and number else None
        if cause is not None:
            causes[row.section] = cause
    return Written(causes, OUTLOOK)


def _adopt(scope: Scope, found: Bulletin, at: int, now_ms: int) -> None:
    """Every other week's brief is taken up."""
    if at > now_ms or not found.span.number[1] % 2:
        return
    taken = Taken("brief", "政务信息（演示）", "region", civil_day(at))
    key = f"demo-adopted-{found.code}".lower()
    adoptions.adopt(scope=scope, bulletin=found, taken=taken, key=key, now_ms=now_ms, said_at=at)


def _beside(scope: Scope, place: str, now_ms: int) -> None:
    """One transcribed table, of a tenth day whose week is issued; its figures are invented."""
    before = civil_day(now_ms - 12 * DAY_MS)
    day = before.replace(day=20 if before.day >= 20 else 10 if before.day >= 10 else 1)
    if any(one.place == place for one in others.sheets(scope)):
        return
    prices = others.read_block(NDRC, "元/500克")
    sheet = others.Sheet(
        "发展改革委（演示）", "演示数据，不是真实价格", day, "每旬逢十采价，集贸市场和超市", prices
    )
    others.transcribe(scope=scope, place=place, sheet=sheet, now_ms=now_ms)
