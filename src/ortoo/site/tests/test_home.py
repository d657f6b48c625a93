from __future__ import annotations

import pytest
from django.test import Client

from ortoo.kernel.grants.models import Account
from ortoo.kernel.parties.models import Party
from ortoo.site import demo_clock
from ortoo.site.home_office import _short
from ortoo.site.tests.demo_fixtures import entered


def page(login: str) -> str:
    return entered(login).get("/").content.decode()


def test_strangers_find_the_way_in_and_every_role_with_what_to_try(demo):
    text = Client().get("/").content.decode()
    assert "登录" in text and "存证查验" in text
    for account in Account.objects.filter(demo=True):
        assert f"/demo/login/{account.login}/" in text
    assert "还有一张周报没有报" in text


def test_every_role_logs_in_by_one_click(demo):
    for account in Account.objects.filter(demo=True):
        assert entered(account.login).get("/").status_code == 200, account.login


def test_the_clerk_sees_one_return_owed_and_the_time_left(demo):
    text = page("clerk")
    assert "本期应报 1 张" in text and "距截止 1 小时" in text and "填报" in text
    assert "本期审核" not in text


def test_the_clerk_who_was_asked_sees_the_question_first(demo):
    text = page("clerk-asked")
    assert "核实待答复" in text and "本期应报 1 张" not in text


def test_after_the_deadline_the_card_says_so(demo):
    demo_clock.forward(demo_clock.now_ms() + 3 * demo_clock.HOUR_MS)
    assert "逾期未报" in page("clerk")


def test_the_reviewer_sees_the_matrix_in_a_line_before_anything_was_filed_to_her(demo):
    text = page("banner")
    assert "本期审核" in text and "应报" in text and "未报" in text


def test_a_reviewer_sees_only_the_firms_that_report_to_her(demo):
    page = entered("banner").get("/").content.decode()
    # Above stands the demonstration's own list of roles, which names their firms.
    mine = page.partition("<main")[2]
    assert mine
    for name, place in Party.objects.filter(kind="enterprise").values_list("name", "place"):
        if place != "152502":
            assert name not in mine


def test_the_league_does_not_see_the_city_that_reports_to_the_region(demo):
    text = page("league")
    names = Party.objects.filter(kind="enterprise", place="152501").values_list("name", flat=True)
    assert names and not any(name in text for name in names)
    assert "二连浩特市" in page("planned-erenhot")


def test_the_region_sees_how_far_every_reporting_unit_has_come(demo):
    text = page("region")
    assert "报送进度" in text and "锡林郭勒盟" in text and "二连浩特市" in text
    assert "报送进度" in page("reader")


def test_the_operator_sees_jobs_and_no_figure_of_anybody(demo):
    text = page("operator")
    assert "任务进度" in text and "报送进度" not in text
    names = Party.objects.filter(kind="enterprise").values_list("name", flat=True)
    # The bar of the demonstration names the firms of its own roles.
    body = text[text.index("<main") :]
    assert not any(name in body for name in names)


def test_the_navigation_follows_the_role(demo):
    assert "我的报表" in page("clerk") and "我的报表" not in page("banner")
    assert 'aria-current="page"' in page("clerk")


def test_about_says_what_is_simulated_and_under_which_licence(demo):
    text = Client().get("/about/").content.decode()
    assert "不是真实统计" in text and "Apache-2.0" in text and "示意图" in text
    assert "granian" in text


def test_outside_a_demonstration_no_role_is_offered(demo, settings):
    settings.DEMO = False
    text = Client().get("/").content.decode()
    assert "/demo/login/" not in text and "演示时钟" not in text


@pytest.mark.parametrize(
    ("say", "short"),
    [
        ("价格由{a}变为{b}，约为两倍或一半，疑为斤与公斤混用。", "疑为斤与公斤混用"),
        ("价格由{a}变为{b}，变动{c}，超过本品种本季界限{d}。", "超过本品种本季界限"),
    ],
)
def test_a_rule_is_said_in_its_last_clause(say, short):
    assert _short(say) == short
