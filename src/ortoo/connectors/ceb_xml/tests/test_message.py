"""Fields by class: of our own message, and of the official samples where they are at hand."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from ortoo.connectors.ceb_xml.message import class_of, parse, role_of
from ortoo.connectors.ceb_xml.signature import judge
from ortoo.connectors.ceb_xml.tree import XmlRefused, read

from .fictional import FIELDS, HOLE, LINE, signed, unsigned

CHECKOUT = Path(__file__).resolve().parents[5]
FOLDER = Path(os.environ.get("ORTOO_SHARED", CHECKOUT.parent / "shared")) / "data/port/ceb"
SAMPLES = sorted(FOLDER.glob("samples_*/*.xml"))
needs_samples = pytest.mark.skipif(not SAMPLES, reason="the official samples are not at hand")


def test_every_field_is_found_under_its_class_document_and_line() -> None:
    found = parse(signed())
    assert (found.kind, found.version, found.documents) == ("311", "1.0", 1)
    assert found.fields["order.1.goodsValue"] == "358.00"
    assert found.fields["order.1.line1.itemName"] == LINE["itemName"]
    assert found.fields["payment.1.payTransactionId"] == FIELDS["payTransactionId"]
    assert found.fields["logistics.1.consigneeDistrict"] == "150102"
    assert found.fields["person.1.buyerIdNumber"] == FIELDS["buyerIdNumber"]
    assert len(found.fields) == len(FIELDS) + len(LINE)
    assert found.transfer["dxpId"] == "DXPENT0000000417"


def test_persons_are_told_apart_by_their_role() -> None:
    roles = {name: role_of(name) for name in parse(signed()).fields}
    assert roles["person.1.buyerName"] == "buyer"
    assert roles["person.1.consigneeAddress"] == "consignee"
    assert all(bool(role) == (class_of(name) == "person") for name, role in roles.items())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("ceb:CEB311Message", "ceb:Order311", "CEB-ROOT"),
        ("chinaport.gov.cn/ceb", "chinaport.example/ceb", "CEB-ROOT"),
        ("<ceb:appType>1<", "<ceb:appStatus>1</ceb:appStatus><ceb:appType>1<", "CEB-FIELD"),
        ("<ceb:appType>1<", "<ceb:appType><ceb:x/>1<", "CEB-FIELD"),
        ("<ceb:appType>1<", f"<ceb:appType>{'1' * 4001}<", "CEB-TEXT"),
        (HOLE, "<ceb:Order/>" * 100, "CEB-LIMIT"),
        (" </ceb:Order>", "<ceb:OrderList/>" * 99 + "</ceb:Order>", "CEB-LIMIT"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_code(old: str, new: str, code: str) -> None:
    text = unsigned().replace(old, new)
    assert text != unsigned()
    with pytest.raises(XmlRefused) as refused:
        parse(text.encode())
    assert refused.value.code == code


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_no_text_of_an_official_sample_is_lost(path: Path) -> None:
    content = path.read_bytes()
    found = parse(content)
    texts = [*found.fields.values(), *found.transfer.values()]
    inside = [
        each.text
        for each in read(content).descendants()
        if each.uri.endswith("/ceb") and not list(each.elements())
    ]
    assert sorted(texts) == sorted(inside)
    assert found.kind in path.stem


@needs_samples
def test_every_field_the_samples_name_is_an_element_of_the_official_list() -> None:
    with (FOLDER / "ceb_fields_202205.csv").open(encoding="utf-8-sig", newline="") as file:
        official = {row["element"] for row in csv.DictReader(file)}
    slip = {"appSenderId"}  # in the sample of CEB214 alone, and in no schema
    for path in SAMPLES:
        names = {name.rpartition(".")[2] for name in parse(path.read_bytes()).fields}
        assert names <= official | slip, path.stem


@needs_samples
def test_no_official_sample_is_taken_for_signed() -> None:
    """Their digests are placeholders (20 bytes under SM3), so none may be verified."""
    outcomes = {path.stem: judge(path.read_bytes(), 1_795_000_000_000) for path in SAMPLES}
    assert not any(each.outcome == "verified" for each in outcomes.values())
    assert outcomes["CEB511Message"].why.startswith("CEB-SIG-DIGEST")
