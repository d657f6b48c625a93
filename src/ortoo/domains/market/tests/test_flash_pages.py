"""Pages of 急报: few taps for the office, one for the firm, nothing for the neighbour."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from ortoo.domains.market.tests.ordering_region import (
    FORM,
    HOUR,
    START,
    Clerks,
    acting,
    clerks,
    ordering,
)

__all__ = ["clerks", "ordering"]
OFFICE = "league-reviewer-parent"


def ask(world: Clerks, **changed: Any) -> Any:
    """Post the form as a browser would after one preset; `party`, `item` … replace."""
    sites = world.region.sites
    said = {
        "form": FORM, "key": "a" * 32, "title": "肉蛋库存", "due": str(START + 2 * HOUR),
        "item": ["0301", "0501"], "measure": ["stock"], "list": ["retail_necessities"],
    }  # fmt: skip
    assert sites
    return acting(changed.pop("login", OFFICE)).post("/flash/new/", {**said, **changed})


def test_one_preset_an_hour_and_the_list_are_ready_when_the_page_opens(ordering: Clerks) -> None:
    page = acting(OFFICE).get("/flash/new/").content.decode()
    assert "肉蛋菜库存" in page
    assert re.search(r'name="due" value="\d+" checked', page)
    assert re.search(r'name="list" value="retail_necessities" checked', page)
    assert page.count('name="item"') == 46
    # own and sibling report to this league; the planned city does not.
    assert "（2 家）" in page
    assert ordering.region.sites["planned"].mark not in page


def test_asking_leads_to_the_results_and_the_firm_confirms_in_one_tap(ordering: Clerks) -> None:
    world = ordering
    answer = ask(world)
    assert answer.status_code == 302
    where = answer["Location"]
    assert where == f"/flash/{FORM}/F2026-11-20-1030/"
    firm = acting("clerk-own")
    page = firm.get(f"{where}answer/").content.decode()
    assert "全部确认" in page and "5000.0" in page and "第46周" in page
    done = firm.post(f"{where}answer/", {"key": "b" * 32, "confirm": "all"})
    assert done.status_code == 302 and done["Location"].startswith("/receipts/")
    results = acting(OFFICE).get(where).content.decode()
    assert "已确认" in results and "5,000.0" in results
    assert world.region.sites["sibling"].mark in results
    assert "【急报】请以下 1 家企业" in results


def test_a_corrected_cell_stands_beside_what_was_known(ordering: Clerks) -> None:
    where = ask(ordering)["Location"]
    firm = acting("clerk-own")
    typed = {"key": "c" * 32, "c.0301.stock": "4200", "c.0501.stock": "断货"}
    assert firm.post(f"{where}answer/", typed).status_code == 302
    results = acting(OFFICE).get(where).content.decode()
    assert "已更正" in results and "4200.0" in results and "断货" in results
    assert "-800.0" in results or "−800.0" in results


def test_a_text_that_is_no_number_is_named_and_what_was_typed_stays(ordering: Clerks) -> None:
    where = ask(ordering)["Location"]
    typed = {"key": "d" * 32, "c.0301.stock": "很多", "c.0501.stock": "77"}
    again = acting("clerk-own").post(f"{where}answer/", typed)
    page = again.content.decode()
    assert again.status_code == 422
    assert "很多" in page and 'value="77"' in page and 'aria-invalid="true"' in page


@pytest.mark.parametrize("login", ["banner-reviewer-neighbour", "league-reviewer-neighbour-parent"])
def test_the_neighbour_meets_404_on_every_address(ordering: Clerks, login: str) -> None:
    where = ask(ordering)["Location"]
    client = acting(login)
    for address in (where, f"{where}export.csv", f"{where}answer/"):
        assert client.get(address).status_code in (403, 404), address
    assert client.post(f"{where}end/", {"reason": "x"}).status_code in (403, 404)
    listed = client.get("/flash/")
    assert listed.status_code == 200 and "肉蛋库存" not in listed.content.decode()


def test_another_firm_cannot_answer_and_a_stranger_is_sent_to_log_in(ordering: Clerks) -> None:
    where = ask(ordering)["Location"]
    other = acting("clerk-planned").post(f"{where}answer/", {"confirm": "all"})
    assert other.status_code == 404
    from django.test import Client

    stranger = Client(raise_request_exception=False)
    assert stranger.get(f"{where}answer/").status_code in (302, 401)
    assert stranger.post(f"{where}answer/", {"confirm": "all"}).status_code in (302, 401, 403)
    assert stranger.get("/flash/").status_code in (302, 401)


def test_naming_a_neighbours_firm_is_refused_even_by_a_hand_made_post(ordering: Clerks) -> None:
    firm = ordering.region.sites["neighbour"].firm
    answer = ask(ordering, list=[], party=[firm])
    assert answer.status_code == 403
    assert "不向本机关报送" in answer.content.decode()


def test_a_post_without_firms_or_with_a_past_hour_says_what_to_do(ordering: Clerks) -> None:
    assert "没有选中企业" in ask(ordering, list=[]).content.decode()
    assert "时限已过" in ask(ordering, due=str(START)).content.decode()
    assert "时限已过" in ask(ordering, due="abc").content.decode()


def test_the_same_post_twice_asks_once(ordering: Clerks) -> None:
    first, second = ask(ordering), ask(ordering)
    assert first["Location"] == second["Location"]
    assert acting(OFFICE).get("/flash/").content.decode().count("肉蛋库存") == 1


def test_withdrawing_takes_the_duty_from_the_firms_page(ordering: Clerks) -> None:
    where = ask(ordering)["Location"]
    done = acting(OFFICE).post(
        f"{where}end/", {"how": "withdraw", "reason": "误发", "key": "e" * 32}
    )
    assert done.status_code == 302
    page = acting("clerk-own").get(f"{where}answer/").content.decode()
    assert "已撤回" in page and "误发" in page and "全部确认" not in page


def test_the_export_holds_totals_and_every_firms_cells(ordering: Clerks) -> None:
    where = ask(ordering)["Location"]
    acting("clerk-own").post(f"{where}answer/", {"key": "f" * 32, "confirm": "all"})
    office = acting(OFFICE)
    text = office.get(f"{where}export.csv").content.decode("utf-8-sig")
    assert "可保供天数" in text and "已确认" in text
    assert f"{ordering.region.sites['own'].mark}," in text
    book = office.get(f"{where}export.xlsx").content
    from python_calamine import CalamineWorkbook

    sheets = CalamineWorkbook.from_filelike(io.BytesIO(book))
    rows = sheets.get_sheet_by_index(0).to_python()
    assert any("猪肉（精瘦肉）" in row and 5000.0 in row for row in rows)
