from __future__ import annotations

import csv
import io

import pytest

from ortoo.domains.market.tests.figures_world import CASE, FORM, FiguresWorld, figures_world
from ortoo.domains.market.web.exports import RISKY, safe

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def rows(world: FiguresWorld, query: str = "", login: str = "region-reviewer-root"):
    response = world.client(login).get(world.path(f"export.csv{query}"))
    assert response.status_code == 200
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_csv_says_what_it_is_of_when_on_which_basis_and_from_whom(world):
    head = dict(line for line in rows(world) if len(line) == 2)
    assert head["报告期"].startswith("2026年第47周") and head["口径"] == "仅已审核"
    assert head["截至"] == "截至2026年11月29日口径" and head["来源"]
    assert "演示数据" not in head


def test_the_same_numbers_as_on_the_screen(world):
    line = next(line for line in rows(world) if line and line[0] == "牛肉（腿肉）")
    assert line[1] == CASE["expect"]["root.0303"]
    assert line[5] == CASE["expect"]["matched"] and line[6] == CASE["expect"]["plain"]


def test_hidden_figures_are_marked_with_their_reason(world):
    shown = rows(world, login="clerk-own")
    line = next(line for line in shown if line and line[0] == "羊肉（腿肉）")
    assert line[1] == "保密" and line[-1] == "不足3家"
    assert not any("73.25" in cell for line in shown for cell in line)


def test_a_unit_exports_its_banners_only_inside_the_scope(world):
    query = f"?unit={world.place('parent')}&item=0303"
    inside = rows(world, query, "league-reviewer-parent")
    assert any("67.32" in line for line in inside)
    outside = rows(world, query, "league-reviewer-neighbour-parent")
    assert not any("67.32" in line for line in outside)


def test_the_watermark_stands_in_a_demonstration(world, settings):
    settings.DEMO = True
    assert rows(world)[0] == ["演示数据", "模拟世界生成，不是真实统计"]


@pytest.mark.parametrize("start", RISKY)
def test_no_text_is_taken_for_a_formula(start):
    assert safe(f"{start}cmd|' /C calc'!A0").startswith("'")


def test_a_name_like_a_formula_is_harmless_in_both_files(world, monkeypatch):
    from python_calamine import CalamineWorkbook

    from ortoo.domains.market.web import exports

    real = exports.place_name
    monkeypatch.setattr(exports, "place_name", lambda code, **k: '=HYPERLINK("http://x")')
    line = dict(one for one in rows(world) if len(one) == 2)["标题"]
    assert line.startswith("'=HYPERLINK")
    response = world.client("region-reviewer-root").get(world.path("export.xlsx"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.content))
    cells = book.get_sheet_by_index(0).to_python()
    assert cells[0][1].startswith("=HYPERLINK"), "written as text"
    assert b"<f>" not in response.content
    assert real(world.root)


def test_excel_holds_numbers_as_numbers(world):
    from python_calamine import CalamineWorkbook

    response = world.client("region-reviewer-root").get(world.path("export.xlsx"))
    assert response["Content-Disposition"].startswith("attachment")
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.content))
    cells = book.get_sheet_by_index(0).to_python()
    line = next(line for line in cells if line[0] == "牛肉（腿肉）")
    assert line[1] == float(CASE["expect"]["root.0303"])
    # The last holds what the reviewing chain sees besides: sums of sales and stock.
    assert len(book.sheet_names) == 7


def test_other_kinds_do_not_exist(world):
    assert world.client("region-reviewer-root").get(world.path("export.pdf")).status_code == 404
    assert world.client("").get(f"/figures/{FORM}/W2026-11-28/export.csv").status_code == 403
