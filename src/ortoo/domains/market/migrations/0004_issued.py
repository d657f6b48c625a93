from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0003_assisted'),
    ]

    operations = [
        migrations.CreateModel(
            name='IssuedCell',
            fields=[
                ('pk', models.CompositePrimaryKey('slice', 'seq', 'unit', 'item', blank=True, editable=False, primary_key=True, serialize=False)),
                ('slice', models.CharField(max_length=60)),
                ('seq', models.BigIntegerField()),
                ('form', models.CharField(max_length=40)),
                ('period', models.CharField(max_length=16)),
                ('unit', models.CharField(max_length=20)),
                ('item', models.CharField(max_length=20)),
                ('hidden', models.IntegerField()),
                ('expected', models.IntegerField()),
                ('filed', models.IntegerField()),
                ('quotes', models.IntegerField()),
                ('mean', models.BigIntegerField()),
                ('simple_mean', models.BigIntegerField()),
                ('matched', models.IntegerField()),
                ('matched_change', models.BigIntegerField()),
                ('out_of_stock', models.IntegerField()),
            ],
            options={
                'db_table': 'market_issued',
                'indexes': [models.Index(fields=['form', 'unit', 'item'], name='issued_series')],
            },
        ),
    ]
