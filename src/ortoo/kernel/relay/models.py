"""The outbox of the relay 交换: filings waiting to reach other parties."""

from __future__ import annotations

from django.db import models


class Outbox(models.Model):
    """Operational. One row per (filing, addressee), inserted in the filing's transaction."""

    pk = models.CompositePrimaryKey("seq", "addressee")
    seq = models.BigIntegerField()
    addressee = models.CharField(max_length=40)
    receipt = models.TextField(default="")

    class Meta:
        db_table = "kernel_outbox"

    def __str__(self) -> str:
        return f"#{self.seq} → {self.addressee}"
