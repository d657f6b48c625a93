from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0004_issued")]

    operations = [
        migrations.CreateModel(
            name="TillKey",
            fields=[
                ("id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("party", models.CharField(max_length=40)),
                ("login", models.CharField(max_length=60)),
                ("label", models.CharField(max_length=60)),
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("issued_at", models.BigIntegerField()),
                ("revoked_at", models.BigIntegerField(null=True)),
                ("used_at", models.BigIntegerField(null=True)),
                ("hour", models.BigIntegerField(default=0)),
                ("uses", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "market_till_key",
                "indexes": [models.Index(fields=["party"], name="till_key_party")],
            },
        ),
    ]
