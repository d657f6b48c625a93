"""What an assisted entry 代录 needs before and beside its filings; nothing here is a record."""

from __future__ import annotations

from django.db import models


class HeldPaper(models.Model):
    """Operational. Evidence uploaded for a return that is not filed yet; gone when it is filed."""

    id = models.BigAutoField(primary_key=True)
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=24)
    party = models.CharField(max_length=40)
    office = models.CharField(max_length=20)
    media_type = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    at = models.BigIntegerField()
    by = models.CharField(max_length=80)

    class Meta:
        db_table = "market_held_paper"
        indexes = [
            models.Index(fields=["form", "period", "party", "office"], name="held_paper_matter"),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.period} {self.party} {self.name}"


class ConfirmCode(models.Model):
    """Operational. Hash of a one-time code by which a firm confirms what was entered for it.

    That it was given out is filed (MON-CODE, `issued_seq`); so is the confirmation.
    """

    id = models.BigAutoField(primary_key=True)
    target = models.BigIntegerField()
    code_hash = models.CharField(max_length=128)
    issued_seq = models.BigIntegerField()
    issued_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    used_at = models.BigIntegerField(null=True)
    tries = models.IntegerField(default=0)

    class Meta:
        db_table = "market_confirm_code"
        indexes = [models.Index(fields=["target"], name="confirm_code_target")]

    def __str__(self) -> str:
        return str(self.target)
