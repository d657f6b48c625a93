"""A 专项监测 that runs, a 急报 of last week that was answered and one of this morning."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

from ortoo.domains.market import rosters, situations
from ortoo.domains.market.campaigns import opening as campaign_days
from ortoo.domains.market.campaigns import services as campaigns
from ortoo.domains.market.campaigns.plan import Plan
from ortoo.domains.market.flash import plan as flash_plans
from ortoo.domains.market.flash import services as flash
from ortoo.domains.market.flash.plan import Request
from ortoo.domains.market.known import asked_cells
from ortoo.domains.market.services import Matter
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, Nil
from ortoo.kernel.forms.periods import day_of as day_period
from ortoo.site.operations.season import Part
from ortoo.site.operations.stories import DAILY, day_of
from ortoo.site.operations.timeline import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

VEGETABLES = (
    "大白菜", "圆白菜", "土豆", "西红柿", "黄瓜", "尖椒", "胡萝卜", "芹菜", "大葱", "豆角", "茄子",
    "白萝卜", "油菜", "青椒", "菠菜", "洋葱",
)  # fmt: skip
MOST_ITEMS, RUN_DAYS, AHEAD_DAYS = 10, 5, 3
STOCKED = ("小包装大米", "小包装面粉", "桶装豆油", "桶装花生油", "鸡蛋")
"""Goods whose stock the weekly return asks too: what is known is confirmed, not retyped."""
FLASH_FORM = "EMG-STOCK"
NAMES = ("巴特尔", "乌云", "李静", "王建国", "其木格", "张海燕", "苏和", "赵明")


def events(plot: Plot) -> Events:
    yield from _campaign(plot)
    yield from _flashes(plot)


# --- 专项监测 -----------------------------------------------------------------------------------


def _campaign(plot: Plot) -> Events:
    places = plot.cast.campaign
    if not places:
        return
    yield "campaign", plot.at(RUN_DAYS + 1, "15:10"), partial(_start, plot)
    for days in range(RUN_DAYS, -1, -1):
        yield f"campaign-day-{days}", plot.at(days, "06:01"), partial(_open_day, plot, days)
        for number, place in enumerate(_offices(plot)):
            at_ms = plot.at(days, "15:05") + number * 4 * MINUTE_MS
            yield f"situation-{place}-{days}", at_ms, partial(_situation, plot, place, days)
        for place in (plot.cast.pack.root.code, *_offices(plot)):
            at_ms = plot.at(days, "08:10")
            yield f"roster-{place}-{days}", at_ms, partial(_roster, plot, place, days)


def _offices(plot: Plot) -> list[str]:
    """Offices between the campaign's firms and the region."""
    pack = plot.cast.pack
    on = day_of(plot.now_ms, plot.zone)
    chains = [pack.reporting_chain(place, on) for place in plot.cast.campaign]
    found = dict.fromkeys(p for chain in chains for p in chain if p != pack.root.code)
    return [place for place in found if place in plot.cast.agencies]


def _items(form: Form, names: tuple[str, ...], most: int) -> tuple[str, ...]:
    found = {item.name["zh"]: item.code for item in form.leaves}
    return tuple(found[name] for name in names if name in found)[:most]


def _start(plot: Plot, at_ms: int) -> None:
    root = plot.cast.pack.root.code
    first = day_of(at_ms, plot.zone) + dt.timedelta(days=1)
    shocks = [
        shock
        for shock in plot.cast.region.world.shocks
        if shock.start <= first + dt.timedelta(days=3) and first <= shock.end
        and "vegetable" in shock.groups and set(shock.places) & set(plot.cast.campaign)
    ]  # fmt: skip
    name = shocks[0].name if shocks else "冬季低温"
    plan = Plan(
        form=DAILY,
        title=f"{name}蔬菜市场日监测",
        place=root,
        first=first,
        last=first + dt.timedelta(days=RUN_DAYS + AHEAD_DAYS),
        basis="（演示）关于加强雨雪天气生活必需品市场监测的通知",
        items=_items(registry.get(DAILY), VEGETABLES, MOST_ITEMS),
        places=tuple(plot.cast.campaign),
    )
    scope = plot.office_scope(root, at_ms)
    campaigns.start(scope=scope, new=plan, key="demo:campaign:snow", now_ms=at_ms)


def _open_day(plot: Plot, days: int, at_ms: int) -> None:
    day = day_period(day_of(at_ms, plot.zone))
    form = registry.get(DAILY)
    only = frozenset(_items(form, VEGETABLES, MOST_ITEMS))
    simulated = plot.cast.region.other(form, only)
    held = [plot.cast.stories["daily"]] if days == 0 and "daily" in plot.cast.stories else []
    assert simulated is not None
    week = simulated.week(day)
    # On the reader's morning about half have filed by then; the others come before noon.
    prompt = [one.firm.code for one in week.returns][::2] if days == 0 else []
    early = {code: plot.now_ms - (15 + 13 * n) * MINUTE_MS for n, code in enumerate(prompt)}
    plot.season.plan(
        Part(
            form, day, lambda: week, held=frozenset(held), early=early,
            opens=campaign_days.open_due, opens_ms=at_ms,
        )
    )  # fmt: skip


