from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0005_till_key'),
    ]

    operations = [
        migrations.CreateModel(
            name='ForecastCell',
            fields=[
                ('pk', models.CompositePrimaryKey('slice', 'unit', 'item', blank=True, editable=False, primary_key=True, serialize=False)),
                ('slice', models.CharField(max_length=60)),
                ('seq', models.BigIntegerField()),
                ('form', models.CharField(max_length=40)),
                ('period', models.CharField(max_length=16)),
                ('unit', models.CharField(max_length=20)),
                ('item', models.CharField(max_length=20)),
                ('approval', models.BigIntegerField()),
                ('status', models.IntegerField()),
                ('base', models.BigIntegerField()),
                ('source', models.IntegerField()),
                ('quotes', models.IntegerField()),
                ('checked', models.IntegerField()),
                ('skill', models.IntegerField(null=True)),
                ('skill_seasonal', models.IntegerField(null=True)),
                ('series', models.TextField(blank=True)),
            ],
            options={
                'db_table': 'market_forecast',
                'indexes': [models.Index(fields=['form', 'unit', 'item'], name='forecast_series')],
            },
        ),
    ]
