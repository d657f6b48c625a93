# ruff: noqa: E501
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from django.test import Client

from ortoo.domains.market import observations
from ortoo.domains.market.foreign import import_prices
from ortoo.kernel.filings import clock, read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.parties.models import Party
from ortoo.kernel.parties.registration import register_party_forms

pytestmark = pytest.mark.django_db
NOW = 1_795_000_000_000  # 2026-11-18
SHARED = Path(os.environ.get("ORTOO_SHARED", Path(__file__).parents[6] / "shared"))
WHOLE = SHARED / "data" / "market" / "wfp_food_prices_mongolia_2007_2021.csv"
HEAD = "date,admin1,admin2,market,latitude,longitude,category,commodity,unit,pricetype,currency,price,usdprice\n"
GOOD = (
    "2021-03-15,Ulaanbaatar,Chingeltei,Ulaanbaatar,47.92,106.92,meat,Meat (beef),KG,actual,MNT,12440,4.4\n"
    "2021-03-15,Ulaanbaatar,Chingeltei,Ulaanbaatar,47.92,106.92,meat,Meat (mutton),KG,actual,MNT,9100.505,3\n"
    "2021-03-15,Dornod,Kherlen,Dornod,48.08,114.54,meat,Meat (beef),KG,actual,MNT,11000,4\n"
    "2021-03-15,Khovd,Jargalant,Khovd,48,91.6,meat,Meat (beef),KG,actual,MNT,10560,4\n"
)
BAD = (
    "2021-03-15,Dornod,Kherlen,Dornod,48.08,114.54,meat,Meat (goat),KG,actual,MNT,9000,4\n"
    "2021-03-15,Dornod,Kherlen,Dornod,48.08,114.54,meat,Meat (mutton),KG,actual,USD,9000,4\n"
    "2021-03-15,Dornod,Kherlen,Dornod,48.08,114.54,meat,Meat (mutton),KG,actual,MNT,-5,4\n"
)


@pytest.fixture
def table(tmp_path: Path, settings, monkeypatch) -> Path:
    settings.PLACE_PACK, settings.DEMO = "neimenggu", False
    monkeypatch.setattr(clock, "_source", lambda: NOW)
    register_party_forms()
    path = tmp_path / "wfp.csv"
    path.write_bytes((HEAD + GOOD + BAD).encode())
    return path


def test_a_dry_run_counts_and_files_nothing(table):
    before = read.tail()
    found = import_prices(table, "wfp", dry_run=True, now_ms=NOW)
    assert (found.total, found.accepted, found.rejected, found.months) == (7, 4, 3, 3)
    assert (found.filed, found.known) == (0, 0) and read.tail() == before
    assert not Party.objects.filter(code="ORG-WFP").exists()


def test_rejects_name_their_line_and_reason(table):
    found = import_prices(table, "wfp", dry_run=True, now_ms=NOW)
    assert [(reject.line, reject.code) for reject in found.rejects] == [
        (6, "COMMODITY-UNKNOWN"), (7, "CURRENCY"), (8, "PRICE-NOT-POSITIVE")
    ]  # fmt: skip
    assert found.reasons == {"COMMODITY-UNKNOWN": 1, "CURRENCY": 1, "PRICE-NOT-POSITIVE": 1}
    assert any("第7行 CURRENCY" in line for line in found.lines())


def test_the_source_and_its_markets_are_registered_once(table):
    import_prices(table, "wfp", dry_run=False, now_ms=NOW)
    assert Party.objects.get(code="ORG-WFP").name == "世界粮食计划署（WFP）"
    assert Party.objects.get(code="MNG-ULAANBAATAR").name == "乌兰巴托"
    assert Party.objects.get(code="MNG-KHOVD").name == "Khovd", "a market the pack does not know"
    assert len(read.rows("form='K-PARTY'", [])) == 1


def test_a_second_run_files_nothing_new(table):
    first = import_prices(table, "wfp", dry_run=False, now_ms=NOW)
    tail = read.tail()
    again = import_prices(table, "wfp", dry_run=False, now_ms=NOW + 60_000)
    assert (first.filed, first.known) == (3, 0)
    assert (again.filed, again.known) == (0, 3) and read.tail() == tail


