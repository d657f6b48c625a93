"""A design filed, its plan, and the estimates it allows."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from ortoo.domains.market import observations
from ortoo.domains.market import services as market
from ortoo.domains.market.sample import services
from ortoo.domains.market.sample.design import design_on, plan_of
from ortoo.domains.market.sample.estimates import estimates, letter
from ortoo.domains.market.sample.tests.sample_week import NEXT, NOW, SampleWeek, sample_week
from ortoo.domains.market.tests.review_week import FORM, WEEKS, client_of, clock_at
from ortoo.kernel.filings.refusal import Refused

pytestmark = pytest.mark.django_db
ITEM = "0304"


@pytest.fixture
def world() -> SampleWeek:
    return sample_week()


def body(world: SampleWeek, **changes: object) -> dict[str, object]:
    site = world.week.region.sites
    members = [
        {"party": code, "stratum": "P-own" if key.startswith("own") else "P-sib"}
        for key, code in world.week.firms.items()
        if key[:3] in ("own", "sib")
    ] + [{"party": world.firm("neighbour0"), "stratum": "N"}]
    strata = [
        ("P-own", "parent", 40, 120, 60), ("P-sib", "parent", 6, 900, 300),
        ("N", "neighbour_parent", 8, 200, 100),
    ]  # fmt: skip
    rows = [
        {
            "code": code, "league": site[place].place, "size_class": "中", "population": units,
            "take_all": False, "mean": mean, "deviation": deviation,
        }
        for code, place, units, mean, deviation in strata
    ]  # fmt: skip
    return {
        "list": market.SAMPLE, "since": "2026-01-01", "auxiliary": "年零售额", "source": "演示框",
        "cv_region": 1500, "cv_league": 3000, "strata": rows, "members": members,
    } | changes  # fmt: skip


def file(world: SampleWeek, **changes: object) -> None:
    services.file_design(
        scope=world.region, body=body(world, **changes), key=f"design-{len(changes)}", now_ms=NOW
    )


def test_without_a_design_there_is_no_estimate_and_the_page_says_so(world: SampleWeek) -> None:
    assert estimates(world.region, FORM, WEEKS[0]) is None
    with clock_at(NOW):
        path = f"/samples/{market.SAMPLE}/estimates/{FORM}/{WEEKS[0]}/"
        page = client_of("region-reviewer-root").get(path).content.decode()
    assert "没有抽样设计，不作推算" in page and "<table" not in page


def test_the_weighted_mean_is_the_one_computed_by_hand(world: SampleWeek) -> None:
    file(world)
    found = estimates(world.region, FORM, WEEKS[0])
    assert found is not None
    returns = observations.load(FORM, WEEKS[0])
    at = returns.form.leaf_index[ITEM]
    strata = {code: found.design.members[code] for code in found.design.members}
    answered = [
        row for row, kept in enumerate(returns.counted)
        if kept and returns.parties[row] in strata and strata[returns.parties[row]] != "N"
    ]  # fmt: skip
    sizes = {"P-own": 3, "P-sib": 3}
    weight = {"P-own": 40 / sizes["P-own"], "P-sib": 6 / sizes["P-sib"]}
    upper = lower = 0.0
    for row in answered:
        w = weight[strata[returns.parties[row]]]
        quantity = int(returns.cells["sales_qty"][row, at])
        upper += w * quantity * int(returns.cells["price"][row, at])
        lower += w * quantity
    league = next(d for d in found.domains if d.place == world.week.office("parent"))
    assert league.answered == 6 and league.population == 46
    assert league.cells[ITEM].mean == pytest.approx(upper / lower)
    assert math.isfinite(league.cells[ITEM].mean_cv) and league.cells[ITEM].mean_letter == "A"


def test_a_league_with_one_answer_gets_a_mean_and_no_cv(world: SampleWeek) -> None:
    file(world)
    found = estimates(world.region, FORM, WEEKS[0])
    assert found is not None
    place = world.week.office("neighbour_parent")
    cell = next(d for d in found.domains if d.place == place).cells[ITEM]
    assert math.isfinite(cell.mean) and math.isnan(cell.mean_cv) and cell.mean_letter == ""


def test_firms_in_no_stratum_are_counted_and_left_out(world: SampleWeek) -> None:
    file(world)
    found = estimates(world.region, FORM, WEEKS[0])
    assert found is not None and found.outside == (world.firm("planned0"),)


def test_a_league_reads_only_its_own_domain(world: SampleWeek) -> None:
    file(world)
    found = estimates(world.league, FORM, WEEKS[0])
    assert found is not None
    assert [d.place for d in found.domains] == [world.week.office("parent")]
    with pytest.raises(Refused):
        estimates(world.week.region.scope("clerk-own"), FORM, WEEKS[0])


def test_the_letters_follow_the_dated_limits() -> None:
    limits = [500, 1000, 1500, 2500]
    told = [letter(cv, limits) for cv in (0.05, 0.0501, 0.12, 0.2, 0.3, math.nan)]
    assert told == ["A", "B", "C", "D", "E", ""]


def test_a_newcomer_stands_in_the_stratum_of_the_firm_it_replaces(world: SampleWeek) -> None:
    file(world)
    world.approve(world.agree(world.nominate()))
    before = design_on(market.SAMPLE, dt.date(2026, 11, 20))
    after = design_on(market.SAMPLE, dt.date(2026, 11, 21))
    assert before is not None and after is not None and NEXT == "W2026-11-21"
    assert before.members[world.firm("own0")] == "P-own"
    assert after.members[world.spare["own"]] == "P-own"
    assert world.firm("own0") not in after.members


def test_the_plan_meets_every_target_and_its_page_says_what_a_firm_is_worth(
    world: SampleWeek,
) -> None:
    from ortoo.algorithms.sampling.allocation import allocate

    file(world)
    design = design_on(market.SAMPLE, dt.date(2026, 11, 20))
    assert design is not None
    strata, targets, places, now = plan_of(design, world.week.region.pack.root.code)
    plan = allocate(strata, targets, economical=True)
    assert (plan.cv <= targets.cv * (1 + 1e-9)).all() and len(places) == 3
    assert now.tolist() == [4, 3, 1]
    with clock_at(NOW):
        page = client_of("region-reviewer-root").get(f"/samples/{market.SAMPLE}/design/")
    assert "Bethel 最优分配" in page.content.decode() and "P-sib" in page.content.decode()


def test_a_design_is_pasted_on_its_page_and_a_bad_line_is_named(world: SampleWeek) -> None:
    region, league = client_of("region-reviewer-root"), client_of("league-reviewer-parent")
    place = world.week.office("parent")
    data = {
        "since": "2026-02-01", "auxiliary": "年零售额", "source": "演示框", "cv_region": "500",
        "cv_league": "1500", "members": f"{world.firm('own0')}\tA",
        "strata": f"A\t{place}\t大\t5\t是\t300\t20\nB\t{place}\t小\t50\t否\t30\t9",
    }  # fmt: skip
    with clock_at(NOW):
        path = f"/samples/{market.SAMPLE}/design/"
        assert league.post(path, data).status_code == 403
        bad = region.post(path, data | {"strata": f"A\t{place}\t大\tfive\t是\t300\t20"})
        assert bad.status_code == 422 and "第 1 行" in bad.content.decode()
        over = region.post(path, data | {"strata": f"B\t{place}\t大\t5\t是\t300\t20"})
        assert over.status_code == 422 and "DESIGN-STRATUM" in over.content.decode()
        assert region.post(path, data).status_code == 302
    found = design_on(market.SAMPLE, dt.date(2026, 11, 20))
    assert found is not None and found.strata["A"].take_all and not found.strata["B"].take_all
