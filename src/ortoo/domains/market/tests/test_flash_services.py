"""急报: what is asked, of whom, what is known, and how it ends."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ortoo.domains.market.flash import services as flashes
from ortoo.domains.market.flash.plan import Request, presets
from ortoo.domains.market.flash.results import results
from ortoo.domains.market.services import Matter
from ortoo.domains.market.tests.ordering_region import (
    FORM,
    HOUR,
    START,
    Clerks,
    clerks,
    ordering,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.registry import get

__all__ = ["clerks", "ordering"]
ITEMS = ("0301", "0501", "0601")


def request(world: Clerks, *firms: str, **more: Any) -> Request:
    sites = world.region.sites
    said = {
        "form": FORM,
        "place": sites["root"].place,
        "title": "肉蛋菜库存",
        "items": ITEMS,
        "measures": ("stock",),
        "parties": tuple(sites[key].firm for key in firms or ("own", "sibling")),
        "due_at": START + 2 * HOUR,
    }
    return Request(**{**said, **more})


def ask(
    world: Clerks, *firms: str, key: str = "k1", login: str = "region-reviewer-root", **more: Any
):
    new = request(world, *firms, **more)
    scope = world.region.scope(login)
    return flashes.ask(scope=scope, new=new, key=key, now_ms=world.clock.ms)


def matter(world: Clerks, key: str, receipt: Any) -> Matter:
    filing = read.get(receipt.seq)
    assert filing is not None
    return Matter(FORM, filing.period, world.region.sites[key].firm)


def clerk(world: Clerks, key: str = "own") -> Any:
    return world.region.scope(f"clerk-{key}")


def test_asking_opens_the_minute_for_the_named_firms_and_only_the_asked_cells(
    ordering: Clerks,
) -> None:
    receipt = ask(ordering)
    state = matter(ordering, "own", receipt).state()
    assert receipt and state.order == receipt.seq
    assert state.due_at == START + 2 * HOUR
    assert state.asked is not None and ("0501", "stock") in state.asked
    assert ("0501", "price") not in state.asked
    assert matter(ordering, "planned", receipt).state().opened_seq is None


def test_a_repeated_post_asks_once_and_a_second_request_takes_the_next_minute(
    ordering: Clerks,
) -> None:
    first = ask(ordering)
    again = ask(ordering)
    assert again.seq == first.seq and again.duplicate
    second = ask(ordering, key="k2")
    periods = [read.get(one.seq).period for one in (first, second)]  # type: ignore[union-attr]
    assert periods == ["F2026-11-20-1030", "F2026-11-20-1031"]


def test_one_tap_confirms_what_the_weekly_return_said_and_cites_it(ordering: Clerks) -> None:
    world = ordering
    # The usual return asks no stock of vegetables: ask what it knows.
    receipt = ask(world, "own", items=("0301", "0501"))
    at = matter(world, "own", receipt)
    flashes.confirm_all(scope=clerk(world), matter=at, key="c1", now_ms=world.clock.ms)
    found = results(
        world.region.scope("league-reviewer-parent"),
        flashes.flash(FORM, at.period),
        now_ms=world.clock.ms,
    )
    (one,) = found.answers
    source = one.known["0301", "stock"]
    assert one.said(("0301", "stock")) == "confirmed"
    assert source.period.code == "W2026-11-07" and source.form == FORM
    assert read.get(source.seq).period == "W2026-11-07"  # type: ignore[union-attr]
    assert found.once_only == (2, 2)
    total = found.totals("stock", found.answers)[0]
    assert (total.total, total.firms) == (50_000, 1)
    # 5,000 公斤 in stock, 2,000 sold in the week.
    assert total.days(1) == Fraction(50_000 * 7, 20_000)


def test_what_nobody_knows_cannot_be_confirmed_and_is_corrected_by_typing(
    ordering: Clerks,
) -> None:
    world = ordering
    receipt = ask(world, "own")
    at = matter(world, "own", receipt)
    with pytest.raises(Refused, match=r"FLASH-UNKNOWN-CELLS.*大白菜"):
        flashes.confirm_all(scope=clerk(world), matter=at, key="c1", now_ms=world.clock.ms)
    form = get(FORM)
    grid = flashes.with_cells(
        form, {("0301", "stock"): 40_000, ("0501", "stock"): 50_000, ("0601", "stock"): 9_000}
    )
    flashes.answer(scope=clerk(world), matter=at, grid=grid, key="c2", now_ms=world.clock.ms)
    scope = world.region.scope("region-reviewer-root")
    (one,) = results(scope, flashes.flash(FORM, at.period), now_ms=world.clock.ms).answers
    said = {item: one.said((item, "stock")) for item in ITEMS}
    assert said == {"0301": "corrected", "0501": "confirmed", "0601": "new"}


def test_an_answer_after_the_hour_is_taken_and_marked_late(ordering: Clerks) -> None:
    world = ordering
    receipt = ask(world, "own", items=("0301",))
    world.clock.ms = START + 3 * HOUR
    at = matter(world, "own", receipt)
    flashes.confirm_all(scope=clerk(world), matter=at, key="c1", now_ms=world.clock.ms)
    scope = world.region.scope("region-reviewer-root")
    (one,) = results(scope, flashes.flash(FORM, at.period), now_ms=world.clock.ms).answers
    assert one.late and one.answered


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"due_at": START}, "FLASH-PAST"),
        ({"due_at": START + 200 * HOUR}, "FLASH-FAR"),
        ({"parties": ()}, "FLASH-EMPTY"),
        ({"items": ("9999",)}, "FLASH-CELLS"),
        ({"measures": ()}, "FLASH-CELLS"),
        ({"form": "NO-SUCH"}, "FLASH-FORM"),
        ({"title": " "}, "FLASH-TITLE"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_with_its_remedy(
    ordering: Clerks, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        ask(ordering, **more)
    assert refusal.value.code == code and refusal.value.remedy


def test_an_office_cannot_ask_its_neighbours_firms_nor_a_clerk_anybody(ordering: Clerks) -> None:
    sites = ordering.region.sites
    with pytest.raises(Refused, match="FLASH-FIRM"):
        ask(
            ordering, "own", login="league-reviewer-neighbour-parent",
            place=sites["neighbour_parent"].place,
        )  # fmt: skip
    with pytest.raises(Refused, match="SCOPE-PLACE"):
        ask(ordering, "own", login="league-reviewer-neighbour-parent")
    with pytest.raises(Refused, match="SCOPE-VERB"):
        ask(ordering, "own", login="clerk-own")


def test_only_the_asking_offices_chain_sees_a_request(ordering: Clerks) -> None:
    receipt = ask(ordering)
    found = flashes.flash(FORM, matter(ordering, "own", receipt).period)
    banner = results(ordering.region.scope("banner-reviewer-own"), found, now_ms=START)
    assert [one.party for one in banner.answers] == [ordering.region.sites["own"].firm]
    assert banner.hidden == 1
    with pytest.raises(Refused, match="FLASH-UNKNOWN"):
        results(ordering.region.scope("banner-reviewer-neighbour"), found, now_ms=START)


def test_withdrawing_is_for_as_long_as_nobody_answered_and_frees_everybody(
    ordering: Clerks,
) -> None:
    world = ordering
    receipt = ask(world, items=("0301",))
    code = matter(world, "own", receipt).period
    office = world.region.scope("region-reviewer-root")
    with pytest.raises(Refused, match="REASON-NEEDED"):
        flashes.withdraw(scope=office, form=FORM, code=code, reason=" ", key="w0", now_ms=START)
    with pytest.raises(Refused, match=r"FLASH-OTHER-OFFICE|SCOPE"):
        flashes.withdraw(
            scope=world.region.scope("league-reviewer-parent"), form=FORM, code=code,
            reason="误发", key="w1", now_ms=START,
        )  # fmt: skip
    done = flashes.withdraw(
        scope=office, form=FORM, code=code, reason="误发", key="w2", now_ms=START
    )
    again = flashes.withdraw(
        scope=office, form=FORM, code=code, reason="误发", key="w2", now_ms=START
    )
    assert again.seq == done.seq
    assert {s.stage for s in flashes.states_of(flashes.flash(FORM, code)).values()} == {"waived"}


def test_an_answered_request_is_closed_early_and_still_takes_a_late_answer(
    ordering: Clerks,
) -> None:
    world = ordering
    receipt = ask(world, items=("0301",))
    at = matter(world, "own", receipt)
    office = world.region.scope("region-reviewer-root")
    flashes.confirm_all(scope=clerk(world), matter=at, key="c1", now_ms=START + 1)
    with pytest.raises(Refused, match="FLASH-ANSWERED"):
        flashes.withdraw(
            scope=office, form=FORM, code=at.period, reason="误发", key="w", now_ms=START + 2
        )
    flashes.close(scope=office, form=FORM, code=at.period, reason="够了", key="x", now_ms=START + 2)
    states = flashes.states_of(flashes.flash(FORM, at.period))
    assert sorted(state.stage for state in states.values()) == ["filed", "waived"]
    late = Matter(FORM, at.period, world.region.sites["sibling"].firm)
    grid = flashes.with_cells(get(FORM), {("0301", "stock"): 1_000})
    flashes.answer(
        scope=clerk(world, "sibling"), matter=late, grid=grid, key="c3", now_ms=START + 60_000
    )
    found = results(office, flashes.flash(FORM, at.period), now_ms=START + 60_001)
    by_firm = {one.party: one for one in found.answers}
    assert by_firm[late.party].late and not by_firm[at.party].late


def test_a_request_whose_opening_was_lost_is_opened_by_the_periodic_job(
    ordering: Clerks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(**_: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(flashes, "open_period", stopped)
        with pytest.raises(RuntimeError):
            ask(ordering)
    opened = flashes.open_asked(START + 1)
    assert len(opened) == 1 and flashes.open_asked(START + 2) == []
    assert read.get(opened[0].seq).form == "K-OPEN"  # type: ignore[union-attr]


def test_presets_name_only_rows_the_form_has() -> None:
    form = get(FORM)
    found = {preset.title: preset for preset in presets(form)}
    assert found["肉蛋菜库存"].measures == ("stock",)
    assert {code[:2] for code in found["肉蛋菜库存"].items} == {"03", "04", "05", "06"}
    assert set(found["全部品种价格"].items) == {item.code for item in form.leaves}
