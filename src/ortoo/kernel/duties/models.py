"""Duties 应办事项: who owes which filing by when."""

from __future__ import annotations

from django.db import models


class Duty(models.Model):
    """Projection, written with the filing that moves it; derived from its thread's entries.

    `opened_seq`, `closed_seq`, `void_seq` are log indexes: a list as of S needs no other table.
    Lateness is computed at read from `due_at` (milliseconds) and the clock.
    """

    key = models.CharField(max_length=200, primary_key=True)
    thread = models.CharField(max_length=160)
    kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=40)
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=16)
    place = models.CharField(max_length=20)
    subject = models.CharField(max_length=80)
    due_at = models.BigIntegerField(null=True)
    opened_seq = models.BigIntegerField()
    closed_seq = models.BigIntegerField(null=True)
    void_seq = models.BigIntegerField(null=True)

    class Meta:
        db_table = "kernel_duty"
        indexes = [
            models.Index(
                fields=["owner", "due_at"],
                name="duty_open_owner",
                condition=models.Q(closed_seq__isnull=True, void_seq__isnull=True),
            ),
            models.Index(
                fields=["due_at", "key"],
                name="duty_open_due",
                condition=models.Q(closed_seq__isnull=True, void_seq__isnull=True),
            ),
            models.Index(fields=["thread"], name="duty_thread"),
            models.Index(fields=["owner", "due_at", "opened_seq", "closed_seq"], name="duty_as_of"),
        ]

    def __str__(self) -> str:
        return self.key
