"""Pages of alerts: the list, the evidence, the replay, the steps over HTTP, closed doors."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from ortoo.domains.market.alerts.tests.alert_week import NOW, AlertWeek, alert_week
from ortoo.domains.market.tests.review_week import client_of, clock_at

pytestmark = pytest.mark.django_db
LEAGUE, REGION = "league-reviewer-parent", "region-reviewer-root"
NEIGHBOUR = "league-reviewer-neighbour-parent"


@pytest.fixture
def world():  # type: ignore[no-untyped-def]
    with clock_at(NOW):
        found = alert_week()
        found.shock()
        found.raised()
        yield found


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def address(world: AlertWeek) -> str:
    alert = world.alert()
    return f"/alerts/{alert.place}/{alert.case}/"


def test_the_list_is_empty_before_and_says_what_fills_it() -> None:
    with clock_at(NOW):
        alert_week()
        assert "没有市场异动" in text(client_of(LEAGUE), "/alerts/")


def test_the_list_filters_and_gives_a_file(world: AlertWeek) -> None:
    page = text(client_of(LEAGUE), "/alerts/")
    assert "黄色·Ⅲ级" in page and "电话报告，" in page and "未核" in page
    assert "没有符合条件的异动" in text(client_of(LEAGUE), "/alerts/?sort=glut")
    assert client_of(LEAGUE).get("/alerts/?level=9").status_code == 400
    assert "蔬菜脱销" in text(client_of(REGION), "/alerts/?export=csv")


def test_the_evidence_names_rule_table_figures_firms_and_reviews(world: AlertWeek) -> None:
    page = text(client_of(LEAGUE), address(world))
    for said in ("两个以上旗县蔬菜一周内涨三成", "未核", "NM-DRAFT 第 1 版", "+40.", "待审"):
        assert said in page, said
    assert "own&lt;i&gt;超市" in page and "own<i>" not in page
    behind = re.search(r'href="(/figures/SCJC-W1/[^"]+/filings/\?basis=all)"', page)
    review = re.search(r'href="(/review/SCJC-W1/[^"]+)"', page)
    filing = re.search(r'href="(/filings/\d+/)"', page)
    assert behind and review and filing
    for found in (behind, review, filing):
        assert client_of(LEAGUE).get(found[1]).status_code == 200, found[1]


def test_a_reader_of_aggregates_sees_the_alert_and_no_firm(world: AlertWeek) -> None:
    page = text(client_of("region-reader-root"), address(world))
    assert "蔬菜脱销" in page and "<i>" not in page and "&lt;i&gt;" not in page
    assert not re.search(r'href="/filings/[0-9]', page)
    assert "最大" not in page, "a county's largest rise may be one shop's"


def test_neighbours_clerks_and_strangers_are_turned_away(world: AlertWeek) -> None:
    where = address(world)
    assert client_of(NEIGHBOUR).get(where).status_code == 404
    assert client_of(NEIGHBOUR).post(where, {"act": "verify"}).status_code == 404
    assert Client().get("/alerts/").status_code in (302, 401)
    assert client_of(REGION).post(where, {"act": "close", "text": "x"}).status_code == 403


def test_the_page_of_a_day_shows_what_was_known_then(world: AlertWeek) -> None:
    where, index = address(world), world.alert().newest.log_index
    for key in ("own0", "own1", "sib0", "sib1"):
        world.file(key, 100, now_ms=NOW, reason="更正")
    now = text(client_of(LEAGUE), where)
    assert "已回到界限以内" in now and "未达界限" in now
    # The raise itself stands behind the index it cites; the page's own link names that index.
    assert f'href="?as_of={index}"' in now
    then = text(client_of(LEAGUE), f"{where}?as_of={index}")
    assert then.count("仍达到界限") == 1
    then = text(client_of(LEAGUE), f"{where}?as_of={world.alert().newest.seq}")
    assert "当时已收到的报件重新计算" in then and "仍达到界限" in then and "未达界限" not in then
    assert text(client_of(LEAGUE), f"{where}?as_of=2026-11-23")
    assert client_of(LEAGUE).get(f"{where}?as_of={index - 20}").status_code == 404
    assert client_of(LEAGUE).get(f"{where}?as_of=yesterday").status_code == 400


def test_the_story_over_http_from_the_drafted_report_to_the_end(world: AlertWeek) -> None:
    where, league = address(world), client_of(LEAGUE)
    page = text(league, where)
    assert "三、品种及涨跌" in page and "八、原因：【待填】" in page
    blank = {"act": "report", "step": "report", "cause": "雪", "done": "调运", "text": "【待填】"}
    answer = league.post(where, blank)
    assert answer.status_code == 422 and "ALERT-REPORT-BLANK" in answer.content.decode()
    posts: list[dict[str, object]] = [
        {"act": "verify", "outcome": "confirmed", "text": "属实"},
        {
            "act": "phone", "from_post": "值班", "to_post": "值班室", "text": "涨价",
            "called_at": "2026-11-23T10:55",
        },
        {**blank, "text": "全文"},
        {"act": "measures", "measure": ["release"], "text": "投放"},
        {"act": "close", "text": "回落"},
    ]  # fmt: skip
    for post in posts:
        assert league.post(where, post).status_code == 302, post
    page = text(league, where)
    assert "已解除" in page and "储备投放" in page and 'name="act"' not in page
    assert league.post(where, {"act": "close", "text": "再点"}).status_code == 409


def test_the_tables_are_shown_with_where_they_are_law(world: AlertWeek) -> None:
    page = text(client_of(LEAGUE), "/alerts/rules/")
    assert "乌鲁木齐市" in page and "本地区不运行" in page and "1 小时电话" in page
