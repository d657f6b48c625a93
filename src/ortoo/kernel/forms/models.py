"""Private drafts of returns: not yet said to anybody."""

from __future__ import annotations

from django.db import models


class ReturnDraft(models.Model):
    """Operational. What a party has keyed but not filed; shared by its own clerks only.

    `version` is the optimistic token of autosave; `cells` the raw texts as keyed (JSON).
    """

    pk = models.CompositePrimaryKey("form", "period", "party")
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=16)
    party = models.CharField(max_length=40)
    version = models.IntegerField()
    cells = models.TextField()
    saved_at = models.BigIntegerField()
    saved_by = models.CharField(max_length=80)

    class Meta:
        db_table = "kernel_return_draft"

    def __str__(self) -> str:
        return f"{self.form} {self.period} {self.party}"
