"""A text against filed figures: the generator's own text is right, a changed digit is not, and
nobody learns here what was not given out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ortoo.domains.market import issued
from ortoo.domains.market.bulletin_check import Finding, Verdict, check
from ortoo.domains.market.bulletins import services
from ortoo.domains.market.bulletins.gathering import ISSUED
from ortoo.domains.market.tests.figures_world import FiguresWorld, figures_world
from ortoo.kernel.grants.scope import Scope

pytestmark = pytest.mark.django_db
NOBODY = Scope("", "", "", (), dt.date(2026, 11, 29))


@pytest.fixture
def world(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def _texts(world: FiguresWorld) -> dict[str, str]:
    made = services.composed(NOBODY, world.root, world.period(), ISSUED, services.Written())
    return {name: "\n".join(one.text for one in said) for name, said in made.versions.items()}


def _wrong(found: list[Finding]) -> list[str]:
    return [one.text for one in found if one.verdict is Verdict.WRONG]


def test_every_number_of_a_generated_bulletin_is_right(world: FiguresWorld) -> None:
    for name, text in _texts(world).items():
        found = check(text, world.root, world.period(), NOBODY)
        assert found, name
        assert [(one.text, one.rule) for one in found if one.verdict is not Verdict.RIGHT] == []


def test_any_number_of_it_that_is_changed_is_no_longer_right(world: FiguresWorld) -> None:
    text = _texts(world)["full"]
    numbers = [one for one in check(text, world.root, world.period(), NOBODY)
               if one.text != "持平"]  # fmt: skip
    assert len(numbers) > 5
    for one in numbers:
        places = len(one.text.partition(".")[2])
        slipped = f"{float(one.text) * 3 + 7:.{places}f}"
        changed = text[: one.start] + slipped + text[one.end :]
        again = next(f for f in check(changed, world.root, world.period(), NOBODY)
                     if f.start == one.start)  # fmt: skip
        # Of a whole with hidden parts nobody outside can say that a mean of all is wrong.
        whole = one.kind.value == "share" or one.subject == "价格总水平"
        assert again.verdict is Verdict.WRONG or (
            whole and again.verdict is Verdict.UNVERIFIABLE
        ), one.sentence


def test_a_price_by_the_jin_is_converted_and_one_that_forgot_to_is_told_so(
    world: FiguresWorld,
) -> None:
    text = _texts(world)["full"]
    good = next(f for f in check(text, world.root, world.period(), NOBODY)
                if f.unit == "元/公斤" and f.kind.value == "price")  # fmt: skip
    cell = issued.table_of("SCJC-W1", world.period())[world.root, "0303"]
    price = cell.sums.sum_price / cell.sums.quotes / 100
    halved = check(f"{good.subject}{price / 2:.2f}元/斤。", world.root, world.period(), NOBODY)
    assert [one.verdict for one in halved] == [Verdict.RIGHT]
    forgot = check(f"{good.subject}{price / 2:.2f}元/公斤。", world.root, world.period(), NOBODY)
    assert [one.verdict for one in forgot] == [Verdict.WRONG]
    assert "斤与公斤" in forgot[0].rule


def test_place_and_week_are_read_from_the_text(world: FiguresWorld) -> None:
    text = _texts(world)["full"]
    found = check(text, "", "", NOBODY)
    assert {one.verdict for one in found} == {Verdict.RIGHT}


def test_a_text_of_a_place_without_figures_is_unverifiable_and_not_wrong(
    world: FiguresWorld,
) -> None:
    (one,) = check("大米5.8元/公斤。", world.root, "W2019-01-05", NOBODY)
    assert one.verdict is Verdict.UNVERIFIABLE
    assert "没有" in one.rule


def test_outside_the_chain_figures_that_were_not_issued_are_never_told(
    world: FiguresWorld,
) -> None:
    hidden = [
        (unit, item) for (unit, item), cell in issued.table_of("SCJC-W1", world.period()).items()
        if cell.hidden and unit in world.region.pack and unit != world.root
    ]  # fmt: skip
    assert hidden, "the small period has hidden cells"
    from ortoo.kernel.forms import registry

    for unit, item in hidden:
        name = registry.get("SCJC-W1").item(item).name["zh"]
        for price in ("5.00", "50.00", "12.34"):
            found = check(f"{name}{price}元。", unit, world.period(), NOBODY)
            assert {one.verdict for one in found} == {Verdict.UNVERIFIABLE}
            assert all(one.expected == "" and one.arithmetic == "" for one in found)


def test_corrections_after_the_issue_do_not_show_outside_the_chain(world: FiguresWorld) -> None:
    text = _texts(world)["full"]
    before = check(text, world.root, world.period(), NOBODY)
    (key,) = [key for key in ("own",) if ("now", key) in world.returns]
    world.file(key, {"0101": ["99.00", "10"]}, at=1_795_226_400_000 + 7 * 86_400_000,
               supersedes=world.returns["now", key].seq)  # fmt: skip
    assert check(text, world.root, world.period(), NOBODY) == before


def test_a_text_of_nobody_knows_where_or_when_is_not_held_against_any_place(
    world: FiguresWorld,
) -> None:
    for text in ("据监测，11月14日—20日，我盟牛腿肉99元/公斤。", "全区牛腿肉99元/公斤。"):
        (one,) = check(text, "", "", NOBODY)
        assert (one.verdict, one.expected) == (Verdict.UNVERIFIABLE, "")
    (one,) = check("据监测，11月14日—20日，全区牛腿肉99元/公斤。", "", "", NOBODY)
    assert one.verdict is Verdict.WRONG
