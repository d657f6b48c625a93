"""The design in force 抽样设计: strata, how many firms each has, and whom the sample stands for."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ortoo.domains.market.sample.rules import JOIN, LEAVE, Fault
from ortoo.domains.market.sample.seats import DESIGN
from ortoo.kernel.filings import read

if TYPE_CHECKING:
    from ortoo.algorithms.sampling.design import Ints, Strata, Targets


@dataclass(frozen=True, slots=True)
class Stratum:
    """`population` N_h; `mean` and `deviation` of the auxiliary variable over the frame."""

    code: str
    league: str
    size_class: str
    population: int
    take_all: bool
    mean: int
    deviation: int


@dataclass(frozen=True, slots=True)
class Design:
    """One list's design: `members` firm → stratum; precision targets in ‱."""

    list: str
    since: str
    seq: int
    auxiliary: str
    source: str
    cv_region: int
    cv_league: int
    strata: Mapping[str, Stratum]
    members: Mapping[str, str]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.strata)

    def sizes(self) -> Counter[str]:
        """Firms of the sample by stratum."""
        return Counter(stratum for stratum in self.members.values() if stratum in self.strata)


def design_fault(body: Mapping[str, Any]) -> Fault | None:
    """What does not hold together in a design, or None. Pure."""
    population = {row["code"]: row["population"] for row in body["strata"]}
    sizes = Counter(row["stratum"] for row in body.get("members", ()))
    unknown = sorted(sizes.keys() - population.keys())
    if unknown:
        return Fault(
            "DESIGN-STRATUM", f"样本企业所在的层 {unknown[0]} 不在设计中。", "请核对层号。"
        )
    over = [code for code, size in sizes.items() if size > population[code]]
    if over:
        code = over[0]
        return Fault(
            "DESIGN-SIZE",
            f"层 {code} 的样本 {sizes[code]} 家多于框内 {population[code]} 家。",
            "请核对框内家数。",
        )
    return None


def design_of(body: Mapping[str, Any], seq: int) -> Design:
    """A design from the body of its filing."""
    strata = {
        row["code"]: Stratum(
            row["code"], row["league"], row["size_class"], row["population"], row["take_all"],
            row["mean"], row["deviation"],
        )
        for row in body["strata"]
    }  # fmt: skip
    return Design(
        body["list"], body["since"], seq, body["auxiliary"], body["source"], body["cv_region"],
        body["cv_league"], strata, {r["party"]: r["stratum"] for r in body.get("members", ())},
    )  # fmt: skip


def design_on(list_code: str, on: dt.date) -> Design | None:
    """The design that holds on a day, with the firms that joined and left since; None without."""
    thread = f"{DESIGN}|{list_code}"
    lines = read.thread_lines([thread])[thread]
    replaced = {row.supersedes for row in read.by_seqs(line.seq for line in lines).values()}
    held = [
        (str(line.detail["since"]), line.seq)
        for line in lines
        if line.kind == "design"
        and str(line.detail["since"]) <= on.isoformat()
        and line.seq not in replaced
    ]
    if not held:
        return None
    row = read.get(max(held)[1])
    assert row is not None
    return _with_changes(design_of(json.loads(row.body), row.seq), on)


def _with_changes(design: Design, on: dt.date) -> Design:
    """Firms that joined by a decision since stand in the stratum the nomination named, or in that
    of the firm they replace."""
    from ortoo.domains.market.sample.matters import approved

    members = dict(design.members)
    for matter in approved(design.list):
        approval = matter.approval
        if approval is None or approval.seq < design.seq or matter.asks.span.start > on:
            continue
        leaving = {m.pair: members.get(m.party, "") for m in matter.asks.moves if m.move == LEAVE}
        for party in matter.asks.parties(LEAVE):
            members.pop(party, None)
        for move in matter.asks.moves:
            stratum = move.stratum or leaving.get(move.pair, "")
            if move.move == JOIN and stratum in design.strata:
                members[move.party] = stratum
    return replace(design, members=members)


def plan_of(design: Design, root: str) -> tuple[Strata, Targets, tuple[str, ...], Ints]:
    """(strata, limits, the limit's places, sizes now) of the auxiliary's total, for the allocation
    and the effects: one limit for the region and one for each league."""
    import numpy as np

    from ortoo.algorithms.sampling.design import Strata, joined, limits_of

    held = list(design.strata.values())
    leagues = list(dict.fromkeys(one.league for one in held))
    units = np.array([one.population for one in held], np.int64)
    totals = units * np.array([one.mean for one in held], np.float64)
    strata = Strata(
        units,
        np.array([[one.deviation**2] for one in held], np.float64),
        take_all=np.array([one.take_all for one in held], bool),
    )
    domain = np.array([leagues.index(one.league) for one in held], np.int64)
    by_league = np.array([[max(totals[domain == k].sum(), 1.0)] for k in range(len(leagues))])
    region = limits_of(
        np.array([max(totals.sum(), 1.0)]),
        np.array([design.cv_region / 10_000]),
        np.zeros(len(held), np.int64),
    )
    own = limits_of(by_league, np.full(by_league.shape, design.cv_league / 10_000), domain)
    sizes = design.sizes()
    now = np.array([sizes[one.code] for one in held], np.int64)
    return strata, joined(region, own), (root, *leagues), now
