"""Keys of a firm's till feed 接口密钥."""

from __future__ import annotations

from django.db import models


class TillKey(models.Model):
    """Operational. A key that lets a firm's till hand in its export; shown once, kept as SHA-256.

    It speaks for the clerk who issued it and no further: it dies with that clerk's grant.
    `hour` and `uses` count the calls of the running hour.
    """

    id = models.CharField(max_length=12, primary_key=True)
    party = models.CharField(max_length=40)
    login = models.CharField(max_length=60)
    label = models.CharField(max_length=60)
    key_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.BigIntegerField()
    revoked_at = models.BigIntegerField(null=True)
    used_at = models.BigIntegerField(null=True)
    hour = models.BigIntegerField(default=0)
    uses = models.IntegerField(default=0)

    class Meta:
        db_table = "market_till_key"
        indexes = [models.Index(fields=["party"], name="till_key_party")]

    def __str__(self) -> str:
        return f"{self.party} {self.label}"
