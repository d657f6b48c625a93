from __future__ import annotations

import re
import time

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ortoo.domains.market.tests.clerk_region import BEFORE, FORM, PERIOD, Clerks, clerks
from ortoo.domains.market.till import selectors, services, store
from ortoo.domains.market.till.models import TillKey
from ortoo.domains.market.till.tests.exports import export
from ortoo.kernel.filings import read
from ortoo.kernel.forms.models import ReturnDraft
from ortoo.kernel.forms.registry import get

__all__ = ["clerks"]
BASE = f"/returns/{FORM}/{PERIOD}/till/"


@pytest.fixture(autouse=True)
def _whole_site(clerks: Clerks, settings, tmp_path):
    settings.ROOT_URLCONF = "ortoo.site.urls"
    settings.HOME = tmp_path


def upload(client, data: bytes, name: str = "till.csv", base: str = BASE):
    return client.post(base, {"file": SimpleUploadedFile(name, data)})


def fields(text: str) -> dict[str, str]:
    """What a browser would post of the page's forms as they stand."""
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', text))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)".*?>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(
            r'value="([^"]*)"', options
        )
        assert chosen is not None
        found[name] = chosen.group(1)
    return found


def walk(client, data: bytes) -> dict[str, int]:
    """Upload and confirm whatever is asked, as proposed; how many pages and rows that took."""
    asked = {"columns": 0, "articles": 0, "rows": 0}
    answer = upload(client, data)
    while answer.status_code == 303:
        where = answer["Location"]
        text = client.get(where).content.decode()
        step = where.rstrip("/").rsplit("/", 1)[-1]
        if step == "preview":
            return asked
        asked[step] += 1
        said = fields(text)
        asked["rows"] += sum(1 for name in said if name.startswith("a."))
        answer = client.post(where, {**said, "action": "all"})
    raise AssertionError(answer.content.decode()[:2000])


def fill(client, **more: str):
    said = fields(client.get(f"{BASE}preview/").content.decode())
    return client.post(f"{BASE}preview/", {**said, "action": "fill", **more})


def draft() -> dict[str, str]:
    import json

    return json.loads(ReturnDraft.objects.get(form=FORM, period=PERIOD).cells)


def test_the_third_week_asks_three_rows_and_fills_every_cell(clerks: Clerks, capsys) -> None:
    client, form = clerks.client(), get(FORM)
    first = walk(client, export(form, 1))
    assert first["columns"] == 1 and first["rows"] >= 80
    second = walk(client, export(form, 2))
    assert (second["columns"], second["rows"]) == (0, 3)
    began = time.process_time()
    third = walk(client, export(form, 3))
    with capsys.disabled():
        print(f"\n[till] third week, 8,000 rows: {time.process_time() - began:.2f} s CPU")
    assert (third["columns"], third["rows"]) == (0, 3)
    answer = fill(client)
    assert answer.status_code == 303 and answer["Location"] == f"/returns/{FORM}/{PERIOD}/"
    said = draft()
    blank = [i.code for i in form.leaves if not said.get(f"c.{i.code}.price")]
    assert len(blank) + third["rows"] <= 15, blank
    assert said["c.0601.price"] == "5.00"
    # 1 kg by weight and bags of 5 kg are one quantity.
    loose = int(float(said["c.0601.sales_qty"]))
    assert 2_000 <= loose <= 2_020


def test_what_is_said_is_filed_once_and_the_lines_lie_in_the_lake(clerks: Clerks) -> None:
    client, form = clerks.client(), get(FORM)
    walk(client, export(form, 1, 300))
    fill(client)
    filed = len(read.rows("form=%s", ["TILL-MAP"]))
    clerks.clock.ms += 60_000
    walk(client, export(form, 1, 300))
    fill(client)
    again = read.rows("form=%s", ["TILL-MAP"])[filed:]
    assert [b'"marks"' in row.body for row in again] == [True], "only the sums are said again"
    frame = pl.read_parquet(store.lake_file(clerks.matter()))
    assert frame.height == 300
    assert frame.filter(pl.col("item") == "0601")["amount"].sum() > 0


def test_each_cell_says_its_source_until_it_is_changed(clerks: Clerks) -> None:
    client = clerks.client()
    walk(client, export(get(FORM), 1, 300))
    fill(client)
    known = selectors.known(clerks.matter())
    assert known[("0601", "price")].source == "收银导出 300 行，2 种商品均价"
    assert known[("0601", "price")].text == draft()["c.0601.price"]


