"""历史汇总导入 from file to filing, again, corrected, withdrawn, exported, and who may see it."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ortoo.domains.market import history
from ortoo.domains.market.tests.clerk_region import Clerks
from ortoo.domains.market.tests.workbook_region import clerks, desk, sent
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import parse

__all__ = ["clerks", "desk"]
LEAGUE = "league-reviewer-parent"
WEEKS = 8


def book(bump: int = 0, weeks: int = WEEKS, extra: bool = True) -> bytes:
    """Weeks across: eggs, beef, and a good of another name."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as made:
        page = made.add_worksheet("2023年")
        rows = [["品种（元/公斤）", *(f"第{n}周" for n in range(1, weeks + 1))]]
        rows.append(["鸡蛋", *(f"{9 + n / 10 + bump:.2f}" for n in range(weeks))])
        rows.append(["牛肉", *(f"{70 + n}" for n in range(weeks))])
        if extra:
            rows.append(["猪后腿肉", *("26.5" for _ in range(weeks))])
        for line, row in enumerate(rows):
            for column, text in enumerate(row):
                page.write_string(line, column, text)
    return out.getvalue()


def place_of(desk: Clerks, key: str = "parent") -> str:
    return desk.region.sites[key].place


def looked(client: Any, data: bytes, **said: Any) -> Any:
    answer = client.post("/history/import/", {"file": sent(data, "汇总2023.xlsx")})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return client.get(answer["Location"])


def imported(desk: Clerks, data: bytes, login: str = LEAGUE, **said: Any) -> Any:
    client = desk.client(login)
    page = looked(client, data)
    token = page.context["token"]
    fields = {"file": token, "place": place_of(desk), "unit": "kilo", "action": "import", **said}
    return client.post("/history/import/", fields)


def filings(desk: Clerks) -> list[read.FilingRow]:
    return read.rows("form=%s AND place=%s", [history.FORM, place_of(desk)])


def series(desk: Clerks, item: str, login: str = LEAGUE, **more: Any) -> list[Any]:
    return history.series(desk.region.scope(login), place_of(desk), item, **more)


@pytest.mark.django_db
def test_the_preview_shows_coverage_and_asks_for_unknown_names_and_files_nothing(
    desk: Clerks,
) -> None:
    text = looked(desk.client(LEAGUE), book()).content.decode()
    assert "品种在左、各周在上" in text and "猪后腿肉" in text and "汇总2023.xlsx" in text
    assert "2023年" in text and "导入 8 周" in text
    assert filings(desk) == []


@pytest.mark.django_db
def test_each_week_becomes_one_filing_of_the_bureau_with_the_digest_of_the_file(
    desk: Clerks,
) -> None:
    data = book()
    answer = imported(desk, data, name="猪后腿肉", item="0301", basis="简单平均")
    assert answer.status_code == 302
    rows = filings(desk)
    assert len(rows) == WEEKS and {row.mode for row in rows} == {"import"}
    assert {row.filer for row in rows} == {desk.region.sites["parent"].office}
    from ortoo.kernel.filings.draft import Original

    original = Original(data, "application/octet-stream", "汇总2023.xlsx")
    assert {row.original for row in rows} == {original.address}
    grid = history.Standing(rows[0]).grid
    assert grid.attributes["detail"] == "无企业明细" and grid.attributes["basis"] == "简单平均"
    assert grid.notes == {"0301.price": "原表品名：猪后腿肉"}
    found = series(desk, "0501")
    assert [(p.code, price) for p, price, _ in found][:2] == [("W2023-01-02", 900),
                                                             ("W2023-01-09", 910)]  # fmt: skip
    assert found[0][2] == rows[0].seq
    # Whose name was mapped by hand is remembered from what was filed.
    page = looked(desk.client(LEAGUE), book(bump=1)).content.decode()
    assert "没有认出的品种" not in page


@pytest.mark.django_db
def test_the_same_file_again_files_nothing_and_other_figures_need_a_reason(
    desk: Clerks,
) -> None:
    imported(desk, book(extra=False))
    imported(desk, book(extra=False))
    assert len(filings(desk)) == WEEKS
    refused = imported(desk, book(bump=1, extra=False))
    assert refused.status_code == 422 and "REASON-NEEDED" in refused.content.decode()
    assert len(filings(desk)) == WEEKS
    before = read.tail()
    imported(desk, book(bump=1, extra=False), reason="原表有误")
    rows = filings(desk)
    assert len(rows) == 2 * WEEKS and rows[-1].reason == "原表有误"
    assert next(price for _, price, _ in series(desk, "0501")) == 1000
    # As known before the correction, the old figure stands.
    assert next(price for _, price, _ in series(desk, "0501", as_of=before)) == 900


