"""The table of the log's inner nodes; see `tiles`."""

from __future__ import annotations

from django.db import models


class LogNode(models.Model):
    """Operational. A cache of roots of complete subtrees of 2^level leaves, level 8 and above.

    Dropping any of its rows changes no proof: they are computed again from the leaves.
    """

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    sm3 = models.BinaryField(max_length=32)

    class Meta:
        db_table = "kernel_log_node"

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"
