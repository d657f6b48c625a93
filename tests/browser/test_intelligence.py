"""From a planted shock to detection, warning, evidence, duty and bulletin, by the people of it.

The snow of the simulated world struck 呼伦贝尔 and 满洲里 in the newest week. Nothing here is
prepared beyond the demonstration itself and the warnings of its newest issued week.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks import demonstration
from tests.browser import whole_demo
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

SNOW = "/alerts/150700/S.VE.W2026-11-14/"
CAUSE = "强降温，本地露地菜退市，外调比例上升"
OUTLOOK = "预计下周蔬菜价格小幅波动"
Enter = Callable[..., Visitor]


@pytest.fixture(scope="module")
def demo(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the whole demonstration: Monday 10:40, the alerts ten minutes old."""
    home: Path = tmp_path_factory.mktemp("whole")
    whole_demo.seed(home)
    with demonstration.served(home) as url:
        yield url


def test_a_shock_goes_from_detection_to_the_end_of_its_alert(enter: Enter) -> None:
    office, region = enter("league-campaign"), enter("region")
    the_first_page_shows_the_duty_and_its_clock(office)
    the_evidence_says_what_fired_and_that_the_rule_is_unverified(office)
    a_figure_opens_its_filings_in_two_clicks(office)
    the_replay_gives_back_what_was_recorded(office)
    the_office_verifies(office)
    the_office_puts_down_its_telephone_report(office)
    the_office_files_the_report_drafted_from_the_page(office)
    the_office_proposes_measures(office)
    the_region_sees_it_with_what_lies_ahead_and_cannot_act(region)
    the_office_ends_it_by_a_filing(office)
    neighbours_do_not_learn_of_it(enter("planned-manzhouli"), enter(""))
    assert [office.faults, region.faults] == [[], []]


def the_first_page_shows_the_duty_and_its_clock(office: Visitor) -> None:
    office.open("/")
    card = office.page.locator(".duties li", has_text="电话报告").first
    said = str(card.inner_text())
    assert "呼伦贝尔市蔬菜脱销" in said, said
    left = re.search(r"剩 (\d+) 分", said)
    assert left is not None and 0 < int(left[1]) <= 50, f"raised at 10:30, due in an hour: {said}"
    card.get_by_role("link").first.click()
    office.page.wait_for_load_state()
    assert office.path == SNOW


def the_evidence_says_what_fired_and_that_the_rule_is_unverified(office: Visitor) -> None:
    office.sees("两个以上旗县蔬菜一周内涨三成", "规则未核", "未核：幅度", "所依据的报件", "已初审")
    values = [_percent(row[2]) for row in _rows(office) if "环比" in row[1]]
    assert len(values) > 5 and min(values) >= 30, f"each is over its limit of 30 %: {values}"


def a_figure_opens_its_filings_in_two_clicks(office: Visitor) -> None:
    link = office.page.locator("figure.table", has_text="提示时的数").locator("tbody a").first
    item = str(link.inner_text())
    link.click()
    office.page.wait_for_load_state()
    office.sees(item)
    office.page.locator('main table a[href^="/filings/"]').first.click()
    office.page.wait_for_load_state()
    assert office.path.startswith("/filings/")
    office.sees("填报内容", item)


def the_replay_gives_back_what_was_recorded(office: Visitor) -> None:
    office.open(SNOW).click("看提示时所知")
    seen = re.search(r"as_of=(\d+)", office.path)
    assert seen is not None
    office.sees(f"截至第 {seen[1]} 号报件所知")
    rows = _rows(office)
    recorded, replayed = [row[2] for row in rows], [row[3] for row in rows]
    assert len(rows) > 10 and recorded == replayed
    assert office.page.get_by_role("button", name="提交核实").count() == 0, "the past is read only"


def the_office_verifies(office: Visitor) -> None:
    office.open(SNOW)
    _unfold(office, "verify")
    office.page.get_by_label("属实", exact=True).check()
    office.page.get_by_label("核实情况").fill("电话核实三家超市：大雪封路，到货减半。")
    office.press("提交核实").sees("已记录核实结论", "核实：属实")
    assert office.page.get_by_role("button", name="提交核实").count() == 0


