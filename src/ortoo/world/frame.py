"""The frame of the sample 抽样框: shops outside it, and the story of who leaves and who joins."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from ortoo.world.calibration import Floats
from ortoo.world.draw import bell, shuffled, stream
from ortoo.world.quantities import sales_for
from ortoo.world.records import PRICE, QTY, SALES, STOCK, VALUE, Firm
from ortoo.world.sheets import FormTruth
from ortoo.world.supplements import SUPPLEMENT_MEASURES as WEEKLY_MEASURES
from ortoo.world.world import World

_WEEK = 7


@dataclass(frozen=True, slots=True)
class SampleChange:
    """A change of the sample worth telling; ``kind``: ``replace``, ``merge`` or ``rotate``.

    ``on``: the day it happened (a closure may fall inside a period); ``from_week``: first day of
    the first period of the new firm; ``midway``: it joins a period that is already open.
    ``enacted``: the world's own seats change (then both firms file weekly returns); otherwise the
    change is a proposal and the joining firm's weeks are those of ``frame_truth``.
    """

    kind: str
    on: dt.date
    leaving: str | None
    joining: str | None
    from_week: dt.date
    midway: bool
    enacted: bool
    reason: str


def sample_changes(world: World) -> tuple[SampleChange, ...]:
    """Every change the world enacts, and the story of its last ten weeks, by date."""
    found = []
    for event in world.events:
        if event.kind in ("closed", "merged"):
            leaving = next(firm for firm in world.shops if firm.code == event.firm)
            heir = next((firm for firm in world.shops if firm.seat == leaving.seat
                         and firm.sample_from == leaving.sample_to), None)
            found.append(SampleChange(
                "merge" if event.kind == "merged" else "replace", event.on, leaving.code,
                heir.code if heir else None, leaving.sample_to or event.on, False, True,
                "被吸收合并，席位由新样本接替" if event.kind == "merged" else "停业"))
    return tuple(sorted((*found, *_story(world)), key=lambda change: (change.on, change.kind)))


def _story(world: World) -> list[SampleChange]:
    """Proposals of the last ten weeks: a shop closes in mid-week, one merges, two rotate."""
    weeks = world.week_starts()
    if len(weeks) < 12:
        return []
    rng = stream(world.ground.seed, "story")
    sample, frame = world.sample(weeks[-1]), world.listed("frame", weeks[-1])
    pairs: list[tuple[Firm, Firm]] = []
    for at in shuffled(rng, len(frame)):
        near = [firm for firm in sample if firm.lists == ("sample",)
                and firm.league == frame[at].league
                and firm.code not in {old.code for old, _ in pairs}]
        if near:
            same = [firm for firm in near if firm.place == frame[at].place]
            pairs.append(((same or near)[0], frame[at]))
    plan = (("replace", weeks[-7] + dt.timedelta(days=4), True, "11月停业，期中补换"),
            ("merge", weeks[-9] + dt.timedelta(days=2), False, "并入同城企业，席位补换"),
            ("rotate", weeks[-8], False, "轮换：连续入样满五年"),
            ("rotate", weeks[-8], False, "轮换：连续入样满五年"))
    told = []
    for (kind, on, midway, reason), (old, new) in zip(plan, pairs, strict=False):
        start = max(week for week in weeks if week <= on)
        begins = start if midway else start + dt.timedelta(days=_WEEK)
        words = reason.replace("11月", f"{on.month}月")
        told.append(SampleChange(kind, on, old.code, new.code, begins, midway, False, words))
    return told


def _host(world: World, firm: Firm, sample: tuple[Firm, ...]) -> int:
    """The seat whose week a frame shop's is drawn beside: the same banner, or the league."""
    near = [at for at, other in enumerate(sample) if other.place == firm.place]
    near = near or [at for at, other in enumerate(sample) if other.league == firm.league]
    big = [at for at in near if sample[at].kind == "supermarket"]
    return (big or near or [0])[0]


def frame_truth(world: World, week_start: dt.date) -> FormTruth:
    """Weekly truth of the shops outside the sample; measures and items of the weekly return.

    Each stands beside a sample shop of its place with a price level of its own per item, so that
    taking it into the sample makes a visible break.
    """
    sample, truth = world.sample(week_start), world.truth(week_start)
    firms, week = world.roll.frame, world.week_of(week_start)
    rows = [_host(world, firm, sample) for firm in firms]
    shape = (len(firms), len(world.items))
    own = stream(world.ground.seed, "frame")
    level: Floats = np.exp(0.05 * bell(own, (shape[0], 1)) + 0.03 * bell(own, shape))
    size: Floats = np.exp(0.35 * bell(own, (shape[0], 1)))
    noise = np.exp(0.07 * bell(stream(world.ground.seed, "frame-week", week), shape))
    values, nil = truth.values[rows].copy(), truth.nil[rows].copy()
    jiao = np.rint(values[:, :, PRICE] * level / 10).astype(np.int64) * 10
    values[:, :, PRICE] = np.maximum(jiao, 10)
    values[:, :, QTY] = np.maximum(np.rint(values[:, :, QTY] * size * noise), 1).astype(np.int64)
    values[:, :, SALES] = sales_for(values[:, :, PRICE], values[:, :, QTY])
    values[:, :, STOCK] = np.maximum(np.rint(values[:, :, STOCK] * size), 1).astype(np.int64)
    return FormTruth("retail_weekly", week_start, week_start + dt.timedelta(days=_WEEK - 1),
                     tuple(firm.code for firm in firms), tuple(item.code for item in world.items),
                     WEEKLY_MEASURES, np.where(nil == VALUE, values, 0), nil)
