"""Postings 记账: quantities moved between accounts, derived from filings."""

from __future__ import annotations

from django.db import models


class Posting(models.Model):
    """Projection, written with its filing. A balance is a sum at read, never a stored column."""

    pk = models.CompositePrimaryKey("seq", "line")
    seq = models.BigIntegerField()
    line = models.IntegerField()
    account = models.CharField(max_length=160)
    commodity = models.CharField(max_length=40)
    quantity = models.BigIntegerField()
    occurred_on = models.CharField(max_length=10)

    class Meta:
        db_table = "kernel_posting"
        indexes = [
            models.Index(fields=["account", "commodity", "seq"], name="posting_account"),
            models.Index(fields=["account", "commodity", "occurred_on"], name="posting_day"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.quantity} {self.commodity}"


class BalanceSnapshot(models.Model):
    """Operational. A cache that shortens sums (Law 12): all moves dated up to `through` and filed
    up to `seq` came to `quantity`. Dropping it changes no balance."""

    pk = models.CompositePrimaryKey("account", "commodity", "through", "seq")
    account = models.CharField(max_length=160)
    commodity = models.CharField(max_length=40)
    through = models.CharField(max_length=10)
    seq = models.BigIntegerField()
    quantity = models.BigIntegerField()

    class Meta:
        db_table = "kernel_balance_snapshot"

    def __str__(self) -> str:
        return f"{self.account} {self.quantity} {self.commodity} ≤ {self.through}"
