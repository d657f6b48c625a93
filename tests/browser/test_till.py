"""「导入收银导出表」 in a browser: the third week of 8,000 articles, filed with hardly a key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks import demonstration, pages

from .conftest import shared_by_all
from .visitor import Visitor

pytestmark = pytest.mark.browser

RETURN = "/returns/SCJC-W1/W2026-11-14/"
TILL = f"{RETURN}till/"
SETUP = Path(__file__).with_name("till_weeks.py")
MOST_TYPED, MOST_SECONDS = 15, 300
# Keystroke-level model (Card, Moran and Newell 1980): seconds to make up one's mind, to point, to
# press and release, to move the hand, and for a key of an average typist; and our own, generous,
# for reading one line before deciding on it and for finding a file.
MIND, POINT, PRESS, HAND, KEY, READ, FIND = 1.35, 1.1, 0.2, 0.4, 0.28, 5.0, 15.0
CLICK = MIND + POINT + PRESS + HAND
COUNTER = """
const field = e => e.target instanceof Element && e.target.closest("input, select, textarea");
const note = (kind, e) => {
  const said = JSON.parse(sessionStorage.getItem("counted") || "[]");
  said.push([kind, e.target.name || e.target.textContent.trim().slice(0, 20)]);
  sessionStorage.setItem("counted", JSON.stringify(said)); };
addEventListener("keydown", e => field(e) && note("key", e), true);
addEventListener("change", e => e.target.matches("select, [type=file]") && note("choice", e), true);
addEventListener("click", e => {
  if (field(e)) note("click", e);
  else if (e.target.closest("button, a, summary, label")) note("button", e); }, true);
