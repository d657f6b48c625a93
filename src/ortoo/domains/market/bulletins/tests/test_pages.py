from __future__ import annotations

import re

import pytest

from ortoo.domains.market.bulletins import records, services
from ortoo.domains.market.bulletins.services import Written
from ortoo.domains.market.tests.figures_world import NOW_MS, FiguresWorld, figures_world
from ortoo.kernel.filings.refusal import Refused

pytestmark = pytest.mark.django_db
OFFICE, OTHER = "region-reviewer-root", "league-reviewer-parent"


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def get(world: FiguresWorld, path: str, login: str = OFFICE, status: int = 200):
    response = world.client(login).get(path)
    assert response.status_code == status, response.content.decode()[:2000]
    return response


def post(world: FiguresWorld, path: str, data: dict[str, object], login: str = OFFICE):
    return world.client(login).post(path, data)


def code(world: FiguresWorld) -> str:
    return f"{world.root}-{world.period()}-1"


def drafted(world: FiguresWorld) -> str:
    answer = post(
        world, f"/bulletins/new/?period={world.period()}", {"cause-ME": "天气<转>冷", "outlook": ""}
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert answer["Location"] == f"/bulletins/{code(world)}/"
    return answer["Location"]


def published(world: FiguresWorld) -> str:
    path = drafted(world)
    for what in ("sign", "publish"):
        seq = records.bulletin(world.region.scope(OFFICE), code(world)).seq
        assert post(world, f"{path}act/", {"what": what, "target": seq}).status_code == 302
    return path


def test_an_empty_list_says_what_to_do_and_offers_the_weeks_to_draft(world) -> None:
    html = get(world, "/bulletins/").content.decode()
    assert "还没有公报" in html and "起草" in html
    assert "起草 " not in get(world, "/bulletins/", "").content.decode()


def test_a_week_without_reviewed_returns_offers_another_week(world, monkeypatch) -> None:
    def nothing(*_: object, **__: object) -> object:
        raise Refused("BULLETIN-EMPTY", "这一周没有可写入公报的数。", "请选择另一周。", 409)

    monkeypatch.setattr(services, "composed", nothing)
    html = get(world, f"/bulletins/new/?period={world.period()}", status=409).content.decode()
    assert "BULLETIN-EMPTY" in html and "换一周" in html and "保存草稿" not in html


def test_the_first_page_offers_the_newest_issued_week_until_it_is_drafted(world) -> None:
    assert "起草公报" in get(world, "/").content.decode()
    drafted(world)
    html = get(world, "/").content.decode()
    assert "起草公报" not in html and "签发" in html and "市场运行情况，" in html


def test_from_draft_to_publication_over_http_and_everyone_reads_it(world) -> None:
    path = drafted(world)
    get(world, path, OTHER, 404)
    get(world, path, "", 404)
    published_path = path
    for what in ("sign", "publish"):
        seq = records.bulletin(world.region.scope(OFFICE), code(world)).seq
        post(world, f"{published_path}act/", {"what": what, "target": seq})
    html = get(world, path, "").content.decode()
    assert "64.47" in html and "天气&lt;转&gt;冷" in html
    assert "办理过程" not in html and "三种篇幅" not in html


def test_every_number_of_the_text_opens_its_figures_inside_the_chain_only(world) -> None:
    path = published(world)
    inside = get(world, path).content.decode()
    link = re.search(r'<a class="figure" href="([^"]+)" title="([^"]+)">64\.47</a>', inside)
    assert link is not None and "号" in link[2]
    get(world, link[1])
    assert 'class="figure"' not in get(world, path, "").content.decode()


def test_two_saves_at_once_keep_both_texts_on_the_page(world) -> None:
    path = drafted(world)
    scope = world.region.scope(OFFICE)
    first = records.bulletin(scope, code(world))
    services.edit(
        scope=scope, bulletin=first, base=first.seq, written=Written({"ME": "他人写的"}),
        now_ms=NOW_MS,
    )  # fmt: skip
    answer = post(world, f"{path}edit/", {"base": first.seq, "cause-ME": "我写的"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "BULLETIN-STALE" in html and "他人写的" in html and "我写的" in html


def test_a_preview_files_nothing(world) -> None:
    path = drafted(world)
    before = records.bulletin(world.region.scope(OFFICE), code(world)).seq
    html = post(world, f"{path}edit/", {"base": before, "cause-ME": "长" * 50, "preview": "1"})
    assert html.status_code == 200
    assert records.bulletin(world.region.scope(OFFICE), code(world)).seq == before


@pytest.mark.parametrize("kind", ["pdf", "docx", "txt"])
def test_a_published_bulletins_files_are_everyones_and_a_drafts_are_not(world, kind) -> None:
    if kind == "pdf":
        pytest.importorskip("typst", reason="extra documents is not installed")
    if kind == "docx":
        pytest.importorskip("docx", reason="extra documents is not installed")
    path = drafted(world)
    get(world, f"{path}file.{kind}", "", 404)
    get(world, f"{path}file.{kind}", OTHER, 404)
    for what in ("sign", "publish"):
        seq = records.bulletin(world.region.scope(OFFICE), code(world)).seq
        post(world, f"{path}act/", {"what": what, "target": seq})
    content = get(world, f"{path}file.{kind}", "").content
    start = {"pdf": b"%PDF-", "docx": b"PK", "txt": "据监测".encode()}[kind]
    assert content.startswith(start)


def test_the_year_of_adoptions_and_its_file(world) -> None:
    path = published(world)
    said = {
        "key": "a" * 32, "version": "wechat", "outlet": "某日报", "level": "league",
        "day": "2026-11-29",
    }  # fmt: skip
    assert post(world, f"{path}adopted/", said).status_code == 302
    html = get(world, "/bulletins/adopted/?year=2026").content.decode()
    assert "某日报" in html and "微信稿" in html
    file = get(world, "/bulletins/adopted/?year=2026&export=csv").content.decode("utf-8-sig")
    assert "某日报" in file and "计分" in file
    assert "某日报" not in get(world, "/bulletins/adopted/", OTHER).content.decode()


def test_another_agencys_table_is_pasted_and_a_bad_line_keeps_what_was_typed(world) -> None:
    said = {
        "agency": "发改委", "source": "网址", "day": "2026-11-20", "unit": "元/500克",
        "prices": "牛肉,三十",
    }  # fmt: skip
    answer = post(world, "/bulletins/other-prices/", {**said, "prices": "牛肉,3a"})
    assert answer.status_code == 422 and "牛肉,3a" in answer.content.decode()
    assert (
        post(world, "/bulletins/other-prices/", {**said, "prices": "牛肉,32.88"}).status_code == 302
    )
    html = get(world, "/bulletins/other-prices/").content.decode()
    assert "65.76" in html and "元/500克" in html and "64.47" in html
    assert "65.76" not in get(world, "/bulletins/other-prices/", OTHER).content.decode()


def test_a_week_that_is_none_and_an_unknown_act_are_refused(world) -> None:
    get(world, "/bulletins/new/?period=M2026-11", status=404)
    path = drafted(world)
    assert post(world, f"{path}act/", {"what": "burn", "target": 1}).status_code == 400
    assert post(world, f"{path}act/", {"what": "sign", "target": "x"}).status_code == 409


def test_strangers_and_other_offices_write_nothing(world) -> None:
    path = drafted(world)
    for login in ("", OTHER, "clerk-own"):
        for rest in ("act/", "edit/", "correct/", "adopted/"):
            answer = post(world, path + rest, {"what": "sign", "target": 1}, login)
            assert answer.status_code in (302, 401, 403, 404)
            assert "login" in answer["Location"] if answer.status_code == 302 else True
    assert records.bulletin(world.region.scope(OFFICE), code(world)).stage == records.SIGN
