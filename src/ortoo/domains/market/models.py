"""Read models of market monitoring."""

from __future__ import annotations

from django.db import models

from ortoo.domains.market.assisted_models import ConfirmCode, HeldPaper
from ortoo.domains.market.duty_models import DeviceUse, Message
from ortoo.domains.market.forecasts.models import ForecastCell
from ortoo.domains.market.till.models import TillKey

__all__ = ["ConfirmCode", "DeviceUse", "ForecastCell", "HeldPaper", "Message", "Rollup", "TillKey"]


class Rollup(models.Model):
    """Projection. One (form, period, unit, item): integer sums from which figures are computed.

    `unit` is a reporting unit, a place that reports to the root directly, or the root itself.
    Prices are fen per 公斤/升; `sum_price_qty` is price × quantity in the form's minor units.
    `matched_*` speak of the respondents with a price in this and in the previous period.
    """

    pk = models.CompositePrimaryKey("slice", "basis", "unit", "item")
    slice = models.CharField(max_length=60)
    basis = models.CharField(max_length=10)
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=16)
    unit = models.CharField(max_length=20)
    item = models.CharField(max_length=20)
    expected = models.IntegerField()
    filed = models.IntegerField()
    quotes = models.IntegerField()
    sum_price = models.BigIntegerField()
    quantity = models.BigIntegerField()
    sum_price_qty = models.BigIntegerField()
    sales = models.BigIntegerField()
    largest_sales = models.BigIntegerField()
    second_sales = models.BigIntegerField()
    stock = models.BigIntegerField()
    matched = models.IntegerField()
    matched_now = models.BigIntegerField()
    matched_before = models.BigIntegerField()
    out_of_stock = models.IntegerField()
    doubtful = models.IntegerField()
    unreviewed = models.IntegerField()

    class Meta:
        db_table = "market_rollup"
        indexes = [
            models.Index(fields=["form", "basis", "unit", "item", "period"], name="rollup_series"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.unit} {self.item}"


class IssuedCell(models.Model):
    """Projection. One cell of one issue 发布 of a period; `hidden`: why its figures were not said.

    Means are in millionths of the price's minor unit, changes in millionths.
    """

    pk = models.CompositePrimaryKey("slice", "seq", "unit", "item")
    slice = models.CharField(max_length=60)
    seq = models.BigIntegerField()
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=16)
    unit = models.CharField(max_length=20)
    item = models.CharField(max_length=20)
    hidden = models.IntegerField()
    expected = models.IntegerField()
    filed = models.IntegerField()
    quotes = models.IntegerField()
    mean = models.BigIntegerField()
    simple_mean = models.BigIntegerField()
    matched = models.IntegerField()
    matched_change = models.BigIntegerField()
    out_of_stock = models.IntegerField()

    class Meta:
        db_table = "market_issued"
        indexes = [models.Index(fields=["form", "unit", "item"], name="issued_series")]

    def __str__(self) -> str:
        return f"{self.period} {self.unit} {self.item}"
