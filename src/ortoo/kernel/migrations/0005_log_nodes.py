"""Roots of complete subtrees of the log: a cache for proofs, dropped and refilled at will."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_partitions")]

    operations = [
        migrations.CreateModel(
            "LogNode",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("sm3", models.BinaryField(max_length=32)),
            ],
            options={"db_table": "kernel_log_node"},
        ),
    ]
