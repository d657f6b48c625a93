"""Reads by thread: a prefix is a prefix on both databases, whatever the collation."""

from __future__ import annotations

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.threads.models import ThreadEntry

PREFIX = "F|W2026-11-14|"
INSIDE = (
    "F|W2026-11-14|", "F|W2026-11-14|@150000", "F|W2026-11-14|乌兰", "F|W2026-11-14|a",
    "F|W2026-11-14|Z", "F|W2026-11-14|%_", "F|W2026-11-14|\U0010fffe", "F|W2026-11-14|-",
)  # fmt: skip
OUTSIDE = (
    "F|W2026-11-14", "f|w2026-11-14|a", "F|W2026-11-140|a", "F|W2026-11-15|a", "F W2026-11-14 a",
    "FW20261114a", "F|W2026-11-14}a", "G|W2026-11-14|a",
)  # fmt: skip


@pytest.mark.django_db
def test_threads_with_a_prefix_are_found_and_no_others() -> None:
    ThreadEntry.objects.bulk_create(
        ThreadEntry(thread=thread, seq=seq, kind="say", detail="{}")
        for seq, thread in enumerate((*INSIDE, *OUTSIDE), 1)
    )
    assert set(read.thread_lines_like(PREFIX)) == set(INSIDE)
    assert read.last_touch(PREFIX) == len(INSIDE)


@pytest.mark.django_db
def test_threads_come_in_the_order_of_code_points() -> None:
    ThreadEntry.objects.bulk_create(
        ThreadEntry(thread=thread, seq=seq, kind="say", detail="{}")
        for seq, thread in enumerate(INSIDE, 1)
    )
    assert list(read.thread_lines_like(PREFIX)) == sorted(INSIDE)
