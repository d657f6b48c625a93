"""46 items × 388 firms: one request for everything from everybody, and its results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ortoo.domains.market.flash import services as flashes
from ortoo.domains.market.flash.plan import Request
from ortoo.domains.market.flash.results import results
from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.clerk_region import usual_grid
from ortoo.domains.market.tests.ordering_region import FORM, HOUR, Clerks, clerks, ordering
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms.registry import get
from ortoo.kernel.parties.codes import fictional_uscc

__all__ = ["clerks", "ordering"]
FIRMS = 388
WEEK = "W2026-11-07"


def seeded(world: Clerks) -> tuple[str, ...]:
    """388 firms of one banner, each with a filed week."""
    now, place = world.clock.ms, world.region.sites["own"].place
    firms = tuple(fictional_uscc("150000", 2_000 + number) for number in range(FIRMS))
    said = [
        {"code": code, "kind": "enterprise", "name": f"演示企业{n}", "place": place}
        for n, code in enumerate(firms)
    ]
    draft = Draft("K-PARTY", "SYSTEM", "SYSTEM", "many", {"parties": said}, now)
    file_many([draft], now_ms=now)
    catch_up()
    order = Order(1, firms, None, now + HOUR, None, "many")
    open_period(form=FORM, period=WEEK, now_ms=now, order=order)
    grid = usual_grid()
    file_many(
        [
            Draft(FORM, firm, "account:x", f"w:{firm}", grid, now, period=WEEK, subject=firm,
                  place=place)
            for firm in firms
        ],
        now_ms=now,
    )  # fmt: skip
    return firms


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def test_everything_of_everybody_is_asked_answered_and_shown_in_seconds(
    ordering: Clerks,
) -> None:
    world = ordering
    firms, form = seeded(world), get(FORM)
    new = Request(
        FORM, world.region.sites["root"].place, "全部品种价格",
        tuple(item.code for item in form.leaves), ("price",), firms, world.clock.ms + 2 * HOUR,
    )  # fmt: skip
    scope = world.region.scope("region-reviewer-root")
    now = world.clock.ms
    receipt, asking = timed(lambda: flashes.ask(scope=scope, new=new, key="all", now_ms=now))
    code = read.get(receipt.seq).period  # type: ignore[union-attr]
    grid = flashes.prefilled(Matter(FORM, code, firms[0]), form, now_ms=now)
    file_many(
        [
            Draft(FORM, firm, "account:x", f"f:{firm}", grid, now, period=code, subject=firm,
                  place=world.region.sites["own"].place)
            for firm in firms
        ],
        now_ms=now,
    )  # fmt: skip
    found, reading = timed(lambda: results(scope, flashes.flash(FORM, code), now_ms=now))
    totals, summing = timed(lambda: found.totals("price", found.answers))
    assert found.answered == FIRMS and len(totals) == len(form.leaves)
    assert found.once_only == (FIRMS * 46, FIRMS * 46)
    assert all(one.said(key) == "confirmed" for one in found.answers for key in found.cells)
    print(f"ask {asking:.2f} s, results {reading:.2f} s, totals {summing:.2f} s of CPU")
    assert asking < 10 and reading + summing < 10
