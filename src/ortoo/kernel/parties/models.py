"""Registers of parties 主体: projections of registration filings."""

from __future__ import annotations

from django.db import models


class Party(models.Model):
    """Projection. An organisation, agency, source or system as last registered."""

    slice = models.CharField(max_length=40)
    code = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    place = models.CharField(max_length=20)
    successor = models.CharField(max_length=40, default="")
    seq = models.BigIntegerField()

    class Meta:
        db_table = "kernel_party"
        indexes = [models.Index(fields=["place", "kind"], name="party_place")]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Projection. Who answers for a party: references to sealed values, never the values."""

    slice = models.CharField(max_length=40)
    party = models.CharField(max_length=40, primary_key=True)
    name_ref = models.BinaryField(max_length=32)
    phone_ref = models.BinaryField(max_length=32)
    seq = models.BigIntegerField()

    class Meta:
        db_table = "kernel_contact"

    def __str__(self) -> str:
        return self.party


class ListMember(models.Model):
    """Projection. Membership of a list (样本企业, 骨干, 应急保供) with its first and last day."""

    pk = models.CompositePrimaryKey("list_code", "party", "valid_from")
    slice = models.CharField(max_length=40)
    list_code = models.CharField(max_length=40)
    party = models.CharField(max_length=40)
    valid_from = models.CharField(max_length=10)
    valid_to = models.CharField(max_length=10, default="")
    seq = models.BigIntegerField()

    class Meta:
        db_table = "kernel_list_member"
        indexes = [models.Index(fields=["party"], name="list_member_party")]

    def __str__(self) -> str:
        return f"{self.list_code} {self.party}"
