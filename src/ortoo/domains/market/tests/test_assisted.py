"""代录 over HTTP: evidence, filing for a firm, the code, and the firm's confirmation."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ortoo.domains.market.assisted_models import ConfirmCode, HeldPaper
from ortoo.domains.market.tests import clerk_region
from ortoo.domains.market.tests.clerk_region import FORM, PERIOD, Clerks, clerks, usual_fields
from ortoo.domains.market.tests.test_papers import GPS, exif, jpeg, segment
from ortoo.kernel.filings import read
from ortoo.kernel.forms.models import ReturnDraft

__all__ = ["clerks"]
KEY = "b" * 32
NOTE = "11月20日10:20，统计员本人来电报数"


@pytest.fixture(autouse=True)
def addresses(clerks: Clerks, settings) -> None:
    """The small region's addresses with those of assisted entry and of the review."""
    settings.ROOT_URLCONF = "ortoo.domains.market.tests.assisted_addresses"


def matter(clerks: Clerks, tail: str = "", key: str = "own", office: str = "own") -> str:
    place, firm = clerks.region.sites[office].place, clerks.region.sites[key].firm
    return f"/review/{FORM}/{PERIOD}/{place}/{firm}/assisted/{tail}"


def upload(clerks: Clerks, content: bytes, login: str = "banner-reviewer-own"):
    paper = SimpleUploadedFile("sheet.jpg", content, "image/jpeg")
    return clerks.client(login).post(matter(clerks, "papers/"), {"paper": paper})


def enter(clerks: Clerks, login: str = "banner-reviewer-own", **more: str):
    said = {**usual_fields(), "version": "0-0", "key": KEY, "action": "file", **more}
    return clerks.client(login).post(matter(clerks), said)


def test_an_entry_without_evidence_is_refused_and_nothing_typed_is_lost(clerks: Clerks) -> None:
    response = enter(clerks)
    assert response.status_code == 422 and "ASSIST-EVIDENCE" in response.content.decode()
    assert clerks.matter().state().versions == ()
    page = clerks.client("banner-reviewer-own").get(matter(clerks)).content.decode()
    assert 'value="52.00"' in page


def test_a_photographed_sheet_is_filed_with_the_return_and_without_its_place(
    clerks: Clerks,
) -> None:
    assert upload(clerks, jpeg(segment(0xE1, exif(6)))).status_code == 302
    page = clerks.client("banner-reviewer-own").get(matter(clerks)).content.decode()
    assert re.search(r'<img src="/review/[^"]+/papers/\d+/"', page)
    assert enter(clerks, note=NOTE).status_code == 303
    filing = read.get(clerks.matter().state().effective or 0)
    assert filing is not None
    assert (filing.mode, filing.filer) == ("assisted", clerks.matter().party)
    assert filing.actor == "account:banner-reviewer-own" and NOTE in filing.reason
    assert filing.original is not None, "the photograph is in the return's digest"
    assert HeldPaper.objects.count() == 0
    kept = clerks.client().get(f"/receipts/{filing.seq}/evidence/1/")
    assert kept["Content-Type"] == "image/jpeg" and GPS not in kept.content
    receipt = clerks.client().get(f"/receipts/{filing.seq}/").content.decode()
    assert "代录（" in receipt and "未确认" in receipt and "凭据1.jpg" in receipt


def test_a_telephone_note_alone_is_evidence(clerks: Clerks) -> None:
    assert enter(clerks, note=NOTE).status_code == 303
    filing = read.get(clerks.matter().state().effective or 0)
    assert filing is not None and filing.original is None
    papers = read.rows("form=%s", ["MON-PAPER"])
    assert len(papers) == 1 and "phone" in papers[0].body.decode()


def test_the_firms_own_draft_is_neither_shown_nor_changed(clerks: Clerks) -> None:
    clerk_region.post_json(
        clerks.client(), clerk_region.page("draft"),
        {"fields": {"c.0301.price": "77.77"}, "version": "0-0"},
    )  # fmt: skip
    page = clerks.client("banner-reviewer-own").get(matter(clerks)).content.decode()
    assert "77.77" not in page
    enter(clerks)
    drafts = dict(ReturnDraft.objects.values_list("party", "cells"))
    assert "77.77" in drafts[clerks.matter().party] and len(drafts) == 2


@pytest.mark.parametrize("tail", ["", "draft/", "check/", "papers/", "code/"])
@pytest.mark.parametrize(
    ("login", "office"),
    [
        ("clerk-own", "own"),
        ("clerk-sibling", "own"),
        ("banner-reviewer-sibling", "own"),
        ("banner-reviewer-sibling", "sibling"),
        ("league-reviewer-planned", "own"),
        ("league-reviewer-planned", "planned"),
        ("auditor-root", "root"),
    ],
)
def test_only_the_firms_own_offices_key_for_it(
    clerks: Clerks, login: str, office: str, tail: str
) -> None:
    client = clerks.client(login)
    address = matter(clerks, tail, office=office)
    answer = client.post(address, {}) if tail else client.get(address)
    assert answer.status_code in (403, 404)
    assert enter(clerks, login, note=NOTE).status_code in (403, 404)
    assert clerks.matter().state().versions == ()