def test_prices_are_kept_as_published_in_minor_units_of_the_currency(table):
    import_prices(table, "wfp", dry_run=False, now_ms=NOW)
    returns = observations.load("FOREIGN-M1", "M2021-03")
    at = returns.form.leaf_index["F202"]
    prices = returns.cells["price"][:, at].tolist()
    assert prices[returns.parties.index("MNG-ULAANBAATAR")] == 910_050, "half to even of 910050.5"


def test_the_original_comes_back_byte_for_byte(table):
    found = import_prices(table, "wfp", dry_run=False, now_ms=NOW)
    assert found.sha256 == hashlib.sha256(table.read_bytes()).hexdigest()
    seq = read.rows("form='FOREIGN-M1'", [])[0].seq
    response = Client().get(f"/filings/{seq}/original/")
    assert response.content == table.read_bytes()
    assert "attachment" in response["Content-Disposition"]
    page = Client().get(f"/filings/{seq}/").content.decode()
    assert found.sha256 in page and "世界粮食计划署" in page and "MNT" in page


def test_the_same_screens_show_foreign_markets_with_currency_source_and_licence(table):
    import_prices(table, "wfp", dry_run=False, now_ms=NOW)
    client = Client()
    page = client.get("/figures/FOREIGN-M1/").content.decode()
    for words in ("境外市场", "世界粮食计划署", "CC BY-IGO", "图格里克 MNT", "乌兰巴托", "Khovd"):
        assert words in page
    assert "示意图" not in page and "未经境内审核" in page
    # (12440 + 11000 + 10560) ÷ 3 = 11333.33…
    assert "11,333.33" in page
    assert "12,440.00" in client.get(
        "/figures/FOREIGN-M1/M2021-03/unit/MNG-ULAANBAATAR/"
    ).content.decode()
    behind = client.get("/figures/FOREIGN-M1/M2021-03/MNG/F201/filings/").content.decode()
    assert behind.count("/filings/") >= 3 and "与上面的均价一致" in behind
    assert client.get("/figures/FOREIGN-M1/items/F201/").status_code == 200
    assert client.get("/figures/FOREIGN-M1/M2021-03/export.csv").status_code == 200


def test_a_missing_file_and_a_profile_of_another_form_are_refused(table, tmp_path):
    with pytest.raises(Refused, match="FILE-MISSING"):
        import_prices(tmp_path / "none.csv", "wfp", dry_run=True, now_ms=NOW)
    from dataclasses import replace

    from ortoo.connectors.price_files import profile_of

    with pytest.raises(Refused, match="IMPORT-FORM"):
        other = replace(profile_of("wfp"), form="SCJC-W1")
        import_prices(table, other, dry_run=True, now_ms=NOW)
    with pytest.raises(Refused, match="IMPORT-ITEM"):
        other = replace(profile_of("wfp"), commodities={"x": ("F999", "公斤")})
        import_prices(table, other, dry_run=True, now_ms=NOW)


@pytest.mark.skipif(not WHOLE.is_file(), reason="shared WFP file not beside the checkout")
def test_the_whole_file_of_mongolia_adds_up(table):
    found = import_prices(WHOLE, "wfp", dry_run=True, now_ms=NOW)
    assert found.accepted + found.rejected == found.total > 2900


@pytest.mark.django_db
def test_a_source_that_revises_and_revises_back_is_followed_each_time():
    from ortoo.domains.market.services import ForeignMonth, file_foreign
    from ortoo.kernel.filings import read
    from ortoo.kernel.filings.draft import Original

    def say(fen: int) -> object:
        month = ForeignMonth("MNG-ULAANBAATAR", "M2020-01", "MNT", {"F101": fen})
        original = Original(str(fen).encode(), "text/csv", "p.csv")
        return file_foreign(
            source="ORG-WFP", actor="SYSTEM", months=[month], original=original, now_ms=1
        )[0]

    first, again, second, back = say(100), say(100), say(200), say(100)
    assert again.duplicate and again.seq == first.seq
    rows = read.rows("form='FOREIGN-M1'", [])
    assert [row.supersedes for row in rows] == [None, first.seq, second.seq]
    assert rows[-1].seq == back.seq and rows[-1].body == rows[0].body