def the_office_puts_down_its_telephone_report(office: Visitor) -> None:
    page = office.page
    _unfold(office, "phone")
    page.get_by_label("报告人（岗位）").fill("市场运行科值班员")
    page.get_by_label("接报人（单位、岗位）").fill("自治区商务厅值班室")
    page.get_by_label("报告内容").fill("牙克石等地蔬菜涨价、断货。")
    page.get_by_label("通话时间").fill("2026-11-23T23:50")
    office.press("记录电话报告").sees("ALERT-PHONE-TIME")
    page.get_by_label("通话时间").fill("2026-11-23T10:35")
    office.press("记录电话报告").sees("已记录电话报告", "11月23日 10:35")


def the_office_files_the_report_drafted_from_the_page(office: Visitor) -> None:
    page = office.page
    _unfold(office, "report")
    text = page.locator("#report-text")
    draft = str(text.input_value())
    for words in ("呼伦贝尔市", "一、时间：2026年第47周", "环比（同样本）", "断货", "【待填】"):
        assert words in draft, draft
    first = _rows(office)[0]
    named = f"{first[0].split()[0]}环比（同样本） {first[2]}"
    assert named in draft, "the figures of the draft are the page's"
    page.locator("#report-cause").fill("寒潮暴雪，运输受阻")
    page.locator("#report-done").fill("已协调批发市场调运")
    _press_in(office, "report").sees("ALERT-REPORT-BLANK")
    text.fill(draft.replace("【待填】", "寒潮暴雪，运输受阻；已协调调运。"))
    _press_in(office, "report").sees("报告已报送", "两小时书面报告")


def the_office_proposes_measures(office: Visitor) -> None:
    _unfold(office, "measures")
    office.page.locator('#measures [name="measure"][value="transfer"]').check()
    office.page.locator("#measures-text").fill("从海拉尔调运大白菜、土豆。")
    _press_in(office, "measures").sees("处置建议已报送", "从海拉尔调运")


def the_region_sees_it_with_what_lies_ahead_and_cannot_act(region: Visitor) -> None:
    region.open("/alerts/").click("呼伦贝尔市 3 个旗县蔬菜脱销")
    region.sees("核实：属实", "电话报告", "从海拉尔调运", "往后看")
    ahead = str(region.page.locator("section", has_text="往后看").last.inner_text())
    assert re.search(r"\d+%", ahead), f"the run's probabilities: {ahead}"
    for step in ("提交核实", "提交建议", "解除"):
        assert region.page.get_by_role("button", name=step, exact=True).count() == 0


def the_office_ends_it_by_a_filing(office: Visitor) -> None:
    office.open(SNOW)
    _unfold(office, "close")
    office.page.locator("#close-text").fill("道路恢复，到货正常。")
    _press_in(office, "close").sees("异动已解除", "已解除", "道路恢复")
    assert "呼伦贝尔市蔬菜脱销" not in office.open("/").text(), "no duty of it is left"
    row = office.open("/alerts/?stage=ended").page.locator("tbody tr")
    assert row.count() == 1 and "已解除" in row.first.inner_text()


def neighbours_do_not_learn_of_it(neighbour: Visitor, stranger: Visitor) -> None:
    assert neighbour.page.goto(neighbour.url + SNOW).status == 404
    assert "呼伦贝尔市" not in neighbour.open("/alerts/").text()
    neighbour.sees("满洲里市蔬菜")
    assert stranger.page.goto(stranger.url + SNOW).status in (403, 404) or (
        "/login" in stranger.path
    ), stranger.path


def test_the_weeks_bulletin_goes_from_the_draft_to_the_feed(enter: Enter) -> None:
    league, deputy, stranger = enter("league"), enter("league-deputy"), enter("")
    where = the_league_drafts_it_and_writes_the_cause(league)
    the_other_person_signs_and_publishes(deputy, where)
    everybody_reads_it(stranger, where)
    texts = the_three_lengths_keep_their_limits(league, where)
    pdf_and_word_are_whole(stranger, where, texts["full"])
    the_checker_finds_nothing_wrong_until_a_number_is_altered(league, texts["full"])
    the_feed_has_it(stranger, where)
    assert [league.faults, deputy.faults, stranger.faults] == [[], [], []]


def the_league_drafts_it_and_writes_the_cause(league: Visitor) -> str:
    league.open("/").click("起草公报")
    league.sees("2026年第46周", "去年同周", "上周：")
    page = league.page
    page.locator("#cause-VE").fill(CAUSE)
    page.locator("#outlook").fill("预计下周上涨3%")
    league.press("保存草稿").sees("BULLETIN-OUTLOOK-NUMBER")
    assert page.locator("#cause-VE").input_value() == CAUSE, "what was written is kept"
    page.locator("#outlook").fill(OUTLOOK)
    league.press("保存草稿").sees("草稿已保存", "待签发", CAUSE, "您是起草人")
    assert page.get_by_role("button", name=re.compile("^签发")).count() == 0
    return league.path


