"""The review queue by findings: what they say, where they stand, what a reason does to them."""

from __future__ import annotations

import datetime as dt

import pytest

from ortoo.domains.market import checking, review_queue, review_selectors
from ortoo.domains.market.editing import limits_in_force, order
from ortoo.domains.market.editing.findings import Said, findings
from ortoo.domains.market.editing.words import is_boilerplate, sentence
from ortoo.domains.market.review_past import Past
from ortoo.domains.market.tests.review_week import FORM, WEEK, at, review_week
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.write import file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import parse

MORNING = at("2026-11-23 09:00")


def said(kind: str, column: str = "price", **more: object) -> Said:
    known = {"strength": 0.9, "suggested": 1192, "predicted": 1192} | more
    measure = {"price": "price", "value": "sales", "quantity": "sales_qty"}.get(column, "")
    from ortoo.algorithms.editing.detection import By

    return Said("P", "0608", measure, column, kind, by=By.DIAGNOSIS, **known)  # type: ignore[arg-type]


def test_a_sentence_says_what_was_found_and_what_it_should_be() -> None:
    form = registry.get(FORM)
    assert sentence(form, said("JIN-FOR-KILOGRAM"), 596) == "像是按斤报的：5.96 → 11.92"
    text = sentence(form, said("YUAN-FOR-WAN", "value", suggested=12), 120_000)
    assert "按元报" in text
    assert text.endswith("1200.00 → 0.12")
    copied = said("COPIED-FIRM", "", suggested=None, predicted=None, other="P2")
    assert "另一家企业" in sentence(form, copied)


def test_boilerplate_acquits_nobody_and_a_real_reason_halves() -> None:
    one = said("UNKNOWN-FACTOR", strength=0.6)
    assert is_boilerplate("其他：正常")
    assert not is_boilerplate("到货少")
    assert order.strength(one, "其他：正常；正常") == 0.6
    assert order.strength(one, "到货少") == pytest.approx(0.3)
    assert order.strength(said("YUAN-FOR-WAN", "value"), "到货少") == 0.9


@pytest.mark.django_db
def test_a_slip_in_one_return_leads_the_queue_and_fills_the_question() -> None:
    from ortoo.domains.market.web import review_words

    week = review_week(own=6, sibling=7)
    for number, key in enumerate(sorted(week.firms)):
        odd = {"i0303": 3100} if key == "own2" else {}
        week.file(key, 3 * number, now_ms=MORNING + number, **odd)
    form = registry.get(FORM)
    past = Past(form, parse(WEEK))
    found = findings(past)
    # The fixture's sales follow its prices, so the price is acquitted or the return judged whole.
    assert all(0 <= one.strength <= 1 for one in found.cells.values())
    scope = week.region.scope("banner-reviewer-own")
    view = review_selectors.review(scope, FORM, WEEK, week.office("own"))
    queue = review_queue.queue(view)
    assert queue.total >= 1
    tiers = [cell.found is None for cell in queue.cells]
    assert tiers == sorted(tiers)
    assert review_words.suggestion(form, queue.cells[:1]).startswith("请核实：")


@pytest.mark.django_db
def test_limits_filed_for_a_place_judge_later_periods_there_and_nowhere_else() -> None:
    week = review_week(own=3, sibling=2)
    form, unit = registry.get(FORM), week.region.pack.unit_of(dt.date(2026, 11, 20))
    place = unit[week.office("own")]
    row = {"code": "0608.autumn", "change": 777, "usual": 500, "moves": 52}
    body = {
        "form": FORM, "place": place, "since": "2026-11-07", "until_seq": 1, "share": 980,
        "years": 5, "limits": [row],
    }  # fmt: skip
    file_many(
        [Draft("MON-LIMITS", "SYSTEM", "SYSTEM", "limits-1", body, 1, mode="system", place=place)],
        now_ms=MORNING,
    )

    def limit(period: str, where: str) -> object:
        table = checking.limits_of(form, parse(period), where)
        return table.value("price_change", "0608", 11) if table else None

    dated = checking.dated_limits(form, dt.date(2026, 11, 20)).value("price_change", "0608", 11)
    assert float(limit(WEEK, place)) == 0.0777
    assert limit("W2026-10-31", place) == dated
    assert limit(WEEK, "nowhere") == dated
    table = checking.limits_of(form, parse(WEEK), place)
    assert "98%" in limits_in_force.basis_of(table, "0608", 11)
    context = checking.context_of(form, week.matter("own0"))
    assert float(context.limits.value("price_change", "0608", 11)) == 0.0777


@pytest.mark.django_db
def test_no_limits_are_filed_from_a_history_of_a_few_weeks() -> None:
    from ortoo.domains.market.editing import limits_filing

    review_week(own=2, sibling=1)
    assert limits_filing.file_due(MORNING) == []
