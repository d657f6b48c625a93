"""How far each background job has come."""

from __future__ import annotations

from django.db import models


class Job(models.Model):
    """Operational. One long job; `held` is what people asked for, `state` what the process does.

    `state`: waiting, running, held, done or failed. Times are milliseconds of the machine's clock.
    """

    name = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=120)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    note = models.CharField(max_length=200, default="", blank=True)
    state = models.CharField(max_length=10, default="waiting")
    held = models.BooleanField(default=False)
    started_at = models.BigIntegerField(null=True)
    seen_at = models.BigIntegerField(null=True)
    error = models.CharField(max_length=400, default="", blank=True)

    class Meta:
        app_label = "site"
        db_table = "site_job"

    def __str__(self) -> str:
        return f"{self.name} {self.done}/{self.total}"