def the_other_person_signs_and_publishes(deputy: Visitor, where: str) -> None:
    deputy.open("/").click("签发")
    assert deputy.path == where
    deputy.page.get_by_role("button", name=re.compile(r"^签发第 \d+ 号稿")).click()
    deputy.page.wait_for_load_state()
    deputy.sees("已签发")
    deputy.page.get_by_role("button", name=re.compile(r"^发布第 \d+ 号稿")).click()
    deputy.page.wait_for_load_state()
    deputy.sees("任何人都可以查看")


def everybody_reads_it(stranger: Visitor, where: str) -> None:
    stranger.open(where).sees("锡林郭勒盟生活必需品市场动态分析", CAUSE, OUTLOOK, "价格表")
    for inner in ("办理过程", "起草", "原因由"):
        assert inner not in stranger.text(), f"«{inner}» is the office's own"
    assert stranger.page.goto(f"{stranger.url}{where}edit/").status in (401, 403, 404) or (
        "/login" in stranger.path
    )


def the_three_lengths_keep_their_limits(league: Visitor, where: str) -> dict[str, str]:
    league.open(where)
    texts = {
        code: str(league.page.locator(f"#v-{code}").input_value())
        for code in ("full", "brief", "wechat")
    }
    counted = {code: len(re.sub(r"\s", "", text)) for code, text in texts.items()}
    assert 0 < counted["wechat"] <= 200 < counted["brief"] <= 500 < counted["full"], counted
    for code, count in counted.items():
        assert f"{count} 字" in league.page.locator(f'label[for="v-{code}"]').inner_text()
    return texts


def pdf_and_word_are_whole(reader: Visitor, where: str, text: str) -> None:
    from docx import Document

    pdf = reader.page.request.get(f"{reader.url}{where}file.pdf").body()
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    pages = re.search(rb"/Type\s*/Pages.*?/Count\s+(\d+)", pdf, re.DOTALL)
    assert pages is not None and int(pages[1]) >= 2
    word = Document(io.BytesIO(reader.page.request.get(f"{reader.url}{where}file.docx").body()))
    printed = "".join(one.text for one in word.paragraphs)
    assert all(line[:40] in printed for line in text.splitlines() if line), printed[:600]
    assert any("大白菜" in cell.text for table in word.tables for cell in table.columns[0].cells)


def the_checker_finds_nothing_wrong_until_a_number_is_altered(league: Visitor, text: str) -> None:
    whole = re.search(r"(\d+\.\d\d)元/公斤", text)
    assert whole is not None
    _check(league, text).sees("没有发现错数")
    tally = str(league.page.locator(".check-tally").inner_text())
    right = re.search(r"对\s*(\d+)", tally)
    assert right is not None and int(right[1]) > 20, tally
    said = whole[1]
    false = f"{float(said) + 1.5:.2f}"
    altered = text.replace(f"{said}元/公斤", f"{false}元/公斤", 1)
    _check(league, altered).sees("要改的", f"应为 {said}")
    assert false in league.page.locator(".notice.error").inner_text()


def the_feed_has_it(stranger: Visitor, where: str) -> None:
    answer = stranger.page.request.get(f"{stranger.url}/open/feed.atom")
    feed = answer.text()
    assert answer.status == 200 and "<feed" in feed
    entry = next((one for one in feed.split("<entry>") if where in one), "")
    assert "锡林郭勒盟" in entry and "2026年第46周" in entry, feed[:1500]


# --- what a hand does ------------------------------------------------------------------------


def _rows(office: Visitor) -> list[list[str]]:
    """The figures that crossed a limit: 品种和地区, 统计量和界限, then, now, firms."""
    table = office.page.locator("figure.table", has_text="提示时的数")
    found = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return [[str(cell) for cell in row] for row in found]


def _percent(text: str) -> float:
    return float(text.replace("−", "-").rstrip("%"))


def _unfold(office: Visitor, step: str) -> None:
    """Open a step's fold where it is not the first."""
    fold = office.page.locator(f"#{step} details")
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()


def _press_in(office: Visitor, step: str) -> Visitor:
    office.page.locator(f"#{step} button").click()
    office.page.wait_for_load_state()
    return office


def _check(league: Visitor, text: str) -> Visitor:
    league.open("/bulletins/check/")
    league.page.locator("#check-text").fill(text)
    return league.press("核对")
