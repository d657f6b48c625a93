"""Entries of threads 案卷: what each filing says to each matter it touches."""

from __future__ import annotations

from django.db import models


class ThreadEntry(models.Model):
    """Projection, written with its filing: one line per (thread, filing) with what the fold reads.

    `detail` is a small JSON object derived from the filing's body by its form's behaviour, so that
    folding a thread never opens bodies. Rebuilt and compared by `ortoo rebuild`.
    """

    pk = models.CompositePrimaryKey("thread", "seq", "kind")
    thread = models.CharField(max_length=160)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    detail = models.TextField()
    at = models.BigIntegerField(default=0)

    class Meta:
        db_table = "kernel_thread_entry"
        indexes = [models.Index(fields=["seq"], name="thread_entry_seq")]

    def __str__(self) -> str:
        return f"{self.thread} {self.kind} #{self.seq}"
