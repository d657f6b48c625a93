"""What is beside a shown part tells nothing of it: hashes of short values cannot be tried out."""

from __future__ import annotations

import json

import pytest

from ortoo.algorithms import merkle
from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.tests.history import FIRMS, NOW, History
from ortoo.kernel.seal import salting
from ortoo.kernel.seal.disclosure import _hashes, disclose, unpack

from .salted_form import FIELDS, say_salted


def guessed(document: bytes, names: list[str], salt: bytes = b"", prefix: str = "") -> set[str]:
    """Whoever tries every number up to 10,000 for each name against each hash in a document."""
    there = set(_hashes(unpack(document).siblings))
    return {
        name
        for name in names
        for value in range(10_000)
        if merkle.leaf_hash(f"part\0{prefix}{name}\0".encode() + salt + b"%d" % value) in there
    }


@pytest.mark.law(2)
def test_a_salted_neighbour_cannot_be_found_by_trying_every_value(history: History) -> None:
    shown = disclose(say_salted(history).seq, ["f06"], now_ms=NOW)
    names = ["f05", "f07", "f08"]
    own = json.loads(read.get(1).body)["secret"]
    salt = salting.salt_of(bytes.fromhex(own), "f06")
    assert guessed(shown.document, names) == set()
    assert guessed(shown.document, names, prefix="salted/") == set()
    assert guessed(shown.document, names, salt, "salted/") == set()
    assert shown.guessable == ("envelope",)


def test_without_salt_the_same_neighbour_is_found(history: History) -> None:
    seq = history.file("T-MOVE", FIRMS[0], {"fen": 7, "fen2": 4711}).seq
    shown = disclose(seq, ["fen"], now_ms=NOW)
    assert guessed(shown.document, ["fen2"]) == {"fen2"}
    assert "fen2" in shown.guessable


@pytest.mark.law(2)
def test_neither_the_secret_nor_another_salt_or_value_is_in_the_document(history: History) -> None:
    words = {f"f{number:02d}": f"word {number * 7919:05d}" for number in range(20)}
    seq = say_salted(history, words).seq
    shown = disclose(seq, ["f03", "envelope"], now_ms=NOW)
    plain = repr(unpack(shown.document))
    secret = bytes.fromhex(json.loads(read.get(seq).body)["secret"])
    hidden = [secret, *(salting.salt_of(secret, name) for name in words if name != "f03")]
    assert not any(repr(value)[2:-1] in plain for value in hidden)
    assert secret.hex() not in plain
    assert [word for word in words.values() if word in plain] == [words["f03"]]


def test_the_secret_is_no_part_and_yet_bound_by_the_digest(history: History) -> None:
    data = read.get(say_salted(history).seq).body
    behaviour = behaviour_of("T-SALTED")
    names = [name for name, _ in behaviour.parts(data)]
    assert names == [f"salted/{name}" for name in sorted(FIELDS)]
    body = json.loads(data)
    body["secret"] = "0" * 64
    other = behaviour.parts(json.dumps(body).encode())
    assert all(a != b for a, b in zip(behaviour.parts(data), other, strict=True))


def test_a_value_comes_out_of_its_part_as_it_went_in() -> None:
    name, data = salting.salted(b"s" * 32, "price", b"598")
    assert salting.opened(name, data) == ("price", b"598", True)
    assert salting.opened("price", b"598") == ("price", b"598", False)
