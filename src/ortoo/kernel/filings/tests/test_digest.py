"""Laws 2 and 4: what a digest covers, and how a grid lies in a body."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from ortoo.algorithms import merkle
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of, canonical
from ortoo.kernel.filings.digest import digests, envelope, leaves
from ortoo.kernel.filings.draft import Draft, Original
from ortoo.kernel.filings.tests.history import CODE, FORM, History
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms.behaviour import GridBehaviour
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.tests.small import grid
from ortoo.kernel.threads.rebuild import draft_of

cells = st.one_of(st.none(), st.sampled_from(Nil), st.integers(0, 10**9))
columns = st.tuples(cells, cells, cells)
notes = st.dictionaries(
    st.sampled_from(["0101.price", "0201.stock"]),
    st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=9).filter(
        str.strip
    ),
    max_size=2,
)


def parts_of(seq: int) -> tuple[read.FilingRow, list[bytes]]:
    """A stored filing and the named parts its digest is made of."""
    row = read.get(seq)
    assert row is not None
    said = envelope(
        draft_of(row),
        version=row.form_version,
        form_digest=row.form_digest,
        thread=row.thread,
        now_ms=row.received_at,
    )
    return row, leaves(said, behaviour_of(row.form).parts(row.body), row.original)


@pytest.mark.law(2)
@pytest.mark.parametrize("hash_name", ["sha256", "sm3"])
def test_one_column_is_proved_without_showing_the_others(history: History, hash_name: str) -> None:
    history.open()
    row, parts = parts_of(history.say_return().seq)
    index = next(n for n, part in enumerate(parts) if part.startswith(b"part\x00columns.price"))
    proof = merkle.part_proof(parts, index, hash_name)
    digest = row.digest if hash_name == "sha256" else row.digest_sm3
    assert merkle.verify_part(digest, parts[index], proof)
    assert not merkle.verify_part(digest, parts[index].replace(b"598", b"599"), proof)
    assert all(part not in b"".join(proof.hashes) for part in parts)


@pytest.mark.law(2)
@given(price=columns, stock=columns, notes=notes)
def test_parts_read_from_the_stored_bytes_are_the_forms_own_parts(price, stock, notes) -> None:
    said = grid(price, stock=stock)
    data = codec.encode(FORM, codec.GridBody(said.columns, notes=notes))
    assert list(GridBehaviour(FORM).parts(data)) == codec.parts(FORM, data)


@pytest.mark.law(4)
@given(price=columns, stock=columns, notes=notes)
def test_a_grids_stored_bytes_are_canonical_json_of_integer_columns(price, stock, notes) -> None:
    data = codec.encode(FORM, codec.GridBody(grid(price, stock=stock).columns, notes=notes))
    assert canonical(json.loads(data)) == data
    cells = [cell for column in json.loads(data)["columns"].values() for cell in column]
    assert all(cell is None or isinstance(cell, int) or cell in "nos" for cell in cells)


@pytest.mark.law(4)
def test_no_table_holds_a_float() -> None:
    fields = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("ortoo.")
        for field in model._meta.fields
        if isinstance(field, models.FloatField)
    ]
    assert not fields


@pytest.mark.law(2)
@pytest.mark.parametrize(
    "change",
    [
        {"filer": "X"}, {"actor": "X"}, {"period": "M2026-10"}, {"subject": "X"}, {"place": "X"},
        {"supersedes": 1}, {"annuls": 1}, {"corrects": 1}, {"reason": "X"}, {"mode": "assisted"},
        {"said_at": 1}, {"key": "other"}, {"original": Original(b"a", "text/plain", "a")},
        {"original": Original(b"a", "text/plain", "b")}, {"body": {"fen": 2}},
    ],
)  # fmt: skip
def test_every_field_of_the_envelope_enters_both_digests(history: History, change) -> None:
    from dataclasses import replace

    from ortoo.kernel.filings.digest import draft_digests

    def both(draft: Draft) -> tuple[bytes, bytes]:
        behaviour = behaviour_of("T-MOVE")
        data = behaviour.encode(draft.body)
        return draft_digests(draft, behaviour, data, thread="t", now_ms=5)

    draft = Draft("T-MOVE", "F", "A", "k", {"fen": 1}, 0)
    before, after = both(draft), both(replace(draft, **change))
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.law(2)
def test_a_filing_carries_the_digest_of_its_forms_definition(history: History) -> None:
    history.open()
    row = read.get(history.say_return().seq)
    assert (row.form, row.form_digest) == (CODE, FORM.digest)


def test_parts_of_different_kinds_cannot_be_taken_for_each_other() -> None:
    one = digests(leaves(b"e", [("a", b"b")], None))
    assert one != digests(leaves(b"e", [("ab", b"")], None))
    assert one != digests(leaves(b"e", [], b"a\x00b"))
