"""Accounts, grants 授权 and the access log."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up by login; creation goes through `grants.services`."""


class Account(AbstractBaseUser):
    """Operational. A login of one party. What it may do is in filed grants, not here."""

    login = models.CharField(max_length=60, unique=True)
    party = models.CharField(max_length=40)
    display_name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    totp_secret = models.CharField(max_length=200, default="", blank=True)
    totp_last_step = models.BigIntegerField(default=0)
    must_change_password = models.BooleanField(default=False)
    demo = models.BooleanField(default=False)

    objects = AccountManager()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        db_table = "kernel_account"

    def __str__(self) -> str:
        return self.login

    @property
    def ref(self) -> str:
        """How filings name this actor."""
        return f"account:{self.login}"


class Grant(models.Model):
    """Projection of grant filings: role × form/share class × reports_to scope × from/to."""

    slice = models.CharField(max_length=60)
    key = models.CharField(max_length=140, primary_key=True)
    login = models.CharField(max_length=60)
    party = models.CharField(max_length=40)
    role = models.CharField(max_length=30)
    forms = models.CharField(max_length=200)
    place = models.CharField(max_length=20)
    valid_from = models.CharField(max_length=10)
    valid_to = models.CharField(max_length=10, default="")
    seq = models.BigIntegerField()

    class Meta:
        db_table = "kernel_grant"
        indexes = [models.Index(fields=["login"], name="grant_login")]

    def __str__(self) -> str:
        return f"{self.login} {self.role} {self.place}"


class AppendOnly(models.QuerySet["AccessEntry"]):
    """Rows are added and read; asking to change or delete them is a fault of the program."""

    def update(self, **changes: object) -> int:
        raise TypeError("AccessEntry is append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("AccessEntry is append-only")


class AccessEntry(models.Model):
    """Operational, append-only: each read of records; its daily root is filed (Law 15)."""

    id = models.BigAutoField(primary_key=True)
    day = models.CharField(max_length=10)
    at = models.BigIntegerField()
    login = models.CharField(max_length=60)
    party = models.CharField(max_length=40)
    what = models.CharField(max_length=200)
    subject = models.CharField(max_length=200)
    purpose = models.CharField(max_length=200, default="", blank=True)
    rows = models.IntegerField(default=0)
    hash = models.BinaryField(max_length=32)

    objects = AppendOnly.as_manager()

    class Meta:
        db_table = "kernel_access_entry"
        indexes = [models.Index(fields=["day", "id"], name="access_day")]

    def __str__(self) -> str:
        return f"{self.login} {self.what}"


class LoginAttempt(models.Model):
    """Operational. Attempts to log in, by keyed hash of the name and by address, for the throttle.

    The name is hashed because people type their password into the wrong field.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.BigIntegerField()
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=60)

    class Meta:
        db_table = "kernel_login_attempt"
        indexes = [
            models.Index(fields=["name", "at"], name="attempt_name"),
            models.Index(fields=["address", "at"], name="attempt_address"),
        ]

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """Operational. Hash of a one-time log-in code a reviewer issued; the issue itself is filed."""

    id = models.BigAutoField(primary_key=True)
    login = models.CharField(max_length=60)
    code_hash = models.CharField(max_length=128)
    issued_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    used_at = models.BigIntegerField(null=True)
    tries = models.IntegerField(default=0)

    class Meta:
        db_table = "kernel_recovery_code"

    def __str__(self) -> str:
        return self.login
