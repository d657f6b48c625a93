"""Proof 2: fifty writers at once spend the same residents' quotas, and none is ever overdrawn.

docs/proofs/2-quotas-never-overdrawn.md. On SQLite the database is a file, so that each writer has a
connection of its own; on PostgreSQL this runs with the rest of the package.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections

from ortoo.domains.port.tests.conftest import load_port
from ortoo.domains.port.tests.gate import DAY, Gate
from ortoo.domains.port.tests.market_day import QUOTA, cancel, order, register
from ortoo.kernel.filings.models import Filing
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.together import at_once, elsewhere
from ortoo.kernel.postings.models import Posting
from ortoo.kernel.seal.models import Leaf
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_threads

WRITERS, ROUNDS, RESIDENTS = 50, 4, 24
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.law(7, 8, 12)]


@pytest.fixture
def residents(settings, tmp_path: Path) -> Iterator[list[str]]:
    """A port with residents whose quotas nobody has opened yet."""
    settings.KEYS = tmp_path / "keys"
    load_port()
    default = connections.settings["default"]
    name = default["NAME"]
    if connection.vendor == "sqlite":
        default["NAME"] = str(tmp_path / "ortoo.sqlite3")
        elsewhere(lambda: call_command("migrate", verbosity=0))

    def set_up() -> list[str]:
        Gate().set_up()
        return register(RESIDENTS)

    try:
        yield elsewhere(set_up)
    finally:
        default["NAME"] = name


@dataclass
class Told:
    """What one writer was told. `standing`: order number → (resident, fen) of what is in force."""

    standing: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    receipts: list[Any] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def spend(number: int, turn: int, residents: Sequence[str], told: Told) -> None:
    """One order of some residents; then by chance corrected or cancelled."""
    chance = random.Random(1_000 * turn + number)
    name = f"W{number}-{turn}"

    def values() -> list[tuple[str, int]]:
        chosen = chance.sample(list(residents), chance.randint(1, 8))
        return [(resident, chance.randrange(1_000, 150_000)) for resident in chosen]

    def say(work: Callable[[], Any], after: list[tuple[str, int]] | None) -> Any:
        try:
            receipt = work()
        except Refused as refusal:
            told.refusals[refusal.code] += 1
            return None
        except Exception as error:
            told.faults.append(f"{type(error).__name__} {error}")
            return None
        told.receipts.append(receipt)
        told.standing[name] = after or []
        return receipt

    first = values()
    receipt = say(lambda: order(name, first), first)
    then = chance.random()
    if receipt is not None and then < 0.25:
        say(lambda: cancel(name, receipt.seq), None)
    elif receipt is not None and then < 0.5:
        fixed = values()
        say(
            lambda: order(name, fixed, key=f"fix-{name}", supersedes=receipt.seq, reason="更正"),
            fixed,
        )


def race(residents: Sequence[str]) -> list[Told]:
    """Every writer, round by round, all begun at the same moment."""
    told = [Told() for _ in range(WRITERS)]
    for turn in range(ROUNDS):
        found = at_once(
            [lambda n=n, t=turn: spend(n, t, residents, told[n]) for n in range(WRITERS)]
        )
        assert found == [None] * WRITERS
    return told


def below_zero() -> list[tuple[int, str, int]]:
    """(log index, account, fen) wherever a quota was below zero after a filing of the log."""
    moved: dict[int, Counter[str]] = {}
    rows = Posting.objects.filter(account__startswith="quota|").order_by("seq")
    for seq, account, quantity in rows.values_list("seq", "account", "quantity"):
        moved.setdefault(seq, Counter())[account] += quantity
    held: Counter[str] = Counter()
    found = []
    for seq, moves in moved.items():
        held.update(moves)
        found += [(seq, account, held[account]) for account in moves if held[account] < 0]
    return found


def left() -> dict[str, int]:
    found: Counter[str] = Counter()
    for account, quantity in Posting.objects.values_list("account", "quantity"):
        found[account] += quantity
    return dict(found)


def deadlocks() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_fifty_writers_at_once_never_overdraw_a_quota_and_lose_nothing(
    residents: list[str],
) -> None:
    already = elsewhere(Filing.objects.count)
    before = elsewhere(deadlocks)
    told = race(residents)
    refusals = sum((found.refusals for found in told), Counter())
    receipts = [receipt for found in told for receipt in found.receipts]
    opened = elsewhere(lambda: Filing.objects.filter(form="HUSHI-QUOTA").count())
    balances = elsewhere(left)
    spent = Counter[str]()
    for found in told:
        for values in found.standing.values():
            for resident, value in values:
                spent[resident] += value
    print(
        f"{connection.vendor}: {WRITERS} writers, {ROUNDS} rounds, {len(residents)} residents:"
        f" {len(receipts)} filings accepted, {sum(refusals.values())} refused {dict(refusals)},"
        f" {opened} quotas opened; {sum(spent.values()) / 100:,.2f} of"
        f" {len(residents) * QUOTA / 100:,.2f} yuan spent; below zero at"
        f" {len(elsewhere(below_zero))} places; {elsewhere(deadlocks) - before} deadlocks"
    )
    assert [fault for found in told for fault in found.faults] == []
    assert set(refusals) == {"POSTING-BELOW-ZERO"}
    assert refusals.total() > WRITERS // 2, "the quotas were hardly contested: nothing is shown"
    assert elsewhere(below_zero) == []
    assert opened == len(residents), "each quota is opened once however many ask at once"
    for resident in residents:
        assert balances.get(f"traded|{resident}|{DAY}", 0) == spent[resident]
        assert balances[f"quota|{resident}|{DAY}"] == QUOTA - spent[resident] >= 0
    kept = elsewhere(lambda: dict(Filing.objects.values_list("seq", "key")))
    assert all(kept[receipt.seq] == receipt.key for receipt in receipts)
    assert len(kept) == already + opened + len(receipts)
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert elsewhere(Leaf.objects.count) == len(kept)
    assert elsewhere(deadlocks) == before
    assert all(found.equal for found in elsewhere(rebuild_threads))
    assert elsewhere(verify) == []


def test_without_the_guard_the_same_race_overdraws(
    residents: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the test above looks for is found when the guard is taken away."""
    from ortoo.kernel.filings import decide
    from ortoo.kernel.postings import guard

    for module in (decide, guard):
        monkeypatch.setattr(module, "guarded", lambda account: False)
    race(residents)
    found = elsewhere(below_zero)
    print(f"without the guard, {connection.vendor}: below zero at {len(found)} places")
    assert found


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer; there is no lock to take away"
)
def test_without_the_lock_of_the_accounts_the_same_race_overdraws(
    residents: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second control: the guard alone, without the lock, sees what others have not yet said."""
    from ortoo.kernel.filings import postgresql

    def open_all() -> None:
        for resident in residents:
            order(f"OPEN-{resident[-8:].upper()}", [(resident, 1)])

    elsewhere(open_all)
    unlocked = "SELECT cardinality(%s::text[]) + cardinality(%s::bigint[])"
    monkeypatch.setattr(postgresql, "_LOCK_ACCOUNTS", unlocked)
    race(residents)
    found = elsewhere(below_zero)
    print(f"without the lock, {connection.vendor}: below zero at {len(found)} places")
    assert found