def test_an_import_is_undone_and_what_was_keyed_by_hand_stays(clerks: Clerks) -> None:
    client = clerks.client()
    walk(client, export(get(FORM), 1, 300))
    fill(client)
    row = ReturnDraft.objects.get(form=FORM, period=PERIOD)
    row.cells = row.cells.replace('"c.0601.price": "5.00"', '"c.0601.price": "5.55"')
    row.save()
    token = store.load(clerks.matter()).token
    answer = client.post(f"{BASE}drop/", {"token": token})
    assert answer.status_code == 303
    left = {name: text for name, text in draft().items() if name.startswith("c.06")}
    assert left.get("c.0601.price") == "5.55" and "c.0602.price" not in left
    assert store.load(clerks.matter()) is None and not selectors.known(clerks.matter())


def test_a_page_of_an_earlier_upload_is_refused(clerks: Clerks) -> None:
    client = clerks.client()
    upload(client, export(get(FORM), 1, 300))
    old = fields(client.get(f"{BASE}columns/").content.decode())
    upload(client, export(get(FORM), 2, 300))
    answer = client.post(f"{BASE}columns/", old)
    assert answer.status_code == 409 and "TILL-STALE" in answer.content.decode()


def test_wrong_files_are_refused_with_their_code(clerks: Clerks) -> None:
    client = clerks.client()
    for data, status, code in (
        (b"", 422, "SHEET-EMPTY"),
        (b"%PDF-1.7", 422, "SHEET-WRONG-KIND"),
        (b"x,y\n", 422, "TILL-NO-ROWS"),
    ):
        answer = upload(client, data)
        assert (answer.status_code, code in answer.content.decode()) == (status, True), code
    answer = client.post(BASE, CONTENT_LENGTH=str(50 << 20))
    assert answer.status_code == 413


def test_a_neighbour_sees_nothing_of_the_import(clerks: Clerks) -> None:
    walk(clerks.client(), export(get(FORM), 1, 300))
    other = clerks.client("clerk-neighbour")
    text = other.get(BASE).content.decode()
    assert "till.csv" not in text
    for path in ("preview/", "articles/", "items/0601/"):
        assert other.get(BASE + path).status_code in (403, 404, 409)


def test_a_period_that_is_not_open_takes_no_file(clerks: Clerks) -> None:
    base = f"/returns/{FORM}/W2026-12-26/till/"
    assert upload(clerks.client(), b"a,b\n1,2\n", base=base).status_code in (404, 409)
    assert BEFORE != PERIOD


def test_the_feed_needs_a_key_fills_the_draft_and_the_sandbox_writes_nothing(
    clerks: Clerks,
) -> None:
    client, form = clerks.client(), get(FORM)
    walk(client, export(form, 1, 300))
    client.post(f"{BASE}drop/", {"token": store.load(clerks.matter()).token})
    page = client.post("/till/keys/", {"label": "1号服务器"}).content.decode()
    key = re.search(r'id="key">([^<]+)<', page).group(1)
    assert key not in client.get("/till/keys/").content.decode()
    stranger = clerks.client()
    stranger.logout()
    address = f"/api/v1/market/till/{FORM}/{PERIOD}"

    def send(path: str, bearer: str):
        return stranger.post(
            path, export(form, 2, 300), content_type="text/csv",
            headers={"authorization": f"Bearer {bearer}"},
        )  # fmt: skip

    assert send(address, "no").status_code == 401
    filings = len(read.rows("form=%s", ["TILL-MAP"]))
    tried = send(f"/api/v1/sandbox/market/till/{FORM}/{PERIOD}", key)
    assert tried.status_code == 200, tried.content.decode()
    assert tried.json()["cells"]["0601"]["price"] == "5.00" and len(tried.json()["to_ask"]) == 3
    assert store.load(clerks.matter()) is None
    assert not ReturnDraft.objects.filter(form=FORM, period=PERIOD).exists()
    assert len(read.rows("form=%s", ["TILL-MAP"])) == filings
    done = send(address, key)
    assert done.status_code == 200 and done.json()["filled"] > 100 and not done.json()["filed"]
    assert draft()["c.0601.price"] == "5.00"
    client.post("/till/keys/", {"revoke": TillKey.objects.get().id})
    assert send(address, key).status_code == 401
    assert services.LARGEST == 20 << 20
