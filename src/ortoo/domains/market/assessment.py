"""考核: how offices did over a range of periods, by their firms' rates and their own reviews.

Score = Σ weight × rate, exact, of the rates that have a base; the weights are dated parameters. A
corrected return is judged by its first filing, so revisions never count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from django.db import connection

from ortoo.domains.market import rates
from ortoo.domains.market.parameters import cited, whole
from ortoo.domains.market.rates import Owed, Range, Tally
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

WEIGHTS = ("MARKET-ASSESS-ON-TIME", "MARKET-ASSESS-FILLED", "MARKET-ASSESS-REVIEW")
FORMULA = (
    "得分＝及时率×权重＋完整率×权重＋按时审结率×权重；没有基数的一项不计，其权重按比例归其余各项"
)


@dataclass(frozen=True, slots=True)
class Reviews:
    """本期审核 of an office: how many were due, how many were concluded in time."""

    due: int = 0
    on_time: int = 0

    @property
    def timely(self) -> Fraction | None:
        """按时审结率."""
        return Fraction(self.on_time, self.due) if self.due else None


@dataclass(frozen=True, slots=True)
class Assessed:
    """One office. `score` 0–100 exact, None where nothing was owed; `rank` 1 best, ties equal."""

    place: str
    name: str
    tally: Tally
    reviews: Reviews
    score: Fraction | None
    rank: int | None = None
    before: Fraction | None = None
    months: tuple[tuple[str, Fraction | None], ...] = ()

    @property
    def trend(self) -> Fraction | None:
        """Points against the equally long range before."""
        if self.score is None or self.before is None:
            return None
        return self.score - self.before


@dataclass(frozen=True, slots=True)
class Assessment:
    """The offices under `place`, best first; `rules` as a page cites them."""

    place: str
    title: str
    span: Range
    rows: tuple[Assessed, ...]
    rules: tuple[Mapping[str, object], ...] = field(default=())


def assess(scope: Scope, place: str, span: Range, now_ms: int) -> Assessment:
    """The offices that report to `place` directly, with ranks and trend.

    Raises Refused SCOPE-…, ASSESS-PLACE (404), ASSESS-RANGE (400).
    """
    scope.require("review", span.form or None, place=place)
    pack = active_pack()
    if place not in pack:
        raise Refused("ASSESS-PLACE", "没有这个地区。", "请从考核页选择。", 404)
    days = (span.last - span.first).days
    if days < 0 or days > 366 * 5:
        raise Refused("ASSESS-RANGE", "起止日期有误，或超过五年。", "请更正起止日期。", 400)
    earlier = Range(
        span.first - dt.timedelta(days=days + 1), span.first - dt.timedelta(days=1), span.form
    )
    below = pack.reporting_children(place, span.last)
    found = []
    for office in (each for each in below if each.office):
        under = pack.under(office.code, span.last)
        owed = rates.of_places(scope, under, span, now_ms)
        reviews = _reviews(office.code, span, now_ms)
        past = rates.total(rates.of_places(scope, under, earlier, now_ms))
        found.append(
            Assessed(
                office.code,
                office.zh,
                rates.total(owed),
                reviews,
                score(rates.total(owed), reviews, span.last),
                before=score(past, _reviews(office.code, earlier, now_ms), span.last),
                months=_months(owed),
            )
        )
    return Assessment(
        place,
        pack[place].zh,
        span,
        ranked(found),
        tuple(cited(code, span.last) for code in WEIGHTS),
    )


def score(tally: Tally, reviews: Reviews, on: dt.date) -> Fraction | None:
    """0–100, exact; None where no rate has a base."""
    parts = [
        (rate, whole(code, on))
        for code, rate in zip(WEIGHTS, (tally.timely, tally.filled, reviews.timely), strict=True)
        if rate is not None
    ]
    weight = sum(part for _, part in parts)
    if tally.owed == 0 or not weight:
        return None
    return sum((rate * part for rate, part in parts), Fraction(0)) * 100 / weight


def ranked(rows: Iterable[Assessed]) -> tuple[Assessed, ...]:
    """Best first; equal scores share a rank and the next one is skipped; without a score last."""
    ordered = sorted(rows, key=lambda r: (r.score is None, -(r.score or 0), r.place))
    found: list[Assessed] = []
    for number, row in enumerate(ordered, 1):
        same = found and found[-1].score == row.score
        rank = None if row.score is None else (found[-1].rank if same else number)
        found.append(replace(row, rank=rank))
    return tuple(found)


def _months(owed: Sequence[Owed]) -> tuple[tuple[str, Fraction | None], ...]:
    """及时率 by the month in which periods end, oldest first."""
    found: dict[str, Tally] = {}
    for row in owed:
        month = parse(row.period).end.strftime("%Y-%m")
        found[month] = found.get(month, Tally()) + row.tally
    return tuple((month, found[month].timely) for month in sorted(found))


def _reviews(place: str, span: Range, now_ms: int) -> Reviews:
    """The office's own 本期审核: due by now, and concluded within their hour."""
    sql = (
        "SELECT d.period, d.due_at, f.received_at FROM kernel_duty d"
        " LEFT JOIN kernel_filing f ON f.seq = d.closed_seq"
        " WHERE d.kind='review' AND d.place=%s"
    )
    given: list[object] = [place]
    if span.form:
        sql, given = f"{sql} AND d.form=%s", [place, span.form]
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = [row for row in cursor.fetchall() if span.holds(str(row[0]))]
    due = [(d, at) for _, d, at in rows if d is not None and (at is not None or d < now_ms)]
    return Reviews(len(due), sum(1 for d, at in due if at is not None and at <= d))
