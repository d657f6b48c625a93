"""What follows from a record: parts and who may be handed them, entries, moves, addressees."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ortoo.algorithms.merkle import part_proof, verify_part
from ortoo.kernel.filings.behaviour import canonical
from ortoo.kernel.filings.digest import digests, leaves
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_behaviour import SALT_SIZE, SALTED, RecordFormBehaviour
from ortoo.kernel.forms.record_loader import parse
from ortoo.kernel.forms.tests.record_samples import (
    CARRIER,
    FIRM,
    HEX,
    behaviour,
    body,
    draft,
    form,
)
from ortoo.kernel.seal.salting import salted

TOLD = behaviour()
DATA = TOLD.encode(body())


@pytest.mark.law(2)
def test_each_field_is_a_part_and_each_line_one_a_share_class() -> None:
    parts = {name.removeprefix(SALTED): data[SALT_SIZE:] for name, data in TOLD.parts(DATA)}
    assert json.loads(parts["case"]) == "GK-0001"
    assert json.loads(parts["lines.0002@transport"]) == {"net": 120_000}
    assert set(json.loads(parts["lines.0002@customs"])) == {"number", "good", "name", "price"}
    assert all(canonical(json.loads(data)) == data for data in parts.values())
    said = {name for name in body() if name not in ("lines", "secret")}
    assert said <= parts.keys() and not {"lines", "secret"} & parts.keys()


@pytest.mark.law(2)
def test_lines_of_one_class_are_whole_parts() -> None:
    order = behaviour("T-ORDER-1")
    said = {
        "order_number": "1", "total": 1, "buyer_number": HEX,
        "items": [{"sku": "A", "quantity": 1}],
    }  # fmt: skip
    parts = dict(order.parts(order.encode(said)))
    assert json.loads(parts["items.0001"]) == {"sku": "A", "quantity": 1}
    assert not [name for name in parts if name.startswith("@")]
    assert order.share_of("items.0001") == "own"


@pytest.mark.law(2)
def test_an_agency_proves_exactly_its_fields_against_the_digest() -> None:
    parts = TOLD.parts(DATA)
    named = leaves(b"{}", parts, None)
    digest, _ = digests(named)
    handed = TOLD.visible_parts(DATA, {"transport"})
    names = [name.removeprefix(SALTED) for name, _ in handed]
    assert "gross" in names and "value" not in names and "remark" not in names
    for name, data in handed:
        index = 1 + [found for found, _ in parts].index(name)
        leaf = b"part\x00" + name.encode() + b"\x00" + data
        assert verify_part(digest, leaf, part_proof(named, index))
        assert not verify_part(digest, leaf + b" ", part_proof(named, index))
    # The list of its class names every part it must have been handed, and no other class's.
    listed = json.loads(dict(handed)["salted/@transport"][SALT_SIZE:])
    assert listed == [name for name in names if name != "@transport"]


@pytest.mark.law(2)
def test_every_part_belongs_to_one_class_and_all_classes_make_the_whole() -> None:
    classes = [*form().shares, "own"]
    split = [TOLD.visible_parts(DATA, {code}) for code in classes]
    assert sorted(name for parts in split for name, _ in parts) == sorted(
        name for name, _ in TOLD.parts(DATA)
    )
    whole = {name: value for name, value in json.loads(DATA).items() if name != "secret"}
    assert TOLD.visible_body(DATA, classes) == whole
    seen = TOLD.visible_body(DATA, {"transport"})
    assert seen["lines"] == [{"net": 100_000}, {"net": 120_000}]
    assert "remark" not in seen and "case" not in seen
    with pytest.raises(KeyError):
        TOLD.share_of("colour")


@pytest.mark.law(2)
def test_parts_that_are_handed_out_are_salted_as_the_seal_does_it() -> None:
    secret = bytes.fromhex(body()["secret"])
    for name, data in TOLD.parts(DATA):
        plain = name.removeprefix(SALTED)
        assert (name, data) == salted(secret, plain, data[SALT_SIZE:])
    other = dict(TOLD.parts(TOLD.encode(body(secret="01" * 32))))
    assert other["salted/pieces"] != dict(TOLD.parts(DATA))["salted/pieces"]


def test_entries_are_filled_from_fields_lines_and_envelope() -> None:
    first, *rest = TOLD.entries(draft(body()), DATA)
    assert (first.thread, first.kind) == ("T-TRUCK|GK-0001", "open")
    assert first.detail == {
        "version": 1,
        "subject": FIRM,
        "place": "152500",
        "agencies": {"owner": FIRM},
        "note": "import:40",
    }
    assert [(entry.thread, entry.detail["net"]) for entry in rest] == [
        ("T-GOOD|GR01", 100_000),
        ("T-GOOD|GR02", 120_000),
    ]


def test_a_blank_field_leaves_its_detail_out_and_a_condition_its_entry() -> None:
    said = body(parent="T-TRIP|7", direction="export", licence=None)
    (entry,) = TOLD.entries(draft(said), TOLD.encode(said))
    assert entry.detail["parent"] == "T-TRIP|7"


@pytest.mark.law(5)
def test_an_entry_carries_what_it_supersedes_annuls_or_corrects() -> None:
    following = draft(body(), supersedes=7, annuls=8, corrects=9, reason="改")
    detail = TOLD.entries(following, DATA)[0].detail
    assert (detail["supersedes"], detail["annuls"], detail["corrects"]) == (7, 8, 9)
    assert TOLD.annulment is not None and TOLD.annulment.kinds == {"agency"}
    assert TOLD.corrected_by == {"T-LINE"} and TOLD.supersedable


@pytest.mark.law(12)
def test_a_line_posts_from_one_account_to_another() -> None:
    moves = TOLD.moves(draft(body()), DATA)
    assert [(m.account, m.commodity, m.quantity, m.occurred_on) for m in moves] == [
        ("stock|W1", "GR01", 100_000, "2026-11-14"),
        ("border|152500", "GR01", -100_000, "2026-11-14"),
        ("stock|W1", "GR02", 120_000, "2026-11-14"),
        ("border|152500", "GR02", -120_000, "2026-11-14"),
    ]


@pytest.mark.law(12)
def test_a_minus_sign_turns_a_posting() -> None:
    said = body(direction="export", licence=None)
    (move,) = TOLD.moves(draft(said), TOLD.encode(said))
    assert (move.account, move.commodity, move.quantity) == ("pieces|W1", "piece", -40)


def test_a_filing_is_sent_once_to_each_party_with_its_classes() -> None:
    assert TOLD.addressees(draft(body()), DATA) == (CARRIER, "ORG-CUSTOMS")
    customs = body(carrier="ORG-CUSTOMS")
    handed = TOLD.handed(draft(customs), TOLD.encode(customs))
    assert handed == {"ORG-CUSTOMS": frozenset({"customs", "transport"})}
    nobody = body(carrier=None, direction="export", licence=None)
    assert TOLD.addressees(draft(nobody), TOLD.encode(nobody)) == ()


@pytest.mark.law(3)
def test_sealed_references_name_every_commitment_and_its_path() -> None:
    assert TOLD.sealed_references(DATA) == [
        (bytes.fromhex(HEX), "driver_name"),
        (bytes.fromhex("cd" * 32), "driver_document"),
    ]


@pytest.mark.law(13)
def test_the_digest_covers_every_word_and_no_layout() -> None:
    assert behaviour().digest == form().digest == replace(form(), file="other.yaml").digest
    assert replace(form(), title={"zh": "另一表"}).digest != form().digest
    assert replace(form(), supersedable=False).digest != form().digest


def test_a_code_list_that_nobody_registered_refuses_and_does_not_break() -> None:
    lost = parse(
        {
            "record": "T-LOST", "version": 1, "title": {"zh": "表"}, "respondent": ["agency"],
            "fields": {
                "unit": {
                    "type": "choice", "title": {"zh": "单位"},
                    "codes": {"list": "nowhere", "version": 1},
                }
            },
        }
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        RecordFormBehaviour(lost).encode({"unit": "1"})
    assert (caught.value.code, caught.value.status) == ("CODES-UNKNOWN", 503)
