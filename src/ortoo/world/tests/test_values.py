"""Values of the further forms: sums reproduce what they are made of, relations hold."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pytest

from ortoo.world import (
    PRICE,
    QTY,
    SALES,
    STOCK,
    VALUE,
    WorldError,
    WorldItem,
    calendar,
    daily_truth,
    emergency_truth,
    frame_truth,
    futures,
    lunar_base,
    market_truth,
    material_truth,
    retailer_day_truth,
    retailer_truth,
    sample_changes,
    settlements,
    supplement_items,
    supplement_truth,
    till_export,
    wholesale_truth,
)
from ortoo.world.materials import ten_days
from ortoo.world.tests.region import SEED, column, hamlet, region, week_at

WEEK = dt.date(2026, 2, 7)


@cache
def days(start: dt.date) -> list:
    return [daily_truth(region(), start + dt.timedelta(days=step)) for step in range(7)]


@pytest.mark.parametrize("start", [WEEK, dt.date(2026, 11, 14), dt.date(2021, 1, 2)])
def test_seven_days_sum_to_the_week(start: dt.date) -> None:
    week = region().truth(start)
    assert np.array_equal(sum(day.of("sales_qty") for day in days(start)), week.values[:, :, QTY])
    assert np.array_equal(days(start)[-1].of("stock"), week.values[:, :, STOCK])
    held = sum(day.of("price") != week.values[:, :, PRICE] for day in days(start))
    assert held.max() <= 3       # the week's price is that of most days
    same = (held == 0) & (week.nil[:, :, SALES] == VALUE)
    gap = np.abs(sum(day.of("sales") for day in days(start)) - week.values[:, :, SALES])
    assert gap[same].max() <= 8  # each day is rounded to a hundred yuan, and is at least that


def test_prices_do_not_all_change_on_the_first_day_of_the_week() -> None:
    changed = [(day.of("price") != after.of("price")).sum()
               for day, after in zip(days(WEEK), days(WEEK)[1:], strict=False)]
    assert changed[0] > 0 and changed[1] > 0 and not any(changed[2:])


def test_stock_of_a_day_is_never_negative() -> None:
    assert min(int(day.of("stock").min()) for day in days(WEEK)) >= 0


def test_saturday_sells_more_than_tuesday_and_the_eve_more_than_the_first_day() -> None:
    usual = days(dt.date(2026, 6, 6))
    assert usual[0].of("sales_qty").sum() > 1.1 * usual[3].of("sales_qty").sum()
    feast = calendar.spring_festival(2026)
    eve, first = (daily_truth(region(), feast + dt.timedelta(days=step)) for step in (-2, 0))
    assert first.of("sales_qty").sum() < 0.5 * eve.of("sales_qty").sum()


def test_the_lunar_base_of_a_festival_day_is_the_same_day_of_the_festival() -> None:
    day = calendar.spring_festival(2026) + dt.timedelta(days=-5)
    base = lunar_base(region(), day)
    assert base is not None and base.start == calendar.spring_festival(2025) - dt.timedelta(days=5)
    assert lunar_base(region(), dt.date(2021, 1, 10)) is None


def test_yesterday_s_sales_stand_beside_today_s_price() -> None:
    day = dt.date(2026, 2, 11)
    told = daily_truth(region(), day, ["0601"], yesterday=True)
    assert told.items == ("0601",)
    today, eve = daily_truth(region(), day, ["0601"]), daily_truth(
        region(), day - dt.timedelta(days=1), ["0601"])
    assert np.array_equal(told.of("price"), today.of("price"))
    assert np.array_equal(told.of("sales_qty"), eve.of("sales_qty"))


def test_wholesale_is_below_the_retail_price_of_its_place() -> None:
    items = [WorldItem("A", "大白菜"), WorldItem("B", "鸡蛋"), WorldItem("C", "小包装大米")]
    world, at = region(), [column(region(), name) for name in ("大白菜", "鸡蛋", "小包装大米")]
    banner = world.banner_of(world.roll.wholesale)
    for start in world.week_starts()[5::37]:
        truth = wholesale_truth(world, start, items)
        retail = world.true_prices(start)[banner][:, at]
        assert (truth.of("price") < retail)[truth.has("price")].all()
        low, mode, high = (truth.of(code) for code in ("price_low", "price", "price_high"))
        assert ((low <= mode) & (mode <= high)).all()


def test_wholesale_stock_is_yesterday_s_with_arrivals_less_volume() -> None:
    world = region()
    for start in (dt.date(2026, 2, 10), dt.date(2026, 11, 15), dt.date(2025, 10, 8)):
        before, now = (wholesale_truth(world, start + dt.timedelta(days=step), days=1)
                       for step in (-1, 0))
        both = before.has("stock") & now.has("stock")
        moved = before.of("stock") + now.of("arrivals") - now.of("volume")
        assert np.array_equal(moved[both], now.of("stock")[both])


def test_a_week_of_wholesale_is_its_seven_days() -> None:
    world, start = region(), dt.date(2026, 8, 1)
    week = wholesale_truth(world, start)
    each = [wholesale_truth(world, start + dt.timedelta(days=step), days=1) for step in range(7)]
    assert np.array_equal(week.of("volume"), sum(day.of("volume") for day in each))
    assert np.array_equal(week.of("price_high"), np.max([d.of("price_high") for d in each], axis=0))


def test_the_capital_s_four_markets_bring_in_1500_tonnes_of_vegetables_a_day() -> None:
    world = region()
    names = [item.name for item in world.items[12:42]]
    items = [WorldItem(name, name) for name in names]
    truth = wholesale_truth(world, dt.date(2026, 7, 15), items, days=1)
    big = [at for at, firm in enumerate(world.roll.wholesale) if firm.kind.endswith("_big")]
    assert truth.of("arrivals")[big].sum() / 100 >= 1500


def test_a_glut_raises_arrivals_and_lowers_the_price() -> None:
    world, potato = region(), [WorldItem("P", "土豆")]
    near = np.array([firm.league == "150100" for firm in world.roll.wholesale])
    def totals(start: dt.date) -> tuple[float, float]:
        truth = wholesale_truth(world, start, potato)
        here = truth.has("price")[:, 0] & near
        return (float(truth.of("arrivals")[here].sum()),
                float(truth.of("price")[here].sum() / here.sum()))
    calm, glut = totals(dt.date(2026, 8, 8)), totals(dt.date(2026, 10, 24))
    assert glut[0] > 1.08 * calm[0] and glut[1] < 0.9 * calm[1]


def test_arrivals_fall_before_the_price_peaks() -> None:
    world, items = region(), [WorldItem("V", "黄瓜")]
    from ortoo.world.wholesale import _day, _habits
    key = tuple(items)
    banner = _habits(world, key).banner
    codes = [place.code for place in world.ground.banners]
    struck = world.ground.shocks.effects_on(dt.date(2022, 10, 20)).price[:, 20] > 0.05
    market = next(at for at, place in enumerate(banner) if struck[place]
                  and codes[place].startswith("1501"))
    span = [dt.date(2022, 9, 18) + dt.timedelta(days=step) for step in range(40)]
    values = np.array([_day(world, key, day)[0][market, 0] for day in span])
    assert int(values[:, 4].argmin()) < int(values[:, 1].argmax())


def test_shops_run_out_before_the_wholesale_market() -> None:
    from ortoo.world.book import price_book
    from ortoo.world.wholesale import _SHOPS_FIRST
    world = region()
    book = price_book(world, (WorldItem("V", "黄瓜"),))
    at = [place.code for place in world.ground.banners].index("150725")
    felt = [book.effects(dt.date(2026, 11, 5) + dt.timedelta(days=step)).stockout[at, 0]
            for step in range(30)]
    shops = next(step for step, chance in enumerate(felt) if chance > 0)
    assert _SHOPS_FIRST > 0 and felt[shops] > 0
    assert next(step for step in range(_SHOPS_FIRST, 30) if felt[step - _SHOPS_FIRST] > 0) \
        == shops + _SHOPS_FIRST


def test_emergency_stock_is_the_weekly_stock_of_firms_on_both_lists() -> None:
    world, start = region(), dt.date(2026, 11, 14)
    truth, weekly = emergency_truth(world, start), world.truth(start)
    seats = {firm.code: at for at, firm in enumerate(world.sample(start))}
    from ortoo.world import emergency_items
    names = [item.name for item in emergency_items()]
    shared = 0
    for row, code in enumerate(truth.firms):
        if code not in seats:
            continue
        for name in ("小包装大米", "鸡蛋", "精制盐", "青砖茶"):
            cell = seats[code], column(world, name)
            at = names.index(name)
            assert truth.of("on_hand")[row, at] == weekly.values[cell][STOCK]
            assert truth.nil[row, at, 0] == weekly.nil[cell][STOCK]
            shared += 1
    assert shared == 4 * 58
    assert (truth.of("daily_capacity") <= truth.of("max_output")).all()


def test_the_days_of_a_month_sum_to_the_retailers_month() -> None:
    world = region()
    month = retailer_truth(world, dt.date(2026, 10, 1))
    total = sum(retailer_day_truth(world, dt.date(2026, 10, day)).of("sales").sum(axis=1)
                for day in range(1, 32))
    assert np.array_equal(total, month.of("retail").sum(axis=1))
    last = retailer_truth(world, dt.date(2025, 10, 1))
    row = {code: at for at, code in enumerate(last.firms)}
    same = [(at, row[code]) for at, code in enumerate(month.firms) if code in row]
    now, then = map(list, zip(*same, strict=True))
    assert np.array_equal(month.of("retail_last_year")[now], last.of("retail")[then])


def test_a_month_of_a_trading_market_keeps_the_rules_of_the_form() -> None:
    truth = market_truth(region(), dt.date(2026, 4, 1))
    assert (truth.of("deliveries") <= truth.of("volume")).all()
    assert (truth.of("receipts") <= truth.of("warehouse")).all()
    assert (truth.of("traders") <= truth.of("stalls")).all()


def test_ten_day_periods_cover_every_day_once() -> None:
    day = dt.date(2024, 1, 1)
    while day < dt.date(2025, 1, 1):
        period = ten_days(day)
        assert period.start == day and period.start.day == (1, 11, 21)[period.third - 1]
        day = period.end + dt.timedelta(days=1)


def test_an_outlook_is_right_more_often_than_wrong() -> None:
    world, hits, misses = region(), 0, 0
    for month in range(1, 13):
        now = material_truth(world, dt.date(2025, month, 5))
        then = material_truth(world, dt.date(2025, month, 15))
        both = now.has("price") & then.has("price")
        move = np.sign(then.of("price") - now.of("price"))[both]
        said = 1 - now.of("outlook")[both]
        hits += int((said * move > 0).sum())
        misses += int((said * move < 0).sum())
    assert hits > 3 * misses > 0


def test_a_supplement_is_a_small_part_of_a_shop_s_takings() -> None:
    world, start = region(), dt.date(2026, 5, 2)
    truth = supplement_truth(world, "152500", start)
    rows = [at for at, firm in enumerate(world.sample(start)) if firm.league == "152500"]
    assert len(rows) == len(truth.firms)
    own = world.truth(start).values[rows][:, :, SALES].sum()
    assert 0.01 < truth.of("sales").sum() / own < 0.25
    known = {item.name for item in supplement_items()}
    assert {"胡麻油", "莜面", "荞面", "小米", "奶豆腐", "炒米", "羊后腿", "葵花籽油"} <= known
    with pytest.raises(WorldError, match="WORLD-SUPPLEMENT"):
        supplement_truth(world, "999999", start)


@pytest.mark.parametrize("maker", ["yungui", "yinzong", "tuoling"])
def test_a_till_s_articles_sum_to_the_week_of_the_shop(maker: str) -> None:
    world, start = region(), dt.date(2026, 11, 14)
    firm = next(firm for firm in world.sample(start) if firm.kind == "supermarket")
    export = till_export(world, firm, start, maker=maker)
    assert 100 <= len(export.truth) <= 400
    assert len(export.rows) >= 8000
    from ortoo.world.calibration import load
    from ortoo.world.tills import _assortment
    roles = load("tills.toml")["makers"][maker]["roles"]
    size = {article.sku: article.size for row in _assortment(world, firm) for article, _ in row}
    sums: dict[str, list[float]] = {}
    for row in export.rows[export.top + 1:]:
        line = dict(zip(roles, row, strict=True))
        item = export.truth.get(line["sku"])
        if item:
            held = sums.setdefault(item, [0.0, 0.0, 0.0])
            held[0] += float(line["quantity"]) * size[line["sku"]] / 1000
            held[1] += float(line["amount"])
            held[2] += float(line["stock"]) * size[line["sku"]] / 1000
    truth = world.truth(start)
    seat = world.sample(start).index(firm)
    loose = {article.item for row in _assortment(world, firm) for article, _ in row
             if article.spec == "散称"}
    for at, item in enumerate(world.items):
        if truth.nil[seat, at, QTY] != VALUE:
            continue
        quantity, amount, stock = sums[item.code]
        price, tenths = (int(truth.values[seat, at, m]) for m in (PRICE, QTY))
        least = 0.01 if item.code in loose else min(
            size[sku] for sku, of in export.truth.items() if of == item.code) / 2000
        assert abs(quantity - tenths / 10) <= least + 0.01
        assert round(amount * 100) == (price * tenths + 5) // 10
        if truth.nil[seat, at, STOCK] == VALUE:
            assert abs(stock - truth.values[seat, at, STOCK] / 10) <= least + 0.01


def test_few_articles_are_new_each_week_and_the_rest_stay() -> None:
    world = region()
    firm = world.sample(dt.date(2026, 10, 3))[7]
    before: dict[str, str] = {}
    for start in (dt.date(2026, 10, 31), dt.date(2026, 11, 7), dt.date(2026, 11, 14)):
        export = till_export(world, firm, start, 500)
        assert len(export.new) <= 6 and set(export.new) <= set(export.truth)
        if before:
            assert len(set(export.truth) - set(before) - set(export.new)) <= 12
            assert all(export.truth[sku] == before[sku] for sku in set(before) & set(export.truth))
        before = dict(export.truth)
        codes = [row[0] for row in export.rows]
        assert len(codes) == len(set(codes)) or export.maker != "云柜收银"


def test_a_firm_outside_the_sample_has_no_till() -> None:
    world = region()
    with pytest.raises(WorldError, match="WORLD-TILL"):
        till_export(world, world.roll.wholesale[0], WEEK)


def test_futures_settle_on_trading_days_and_say_that_they_are_simulated() -> None:
    first, last = dt.date(2026, 2, 1), dt.date(2026, 3, 31)
    dates, prices = settlements(SEED, first, last)
    assert prices.shape == (len(dates), len(futures())) and (prices > 0).all()
    assert all(day.weekday() < 5 for day in dates)
    assert calendar.spring_festival(2026) not in dates
    part = settlements(SEED, dt.date(2026, 3, 1), last)[1]
    assert np.array_equal(part, prices[-len(part):])
    assert all(one.simulated and "模拟" in one.label for one in futures())
    names = {one.name for one in futures()}
    assert {"鸡蛋", "豆油", "白糖", "生猪", "玉米", "螺纹钢", "焦煤"} <= names


def test_the_sample_changes_tell_closures_mergers_and_a_replacement_in_mid_period() -> None:
    world = region()
    changes = sample_changes(world)
    enacted = [change for change in changes if change.enacted]
    assert len(enacted) == 8 and {change.kind for change in enacted} == {"replace", "merge"}
    story = [change for change in changes if not change.enacted]
    assert {change.kind for change in story} == {"replace", "merge", "rotate"}
    midway = next(change for change in story if change.midway)
    assert midway.from_week < midway.on < midway.from_week + dt.timedelta(days=7)
    frame = {firm.code for firm in world.roll.frame}
    assert all(change.joining in frame for change in story)
    assert len({change.leaving for change in changes}) == len(changes)


def test_a_shop_of_the_frame_has_a_level_of_its_own() -> None:
    world, start = region(), dt.date(2026, 11, 7)
    one, other = frame_truth(world, start), frame_truth(world, start + dt.timedelta(days=7))
    assert one.firms == tuple(firm.code for firm in world.roll.frame)
    both = one.has("price") & other.has("price")
    assert (one.of("price") == other.of("price"))[both].mean() > 0.4
    assert len(frame_truth(hamlet(), week_at(hamlet(), dt.date(2025, 5, 1))).firms) >= 2
