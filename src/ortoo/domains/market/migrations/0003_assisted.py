"""Evidence held until an assisted return is filed, and codes by which firms confirm."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0002_duties")]

    operations = [
        migrations.CreateModel(
            name="HeldPaper",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("form", models.CharField(max_length=40)),
                ("period", models.CharField(max_length=24)),
                ("party", models.CharField(max_length=40)),
                ("office", models.CharField(max_length=20)),
                ("media_type", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("at", models.BigIntegerField()),
                ("by", models.CharField(max_length=80)),
            ],
            options={
                "db_table": "market_held_paper",
                "indexes": [
                    models.Index(
                        fields=["form", "period", "party", "office"], name="held_paper_matter"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConfirmCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("target", models.BigIntegerField()),
                ("code_hash", models.CharField(max_length=128)),
                ("issued_seq", models.BigIntegerField()),
                ("issued_at", models.BigIntegerField()),
                ("expires_at", models.BigIntegerField()),
                ("used_at", models.BigIntegerField(null=True)),
                ("tries", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "market_confirm_code",
                "indexes": [models.Index(fields=["target"], name="confirm_code_target")],
            },
        ),
    ]