def _situation(plot: Plot, place: str, days: int, at_ms: int) -> None:
    """No abnormal matter on most days; on the second the price of vegetables is one."""
    day = day_of(at_ms, plot.zone)
    known = campaigns.all_campaigns()
    code = next(iter(known))
    abnormal = days == RUN_DAYS - 2 and place == plot.cast.campaign[-1]
    new = situations.Report(code, day, place, situations.ZERO)
    if abnormal:
        new = situations.Report(
            code, day, place, situations.ABNORMAL,
            "大雪封路，外地来菜推迟一天，叶菜零售价上涨，未见抢购；已联系批发市场调运。",
            (situations.Abnormal("price", "叶菜", "各大超市"),
             situations.Abnormal("shortage", "芹菜", "两家门店")),
        )  # fmt: skip
    scope = plot.office_scope(place, at_ms)
    key = f"demo:situation:{place}:{day}"
    situations.report(scope=scope, new=new, key=key, now_ms=at_ms)


def _roster(plot: Plot, place: str, days: int, at_ms: int) -> None:
    """Who is on duty: invented names, telephones of the reserved range."""
    draw = (int(place) if place.isdigit() else 0) + days
    watches = tuple(
        rosters.Watch(post, NAMES[(draw + 3 * n) % len(NAMES)], f"199-0000-{9000 + draw % 900 + n}")
        for n, post in enumerate(("leader", "day", "night"))
    )
    scope = plot.office_scope(place, at_ms)
    day = day_of(at_ms, plot.zone)
    rosters.set_roster(
        scope=scope, place=place, day=day, watches=watches, key=f"demo:roster:{place}:{day}",
        now_ms=at_ms,
    )  # fmt: skip


# --- 急报 --------------------------------------------------------------------------------------


def _flashes(plot: Plot) -> Events:
    yield "flash-answered", plot.at(5, "14:20"), partial(_ask, plot, False)
    yield "flash-open", plot.now_ms - 42 * MINUTE_MS, partial(_ask, plot, True)


def _asked_firms(plot: Plot, fresh: bool) -> list[str]:
    """Guarantor firms; this morning also the firms of the reader's clerks."""
    world, told = plot.cast.region.world, plot.cast.stories
    on = day_of(plot.now_ms, plot.zone)
    mine = [told[s] for s in ("emergency", "unfiled") if s in told]
    others = [firm.code for firm in world.listed("guarantor", on) if firm.code not in mine]
    return [*mine, *others[:4]] if fresh else others[:8]


def _ask(plot: Plot, fresh: bool, at_ms: int) -> None:
    form, root = registry.get(FLASH_FORM), plot.cast.pack.root.code
    firms = _asked_firms(plot, fresh)
    request = Request(
        form=form.code,
        place=root,
        title="粮油蛋库存急报" if fresh else "雪前粮油蛋库存急报",
        items=_items(form, STOCKED, len(STOCKED)),
        measures=(form.roles.stock or form.principal.code,),
        parties=tuple(firms),
        due_at=at_ms + (5 if fresh else 4) * HOUR_MS,
        basis="（演示）保供工作需要",
    )
    scope = plot.office_scope(root, at_ms)
    key = f"demo:flash:{'fresh' if fresh else 'past'}"
    receipt = flash.ask(scope=scope, new=request, key=key, now_ms=at_ms)
    row = read.get(receipt.seq)
    assert row is not None
    mine = {plot.cast.stories.get(s) for s in ("emergency", "unfiled")}
    # One of them never answers; this morning only the first two have.
    willing = [firm for firm in firms if firm not in mine][: 2 if fresh else 7]
    for number, firm in enumerate(willing):
        later = at_ms + (9 + number * (11 if fresh else 23)) * MINUTE_MS
        does = partial(_answer, plot, Matter(form.code, row.period, firm))
        plot.season.timeline.call(later, partial(plot._try, f"answer-{firm}-{fresh}", does))
    if not fresh:
        does = partial(_close, plot, row.period)
        plot.season.timeline.call(at_ms + 20 * HOUR_MS, partial(plot._try, "flash-closed", does))


def _answer(plot: Plot, matter: Matter, at_ms: int) -> None:
    """全部确认 of what is known; a good nothing is known of is one the firm does not carry."""
    scope = plot.scope(matter.party, at_ms)
    state = matter.state()
    form = registry.get(matter.form, state.version)
    known = flash.prefilled(matter, form, now_ms=at_ms)
    cells = {
        key: Nil.NOT_CARRIED if known.cell(form, *key) is None else known.cell(form, *key)
        for key in asked_cells(form, state.asked)
    }
    flash.answer(
        scope=scope, matter=matter, grid=flash.with_cells(form, cells),
        key=f"demo:answer:{matter.period}:{matter.party}", now_ms=at_ms,
        reason_of=lambda _: flash.CONFIRMED,
    )  # fmt: skip


def _close(plot: Plot, code: str, at_ms: int) -> None:
    found = flash.flash(FLASH_FORM, code)
    if found.status != flash_plans.ASKED:
        raise Refused("FLASH-CLOSED", "已结束", "")
    flash.close(
        scope=plot.office_scope(plot.cast.pack.root.code, at_ms), form=FLASH_FORM, code=code,
        reason="情况已掌握，未报的一家电话核实为停业盘点", key="demo:flash:past:close",
        now_ms=at_ms,
    )  # fmt: skip
