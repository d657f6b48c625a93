"""Which tables a backup 备份 holds, which it leaves out, and why.

What a model's docstring says it is decides: a *record* is kept by log index, an *operational* table
whole, a *projection* not at all, since the filings give it again. A table added later therefore
falls into its place by itself; `LEFT_OUT` names the operational ones that must not come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

CHUNK = 500
LEFT_OUT = {
    "kernel_login_attempt": "登录节流的计数，过时即弃",
    "kernel_recovery_code": "一次性登录码：恢复后不得再用一次",
    "kernel_balance_snapshot": "余额快照是缓存，由记账重算",
}
"""Operational tables that a restored installation must begin without."""
GROWING = ("kernel_access_entry",)
"""Operational tables that are only ever added to: a segment holds the rows since the last."""
BY_HAND = ("kernel_log_tail", "kernel_original", "kernel_sealed", "kernel_checkpoint")
"""Records that hang on a filing otherwise than by a column `seq`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table that a backup holds; `seq` names the column that is its log index, if it has one."""

    table: str
    model: type[models.Model]
    columns: tuple[str, ...]
    seq: str = ""


def _kind(model: type[models.Model]) -> str:
    return (model.__doc__ or "").split(None, 1)[0].strip(".,;:")


def _models(kind: str) -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if model.__module__.startswith("ortoo.") and _kind(model) == kind:
            yield model


def kept(model: type[models.Model]) -> Kept:
    """A model's table with all its columns."""
    columns = tuple(
        field.column
        for field in model._meta.concrete_fields
        if field.column and not isinstance(field, models.CompositePrimaryKey)
    )
    return Kept(model._meta.db_table, model, columns, "seq" if "seq" in columns else "")


def records() -> tuple[Kept, ...]:
    """Record tables cut by log index: filings, leaves, and whatever else has a `seq`."""
    found = (kept(model) for model in _models("Record"))
    return tuple(one for one in found if one.table not in BY_HAND)


def record(table: str) -> Kept:
    """One record table by name."""
    return next(one for one in map(kept, _models("Record")) if one.table == table)


def operational() -> tuple[Kept, ...]:
    """Operational tables kept whole, as they stand when the segment is made."""
    found = (kept(model) for model in _models("Operational"))
    return tuple(one for one in found if one.table not in (*LEFT_OUT, *GROWING))


def growing() -> tuple[Kept, ...]:
    """Operational tables that only grow, by their surrogate `id`."""
    return tuple(one for one in map(kept, _models("Operational")) if one.table in GROWING)


def unplaced() -> list[str]:
    """Tables of ours whose docstring does not say what they are."""
    said = {"Record", "Projection", "Operational"}
    return [
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("ortoo.") and _kind(model) not in said
    ]


def rows_of(one: Kept) -> Iterator[Sequence[tuple[Any, ...]]]:
    """A whole table in chunks, from one statement: one state of the table, whoever writes."""
    found = one.model._base_manager.values_list(*_names(one))
    chunk: list[tuple[Any, ...]] = []
    for row in found.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def rows_between(
    one: Kept, column: str, start: int, end: int
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Rows whose `column` is above `start` and not above `end`, a short statement a chunk.

    Between two chunks nothing is held open: writers never wait and SQLite can empty its WAL.
    """
    for low in range(start, end, CHUNK):
        high = min(low + CHUNK, end)
        query = one.model._base_manager.filter(**{f"{column}__gt": low, f"{column}__lte": high})
        found = list(query.order_by(column).values_list(*_names(one)))
        if found:
            yield found


def _names(one: Kept) -> list[str]:
    return [
        field.attname for field in one.model._meta.concrete_fields if field.column in one.columns
    ]


def originals(addresses: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """Foreign documents by address."""
    one = record("kernel_original")
    query = one.model._base_manager.filter(sha256__in=list(addresses))
    return list(query.values_list(*_names(one)))


def sealed_up_to(end: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Sealed values of the first `end` filings, in pages by their commitment.

    All of them in every segment: a person's values may be sealed anew under another key, and then
    only the newest ciphertexts open.
    """
    one = record("kernel_sealed")
    columns, last = ",".join(f"s.{name}" for name in one.columns), b""
    place = one.columns.index("commitment")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM kernel_sealed s JOIN kernel_filing f"
                " ON f.key = s.filing_key WHERE s.commitment > %s AND f.seq <= %s"
                f" ORDER BY s.commitment LIMIT {CHUNK}",
                [last, end],
            )
            found = cursor.fetchall()
        if not found:
            return
        yield found
        last = bytes(found[-1][place])


def schema() -> dict[str, str]:
    """The newest migration applied of each application of ours."""
    from django.db.migrations.recorder import MigrationRecorder

    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("ortoo.")}
    found: dict[str, str] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if app in ours:
            found[app] = name
    return found
