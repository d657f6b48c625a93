"""Operational tables of duties: messages on their way, devices that filed. Neither is record."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """Operational. One reminder 催报 to one firm on its way; who was reminded is on the log.

    `state`: queued 待发, handed 已交通道, delivered 已送达, failed 未送达, dropped 不再发送. No
    address and no text: both are made anew when the message is handed over. Times in ms.
    """

    name = models.CharField(max_length=32, primary_key=True)
    chase_seq = models.BigIntegerField()
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=24)
    office = models.CharField(max_length=20)
    party = models.CharField(max_length=40)
    channel = models.CharField(max_length=12)
    state = models.CharField(max_length=12, default="queued")
    reason = models.CharField(max_length=120, default="")
    attempts = models.IntegerField(default=0)
    next_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()

    class Meta:
        app_label = "market"
        db_table = "market_message"
        indexes = [
            models.Index(fields=["state", "next_at"], name="message_next"),
            models.Index(fields=["form", "period", "office"], name="message_period"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class DeviceUse(models.Model):
    """Operational. From which device a return was filed: salted digests, kept 400 days at most.

    `network` is the digest of the caller's address alone, `device` of address and browser.
    `declared`: entered for the firm and said so 代录. `at` in ms.
    """

    seq = models.BigIntegerField(primary_key=True)
    form = models.CharField(max_length=40)
    period = models.CharField(max_length=24)
    party = models.CharField(max_length=40)
    network = models.BinaryField(max_length=32)
    device = models.BinaryField(max_length=32)
    declared = models.BooleanField()
    at = models.BigIntegerField()

    class Meta:
        app_label = "market"
        db_table = "market_device_use"
        indexes = [
            models.Index(fields=["form", "period"], name="device_use_period"),
            models.Index(fields=["at"], name="device_use_at"),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.period} {self.seq}"
