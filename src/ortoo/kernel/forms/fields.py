"""Strict reading of a mapping that a person wrote: every key is asked for once, none is left over.

Errors are `FormError` with codes FORM-MISSING, FORM-TYPE, FORM-UNKNOWN-KEY, FORM-VALUE.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from fractions import Fraction

from ortoo.kernel.forms.definition import FormError

_RATIONAL = re.compile(r"-?\d{1,18}(?:\.\d{1,12}|/[1-9]\d{0,17})?\Z")
_MISSING = object()


class Fields:
    """One mapping and the path to it; `done()` refuses whatever was not read."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise FormError("FORM-TYPE", "此处应为键值表", where)
        self._data: dict[str, object] = {str(key): value for key, value in data.items()}
        self.where = where

    def has(self, key: str) -> bool:
        return key in self._data

    def names(self) -> tuple[str, ...]:
        """The keys not yet read."""
        return tuple(self._data)

    def raw(self, key: str, default: object = _MISSING) -> object:
        value = self._data.pop(key, default)
        if value is _MISSING:
            raise FormError("FORM-MISSING", f"缺少必填项 {key}", self.where)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.raw(key, _MISSING if default is None else default)
        if not isinstance(value, str):
            hint = '；编码请加引号，例如 "0101"' if isinstance(value, int) else ""
            raise FormError("FORM-TYPE", f"{key} 应为文本{hint}", self.where)
        return value

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.raw(key, _MISSING if default is None else default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise FormError("FORM-TYPE", f"{key} 应为整数", self.where)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise FormError("FORM-TYPE", f"{key} 应为 true 或 false", self.where)
        return value

    def rational(self, key: str, default: str | None = None) -> Fraction:
        """An exact number written as text: "0.05", "15/8"; binary floats are refused."""
        value = self.raw(key, _MISSING if default is None else default)
        return rational(value, f"{self.where}.{key}")

    def date(self, key: str) -> dt.date:
        value = self.raw(key)
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        raise FormError("FORM-TYPE", f"{key} 应为日期，例如 2025-01-01", self.where)

    def clock(self, key: str) -> dt.time:
        value = self.text(key)
        try:
            return dt.time.fromisoformat(value)
        except ValueError:
            raise FormError("FORM-VALUE", f'{key} 应为时刻，例如 "12:00"', self.where) from None

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            listed = "、".join(choices)
            raise FormError("FORM-VALUE", f"{key} 只能是 {listed} 之一，不是 {value}", self.where)
        return value

    def list(self, key: str, *, required: bool = False) -> list[object]:
        value = self.raw(key) if required else self.raw(key, [])
        if not isinstance(value, list):
            raise FormError("FORM-TYPE", f"{key} 应为列表", self.where)
        return value

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        values = self.list(key, required=required)
        if not all(isinstance(value, str) for value in values):
            raise FormError("FORM-TYPE", f"{key} 应为文本列表", self.where)
        return tuple(str(value) for value in values)

    def labels(self, key: str, *, required: bool = True) -> dict[str, str]:
        """A text in several languages; zh is always there when the label is."""
        if not required and not self.has(key):
            return {}
        inner = Fields(self.raw(key), f"{self.where}.{key}")
        found = {language: inner.text(language) for language in inner.names()}
        if not found.get("zh", "").strip():
            raise FormError("FORM-TITLE", "缺少中文名称 zh", inner.where)
        return found

    def fields(self, key: str) -> Fields:
        return Fields(self.raw(key), f"{self.where}.{key}")

    def done(self) -> None:
        if self._data:
            listed = "、".join(sorted(self._data))
            raise FormError("FORM-UNKNOWN-KEY", f"不认识的项：{listed}", self.where)


def rational(value: object, where: str) -> Fraction:
    """An exact number from text or an integer. Raises FORM-VALUE."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str) and _RATIONAL.match(value):
        return Fraction(value)
    raise FormError("FORM-VALUE", '应为带引号的精确数，例如 "0.05" 或 "15/8"', where)
