"""Pages of the sample: whole story over HTTP, files, search, and closed doors."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import quote

import pytest
from django.test import Client

from ortoo.domains.market import services as market
from ortoo.domains.market.sample import frame, matters
from ortoo.domains.market.sample.rules import members_in
from ortoo.domains.market.sample.tests.sample_week import NEXT, NOW, SampleWeek, sample_week
from ortoo.domains.market.tests.review_week import FORM, WEEK, client_of, clock_at
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db
HOME = f"/samples/{market.SAMPLE}/"
LEAGUE, REGION = "league-reviewer-parent", "region-reviewer-root"


@pytest.fixture
def world():  # type: ignore[no-untyped-def]
    with clock_at(NOW):
        yield sample_week()


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def nominate(world: SampleWeek, **changes: str) -> str:
    """Nominate over HTTP; the address of the matter."""
    data = {
        "key": "page-1", "kind": "replace", "period": f"{FORM}|{NEXT}|", "reason": "停业",
        "leave": world.firm("own0"), "join": world.spare["own"], "stratum": "", "note": "",
    }  # fmt: skip
    answer = client_of(LEAGUE).post(f"{HOME}nominate/", data | changes)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def test_a_change_is_nominated_agreed_approved_and_stands_in_the_list(world: SampleWeek) -> None:
    where = nominate(world)
    region = client_of(REGION)
    assert "等待本单位办理 1 件" in text(region, "/samples/")
    assert "待复核" in text(region, where)
    region.post(where, {"act": "pass", "step": "agree"})
    assert "待核准" in text(region, where)
    region.post(where, {"act": "pass", "step": "approve", "approval": "国统制〔2026〕1号"})
    page = text(region, where)
    assert "已核准" in page and "国统制〔2026〕1号" in page and "K-LIST" in page
    assert world.spare["own"] in members_in(frame.tenures(market.SAMPLE), parse(NEXT))
    listed = text(client_of(LEAGUE), f"{HOME}?on=2026-11-25")
    assert "候选&lt;b&gt;own超市" in listed and "<b>own" not in listed
    assert world.firm("own0") not in listed
    assert world.firm("own0") in text(client_of(LEAGUE), f"{HOME}?on=2026-11-20")


def test_a_nomination_that_cannot_be_keeps_what_was_typed(world: SampleWeek) -> None:
    data = {
        "key": "k", "kind": "replace", "period": f"{FORM}|{WEEK}|", "reason": "停业很久",
        "leave": world.firm("own0"), "join": world.spare["own"], "stratum": "", "note": "说明",
    }  # fmt: skip
    answer = client_of(LEAGUE).post(f"{HOME}nominate/", data)
    page = answer.content.decode()
    assert answer.status_code == 409 and "SAMPLE-PERIOD-OPEN" in page
    assert "停业很久" in page and 'value="说明"' in page
    assert matters.matters(world.region) == []


def test_asking_back_and_amending_over_http(world: SampleWeek) -> None:
    where, region = nominate(world), client_of(REGION)
    region.post(where, {"act": "ask", "reason": "请附证明"})
    league = client_of(LEAGUE)
    assert "请附证明" in text(league, where) and "请附证明" in text(league, f"{where}amend/")
    answer = league.post(
        f"{where}amend/",
        {
            "key": "k2", "kind": "replace", "period": f"{FORM}|{NEXT}|", "reason": "停业，有证明",
            "leave": world.firm("own0"), "join": world.spare["sib"], "stratum": "", "note": "",
            "amendment": "补了证明",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert "待复核" in text(region, where) and "停业，有证明" in text(region, where)


def test_a_midweek_replacement_shows_what_it_did(world: SampleWeek) -> None:
    where, region = nominate(world, period=f"{FORM}|{WEEK}|now"), client_of(REGION)
    region.post(where, {"act": "pass", "step": "agree"})
    region.post(where, {"act": "pass", "step": "approve", "approval": "1号"})
    page = text(region, where)
    assert "本期免报（第" in page and "已开应报（第" in page and "本期尚未落实" not in page
    matrix = text(client_of(LEAGUE), f"/review/{FORM}/{WEEK}/{world.week.office('parent')}/")
    assert "候选&lt;b&gt;own超市" in matrix


def test_the_rotation_page_drafts_and_files_nothing(world: SampleWeek) -> None:
    page = text(client_of(LEAGUE), f"{HOME}nominate/?rotate=70")
    assert "例行轮换，保留 70%" in page and page.count(" selected>") >= 4
    assert matters.matters(world.region) == []


def test_the_list_is_searched_and_exported(world: SampleWeek) -> None:
    league = client_of(LEAGUE)
    assert "sib" not in text(league, f"{HOME}?q={quote('own<i>超市')}").split("<table", 1)[1]
    assert world.spare["own"] in text(league, f"{HOME}?tab=candidates")
    csv = league.get(f"{HOME}export.csv").content.decode("utf-8-sig")
    assert world.firm("own0") in csv and world.firm("neighbour0") not in csv
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(BytesIO(league.get(f"{HOME}export.xlsx").content))
    rows = book.get_sheet_by_index(0).to_python()
    assert any(world.firm("own0") in row for row in rows)


def test_a_seat_tells_its_story(world: SampleWeek) -> None:
    nominate(world)
    page = text(client_of(LEAGUE), f"{HOME}seats/{world.firm('own0')}/")
    assert "推荐移出" in page and "2026-01-01" in page


@pytest.mark.parametrize("login", ["clerk-own", "operator-root", "region-reader-root"])
def test_who_may_see_no_firm_gets_no_list(world: SampleWeek, login: str) -> None:
    client = client_of(login)
    for path in ("/samples/", HOME, f"{HOME}export.csv", f"{HOME}seats/{world.firm('own0')}/"):
        assert client.get(path).status_code == 403, path


def test_the_neighbours_bureau_finds_every_door_closed(world: SampleWeek) -> None:
    where = nominate(world)
    other = client_of("league-reviewer-neighbour-parent")
    assert other.get(where).status_code == 404
    assert other.get(f"{where}amend/").status_code == 404
    assert other.post(where, {"act": "withdraw", "reason": "x"}).status_code == 404
    assert other.get(f"{HOME}seats/{world.firm('own0')}/").status_code == 404
    assert "own0" not in text(other, HOME) and where not in text(other, f"{HOME}?tab=changes")
    assert client_of(LEAGUE).post(where, {"act": "pass", "step": "agree"}).status_code == 403
    banner = client_of("banner-reviewer-own")
    assert banner.get(where).status_code == 404
    assert banner.get(f"{HOME}nominate/").status_code == 403


def test_unknown_lists_days_and_acts_are_refused_with_a_code(world: SampleWeek) -> None:
    league = client_of(LEAGUE)
    assert league.get("/samples/nobody/").status_code == 404
    assert league.get(f"{HOME}?on=tomorrow").status_code == 400
    where = nominate(world)
    assert league.post(where, {"act": "burn"}).status_code == 422
    assert Client().get(HOME).status_code in (302, 401)
