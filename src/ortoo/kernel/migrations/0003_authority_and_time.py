"""Under which filing another speaks, when each entry arrived, snapshots of balances."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

FILL = (
    "UPDATE kernel_thread_entry SET at = (SELECT CASE WHEN f.mode = 'import' THEN f.said_at"
    " ELSE f.received_at END FROM kernel_filing f WHERE f.seq = kernel_thread_entry.seq)"
)


def arrived(apps: Any, editor: Any) -> None:
    """Entries filed before this column: when their filing arrived."""
    editor.execute(FILL)


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_thread_by_code_point")]

    operations = [
        migrations.AddField("filing", "under", models.BigIntegerField(null=True)),
        migrations.AddField("threadentry", "at", models.BigIntegerField(default=0)),
        migrations.RunPython(arrived, migrations.RunPython.noop),
        migrations.AddIndex(
            "filing",
            models.Index(
                fields=["annuls"],
                name="filing_annuls",
                condition=models.Q(annuls__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "posting",
            models.Index(fields=["account", "commodity", "occurred_on"], name="posting_day"),
        ),
        migrations.AddIndex(
            "duty",
            models.Index(
                fields=["due_at", "key"],
                name="duty_open_due",
                condition=models.Q(closed_seq__isnull=True, void_seq__isnull=True),
            ),
        ),
        migrations.CreateModel(
            "BalanceSnapshot",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account",
                        "commodity",
                        "through",
                        "seq",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account", models.CharField(max_length=160)),
                ("commodity", models.CharField(max_length=40)),
                ("through", models.CharField(max_length=10)),
                ("seq", models.BigIntegerField()),
                ("quantity", models.BigIntegerField()),
            ],
            options={"db_table": "kernel_balance_snapshot"},
        ),
    ]
