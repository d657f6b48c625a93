"""Changes of the sample: a merger and a rotation approved, a replacement in mid-period, one
nomination that waits at the region, and the design behind them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from ortoo.domains.market import services
from ortoo.domains.market.sample import matters
from ortoo.domains.market.sample import services as sample
from ortoo.domains.market.sample.matters import Nomination
from ortoo.domains.market.sample.rules import JOIN, LEAVE, Move
from ortoo.kernel.forms.periods import opens_at_ms
from ortoo.site.operations.stories import day_of
from ortoo.site.operations.timeline import DAY_MS, HOUR_MS
from ortoo.world import Firm, SampleChange

if TYPE_CHECKING:
    from ortoo.site.operations.stories import Events, Plot

APPROVAL = "（演示）统调批〔2026〕{number}号"
SIZES = ((0.85, "大"), (0.50, "中"), (0.0, "小"))
"""Share of the frame's shops that are smaller, from which a shop is of a size; assumed."""


def events(plot: Plot, first_ms: int) -> Events:
    yield "design", first_ms, partial(_design, plot)
    form, zone = plot.cast.region.form, plot.zone
    current = plot.weeks[-1]
    opens = opens_at_ms(form, current, zone)
    if len(plot.weeks) > 1 and plot.turns["merge"]:
        before = plot.weeks[-2]
        at_ms = opens_at_ms(form, before, zone)
        yield from _approved(plot, "merge", before.code, at_ms - 5 * DAY_MS + 2 * HOUR_MS)
    if plot.turns["rotate"]:
        yield from _approved(plot, "rotate", current.code, opens - 5 * DAY_MS + 3 * HOUR_MS)
    if plot.turns["replace"]:
        change = plot.turns["replace"][0]
        does = partial(_midway, plot, change, current.code)
        yield "replace", opens + 26 * HOUR_MS, does
    if len(plot.turns["rotate"]) > 1:
        change = plot.turns["rotate"][1]
        does = partial(_nominate, plot, change, current.next().code, "rotate:waiting")
        yield "waiting", plot.now_ms - 66 * HOUR_MS, does


def _approved(plot: Plot, kind: str, period: str, at_ms: int) -> Events:
    change = plot.turns[kind][0]
    yield kind, at_ms, partial(_nominate, plot, change, period, kind)
    yield f"{kind}-agreed", at_ms + DAY_MS, partial(_decide, plot, kind, "agree")
    yield f"{kind}-approved", at_ms + 3 * DAY_MS, partial(_decide, plot, kind, "approve")


def _nominate(
    plot: Plot, change: SampleChange, period: str, name: str, at_ms: int, midway: bool = False
) -> None:
    cast = plot.cast
    place = next(f.place for f in cast.region.world.shops if f.code == change.leaving)
    unit = cast.pack.unit_of(day_of(at_ms, plot.zone)).get(place, place)
    assert change.leaving is not None and change.joining is not None
    new = Nomination(
        services.SAMPLE, cast.region.form.code, period, midway, change.kind, change.reason,
        (Move(change.leaving, LEAVE, 1), Move(change.joining, JOIN, 1)),
    )  # fmt: skip
    key = f"demo:sample:{name}"
    sample.nominate(scope=plot.office_scope(unit, at_ms), new=new, key=key, now_ms=at_ms)
    plot.cases[key] = (cast.agencies[unit], sample.case_of(key, at_ms))


def _decide(plot: Plot, name: str, step: str, at_ms: int) -> None:
    scope = plot.scope(plot.cast.root, at_ms)
    nominator, case = plot.cases[f"demo:sample:{name}"]
    found = matters.matter(scope, nominator, case)
    approval = APPROVAL.format(number=11 + len(plot.told) % 40) if step == "approve" else ""
    verdict = sample.Verdict(step, "pass", "材料齐全，同意。", approval)
    sample.decide(scope=scope, matter=found, verdict=verdict, now_ms=at_ms)


def _midway(plot: Plot, change: SampleChange, period: str, at_ms: int) -> None:
    """A shop closed inside the running period: all of it in one morning, then its heir files."""
    _nominate(plot, change, period, "replace", at_ms, midway=True)
    _decide(plot, "replace", "agree", at_ms)
    _decide(plot, "replace", "approve", at_ms)
    week = plot.season.weeks[plot.cast.region.form.code, period]
    assert change.joining is not None
    code = change.joining
    [filed] = plot.cast.region.joining(week.period, [code]).values()
    week.places[code] = filed.firm.place
    week.chains[code] = [
        place
        for place in services.reviewing_chain(plot.cast.pack, filed.firm.place, week.period.end)
        if place in plot.cast.agencies
    ]
    when = min(filed.at_ms, plot.now_ms - HOUR_MS)
    plot.season.timeline.add(when, f"{week.form}|{code}", partial(week.files, filed))


# --- the design -------------------------------------------------------------------------------


def _sizes(frame: Iterable[Firm]) -> dict[str, str]:
    """Firm → its size class by the rank of its turnover."""
    ordered = sorted(frame, key=lambda firm: (firm.turnover_yuan_per_week, firm.code))
    return {
        firm.code: next(name for least, name in SIZES if rank / len(ordered) >= least)
        for rank, firm in enumerate(ordered)
    }


def _design(plot: Plot, at_ms: int) -> None:
    """Strata by league and size: the frame is every simulated shop, in the sample or outside."""
    world, pack = plot.cast.region.world, plot.cast.pack
    since = plot.weeks[0].start
    members = world.sample(since)
    units = pack.unit_of(since)
    strata: dict[tuple[str, str], list[Firm]] = defaultdict(list)
    outside = [f for f in world.respondents if f.kind in {m.kind for m in members}]
    frame = {firm.code: firm for firm in (*members, *outside)}
    sizes = _sizes(frame.values())
    for firm in frame.values():
        strata[units.get(firm.place, firm.place), sizes[firm.code]].append(firm)
    chosen = {firm.code for firm in members}
    rows, standing = [], []
    for (unit, size), firms in sorted(strata.items()):
        inside = [firm for firm in firms if firm.code in chosen]
        if not inside:
            continue
        code = f"{unit}-{'LMS'['大中小'.index(size)]}"
        turnover = [firm.turnover_yuan_per_week / 10_000 for firm in firms]
        rows.append(
            {
                "code": code, "league": unit, "size_class": size, "population": len(firms),
                "take_all": len(inside) == len(firms), "mean": round(fmean(turnover)),
                "deviation": round(pstdev(turnover)),
            }
        )  # fmt: skip
        standing += [{"party": firm.code, "stratum": code} for firm in inside]
    body = {
        "list": services.SAMPLE, "since": since.isoformat(), "auxiliary": "周营业额（万元）",
        "source": "演示：模拟世界的全部零售企业", "cv_region": 500, "cv_league": 1500,
        "strata": rows, "members": standing,
    }  # fmt: skip
    scope = plot.scope(plot.cast.root, at_ms)
    sample.file_design(scope=scope, body=body, key="demo:design", now_ms=at_ms)
