"""「复制到统一平台」 and its way back: the block, the firm's import, the bureau's comparison."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from ortoo.connectors.sheets import read_sheets
from ortoo.domains.market.tests.clerk_region import FORM, PERIOD, Clerks, page, usual_grid
from ortoo.domains.market.tests.workbook_region import clerks, desk, sent
from ortoo.kernel.filings import read
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.registry import get

__all__ = ["clerks", "desk"]


def export(rows: list[tuple[str, str, str, str]], period: str = "") -> bytes:
    """A table of the platform: code, name, good, price."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        head = ["统一社会信用代码", "企业名称", "商品名称", "零售价格（元/公斤）", "报告期"]
        for line, row in enumerate([head, *([*row, period] for row in rows)]):
            for column, text in enumerate(row):
                sheet.write_string(line, column, text)
    return out.getvalue()


def firm(desk: Clerks, key: str = "own") -> Any:
    return desk.region.sites[key]


def compare_address(desk: Clerks, key: str = "parent") -> str:
    return f"/platform/{FORM}/{PERIOD}/{firm(desk, key).place}/"


@pytest.mark.django_db
def test_the_filed_return_is_a_block_of_the_platforms_rows_that_says_it_is_unverified(
    desk: Clerks,
) -> None:
    client = desk.client()
    before = client.get(page("platform")).content.decode()
    assert "本期还没有报送" in before and "platform-text" not in before
    assert client.get(f"{page('platform')}block.xlsx").status_code == 409
    desk.file()
    answer = client.get(page("platform"))
    text = answer.content.decode()
    assert "顺序待核" in text
    block = answer.context["text"].split("\n")
    assert len(block) == len(get(FORM).leaves)
    assert block[6].split("\t")[0] == "52.00"
    book = read_sheets(client.get(f"{page('platform')}block.xlsx").content, "x.xlsx")[0].rows
    assert any("顺序待核" in cell for row in book for cell in row)
    pork = next(row for row in book if row[1] == "猪肉（精瘦肉）")
    assert float(pork[3]) == 52 and usual_grid().cell(get(FORM), "0301", "price") == 5200


@pytest.mark.django_db
def test_a_firms_own_export_becomes_its_draft_and_others_rows_are_left_alone(
    desk: Clerks,
) -> None:
    own, other = firm(desk), firm(desk, "sibling")
    data = export([
        (own.firm, own.mark, "鸡蛋", "7.20"), (other.firm, other.mark, "鸡蛋", "9.99"),
        (own.firm, own.mark, "火龙果", "12"), (own.firm, own.mark, "牛肉", "约70"),
    ])  # fmt: skip
    answer = desk.client().post(f"{page('platform')}import/", {"file": sent(data)})
    text = answer.content.decode()
    assert answer.status_code == 200 and "PLATFORM-CELL" in text and "火龙果" in text
    assert "9.99" not in text and other.mark not in text
    fields = json.loads(ReturnDraft.objects.get(party=own.firm).cells)
    assert fields["c.0501.price"] == "7.20"
    assert not ReturnDraft.objects.filter(party=other.firm).exists()
    assert desk.matter().state().effective is None


@pytest.mark.django_db
def test_an_export_of_another_firm_or_week_is_refused(desk: Clerks) -> None:
    own, other = firm(desk), firm(desk, "sibling")
    address = f"{page('platform')}import/"
    for data in (
        export([(other.firm, other.mark, "鸡蛋", "9.99")]),
        export([(own.firm, own.mark, "鸡蛋", "7.20")], period="2026-10-01"),
    ):
        answer = desk.client().post(address, {"file": sent(data)})
        assert answer.status_code == 422 and "PLATFORM-NOT-OWN" in answer.content.decode()
    assert not ReturnDraft.objects.exists()


@pytest.mark.django_db
def test_a_bureaus_export_is_compared_firm_by_firm_and_changes_nothing(desk: Clerks) -> None:
    desk.file()
    own, sibling = firm(desk), firm(desk, "sibling")
    data = export([
        (own.firm, own.mark, "猪肉（精瘦肉）", "52.00"), (own.firm, own.mark, "牛肉（腿肉）", "53"),
        (sibling.firm, sibling.mark, "鸡蛋", "7.4"), ("别处代码", "别处企业", "鸡蛋", "7"),
    ])  # fmt: skip
    tail = read.tail()
    client = desk.client("league-reviewer-parent")
    answer = client.post(compare_address(desk), {"file": sent(data)}, follow=True)
    text = answer.content.decode()
    assert answer.status_code == 200
    rows = {row[0]["text"]: row[1:] for row in answer.context["table"]["rows"]}
    carried = sum(c is not None for c in usual_grid().columns["price"])
    assert rows[own.mark][:4] == ["1", "1", str(carried - 2), "0"]
    assert rows[sibling.mark][:4] == ["0", "0", "0", "1"]
    assert rows[own.mark][4]["href"].endswith("?cell=0303.price#ask")
    assert "别处企业" in text
    csv_text = client.get(f"{answer.request['PATH_INFO']}?{answer.request['QUERY_STRING']}&as=csv")
    lines = csv_text.content.decode("utf-8-sig").splitlines()
    assert any("牛肉（腿肉）" in line and "52.00,53.00,不同" in line for line in lines)
    assert read.tail() == tail


@pytest.mark.django_db
def test_the_question_opens_with_the_differing_cell_ticked(desk: Clerks) -> None:
    desk.file()
    own = firm(desk)
    data = export([(own.firm, own.mark, "牛肉（腿肉）", "53")])
    client = desk.client("league-reviewer-parent")
    answer = client.post(compare_address(desk), {"file": sent(data)}, follow=True)
    href = answer.context["table"]["rows"][0][-1]["href"]
    text = client.get(href.partition("#")[0]).content.decode()
    assert 'value="0303.price" checked' in text and 'value="0301.price" checked' not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "login",
    ["league-reviewer-neighbour-parent", "banner-reviewer-own", "clerk-own", "operator-root"],
)
def test_neighbours_and_firms_are_kept_out_of_the_comparison(desk: Clerks, login: str) -> None:
    client = desk.client(login)
    assert client.get(compare_address(desk)).status_code == 403
    answer = client.post(compare_address(desk), {"file": sent(export([]))})
    assert answer.status_code == 403


@pytest.mark.django_db
def test_a_comparison_opens_to_its_uploader_only(desk: Clerks) -> None:
    own = firm(desk)
    data = export([(own.firm, own.mark, "牛肉（腿肉）", "53")])
    answer = desk.client("league-reviewer-parent").post(compare_address(desk), {"file": sent(data)})
    token = answer["Location"].partition("file=")[2]
    other = desk.client("region-reviewer-root").get(compare_address(desk), {"file": token})
    assert "UPLOAD-GONE" in other.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"a,b\n1,2\n"])
def test_what_is_no_export_is_refused_on_the_page(desk: Clerks, data: bytes) -> None:
    answer = desk.client("league-reviewer-parent").post(compare_address(desk), {"file": sent(data)})
    text = answer.content.decode()
    assert answer.status_code == 422 and ("SHEET-" in text or "PLATFORM-HEAD" in text)


@pytest.mark.django_db
def test_a_form_without_a_mapping_says_so(desk: Clerks, settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.toml").write_text("form = ", encoding="utf-8")
    settings.PLATFORM_MAPPINGS = [tmp_path]
    answer = desk.client().get(page("platform"))
    assert answer.status_code == 503 and "MAPPING-TOML" in answer.content.decode()
