"""The record: filings 报件, the bytes they arrived in, and the tail of the log.

Rows here are written only by `ortoo.kernel.filings.write.file_many`; the models are for reads.
"""

from __future__ import annotations

from django.db import models


class Filing(models.Model):
    """Record. One immutable statement; never updated, only superseded, annulled or corrected.

    Times are milliseconds since the epoch (UTC). `body` is canonical JSON: integer columns for grid
    forms, an object for records.
    """

    seq = models.BigIntegerField(primary_key=True)
    key = models.CharField(max_length=80, unique=True)
    form = models.CharField(max_length=40)
    form_version = models.IntegerField()
    form_digest = models.BinaryField(max_length=32)
    filer = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)
    mode = models.CharField(max_length=12)
    subject = models.CharField(max_length=80)
    place = models.CharField(max_length=20)
    period = models.CharField(max_length=16)
    thread = models.CharField(max_length=160)
    supersedes = models.BigIntegerField(null=True)
    annuls = models.BigIntegerField(null=True)
    corrects = models.BigIntegerField(null=True)
    reason = models.TextField()
    said_at = models.BigIntegerField()
    received_at = models.BigIntegerField()
    body = models.BinaryField()
    original = models.BinaryField(max_length=32, null=True)
    digest = models.BinaryField(max_length=32)
    digest_sm3 = models.BinaryField(max_length=32)
    under = models.BigIntegerField(null=True)

    class Meta:
        db_table = "kernel_filing"
        indexes = [
            models.Index(fields=["form", "period", "seq"], name="filing_form_period"),
            models.Index(fields=["filer", "form", "period"], name="filing_filer"),
            models.Index(
                fields=["supersedes"],
                name="filing_supersedes",
                condition=models.Q(supersedes__isnull=False),
            ),
            models.Index(
                fields=["annuls"],
                name="filing_annuls",
                condition=models.Q(annuls__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} #{self.seq}"


class Original(models.Model):
    """Record. Bytes of a foreign document, kept as they came.

    `sha256` is `draft.Original.address`: SHA-256 over the bytes' digest, media type and name.
    """

    sha256 = models.BinaryField(max_length=32, primary_key=True)
    media_type = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    content = models.BinaryField()

    class Meta:
        db_table = "kernel_original"

    def __str__(self) -> str:
        return self.name


class LogTail(models.Model):
    """Record. One row: how many filings the log holds. Its lock is the last one taken (Law 8)."""

    id = models.IntegerField(primary_key=True)
    size = models.BigIntegerField()

    class Meta:
        db_table = "kernel_log_tail"

    def __str__(self) -> str:
        return str(self.size)


class ProjectionCursor(models.Model):
    """Projection. How far each projection has read the log, and the form of its tables."""

    name = models.CharField(max_length=60, primary_key=True)
    seq = models.BigIntegerField()
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "kernel_projection_cursor"

    def __str__(self) -> str:
        return f"{self.name} @{self.seq}"
