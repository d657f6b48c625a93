"""Laws 7, 9 and 10 on histories nobody planned: replayed, they give the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.kernel.filings import read
from ortoo.kernel.filings.projection import catch_up, projections
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import FIRMS, LOW, TOP, History, counts
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.periodic import ReturnState
from ortoo.kernel.threads.rebuild import rebuild_all, rebuild_threads

Step = tuple[str, int, int]
NAMES = (
    "file", "file", "supersede", "supersede", "query", "query", "reply", "reply", "send_back",
    "accept", "accept",
    "both", "archive", "open", "batch", "move", "succeed",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 1), st.integers(0, 3)), max_size=16
)
Snapshot = tuple[dict[str, ReturnState], set[str]]


@dataclass
class Walk:
    """A history taken step by step, remembering what was known at each log index."""

    history: History
    seen: dict[int, Snapshot] = field(default_factory=dict)
    refused: int = 0

    def take(self, step: Step) -> None:
        name, firm, pick = step
        before = counts()
        try:
            getattr(self, f"_{name}")(FIRMS[firm], pick)
        except Refused as refused:
            self.refused += 1
            assert refused.code
            assert counts() == before, "a refusal wrote something"
        self.seen[read.tail()] = snapshot(self.history)

    def _any_version(self, firm: str, pick: int) -> int:
        versions = self.history.state(firm).versions or (1,)
        return versions[-1 - pick % 2] if len(versions) > 1 else versions[0]

    def _open(self, firm: str, pick: int) -> None:
        self.history.open()

    def _file(self, firm: str, pick: int) -> None:
        self.history.say_return(firm, 500 + pick)

    def _supersede(self, firm: str, pick: int) -> None:
        self.history.say_return(
            firm, 600 + pick, supersedes=self._any_version(firm, pick), reason="录错"
        )

    def _query(self, firm: str, pick: int) -> None:
        self.history.query(self._any_version(firm, pick), firm, (LOW, TOP)[pick % 2])

    def _reply(self, firm: str, pick: int) -> None:
        state = self.history.state(firm)
        queries = state.open_queries or state.queries
        self.history.reply(queries[pick % len(queries)].seq if queries else 1, firm)

    def _send_back(self, firm: str, pick: int) -> None:
        self.history.send_back(self._any_version(firm, pick), firm, (LOW, TOP)[pick % 2])

    def _accept(self, firm: str, pick: int) -> None:
        targets = {firm: self._any_version(firm, pick)}
        self.history.accept(targets, (LOW, TOP)[pick % 2], conclude=pick == 3)

    def _both(self, firm: str, pick: int) -> None:
        targets = {each: self._any_version(each, 0) for each in FIRMS}
        self.history.accept(targets, (LOW, TOP)[pick % 2])

    def _archive(self, firm: str, pick: int) -> None:
        if pick == 0:
            self.history.archive()

    def _move(self, firm: str, pick: int) -> None:
        self.history.move(pick)

    def _batch(self, firm: str, pick: int) -> None:
        drafts = [self.history.a_return(each, 700 + pick) for each in FIRMS]
        self.history.batch(*([self.history.opening()] if pick % 2 else []), *drafts)

    def _succeed(self, firm: str, pick: int) -> None:
        self.history.register(sealed=False)
        body = {"party": FIRMS[0], "successor": FIRMS[1]}
        self.history.file("K-SUCCESSOR", "SYSTEM", body)


def open_at(seq: int) -> set[str]:
    """Keys of the duties open as of log index `seq`, from the duty table alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM kernel_duty WHERE opened_seq <= %s"
            " AND (closed_seq IS NULL OR closed_seq > %s) AND (void_seq IS NULL OR void_seq > %s)",
            [seq] * 3,
        )
        return {row[0] for row in cursor.fetchall()}


def snapshot(history: History, as_of: int | None = None) -> Snapshot:
    states = {firm: history.state(firm, as_of) for firm in FIRMS}
    return states, open_at(read.tail() if as_of is None else as_of)


def anew(history: History, given_steps: list[Step], check: Callable[[Walk], None]) -> None:
    """Walk the steps from an empty log, check, and forget everything."""
    with transaction.atomic():
        walk = Walk(history)
        for step in given_steps:
            walk.take(step)
        check(walk)
        transaction.set_rollback(True)


small = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
OPENED: list[Step] = [("open", 0, 0)]


@pytest.mark.law(7, 9)
@small
@given(steps)
def test_any_history_replayed_gives_the_same_rows_and_verifies(
    history: History, drawn: list[Step]
) -> None:
    def check(walk: Walk) -> None:
        catch_up()
        assert all(outcome.equal for outcome in rebuild_all(fix=False))
        assert verify() == []

    anew(history, OPENED + drawn, check)


@pytest.mark.law(10)
@small
@given(steps)
def test_as_of_a_log_index_everything_reads_as_it_did_then(
    history: History, drawn: list[Step]
) -> None:
    def check(walk: Walk) -> None:
        for seq, then in walk.seen.items():
            assert snapshot(history, seq) == then

    anew(history, OPENED + drawn, check)


@pytest.mark.law(7)
@small
@given(steps)
def test_no_duty_is_ever_deleted(history: History, drawn: list[Step]) -> None:
    keys: set[str] = set()
    with transaction.atomic():
        walk = Walk(history)
        for step in OPENED + drawn:
            walk.take(step)
            with connection.cursor() as cursor:
                cursor.execute("SELECT key FROM kernel_duty")
                now = {row[0] for row in cursor.fetchall()}
            assert keys <= now
            keys = now
        transaction.set_rollback(True)


@pytest.mark.law(9)
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM kernel_thread_entry WHERE seq = 2",
        "UPDATE kernel_duty SET closed_seq = NULL",
        "UPDATE kernel_posting SET quantity = quantity + 1",
        "UPDATE kernel_party SET name = 'x'",
        "DELETE FROM kernel_contact",
    ],
)
def test_a_damaged_read_model_is_told_from_the_live_one_and_replaced(
    history: History, damage: str
) -> None:
    history.life()
    catch_up()
    with connection.cursor() as cursor:
        cursor.execute(damage)
    assert not all(outcome.equal for outcome in rebuild_all(fix=False))
    assert not all(outcome.equal for outcome in rebuild_all(fix=True))
    assert all(outcome.equal for outcome in rebuild_all(fix=False))
    assert verify() == []


@pytest.mark.law(9)
def test_a_projection_emptied_and_caught_up_again_has_the_same_rows(history: History) -> None:
    def rows() -> dict[str, list[Any]]:
        found = {}
        with connection.cursor() as cursor:
            for projection in projections():
                for table in projection.tables:
                    cursor.execute(f"SELECT {','.join(table.columns)} FROM {table.name}")
                    found[table.name] = sorted(map(repr, cursor.fetchall()))
        return found

    history.life()
    catch_up()
    before = rows()
    with connection.cursor() as cursor:
        for projection in projections():
            for table in projection.tables:
                cursor.execute(f"DELETE FROM {table.name}")
        cursor.execute("DELETE FROM kernel_projection_cursor")
    catch_up()
    assert rows() == before
    assert before["kernel_party"]


@pytest.mark.law(9)
def test_lines_of_a_long_thread_are_replayed_across_pages(history: History, monkeypatch) -> None:
    from ortoo.kernel.threads import rebuild

    monkeypatch.setattr(rebuild, "PAGE", 2)
    history.life()
    assert all(outcome.equal for outcome in rebuild_threads())
    assert history.state(FIRMS[0]).versions
