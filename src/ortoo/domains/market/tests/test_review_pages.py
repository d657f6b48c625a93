"""The reviewer's pages, by hand of a banner's and a league's reviewer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches

from ortoo.domains.market import review_selectors, services
from ortoo.domains.market.tests.review_week import (
    FORM,
    NOW,
    WEEK,
    ReviewWeek,
    at,
    client_of,
    clock_at,
    review_week,
)
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.grants.models import AccessEntry

BANNER, LEAGUE = "banner-reviewer-own", "league-reviewer-parent"


@pytest.fixture(autouse=True)
def site(settings, tmp_path) -> Iterator[None]:
    """These pages alone, in production mode, with keys of their own and the clock at 10:42."""
    settings.ROOT_URLCONF = "ortoo.domains.market.tests.review_week"
    settings.DEMO = False
    settings.KEYS = tmp_path
    settings.PLACE_PACK = "neimenggu"
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
        "ortoo.web.context.chrome",
    ]
    settings.TEMPLATES = templates
    clear_url_caches()
    with clock_at(NOW):
        yield
    clear_url_caches()


@pytest.fixture
def week(db: None) -> ReviewWeek:
    """own0 moved a lot, own1 and own2 calm, own3 and sib2 missing; sib0, sib1 filed."""
    found = review_week()
    found.file("own0", 0, now_ms=at("2026-11-23 08:10"), i0101=1800)
    found.file("own1", 1, now_ms=at("2026-11-23 08:20"))
    found.file("own2", 2, now_ms=at("2026-11-23 08:30"))
    for key, fen in (("sib0", 4), ("sib1", 5), ("planned0", 7)):
        found.file(key, fen, now_ms=at("2026-11-23 08:40"))
    return found


def address(week: ReviewWeek, office: str, rest: str = "") -> str:
    return f"/review/{FORM}/{WEEK}/{week.office(office)}/{rest}"


def page(client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.content.decode()[:400]
    return response.content.decode()


def view_of(week: ReviewWeek, login: str, office: str) -> review_selectors.Review:
    scope = week.region.scope(login)
    return review_selectors.review(scope, FORM, WEEK, week.office(office))


def cells(week: ReviewWeek, office: str, key: str) -> str:
    return address(week, office, f"{week.firms[key]}/")


def ask(client, week: ReviewWeek, office: str, key: str, **more: object):
    data = {
        "target": week.matter(key).state().effective,
        "cell": ["0101.price"],
        "question": "请核实大米价格",
    } | more
    return client.post(cells(week, office, key) + "query/", data)


def test_the_banner_sees_its_own_firms_with_counts_that_add_up(week: ReviewWeek) -> None:
    view = view_of(week, BANNER, "own")
    assert (view.owed, view.filed) == (4, 3)
    assert view.counts["pending"] == 3
    assert view.counts["missing"] == 1
    assert sum(view.counts.values()) == view.owed
    text = page(client_of(BANNER), address(week, "own"))
    assert "sib&lt;i&gt;" not in text
    assert "neighbour&lt;i&gt;" not in text


def test_the_league_sees_both_banners_and_what_waits_for_them(week: ReviewWeek) -> None:
    view = view_of(week, LEAGUE, "parent")
    assert (view.owed, view.filed, view.counts["below"]) == (7, 5, 5)
    assert view.unreviewed == 5
    text = page(client_of(LEAGUE), address(week, "parent"))
    assert "本级未审 5 家" in text
    assert "初审" in text
    assert "planned&lt;i&gt;" not in text


def test_the_region_reviews_the_city_that_reports_to_it_directly(week: ReviewWeek) -> None:
    view = view_of(week, "region-reviewer-root", "root")
    assert [row.party for row in view.rows] == [week.firms["planned0"]]
    assert view.rows[0].level == "审定"


def test_the_unreported_come_first_with_the_chase_text_and_lateness(week: ReviewWeek) -> None:
    text = page(client_of(BANNER), address(week, "own"))
    said = "请以下企业于今日12:00前完成第47周报送：own&lt;i&gt;超市&amp;3。"
    assert said in text
    assert text.index("own&lt;i&gt;超市&amp;3</a>") < text.index("own&lt;i&gt;超市&amp;0</a>")
    assert "2/2 期" in text
    assert "上次：换人" in text
    assert "计入汇总并标「存疑」；不删除、不改数" in text


def test_the_clerks_name_and_phone_stand_there_and_the_look_is_logged(week: ReviewWeek) -> None:
    text = page(client_of(BANNER), address(week, "own"))
    assert "乌云其木格" in text
    assert "tel:19900000101" in text
    assert "未登记" in text
    seen = AccessEntry.objects.filter(login=BANNER).values_list("what", "rows")
    assert set(seen) == {("review-matrix", 4), ("contacts", 1)}


def test_firms_names_and_reasons_are_escaped(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    for path in (
        address(week, "own"),
        address(week, "own", "?tab=queue"),
        address(week, "own", "accept/"),
        cells(week, "own", "own0"),
    ):
        text = page(client, path)
        assert "超市&amp;0" in text
        assert "<i>超市" not in text
        assert "产地<b>涨价" not in text


@pytest.mark.parametrize("rest", ["", "?tab=queue", "accept/"])
def test_another_office_is_refused(week: ReviewWeek, rest: str) -> None:
    for login in ("banner-reviewer-sibling", "league-reviewer-neighbour-parent", "clerk-own"):
        text = page(client_of(login), address(week, "own", rest), 403)
        assert "超市" not in text


def test_whoever_is_above_looks_but_does_not_speak_for_the_office(week: ReviewWeek) -> None:
    client = client_of(LEAGUE)
    assert "一键通过" not in page(client, address(week, "own"))
    response = client.post(address(week, "own", "accept/"), {"target": "x:1"})
    assert response.status_code == 403
    assert "NOT-YOUR-OFFICE" in response.content.decode()


def test_a_firm_of_another_office_is_not_found_here(week: ReviewWeek) -> None:
    page(client_of(BANNER), cells(week, "own", "sib0"), 404)
    page(client_of(BANNER), address(week, "own").replace(WEEK, "W2026-11-21"), 404)
    page(client_of(BANNER), address(week, "own").replace(WEEK, "nonsense"), 404)


def test_the_queue_puts_the_cell_that_moves_the_office_most_first(week: ReviewWeek) -> None:
    text = page(client_of(BANNER), address(week, "own", "?tab=queue"))
    assert "小包装大米" in text
    assert "产地&lt;b&gt;涨价" in text
    # 18.00, 11.01 and 11.02 against 11.00, 11.01 and 11.02: 700 / 4003.
    assert "174.9" in text
    assert "近8期" in text


def test_a_median_of_firms_beyond_the_readers_sight_is_rounded(week: ReviewWeek) -> None:
    path = cells(week, "own", "own0")
    assert "约11.0 " in page(client_of(BANNER), path)
    text = page(client_of("region-reviewer-root"), path)
    assert "约" not in text
    assert "11.04 " in text


def test_a_question_opens_the_clerks_duty_and_her_correction_closes_it(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    assert ask(client, week, "own", "own0").status_code == 302
    duty = Duty.objects.get(owner=week.firms["own0"], kind="answer")
    assert duty.closed_seq is None
    assert view_of(week, BANNER, "own").counts["queried"] == 1
    text = page(client, cells(week, "own", "own0"))
    assert "请核实大米价格" in text
    assert "核实待答复" in text
    week.file("own0", 0, now_ms=NOW + 1000, reason="单位填错")
    duty.refresh_from_db()
    assert duty.closed_seq is not None
    view = view_of(week, BANNER, "own")
    row = view.row_of(week.firms["own0"])
    assert (row.position, row.versions) == ("pending", 2)
    assert "修订 1 次" in page(client, address(week, "own"))


def test_the_bulk_acceptance_leaves_out_what_is_queried_and_locks_at_the_last_level(
    week: ReviewWeek,
) -> None:
    banner, league = client_of(BANNER), client_of(LEAGUE)
    ask(banner, week, "own", "own0")
    text = page(banner, address(week, "own", "accept/"))
    assert "将初审通过 2 家" in text
    assert "核实未答复（1 处" in text
    assert f"{week.firms['own0']}:" not in text
    accept_all(banner, week, "own")
    view = view_of(week, BANNER, "own")
    assert (view.counts["passed"], view.counts["queried"], view.counts["missing"]) == (2, 1, 1)
    text = page(league, address(week, "parent", "accept/"))
    assert "将审定通过 2 家" in text
    assert "尚未初审" in text
    accept_all(league, week, "parent")
    assert week.matter("own1").state().locked
    assert not week.matter("own0").state().locked
    assert view_of(week, LEAGUE, "parent").counts["settled"] == 2


def accept_all(client, week: ReviewWeek, office: str, **more: str):
    response = client.get(address(week, office, "accept/"))
    rows = response.context["included"]
    targets = [f"{line['row'].party}:{line['row'].state.effective}" for line in rows]
    answer = client.post(address(week, office, "accept/"), {"target": targets} | more)
    assert answer.status_code == 302, answer.content.decode()
    return answer


def test_a_return_queried_in_the_meantime_is_not_swept_up(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    targets = [f"{week.firms[k]}:{week.matter(k).state().effective}" for k in ("own0", "own1")]
    ask(client, week, "own", "own0")
    response = client.post(address(week, "own", "accept/"), {"target": targets})
    assert response.status_code == 409
    assert "REVIEW-QUERIED" in response.content.decode()
    assert not week.matter("own1").state().accepted


def test_one_queried_return_is_passed_only_when_that_is_said(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    ask(client, week, "own", "own0")
    target = f"{week.firms['own0']}:{week.matter('own0').state().effective}"
    path = address(week, "own", "accept/")
    assert client.post(path, {"target": target}).status_code == 409
    assert client.post(path, {"target": target, "despite": "1"}).status_code == 302
    assert week.matter("own0").state().accepted_by(week.office("own"))


@pytest.mark.parametrize("corrected_at_the_last_moment", [False, True])
def test_a_stale_acceptance_names_the_firm_and_accepts_nobody(
    week: ReviewWeek, corrected_at_the_last_moment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(BANNER)
    targets = [f"{week.firms[k]}:{week.matter(k).state().effective}" for k in ("own1", "own2")]
    accept = services.accept

    def late(**given):
        week.file("own2", 3, now_ms=NOW + 1000, reason="录入有误")
        return accept(**given)

    if corrected_at_the_last_moment:
        monkeypatch.setattr(services, "accept", late)
    else:
        week.file("own2", 3, now_ms=NOW + 1000, reason="录入有误")
    response = client.post(address(week, "own", "accept/"), {"target": targets})
    text = response.content.decode()
    assert response.status_code == 409
    assert "REVIEW-STALE" in text
    assert "own&lt;i&gt;超市&amp;2" in text
    assert "超市&amp;1" not in text
    assert "刷新名单" in text
    assert not week.matter("own1").state().accepted


def test_posting_the_acceptance_twice_files_it_once(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    targets = [f"{week.firms['own1']}:{week.matter('own1').state().effective}"]
    for _ in range(2):
        response = client.post(address(week, "own", "accept/"), {"target": targets})
        assert response.status_code == 302
    assert len(read.rows("form = 'K-ACCEPT'", [])) == 1


def test_concluding_names_the_unreported_and_closes_the_offices_duty(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    accept_all(client, week, "own", conclude="1", note="已电话联系")
    body = json.loads(read.rows("form = 'K-ACCEPT'", [])[0].body)
    assert body["conclude"] is True
    assert body["note"] == "办结时未报 1 家：own<i>超市&3。已电话联系"
    duty = Duty.objects.get(kind="review", place=week.office("own"), period=WEEK)
    assert duty.closed_seq is not None
    assert "办结" in page(client, address(week, "own"))


def test_sending_back_needs_a_reason_and_reopens_the_firms_return(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    path = cells(week, "own", "own2") + "send-back/"
    target = week.matter("own2").state().effective
    assert client.post(path, {"target": target, "reason": " "}).status_code == 422
    assert client.post(path, {"target": target, "reason": "整表少填"}).status_code == 302
    view = view_of(week, BANNER, "own")
    assert view.counts["returned"] == 1
    assert "整表少填" in page(client, cells(week, "own", "own2"))
    assert Duty.objects.filter(
        owner=week.firms["own2"], kind="refile", closed_seq__isnull=True
    ).exists()


def test_a_question_without_cells_or_with_a_strange_one_is_refused(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    assert ask(client, week, "own", "own0", cell=[]).status_code == 422
    assert ask(client, week, "own", "own0", cell=["9999.price"]).status_code == 422
    answer = ask(client, week, "own", "own0", question=" ", suggestion="请核对小数点")
    assert answer.status_code == 302
    assert "请核对小数点" in page(client, cells(week, "own", "own0"))


def test_the_chase_is_logged_for_firms_that_are_still_missing(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    path = address(week, "own", "chase/")
    everyone = [week.firms[key] for key in ("own0", "own3", "sib2")]
    assert client.post(path, {"party": everyone}).status_code == 302
    body = json.loads(read.rows("form = 'K-CHASE'", [])[0].body)
    assert body["parties"] == [week.firms["own3"]]
    assert "已登记催报 1 次，最近 11月23日 10:42" in page(client, address(week, "own"))
    assert client.post(path, {"party": [week.firms["own0"]]}).status_code == 409


def test_filters_and_orders_keep_to_what_they_say(week: ReviewWeek) -> None:
    client = client_of(BANNER)
    text = page(client, address(week, "own", "?show=missing&sort=name"))
    assert "未报 1 家" in text
    assert "超市&amp;1</a>" not in text
    for sort in ("place", "name", "time", "nonsense"):
        assert "全部 4 家" in page(client, address(week, "own", f"?sort={sort}"))


@pytest.mark.parametrize("rest", ["", "?tab=queue", "accept/"])
@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_firms(rest: str) -> None:
    from django.db import connection

    from ortoo.domains.market import observations

    counted = []
    week = review_week(own=3, sibling=8)
    for key, fen in (("own0", 0), *((f"sib{n}", 3 + n) for n in range(8))):
        week.file(key, fen, now_ms=at("2026-11-23 08:00"), i0101=1800)
    for login, office in ((BANNER, "own"), (LEAGUE, "parent")):
        client = client_of(login)
        page(client, address(week, office, rest))
        observations.forget()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(client, address(week, office, rest))
        counted.append(len(queries))
    assert counted[0] == counted[1]
    assert counted[0] < 60
