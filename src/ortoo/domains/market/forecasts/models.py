"""Read model of forecasts."""

from __future__ import annotations

from django.db import models


class ForecastCell(models.Model):
    """Projection. One series of one run; `series` is canonical JSON of the columns by step.

    Integers as in the filing; `approval` 0 is unsigned 试算, `series` "" where nothing is forecast.
    """

    pk = models.CompositePrimaryKey("slice", "unit", "item")
    slice = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=16)
    unit = models.CharField(max_length=20)
    item = models.CharField(max_length=20)
    approval = models.BigIntegerField()
    status = models.IntegerField()
    base = models.BigIntegerField()
    source = models.IntegerField()
    quotes = models.IntegerField()
    checked = models.IntegerField()
    skill = models.IntegerField(null=True)
    skill_seasonal = models.IntegerField(null=True)
    series = models.TextField(blank=True)

    class Meta:
        db_table = "market_forecast"
        indexes = [models.Index(fields=["form", "unit", "item"], name="forecast_series")]

    def __str__(self) -> str:
        return f"{self.period} {self.unit} {self.item}"