@pytest.mark.django_db
def test_weeks_are_withdrawn_by_an_empty_table_and_may_be_imported_again(desk: Clerks) -> None:
    imported(desk, book(extra=False))
    client, where = desk.client(LEAGUE), f"/history/{place_of(desk)}/"
    assert client.get(where).content.decode().count('name="period"') == WEEKS
    none = client.post(f"{where}withdraw/", {"period": "W2023-01-02", "reason": " "})
    assert none.status_code == 422 and "REASON-NEEDED" in none.content.decode()
    client.post(f"{where}withdraw/", {"period": "W2023-01-02", "reason": "导错"})
    assert len(filings(desk)) == WEEKS + 1
    assert "W2023-01-02" not in [p.code for p, _, _ in series(desk, "0501")]
    imported(desk, book(extra=False), reason="重新导入")
    assert len(series(desk, "0501")) == WEEKS


@pytest.mark.django_db
def test_a_long_import_goes_on_in_batches_until_nothing_is_left(desk: Clerks, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(history.file_history, "__kwdefaults__", {"batch": 5})
    page = imported(desk, book(extra=False))
    assert page.status_code == 200 and "5/8 周" in page.content.decode()
    assert len(filings(desk)) == 5
    assert imported(desk, book(extra=False)).status_code == 302
    assert len(filings(desk)) == WEEKS


@pytest.mark.django_db
def test_the_export_names_every_figure_with_its_filing(desk: Clerks) -> None:
    imported(desk, book(extra=False))
    answer = desk.client(LEAGUE).get(f"/history/{place_of(desk)}/export.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert "无企业明细" in lines[0] and len(lines) == 2 + 2 * WEEKS
    assert lines[2].endswith(str(min(row.seq for row in filings(desk))))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("league-reviewer-neighbour-parent", 403),
        ("banner-reviewer-own", 403),
        ("clerk-own", 403),
        ("operator-root", 403),
        ("region-reviewer-root", 200),
        ("auditor-root", 200),
        ("region-reader-root", 200),
    ],
)
def test_a_units_history_is_open_to_its_own_chain_only(
    desk: Clerks,
    login: str,
    status: int,
) -> None:
    imported(desk, book(extra=False))
    where = f"/history/{place_of(desk)}/"
    client = desk.client(login)
    assert client.get(where).status_code == status
    assert client.get(f"{where}export.csv").status_code == status
    assert bool(series(desk, "0501", login)) is (status == 200)


@pytest.mark.django_db
def test_nobody_files_or_withdraws_for_a_place_that_is_not_theirs(desk: Clerks) -> None:
    imported(desk, book(extra=False))
    neighbour = "league-reviewer-neighbour-parent"
    assert imported_elsewhere(desk, neighbour).status_code == 403
    where = f"/history/{place_of(desk)}/withdraw/"
    said = {"period": "W2023-01-02", "reason": "x"}
    for login in (neighbour, "auditor-root", "region-reader-root", "clerk-own"):
        assert desk.client(login).post(where, said).status_code == 403
    # The region may read it, but nobody edits another's number.
    assert desk.client("region-reviewer-root").post(where, said).status_code == 403
    assert len(filings(desk)) == WEEKS


def imported_elsewhere(desk: Clerks, login: str) -> Any:
    client = desk.client(login)
    token = looked(client, book(extra=False)).context["token"]
    fields = {"file": token, "place": place_of(desk), "action": "import"}
    return client.post("/history/import/", fields)


@pytest.mark.django_db
def test_a_kept_file_opens_to_its_uploader_only(desk: Clerks) -> None:
    token = looked(desk.client(LEAGUE), book()).context["token"]
    other = desk.client("league-reviewer-neighbour-parent")
    answer = other.get("/history/import/", {"file": token})
    assert answer.status_code == 422 or answer.status_code == 409
    assert "UPLOAD-GONE" in answer.content.decode() and "猪后腿肉" not in answer.content.decode()
    for bad in ("../../etc/passwd", "0" * 63, "g" * 64):
        assert "UPLOAD-GONE" in other.get("/history/import/", {"file": bad}).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04junk", b"%PDF-1.7", b"\x00\xff" * 50], ids=range(4)
)
def test_hostile_files_are_refused_on_the_page(desk: Clerks, data: bytes) -> None:
    client = desk.client(LEAGUE)
    answer = client.post("/history/import/", {"file": sent(data, "x.xlsx")}, follow=True)
    text = answer.content.decode()
    assert answer.status_code == 422 and ("SHEET-" in text or "HISTORY-NOTHING" in text)
    assert filings(desk) == []


@pytest.mark.django_db
def test_the_week_that_holds_a_periods_middle_day_is_its_fallback(desk: Clerks) -> None:
    imported(desk, book(extra=False))
    points = series(desk, "0501")
    found = history.holding(points, parse("W2023-01-07"))  # Saturday to Friday
    assert found is not None and found[0].code == "W2023-01-09"
    assert history.holding(points, parse("W2022-01-08")) is None


@pytest.mark.django_db
def test_the_service_asks_for_the_right_and_for_a_reason(desk: Clerks) -> None:
    with pytest.raises(Refused, match="SCOPE"):
        history.withdraw(
            scope=desk.region.scope("banner-reviewer-own"), place=place_of(desk),
            periods=["W2023-01-02"], reason="x", now_ms=desk.clock.ms,
        )  # fmt: skip
