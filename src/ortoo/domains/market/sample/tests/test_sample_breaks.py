"""A break of the sample: found where the list changed, said with what it did to the item."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ortoo.domains.market import opening
from ortoo.domains.market import services as market
from ortoo.domains.market.rules.figures import weighted_mean
from ortoo.domains.market.sample.breaks import Break, breaks
from ortoo.domains.market.sample.tests.sample_week import NEXT, NOW, SampleWeek, sample_week
from ortoo.domains.market.tests.review_week import FORM, WEEK, WEEKS, at, client_of, clock_at
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db
ITEM = "0304"
LATER_MS = at("2026-11-30 10:00")


@pytest.fixture
def changed() -> SampleWeek:
    """A replacement effective in the next week, whose newcomer is dearer than anybody."""
    world = sample_week()
    week = world.week
    for number, key in enumerate(week.firms):
        if key != "own3":
            week.file(key, 0, now_ms=at("2026-11-23 09:00"), reason="换人" if number == 9 else "")
    world.approve(world.agree(world.nominate()))
    opening.open_period(form=FORM, period=NEXT, now_ms=NOW)
    week.firms["new"] = world.spare["own"]  # type: ignore[index]
    week.places["new"] = week.places["own0"]  # type: ignore[index]
    for key in week.firms:
        if key not in ("own0", "own3"):
            fen = 2000 if key == "new" else 0
            week.file(key, fen, now_ms=LATER_MS, week=NEXT)
    return world


def test_a_break_says_who_changed_and_what_it_did_to_the_item(changed: SampleWeek) -> None:
    root = changed.week.region.pack.root.code
    found = breaks(changed.region, FORM, root, parse(WEEKS[0]), parse(NEXT), item=ITEM, basis="all")
    assert [(one.period.code, one.added, one.removed) for one in found] == [(NEXT, 1, 1)]
    one = found[0]
    assert set(one.parties) == {changed.firm("own0"), changed.spare["own"]}
    # Eight of nine that owe filed; the newcomer is one of them.
    assert one.share_of_quotes == Fraction(1, 8)
    assert one.matched_change == 0
    assert one.plain_change is not None and one.plain_change > 0
    assert one.influence == one.plain_change
    assert one.note.startswith("样本变动：+1 −1，影响 ")
    assert "同样本环比 0.0%" in one.note


def test_the_plain_change_is_that_of_the_two_weighted_means(changed: SampleWeek) -> None:
    from ortoo.domains.market import selectors

    root = changed.week.region.pack.root.code
    series = dict(selectors.series(changed.region, FORM, root, ITEM, basis="all"))
    now, before = (weighted_mean(series[parse(code)].sums) for code in (NEXT, WEEK))
    found = breaks(changed.region, FORM, root, parse(WEEK), parse(NEXT), item=ITEM, basis="all")
    assert now is not None and before is not None
    assert found[0].plain_change == now / before - 1


def test_a_neighbour_league_has_no_break_of_ours(changed: SampleWeek) -> None:
    place = changed.week.region.sites["neighbour_parent"].place
    assert breaks(changed.neighbour, FORM, place, parse(WEEKS[0]), parse(NEXT)) == []


def test_a_reader_without_unit_figures_gets_no_names_and_no_share_of_sales(
    changed: SampleWeek,
) -> None:
    reader = changed.week.region.scope("region-reader-root")
    root = changed.week.region.pack.root.code
    found = breaks(reader, FORM, root, parse(WEEKS[0]), parse(NEXT), item=ITEM, basis="all")
    assert found[0].parties == () and found[0].share_of_sales is None
    assert found[0].influence is None and "影响 " not in found[0].note


def test_the_beginning_of_a_list_is_no_break(changed: SampleWeek) -> None:
    root = changed.week.region.pack.root.code
    assert breaks(changed.region, FORM, root, parse("W2025-12-20"), parse(WEEK)) == []


def test_what_comes_from_silence_is_not_blamed_on_the_sample(changed: SampleWeek) -> None:
    """Where a firm of both samples leaves the next week's mean by a send-back, the influence of the
    newcomer is what it is against the means without the two that changed places."""
    root = changed.week.region.pack.root.code

    def seen() -> Break:
        return breaks(changed.region, FORM, root, parse(WEEK), parse(NEXT), item=ITEM, basis="all")[
            0
        ]

    before = seen()
    matter = changed.week.matter("sib0", NEXT)
    state = matter.state()
    market.send_back(
        scope=changed.league, matter=matter, target=state.effective or 0,
        office=state.offices[-1][0], text="核对", now_ms=LATER_MS,
    )  # fmt: skip
    after = seen()
    assert before.influence == before.plain_change
    # All that stayed ask the same price, so silence moves nothing and the newcomer weighs more.
    assert after.influence == after.plain_change and after.matched_change == 0
    assert after.influence is not None and before.influence is not None
    assert after.influence > before.influence
    silent = Break(
        parse(NEXT), 1, 1, matched_change=Fraction(1, 100), plain_change=Fraction(3, 100),
        influence=Fraction(5, 1000),
    )  # fmt: skip
    assert silent.note.endswith("另外 1.50 个百分点来自未报或新报的企业")


def test_the_note_of_a_hidden_change_says_so() -> None:
    assert Break(parse(WEEK), 0, 2).note == "样本变动：−2，影响不能计算或不公布"


def test_the_item_page_rules_the_break_and_says_what_it_did(changed: SampleWeek) -> None:
    with clock_at(LATER_MS):
        page = client_of("region-reviewer-root").get(
            f"/figures/{FORM}/items/{ITEM}/?basis=all&weeks=13&period={NEXT}"
        )
    text = page.content.decode()
    assert page.status_code == 200
    assert "样本变动：+1 −1，影响" in text and "同样本环比 0.0%，直接环比 +" in text
    assert text.count("样本变动：+1 −1") >= 2  # in the drawing and in the note
