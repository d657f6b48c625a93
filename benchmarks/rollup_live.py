"""What a page of the market's figures waits for: reading them, and seeing what was just filed.

A fresh installation with last week filed and accepted and this week open: 230 firms have filed, and
20 more file one after the other through the service that the page calls; after each the region's
figures are read, and must have it. Then the read model is filled with years of sums behind those
weeks, and a page's queries are timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.harness import progress
from benchmarks.installation import Installation

FORM, SEED = "SCJC-W1", 2026
HOUR_MS = 3_600_000
SAMPLE = 262
FILED, FILING = 230, 20
WEEKS, QUERIES = 260, 80
FEW_WEEKS, FEW_QUERIES = 110, 30
REVIEWED_MS = 51 * HOUR_MS
"""After its deadline, when every office has passed last week's returns."""


def measure(home: Installation, *, small: bool) -> dict[str, Any]:
    """The keys of the live part. `small`: two years behind it instead of five."""
    stage = _prepare()
    progress(f"{stage.filed} of {SAMPLE} firms have filed")
    submitted = _submit(stage)
    periods = list(_periods_before(stage, FEW_WEEKS if small else WEEKS))
    rows = _fill(stage, periods)
    progress(f"the read model holds {rows:,} rows")
    queried = _query(stage, periods, FEW_QUERIES if small else QUERIES)
    return {**submitted, **queried, "read_model_rows": rows, "notes": [f"live: {home.database}"]}


@dataclass(frozen=True, slots=True)
class Stage:
    """`waiting`: (party, grid) of who has not filed this week yet; `filed` how many have."""

    pack: Any
    form: Any
    period: Any
    now_ms: int
    filed: int
    waiting: tuple[tuple[str, Any], ...]

    def scope(self, role: str, place: str = "", party: str = "") -> Any:
        from ortoo.kernel.grants.scope import role_scope

        return role_scope(role, pack=self.pack, on=self.period.end, place=place, party=party)


def _prepare() -> Stage:
    from benchmarks.noon.scene import _cast, newest_period
    from ortoo.domains.market import services
    from ortoo.domains.market.world import simulated_region
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.filings.write import file_many
    from ortoo.kernel.forms import registry
    from ortoo.kernel.forms.periods import due_at_ms, opens_at_ms, previous_on
    from ortoo.kernel.places.active import active_pack
    from ortoo.site.operations import cast as casting
    from ortoo.site.operations import season

    pack, form, now_ms = active_pack(), registry.get(FORM), time.time_ns() // 1_000_000
    zone = pack.head.time_zone
    period = newest_period(form, zone, now_ms)
    before = previous_on(form, period)
    assert before is not None
    region = simulated_region(pack, form, seed=SEED, through=period.end, sample=SAMPLE)
    cast = _cast(region, period.start)
    casting.register(cast, now_ms=opens_at_ms(form, before, zone) - 24 * HOUR_MS)
    ended_ms = min(due_at_ms(form, before, zone) + REVIEWED_MS, now_ms - 1)
    season.play_week(cast, before, until_ms=ended_ms)
    services.open_period(form=FORM, period=period.code, now_ms=now_ms)
    returns = region.week(period).returns
    drafts = [
        Draft(
            FORM, found.firm.code, f"account:{found.firm.code}", f"filed|{found.firm.code}",
            found.grid, now_ms, period=period.code, subject=found.firm.code, place=found.firm.place,
        )
        for found in returns[:FILED]
    ]  # fmt: skip
    file_many(drafts, now_ms=now_ms)
    services.catch_up()
    waiting = tuple((found.firm.code, found.grid) for found in returns[FILED:])
    return Stage(pack, form, period, now_ms, len(drafts), waiting)


def _submit(stage: Stage) -> dict[str, Any]:
    """Milliseconds from calling the service, and from its return, to the figures that have it."""
    from ortoo.domains.market import selectors, services
    from ortoo.kernel.filings.refusal import Refused

    root = stage.pack.root.code
    reader = stage.scope("region_reviewer", place=root)
    whole, after, filed = [], [], stage.filed
    for party, grid in stage.waiting:
        new = services.ReturnToFile(
            services.Matter(FORM, stage.period.code, party), grid, f"page|{party}"
        )
        clerk = stage.scope("clerk", party=party)
        started = time.perf_counter()
        try:
            services.file_return(scope=clerk, new=new, now_ms=stage.now_ms + filed)
        except Refused as refused:
            progress(f"{party}: {refused.code}")
            continue
        returned = time.perf_counter()
        table = selectors.figures(reader, FORM, stage.period.code, basis="all")
        read = time.perf_counter()
        filed += 1
        seen = table.figure(root, stage.form.leaves[0].code).sums.filed
        if seen != filed:
            raise AssertionError(f"{filed} have filed, the region's figures say {seen}")
        whole.append(read - started)
        after.append(read - returned)
        if len(whole) == FILING:
            break
    return {
        "submit_to_region_ms": round(1000 * statistics.median(whole), 1),
        "submit_to_region_max_ms": round(1000 * max(whole), 1),
        "returned_to_region_ms": round(1000 * statistics.median(after), 1),
        "submitted": len(whole),
        "filed_before": stage.filed,
    }


