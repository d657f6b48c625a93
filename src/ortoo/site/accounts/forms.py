"""The forms of log-in and recovery; names and codes are read as an input method types them."""

from __future__ import annotations

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from ortoo.site.accounts.totp import DIGITS


def plain(text: str) -> str:
    """Full-width characters to half-width, no spaces: 「１２３ ４５６」 is 123456."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=200, strip=False, widget=widget, help_text=help_text
    )


def _code(label: str, length: int, help_text: str = "") -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
    return forms.CharField(
        label=label, max_length=length * 2, widget=forms.TextInput(attrs=attrs), help_text=help_text
    )


class _Login(forms.Form):
    login = forms.CharField(
        label=_("登录名"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )

    def clean_login(self) -> str:
        return plain(self.cleaned_data["login"]).casefold()


class _NewPassword(forms.Form):
    password = _password(
        _("新密码"),
        "new-password",
        _("至少 10 个字符，不能全是数字，不能包含登录名。"),
    )
    again = _password(_("再输一次新密码"), "new-password")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("password") != data.get("again"):
            self.add_error("again", _("两次输入的新密码不一致；请重新输入。"))
        return data


class LoginForm(_Login):
    """Login and password."""

    password = _password(_("密码"), "current-password")


class CodeForm(forms.Form):
    """The six digits of the authenticator."""

    code = _code(_("动态码"), DIGITS, _("手机验证器上显示的 6 位数字，每 30 秒更换。"))
    code.widget.attrs["autofocus"] = True

    def clean_code(self) -> str:
        return plain(self.cleaned_data["code"])


class RecoveryForm(_Login, _NewPassword):
    """Login, one-time code and a new password."""

    code = _code(_("一次性登录码"), 8, _("审核您报表的商务局告诉您的 8 位数字。"))
    field_order = ("login", "code", "password", "again")

    def clean_code(self) -> str:
        return plain(self.cleaned_data["code"])


class PasswordForm(_NewPassword):
    """The present password and a new one."""

    present = _password(_("现密码"), "current-password")
    field_order = ("present", "password", "again")


class IssueForm(_Login):
    """Whom to give a one-time code."""
