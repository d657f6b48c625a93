"""Openings by order: named firms, a part of the form, hours of their own; and what 免报 does."""

from __future__ import annotations

import pytest

from ortoo.domains.market import checking, observations, selectors, services
from ortoo.domains.market.models import Rollup
from ortoo.domains.market.opening import Order, open_period, respondents_of
from ortoo.domains.market.tests.review_week import FORM, HOUR_MS, NOW, WEEK, ReviewWeek, review_week
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.asked import Asked
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.check import check
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db
FLASH = "F2026-11-23-1620"
STOCK = Asked(frozenset({"0101", "0501"}), frozenset({"stock"}))


@pytest.fixture
def week(db: None) -> ReviewWeek:
    return review_week()


def flash(week: ReviewWeek, *keys: str) -> services.Matter:
    order = Order(
        seq=1, parties=tuple(week.firms[key] for key in keys), asked=STOCK, due_at=NOW + 2 * HOUR_MS
    )
    open_period(form=FORM, period=FLASH, now_ms=NOW, order=order)
    return services.Matter(FORM, FLASH, week.firms[keys[0]])


def said(cells: dict[str, int]) -> GridBody:
    form = registry.get(FORM)
    return GridBody(
        {
            measure.code: tuple(
                cells.get(item.code) if measure.code == "stock" else None for item in form.leaves
            )
            for measure in form.measures
        }
    )


def test_an_order_asks_named_firms_for_named_cells_by_its_own_hour(week: ReviewWeek) -> None:
    state = flash(week, "own0", "own1").state()
    assert state.asked == STOCK
    assert state.due_at == NOW + 2 * HOUR_MS
    assert services.Matter(FORM, FLASH, week.firms["own2"]).state().opened_seq is None


def test_only_the_asked_cells_are_required_and_no_other_is_taken(week: ReviewWeek) -> None:
    matter = flash(week, "own0")
    form = registry.get(FORM)
    context = checking.context_of(form, matter)
    assert not checking.blocking(check(form, said({"0101": 500, "0501": 0}), context))
    found = check(form, said({"0101": 500, "0201": 3}), context)
    assert {(i.code, i.item) for i in found} == {
        ("GRID-BLANK", "0501"), ("GRID-NOT-ASKED", "0201")
    }  # fmt: skip


def test_an_answer_to_an_order_is_filed_and_counted_in_its_own_period(week: ReviewWeek) -> None:
    matter = flash(week, "own0", "own1")
    new = services.ReturnToFile(matter, said({"0101": 500, "0501": 70}), "flash-1")
    services.file_return(scope=week.scope("own0"), new=new, now_ms=NOW + HOUR_MS)
    rows = Rollup.objects.filter(form=FORM, period=FLASH, basis="all", item="0101")
    root = rows.get(unit=week.region.pack.root.code)
    assert (root.expected, root.filed, root.stock) == (2, 1, 500)
    assert FLASH not in {period.code for period in selectors.periods_of(FORM)}


def test_an_order_that_reaches_nobody_is_refused(week: ReviewWeek) -> None:
    with pytest.raises(Refused) as caught:
        open_period(form=FORM, period=FLASH, now_ms=NOW, order=Order(1, parties=("nobody",)))
    assert caught.value.code == "OPENING-EMPTY"


def test_a_firm_on_the_list_may_join_a_running_period(week: ReviewWeek) -> None:
    before = observations.load(FORM, WEEK).parties
    period = "W2026-11-21"
    open_period(form=FORM, period=period, now_ms=NOW)
    joined = respondents_of(registry.get(FORM), parse(period))[0]
    order = Order(9, parties=(joined,))
    open_period(form=FORM, period=period, now_ms=NOW, order=order)
    assert set(observations.load(FORM, period).parties) == set(before)


def test_a_waived_firm_is_not_expected_and_its_office_alone_may_waive_it(week: ReviewWeek) -> None:
    reviewer = week.region.scope("banner-reviewer-own")
    matter = week.matter("own0")
    root = week.region.pack.root.code
    owed = Rollup.objects.filter(form=FORM, period=WEEK, basis="all", unit=root).first()
    services.waive(
        scope=reviewer, matter=matter, office=week.office("own"), text="停业", now_ms=NOW
    )
    left = Rollup.objects.filter(form=FORM, period=WEEK, basis="all", unit=root).first()
    assert owed is not None and left is not None
    assert left.expected == owed.expected - 1
    with pytest.raises(Refused) as caught:
        services.waive(
            scope=week.region.scope("banner-reviewer-neighbour"), matter=week.matter("own1"),
            office=week.office("own"), text="停业", now_ms=NOW,
        )  # fmt: skip
    assert caught.value.status == 403
