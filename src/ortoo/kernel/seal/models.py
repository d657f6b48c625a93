"""Tables of the seal 存证: leaves, signed checkpoints and sealed personal values."""

from __future__ import annotations

from django.db import models


class Leaf(models.Model):
    """Record. RFC 6962 leaf hash of filing `seq` (0-based index), under both digests."""

    seq = models.BigIntegerField(primary_key=True)
    sha256 = models.BinaryField(max_length=32)
    sm3 = models.BinaryField(max_length=32)

    class Meta:
        db_table = "kernel_leaf"

    def __str__(self) -> str:
        return str(self.seq)


class Checkpoint(models.Model):
    """Record. A signed statement of the log's size and roots; `frontier` lets the next one grow."""

    size = models.BigIntegerField(primary_key=True)
    sha256 = models.BinaryField(max_length=32)
    sm3 = models.BinaryField(max_length=32)
    frontier = models.BinaryField()
    note = models.TextField()
    signed_at = models.BigIntegerField()

    class Meta:
        db_table = "kernel_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Sealed(models.Model):
    """Record. Encrypted personal value; `commitment` alone stands in the filing's body (Law 3)."""

    commitment = models.BinaryField(max_length=32, primary_key=True)
    filing_key = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    subject = models.CharField(max_length=80)
    ciphertext = models.BinaryField()

    class Meta:
        db_table = "kernel_sealed"
        indexes = [models.Index(fields=["subject"], name="sealed_subject")]

    def __str__(self) -> str:
        return self.path