"""
Enter = Callable[..., Visitor]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration whose clerk imported her till in the two weeks before."""
    made: Path = tmp_path_factory.mktemp("demo")
    demonstration.seed_once(made, shared_by_all(tmp_path_factory))
    subprocess.run(
        [sys.executable, str(SETUP), str(made / "answer.json")],
        env=demonstration.environment(made), check=True,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def third(home: Path) -> dict[str, Any]:
    """Where the third week's file lies, and what it holds."""
    found: dict[str, Any] = json.loads((home / "answer.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def demo(chromium: Any, home: Path, third: dict[str, Any]) -> Iterator[str]:
    with demonstration.served(home) as url:
        yield url


def test_the_third_week_of_eight_thousand_articles_takes_fifteen_cells_at_most(
    enter: Enter, third: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert third["rows"] >= 8_000
    clerk = enter("clerk")
    clerk.page.add_init_script(COUNTER)
    clerk.open(RETURN).grid().click("导入收银导出表")
    the_file_is_chosen(clerk, third)
    the_three_new_articles_are_settled(clerk)
    the_preview_holds_what_the_shop_sold(clerk, third)
    the_grid_says_where_each_cell_is_from(clerk)
    doubts = the_doubts_are_explained_and_the_return_filed(clerk)
    counted = clerk.page.evaluate("() => JSON.parse(sessionStorage.getItem('counted'))")
    kinds = [kind for kind, _ in counted]
    # The click into a doubted cell counts for its reason, whose own press is a button's.
    typed = len(kinds) - kinds.count("button")
    cells = len({name for kind, name in counted if kind != "button"})
    seconds = (
        CLICK * (kinds.count("click") + kinds.count("choice") + kinds.count("button"))
        + KEY * kinds.count("key") + READ * (doubts + 3) + FIND
    )  # fmt: skip
    with capsys.disabled():
        print(
            f"\n[till] third week, {third['rows']:,} rows: {typed} keys, choices and clicks in "
            f"{cells} fields ({doubts} reasons), {kinds.count('button')} buttons, "
            f"about {seconds:.0f} s by the keystroke-level model"
        )
    assert typed <= MOST_TYPED, counted
    assert seconds <= MOST_SECONDS
    assert clerk.faults == []


def the_file_is_chosen(clerk: Visitor, third: dict[str, Any]) -> None:
    clerk.page.locator("#file").set_input_files(third["file"])
    clerk.press("上传")
    assert clerk.path == f"{TILL}articles/", "the columns are remembered"


def the_three_new_articles_are_settled(clerk: Visitor) -> None:
    """One is plain and one has its weight proposed; of the third the weight has to be said."""
    clerk.sees("有 3 种新商品像是监测商品，其中 2 种请看一眼", "草原红鸡蛋30枚", "岱海老盐")
    assert "拌饭酱" not in clerk.text()
    unknown = [f for f in clerk.page.locator('input[name^="f."]:visible').all() if not
               f.input_value()]  # fmt: skip
    assert len(unknown) == 1
    unknown[0].click()
    clerk.page.keyboard.type("0.5")
    clerk.press("按所选全部确认")


def the_preview_holds_what_the_shop_sold(clerk: Visitor, third: dict[str, Any]) -> None:
    assert clerk.path == f"{TILL}preview/"
    clerk.sees("将填入 178 格", f"{third['rows']:,} 行")
    for code in ("0303", "0617"):  # nothing was added to beef and potatoes: exact to the digit
        quantity, fen, _ = third["sums"][code]
        row = clerk.page.locator("tr", has=clerk.page.locator(f'a[href$="/items/{code}/"]'))
        price = f"{fen / quantity / 10:.2f}"
        assert row.locator("td").all_inner_texts()[0].strip() == price, code
    clerk.press("填入本期表格")
    assert clerk.path == RETURN, "filled, not filed"


def the_grid_says_where_each_cell_is_from(clerk: Visitor) -> None:
    clerk.grid().sees("已按收银导出填入 178 格，尚未报送")
    told = clerk.page.locator(".g-src").all_inner_texts()
    assert sum(text.startswith("收银导出") for text in told) == 178
    blank = clerk.page.locator('input[name^="c."]').evaluate_all(
        "all => all.filter(i => !i.value).map(i => i.name)"
    )
    assert blank == []


def the_doubts_are_explained_and_the_return_filed(clerk: Visitor) -> int:
    """How many cells the checks asked about."""
    clerk.said(r"请说明 \d+")
    doubted = clerk.page.locator("td.soft")
    names = doubted.locator('input[name^="c."]').evaluate_all("all => all.map(i => i.name)")
    for name in reversed(names):  # the sheet under a cell covers the next ones, not those above
        clerk.page.locator(f'[name="{name}"]').click()
        clerk.page.get_by_role("button", name="到货少", exact=True).click()
    clerk.press("报送")
    clerk.page.wait_for_url("**/receipts/**")
    clerk.sees("报送回执", "是否及时")
    return len(names)


@pytest.mark.parametrize("look", [("light", "phone"), ("dark", "desk")])
def test_a_till_page_has_no_axe_violation_and_never_scrolls_sideways(
    enter: Enter, third: dict[str, Any], look: tuple[str, str]
) -> None:
    scheme, size = look
    width, height = pages.WIDTHS[size]
    clerk = enter("clerk", viewport={"width": width, "height": height}, color_scheme=scheme)
    clerk.page.goto(clerk.url + TILL)
    if clerk.page.locator("#file").count() == 0:
        clerk.click("更正")
    clerk.page.locator("#file").set_input_files(third["file"])
    clerk.page.locator("form[enctype] button").click()
    clerk.page.wait_for_load_state()
    for path in ("", "columns/", "articles/?find=牛", "preview/", "items/0303/"):
        clerk.open(f"{TILL}{path}")
        assert pages.violations(clerk.page) == (), path
        assert clerk.page.evaluate("document.documentElement.scrollWidth") <= width, path
    clerk.open("/till/keys/")
    assert pages.violations(clerk.page) == ()
    assert clerk.faults == []