def test_the_office_above_may_key_too(clerks: Clerks) -> None:
    client = clerks.client("league-reviewer-parent")
    assert client.get(matter(clerks, office="parent")).status_code == 200


def test_what_the_firm_filed_meanwhile_stands(clerks: Clerks) -> None:
    clerks.file()
    response = enter(clerks, note=NOTE)
    assert response.status_code == 302 and len(clerks.matter().state().versions) == 1
    assert read.rows("form=%s", ["MON-PAPER"]) == []


# --- the firm confirms ---------------------------------------------------------------------------


def entered(clerks: Clerks) -> tuple[int, str]:
    """(log index, receipt number) of an assisted return."""
    enter(clerks, note=NOTE)
    filing = read.get(clerks.matter().state().effective or 0)
    assert filing is not None
    return filing.seq, filing.number


def given(clerks: Clerks) -> str:
    page = clerks.client("banner-reviewer-own").post(matter(clerks, "code/")).content.decode()
    found = re.search(r'id="code">(\d{4}) (\d{4})<', page)
    assert found, page[:2000]
    return found[1] + found[2]


def confirm(clerks: Clerks, number: str, code: str, action: str = "confirm"):
    from django.test import Client

    return Client().post("/confirm/", {"number": number, "code": code, "action": action})


def test_a_code_read_out_by_telephone_shows_the_figures_and_confirms_them_once(
    clerks: Clerks,
) -> None:
    seq, number = entered(clerks)
    code = given(clerks)
    assert code not in str(ConfirmCode.objects.values_list("code_hash", flat=True))
    looked = confirm(clerks, number, code, "look").content.decode()
    assert "52.00" in looked and clerks.matter().state().unconfirmed is not None
    assert confirm(clerks, number, code).status_code == 200
    assert clerks.matter().state().unconfirmed is None
    confirmation = read.rows("form=%s", ["K-CONFIRM"])[0]
    assert confirmation.filer == clerks.matter().party and "确认码" in confirmation.body.decode()
    assert confirmation.actor.startswith("code:")
    assert confirm(clerks, number, code).status_code == 403, "a code works once"
    shown = clerks.client().get(f"/receipts/{seq}/").content.decode()
    assert "代录（" in shown and "企业已确认" in shown and "确认码" in shown


def test_five_wrong_tries_end_a_code_and_a_day_ends_it_too(clerks: Clerks) -> None:
    _, number = entered(clerks)
    code = given(clerks)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    assert {confirm(clerks, number, wrong).status_code for _ in range(5)} == {403}
    assert confirm(clerks, number, code).status_code == 403
    fresh = given(clerks)
    clerks.clock.ms += 25 * 3_600_000
    assert confirm(clerks, number, fresh).status_code == 403
    assert clerks.matter().state().unconfirmed is not None


def test_a_new_code_ends_the_older_one_and_every_issue_is_on_the_record(clerks: Clerks) -> None:
    _, number = entered(clerks)
    old, new = given(clerks), given(clerks)
    assert confirm(clerks, number, old).status_code == 403
    assert confirm(clerks, number, new).status_code == 200
    issued = read.rows("form=%s", ["MON-CODE"])
    assert len(issued) == 2 and all(one.actor == "account:banner-reviewer-own" for one in issued)
    assert not any(code in one.body.decode() for one in issued for code in (old, new))


def test_an_office_cannot_confirm_for_the_firm(clerks: Clerks) -> None:
    _, number = entered(clerks)
    code = given(clerks)
    said = {"number": number, "code": code, "action": "confirm"}
    assert clerks.client("banner-reviewer-own").post("/confirm/", said).status_code == 403
    assert clerks.matter().state().unconfirmed is not None


def test_a_firm_that_corrects_needs_not_confirm_and_no_code_is_given_out(clerks: Clerks) -> None:
    seq, _ = entered(clerks)
    clerks.file(supersedes=seq, reason="自查更正", grid=clerk_region.usual_grid(3))
    assert clerks.matter().state().unconfirmed is None
    response = clerks.client("banner-reviewer-own").post(matter(clerks, "code/"))
    assert response.status_code == 409


def test_the_year_counts_what_an_office_keyed_in_apart(clerks: Clerks) -> None:
    enter(clerks, note=NOTE)
    text = clerks.client().get("/returns/").content.decode()
    assert "应报 2 期，及时 2 期" in text
    assert re.search(r"其中代录</[^>]+>.*?1", text, re.DOTALL)
