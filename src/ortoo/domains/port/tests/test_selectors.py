"""An agency sees its own work and the trucks it takes part in, nobody else's (Law 15)."""

from __future__ import annotations

from datetime import date

import pytest

from ortoo.domains.port import selectors
from ortoo.domains.port.tests.gate import FIRM, OFFICES, OTHER_FIRM, PORT, THREAD, Gate, ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.scope import Hold, Scope

pytestmark = pytest.mark.law(15)


def scope(party: str) -> Scope:
    return Scope("who", party, PORT, (Hold("clerk", party),), date(2026, 11, 24))


def refused(work) -> str:
    with pytest.raises(Refused) as found:
        work()
    return found.value.code


def test_an_agency_reads_its_own_open_work_now_and_at_an_earlier_log_index(port: Gate) -> None:
    opened = port.declare().seq
    port.decide("border", "08:10")
    decided = port.decide("customs", "08:20").seq
    customs, health = OFFICES["customs"], OFFICES["health"]
    assert selectors.open_work(scope(customs), customs) == []
    (then,) = selectors.open_work(scope(customs), customs, as_of=opened)
    assert (then.thread, then.kind, dict(then.decided)) == (THREAD, "decide", {})
    (now,) = selectors.open_work(scope(health), health, as_of=decided)
    assert dict(now.decided) == {"border": "pass", "customs": "pass"}
    assert refused(lambda: selectors.open_work(scope(FIRM), customs)) == "SCOPE-OTHER"


def test_a_truck_is_read_by_who_takes_part_in_it_and_by_nobody_else(port: Gate) -> None:
    port.declare()
    for party in (FIRM, *OFFICES.values()):
        assert selectors.truck(scope(party), THREAD).subject == FIRM
        assert len(selectors.waiting(scope(party), THREAD, ms("09:00"))) == 5
    assert refused(lambda: selectors.truck(scope(OTHER_FIRM), THREAD)) == "SCOPE-OTHER"
    assert refused(lambda: selectors.waiting(scope(OTHER_FIRM), THREAD, 0)) == "SCOPE-OTHER"
    assert refused(lambda: selectors.truck(scope(FIRM), "GK-TRUCK|X|1")) == "THREAD-UNKNOWN"
    assert refused(lambda: selectors.truck(scope(FIRM), "K-LIST|X")) == "THREAD-UNKNOWN"
