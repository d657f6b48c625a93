"""Statements filed at once share a transaction, and nobody is refused for another's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from ortoo.kernel.filings.intake import LARGEST_GROUP, Intake

pytestmark = pytest.mark.law(1)


class Book:
    """Stands for the database: remembers the groups, refuses what is named bad."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = threading.Event()
        self.first = threading.Event()
        self.waits = 0
        self._lock = threading.Lock()

    def write(self, prepared: Sequence[Any]) -> list[Any]:
        names = [item.name for item in prepared]
        self.first.set()
        assert self.gate.wait(30)
        if any(name.startswith("bad") for name in names):
            raise ValueError(names[0])
        self.groups.append(names)
        return [SimpleNamespace(key=name) for name in names]

    def wait_durable(self) -> None:
        with self._lock:
            self.waits += 1


def file_at_once(book: Book, names: Sequence[str]) -> list[Any]:
    """The first files alone; the others come while it writes. Answers in order of `names`."""
    intake = Intake(book.write, book.wait_durable)

    def one(name: str) -> Any:
        try:
            return intake.file(SimpleNamespace(name=name)).key  # type: ignore[arg-type]
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(names)) as pool:
        first = pool.submit(one, names[0])
        assert book.first.wait(30)
        rest = [pool.submit(one, name) for name in names[1:]]
        while len(intake._waiting) < len(names) - 1:
            threading.Event().wait(0.001)
        book.gate.set()
        return [future.result(30) for future in (first, *rest)]


def test_those_who_wait_go_together_and_each_gets_its_own_receipt() -> None:
    book, names = Book(), [f"n{number}" for number in range(9)]
    assert file_at_once(book, names) == names
    assert book.groups[0] == ["n0"]
    assert [sorted(group) for group in book.groups[1:]] == [names[1:]]


def test_no_receipt_leaves_before_the_disk_was_waited_for() -> None:
    book = Book()
    file_at_once(book, ["a", "b", "c"])
    assert book.waits == 3


def test_one_that_is_refused_takes_nobody_with_it() -> None:
    book = Book()
    answers = file_at_once(book, ["a", "b", "bad", "c"])
    assert answers[:2] + answers[3:] == ["a", "b", "c"]
    assert isinstance(answers[2], ValueError) and str(answers[2]) == "bad"
    assert sorted(name for group in book.groups for name in group) == ["a", "b", "c"]
    assert book.waits == 3


def test_a_crowd_is_written_in_groups_of_bounded_size_and_nobody_is_left_waiting() -> None:
    book, names = Book(), [f"n{number}" for number in range(2 * LARGEST_GROUP + 3)]
    assert file_at_once(book, names) == names
    assert [len(group) for group in book.groups] == [1, LARGEST_GROUP, LARGEST_GROUP, 2]


def test_after_a_failure_the_next_one_is_written() -> None:
    book = Book()
    book.gate.set()
    intake = Intake(book.write, book.wait_durable)
    with pytest.raises(ValueError, match="bad"):
        intake.file(SimpleNamespace(name="bad"))  # type: ignore[arg-type]
    assert intake.file(SimpleNamespace(name="good")).key == "good"  # type: ignore[arg-type]
