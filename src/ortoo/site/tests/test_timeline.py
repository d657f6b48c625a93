"""The demonstration's timeline: moments in order, small batches, nothing after the morning."""

from __future__ import annotations

import pytest

from ortoo.site.operations import timeline
from ortoo.site.operations.timeline import BATCH_MS, MINUTE_MS, Timeline


@pytest.fixture
def filed(monkeypatch: pytest.MonkeyPatch, db: None) -> list[tuple[int, list[str]]]:
    """(moment received, drafts) of every batch, instead of filing it."""
    batches: list[tuple[int, list[str]]] = []

    def keep(drafts: list[str], *, now_ms: int) -> list[str]:
        batches.append((now_ms, list(drafts)))
        return list(drafts)

    monkeypatch.setattr(timeline, "file_many", keep)
    return batches


def says(line: Timeline, at_ms: int, about: str, heard: list[str] | None = None) -> None:
    def drafts(_: int):
        name = f"{about}@{at_ms}"
        yield name, (heard.append if heard is not None else lambda _: None)

    line.add(at_ms, about, drafts)


def test_acts_are_taken_in_the_order_of_their_moments_and_none_after_the_end(filed):
    line = Timeline(until_ms=100 * MINUTE_MS)
    for minute in (90, 30, 101, 60):
        says(line, minute * MINUTE_MS, f"a{minute}")
    line.run()
    said = [name.partition("@")[0] for _, names in filed for name in names]
    assert said == ["a30", "a60", "a90"]


def test_neighbouring_acts_are_filed_together_but_never_two_about_the_same(filed):
    line = Timeline(until_ms=BATCH_MS)
    says(line, 1, "x")
    says(line, 2, "y")
    says(line, 3, "x")
    line.run()
    assert [names for _, names in filed] == [["x@1", "y@2"], ["x@3"]]
    assert [at for at, _ in filed] == [2, 3]


def test_a_batch_never_reaches_over_a_boundary_such_as_a_deadline(filed):
    line = Timeline(until_ms=3 * BATCH_MS)
    says(line, BATCH_MS - 1, "x")
    says(line, BATCH_MS, "y")
    line.run()
    assert [at for at, _ in filed] == [BATCH_MS - 1, BATCH_MS]


def test_work_sees_what_was_said_before_it_and_may_add_what_follows(filed):
    line, heard = Timeline(until_ms=9 * MINUTE_MS), []
    says(line, MINUTE_MS, "x", heard)

    def work(at_ms: int) -> None:
        assert heard == ["x@60000"]
        # A moment that is past already is taken now: the clock does not go back.
        says(line, 0, "late", heard)

    line.call(2 * MINUTE_MS, work)
    line.run()
    assert heard == ["x@60000", "late@0"]
    assert filed[-1][0] == 2 * MINUTE_MS == line.clock
