"""What a till's import must not do: show itself to others, run what it holds, mix two files."""

from __future__ import annotations

import re

import pytest

from ortoo.domains.market.tests.clerk_region import FORM, PERIOD, Clerks, clerks
from ortoo.domains.market.till import keys, selectors, store
from ortoo.domains.market.till.models import TillKey
from ortoo.domains.market.till.tests.test_pages import BASE, draft, fields, fill, upload, walk
from ortoo.kernel.filings import read
from ortoo.kernel.forms.registry import get

from .exports import export

__all__ = ["clerks"]
# Not even whoever reads the returns that were made from it: which article is what is the shop's.
CHAIN: tuple[str, ...] = ()
HEAD = "货号,品名,规格,单位,类别,销售数量,销售金额,期末库存\n"


@pytest.fixture(autouse=True)
def _whole_site(clerks: Clerks, settings, tmp_path):
    settings.ROOT_URLCONF = "ortoo.site.urls"
    settings.HOME = tmp_path


def csv(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


def columns_confirmed(client, data: bytes) -> None:
    upload(client, data)
    text = client.get(f"{BASE}columns/").content.decode()
    client.post(f"{BASE}columns/", fields(text))


def others(clerks: Clerks) -> list[str]:
    from ortoo.kernel.grants.models import Account

    found = set(Account.objects.values_list("login", flat=True))
    wanted = sorted(one for one in found if one != "clerk-own" and not one.endswith("-own"))
    assert any(one.startswith("clerk") for one in wanted)
    assert any("reviewer" in one for one in wanted)
    return wanted


def test_what_a_shop_said_of_its_till_is_opened_by_its_chain_and_nobody_else(
    clerks: Clerks,
) -> None:
    walk(clerks.client(), export(get(FORM), 1, 300))
    fill(clerks.client())
    filed = [row.seq for row in read.rows("form=%s", ["TILL-MAP"])]
    assert len(filed) >= 3
    for login in others(clerks):
        other = clerks.client(login)
        opened = [seq for seq in filed if other.get(f"/filings/{seq}/").status_code == 200]
        assert opened == (filed if login in CHAIN else []), login
        for wanted in ("演示牌", "till.csv", "TILL-MAP"):
            answer = other.get("/search/", {"q": wanted})
            assert "演示牌大米" not in answer.content.decode(), login
            assert "收银导出对应" not in answer.content.decode(), login


def test_a_formula_in_an_article_is_shown_as_text_and_never_a_figure(clerks: Clerks) -> None:
    client = clerks.client()
    columns_confirmed(client, csv(
        '=1,"=HYPERLINK(""http://x"",""大米"")",10kg,袋,粮油,5,=9*9,1',
        '2,"<script>alert(1)</script>大米10kg",10kg,袋,粮油,5,300,1',
        *(f"{n},牙膏{n},,支,洗化,1,5,1" for n in range(10, 20)),
    ))  # fmt: skip
    text = client.get(f"{BASE}articles/").content.decode()
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text
    client.post(f"{BASE}articles/", {**fields(text), "action": "all"})
    fill(client)
    assert draft()["c.0101.price"] == "6.00", "the formula's row says no figure"
    # What the page's own tables give away as files keeps a cell from being a formula.
    shown = client.get(f"{BASE}items/0101/?table=1&as=csv")
    if "text/csv" in shown.headers.get("Content-Type", ""):
        lines = shown.content.decode("utf-8-sig").splitlines()
        assert not any(re.search(r'(^|,)"?[=@+]', line) for line in lines)


def test_of_two_uploads_at_once_one_stands_whole(clerks: Clerks) -> None:
    first, second = clerks.client(), clerks.client()
    columns_confirmed(first, csv("1,大米10kg,10kg,袋,粮油,5,300,1"))
    page = fields(first.get(f"{BASE}articles/").content.decode())
    upload(second, csv("1,大米10kg,10kg,袋,粮油,7,700,1"))
    answer = first.post(f"{BASE}articles/", {**page, "action": "all"})
    assert answer.status_code == 409 and "TILL-STALE" in answer.content.decode()
    page = fields(second.get(f"{BASE}articles/").content.decode())
    assert second.post(f"{BASE}articles/", {**page, "action": "all"}).status_code in (302, 303)
    fill(second)
    assert draft()["c.0101.price"] == "10.00"
    folder = store.lake_file(clerks.matter()).parent
    assert len(list(folder.glob("*.rows"))) == 1, "the file that was replaced is gone"


def test_after_an_undo_a_smaller_file_brings_nothing_of_the_first_back(clerks: Clerks) -> None:
    client = clerks.client()
    walk(client, csv("1,大米10kg,10kg,袋,粮油,5,300,1", "2,散装土豆,,kg,蔬菜,50,150,9"))
    fill(client)
    assert draft()["c.0617.price"] == "3.00"
    client.post(f"{BASE}drop/", {"token": store.load(clerks.matter()).token})
    assert not draft().get("c.0617.price") and not selectors.known(clerks.matter())
    walk(client, csv("1,大米10kg,10kg,袋,粮油,5,350,1"))
    fill(client)
    assert draft()["c.0101.price"] == "7.00" and not draft().get("c.0617.price")
    shown = client.get(f"/returns/{FORM}/{PERIOD}/").content.decode()
    row = shown.partition('data-item="0617"')[2].partition("</tr>")[0]
    assert "收银导出" not in row and 'name="c.0617.price" value=""' in row
    assert "收银导出 1 行" in shown.partition('data-item="0101"')[2].partition("</tr>")[0]


def test_a_price_is_its_representative_packs_once_that_was_chosen(clerks: Clerks) -> None:
    client = clerks.client()
    rows = ("1,金穗大米10kg,10kg,袋,粮油,10,600,1", "2,珍品大米1kg,1kg,袋,粮油,10,200,1")
    walk(client, csv(*rows))
    fill(client)
    assert draft()["c.0101.price"] == "7.27"  # 800 yuan, 110 kg
    page = fields(client.get(f"{BASE}preview/").content.decode())
    client.post(f"{BASE}preview/", {**page, "p.0101": "1", "action": "fill"})
    assert draft()["c.0101.price"] == "6.00" and draft()["c.0101.sales_qty"] == "110.0"
    assert draft()["s.0101"] == "金穗大米10kg"
    assert "代表规格 金穗大米10kg" in selectors.known(clerks.matter())[("0101", "price")].source
    client.post(f"{BASE}drop/", {"token": store.load(clerks.matter()).token})
    walk(client, csv(rows[0].replace("600", "650"), rows[1]))
    fill(client)
    assert draft()["c.0101.price"] == "6.50", "the choice is remembered"


def test_an_article_found_by_search_is_taken_or_let_go(clerks: Clerks) -> None:
    client = clerks.client()
    walk(client, csv("1,大米10kg,10kg,袋,粮油,5,300,1", "88,神秘袋装,5kg,袋,,2,90,1"))
    found = client.get(f"{BASE}articles/", {"find": "88"}).content.decode()
    page = fields(found)
    assert page["s.0"] == "88" and page["a.0"] == ""
    client.post(f"{BASE}articles/", {**page, "a.0": "0101", "f.0": "", "action": "all"})
    fill(client)
    assert draft()["c.0101.sales_qty"] == "60.0", "2 bags of 5 kg, read from the specification"
    page = fields(client.get(f"{BASE}articles/", {"find": "神秘"}).content.decode())
    assert page["a.0"] == "0101"
    client.post(f"{BASE}articles/", {**page, "a.0": "", "action": "all"})
    fill(client)
    assert draft()["c.0101.sales_qty"] == "50.0"


def test_a_key_is_refused_past_its_calls_of_an_hour(clerks: Clerks, monkeypatch) -> None:
    monkeypatch.setattr(keys, "CALLS_AN_HOUR", 2)
    page = clerks.client().post("/till/keys/", {"label": "一号"}).content.decode()
    key = re.search(r'id="key">([^<]+)<', page).group(1)  # type: ignore[union-attr]
    stranger = clerks.client()
    stranger.logout()

    def send() -> int:
        return stranger.post(
            f"/api/v1/sandbox/market/till/{FORM}/{PERIOD}", csv("1,大米10kg,,袋,粮油,5,300,1"),
            content_type="text/csv", headers={"authorization": f"Bearer {key}"},
        ).status_code  # fmt: skip

    assert [send(), send(), send()] == [200, 200, 429]
    assert TillKey.objects.get().uses == 2
    clerks.clock.ms += keys.HOUR_MS
    assert send() == 200