ISSUED = (
    "INSERT INTO market_issued (slice, seq, form, period, unit, item, hidden, expected, filed,"
    " quotes, mean, simple_mean, matched, matched_change, out_of_stock)"
    " SELECT %s || '|' || p.code, 1 + p.w, %s, p.code, q.code, r.code, 0, 12, 11, 9,"
    " CAST(1000000 AS BIGINT) * (400 + 60 * r.i), CAST(1000000 AS BIGINT) * (400 + 60 * r.i),"
    " 8, 1000 + p.w, 0"
    " FROM bench_period p CROSS JOIN bench_unit q CROSS JOIN bench_item r"
)
"""What was issued of the same weeks: readers outside the reviewing chain see nothing else."""


def _fill(stage: Stage, periods: list[str]) -> int:
    """Sums of every unit and item of the weeks, made up in SQL from row numbers."""
    from django.db import connection, transaction

    from ortoo.domains.market.projections import COLUMNS

    numbers = {
        "expected": "3 + (w + u) % 9", "filed": "3 + (w + u) % 7", "unreviewed": "0",
        "quotes": "1 + (w + u + i) % 9", "sum_price": "(1 + (w + u + i) % 9) * (400 + 60 * i)",
        "quantity": "900 + 37 * u + w", "sum_price_qty": "(900 + 37 * u + w) * (400 + 60 * i)",
        "sales": "1000 + 11 * i", "largest_sales": "400 + i", "second_sales": "300 + i",
        "stock": "70 * i", "matched": "1 + (w + u + i) % 8", "matched_now": "90000 + 7 * w",
        "matched_before": "90000", "out_of_stock": "(w + i) % 3 / 2", "doubtful": "0",
    }  # fmt: skip
    texts = ("slice", "basis", "form", "period", "unit", "item")
    units = _units(stage)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_period (w integer, code text)")
        cursor.execute("CREATE TEMPORARY TABLE bench_unit (u integer, code text)")
        cursor.execute("CREATE TEMPORARY TABLE bench_item (i integer, code text)")
        lists = {
            "period": periods,
            "unit": sorted(units),
            "item": sorted(item.code for item in stage.form.leaves),
        }
        for name, codes in lists.items():
            cursor.executemany(f"INSERT INTO bench_{name} VALUES (%s, %s)", list(enumerate(codes)))
        cursor.execute(
            f"INSERT INTO market_rollup ({', '.join((*texts, *numbers))})"
            " SELECT %s || '|' || p.code, 'reviewed', %s, p.code, q.code, r.code,"
            f" {', '.join(numbers.values())}"
            " FROM bench_period p CROSS JOIN bench_unit q CROSS JOIN bench_item r"
            " ORDER BY p.code, q.code, r.code",
            [FORM, FORM],
        )
        cursor.execute(ISSUED, [FORM, FORM])
        cursor.execute("SELECT count(*) FROM market_rollup")
        rows = int(cursor.fetchone()[0])
    if set(COLUMNS) != {*texts, *numbers}:
        raise AssertionError("the read model has other columns than this bench fills")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE market_rollup")
        cursor.execute("ANALYZE market_issued")
    return rows


def _periods_before(stage: Stage, weeks: int) -> Iterator[str]:
    """Codes of the weeks before the two that were filed."""
    from ortoo.kernel.forms.periods import previous_on

    at = previous_on(stage.form, stage.period)
    for _ in range(weeks):
        at = previous_on(stage.form, at) if at else None
        if at:
            yield at.code


def _units(stage: Stage) -> list[str]:
    """What the read model keeps: the root and the units that report to it."""
    pack, day = stage.pack, stage.period.end
    return [pack.root.code, *(place.code for place in pack.reporting_units(day))]


def _query(stage: Stage, filled: list[str], times: int) -> dict[str, Any]:
    """The queries of the region's page, and the same for a reader outside the reviewing chain."""
    from ortoo.domains.market import selectors

    pack, rng = stage.pack, Random(SEED)
    periods, units = sorted(filled), _units(stage)
    items = [item.code for item in stage.form.leaves]
    # The oldest year has no week a year before it.
    recent = periods[60:]

    def a_week(scope: Any) -> Callable[[], Any]:
        period = rng.choice(recent)
        return lambda: selectors.figures(scope, FORM, period)

    def an_item(scope: Any) -> Callable[[], Any]:
        unit, item = rng.choice(units), rng.choice(items)
        return lambda: selectors.series(scope, FORM, unit, item)

    inside = stage.scope("region_reviewer", place=pack.root.code)
    outside = stage.scope("clerk", party="NOBODY")
    found: dict[str, list[float]] = {}
    for name, scope in (("region", inside), ("public", outside)):
        for kind, query in (("week", a_week), ("item", an_item)):
            found[f"{name}_{kind}"] = [_timed(query(scope)) for _ in range(times)]
    page = found["region_week"] + found["region_item"]
    return {
        "query_p50_ms": _at(page, 0.5),
        "query_p95_ms": _at(page, 0.95),
        "queries": {
            kind: {"p50_ms": _at(waits, 0.5), "p95_ms": _at(waits, 0.95)}
            for kind, waits in found.items()
        },
    }


def _timed(query: Callable[[], Any]) -> float:
    started = time.perf_counter()
    answer = query()
    took = time.perf_counter() - started
    if not (answer if isinstance(answer, list) else answer.units):
        raise AssertionError("a query of a filled week gave nothing")
    return took


def _at(waits: list[float], share: float) -> float:
    ordered = sorted(waits)
    return round(1000 * ordered[int(share * (len(ordered) - 1))], 1)
