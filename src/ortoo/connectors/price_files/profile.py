"""Profiles 对照文件: what the columns, units, goods and places of a price file are to us.

A profile is a TOML file an officer can write. `parse_profile` reports every fault it has at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "profiles"
REQUIRED = ("date", "market", "commodity", "unit", "price")
KNOWN = (*REQUIRED, "region", "currency", "price_type", "price_flag")
SECTIONS = {"profile", "columns", "accept", "date", "places", "units", "price", "commodities"}
DIRECTIVE = re.compile(r"%[YymdbBjH%]")
MAX_CODE = 20


class ProfileError(ValueError):
    """A profile that cannot be used; `faults` are (code, message) pairs."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("；".join(f"{code} {message}" for code, message in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Profile:
    """A checked profile. `units`: (our unit, how many of it); `commodities`: (item, its unit)."""

    title: str
    form: str
    filer: str
    licence: str
    columns: Mapping[str, tuple[str, ...]]
    accept: Mapping[str, frozenset[str]]
    date_formats: tuple[str, ...]
    earliest: date
    country: str
    derive_places: bool
    places: Mapping[str, str]
    units: Mapping[str, tuple[str, Fraction]]
    currencies: tuple[str, ...]
    scale: int
    largest: Decimal
    commodities: Mapping[str, tuple[str, str]]


def profile_of(name: str) -> Profile:
    """The profile of that name among ours, or at that path. FileNotFoundError, ProfileError."""
    path = FOLDER / f"{name}.toml" if re.fullmatch(r"[a-z0-9_-]+", name) else Path(name)
    return parse_profile(path.read_bytes())


def parse_profile(data: bytes) -> Profile:
    """Check and build a profile from TOML. Raises ProfileError with every fault found."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError([("PROFILE-TOML", f"不是 UTF-8 的 TOML：{error}")]) from error
    faults: list[tuple[str, str]] = []
    unknown = sorted(raw.keys() - SECTIONS)
    missing = sorted(SECTIONS - {"accept", "date"} - raw.keys())
    faults += [("PROFILE-SECTION", f"没有 [{name}] 这一节的用法") for name in unknown]
    faults += [("PROFILE-SECTION", f"缺少 [{name}]") for name in missing]
    faults += [
        ("PROFILE-SECTION", f"{name} 应为一节，写作 [{name}]")
        for name, value in raw.items()
        if not isinstance(value, dict)
    ]
    if faults:
        raise ProfileError(faults)
    build = _Build(raw, faults)
    profile = build.profile()
    if faults:
        raise ProfileError(faults)
    return profile


class _Build:
    """Reads one section after another, gathering faults instead of stopping at the first."""

    def __init__(self, raw: dict[str, Any], faults: list[tuple[str, str]]) -> None:
        self.raw, self.faults = raw, faults

    def fault(self, code: str, message: str) -> None:
        self.faults.append((code, message))

    def profile(self) -> Profile:
        head, places = self.raw["profile"], self.raw["places"]
        price, day = self.raw["price"], self.raw.get("date", {})
        if head.get("period", "month") != "month":
            self.fault("PROFILE-PERIOD", "period 目前只能是 month")
        country = self._text(places, "country", "places")
        if not re.fullmatch(r"[A-Z]{3}", country):
            self.fault("PROFILE-COUNTRY", f"places.country 应为三位大写国别代码，现为“{country}”")
        earliest = day.get("earliest", date(1990, 1, 1))
        if not isinstance(earliest, date):
            self.fault("PROFILE-DATE", "date.earliest 应写作 1990-01-01（不加引号）")
            earliest = date(1990, 1, 1)
        scale = price.get("scale", 2)
        if scale not in range(7):
            self.fault("PROFILE-SCALE", f"price.scale 应为 0 至 6，现为 {scale}")
        return Profile(
            title=self._text(head, "title", "profile"),
            form=self._text(head, "form", "profile"),
            filer=self._text(head, "filer", "profile"),
            licence=self._text(head, "licence", "profile"),
            columns=self._columns(),
            accept={
                k: frozenset(self._texts(v, f"accept.{k}"))
                for k, v in self.raw.get("accept", {}).items()
            },
            date_formats=self._formats(day),
            earliest=earliest,
            country=country,
            derive_places=places.get("derive", False) is True,
            places=self._place_codes(places.get("codes", {})),
            units=self._units(),
            currencies=tuple(self._texts(price.get("currencies"), "price.currencies")),
            scale=scale,
            largest=self._decimal(price.get("largest", "9999999.99")),
            commodities=self._commodities(),
        )

    def _text(self, section: Mapping[str, Any], key: str, where: str) -> str:
        value = section.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fault("PROFILE-TEXT", f"{where}.{key} 应为非空文字")
            return ""
        return value.strip()

    def _texts(self, value: object, where: str) -> list[str]:
        if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
            return value
        self.fault("PROFILE-LIST", f'{where} 应为文字列表，如 ["actual"]')
        return []

    def _columns(self) -> dict[str, tuple[str, ...]]:
        columns = self.raw["columns"]
        for name in sorted(columns.keys() - set(KNOWN)):
            self.fault("PROFILE-COLUMN", f"columns.{name} 不在可用的列中：{'、'.join(KNOWN)}")
        for name in REQUIRED:
            if name not in columns:
                self.fault("PROFILE-COLUMN", f"columns 缺少 {name}")
        for name in sorted(self.raw.get("accept", {}).keys() - columns.keys()):
            self.fault("PROFILE-COLUMN", f"accept.{name} 在 columns 中没有对应的列")
        return {k: tuple(self._texts(v, f"columns.{k}")) for k, v in columns.items()}

    def _formats(self, section: Mapping[str, Any]) -> tuple[str, ...]:
        formats = self._texts(section.get("formats", ["%Y-%m-%d"]), "date.formats")
        for text in formats:
            parts = set(DIRECTIVE.findall(text))
            whole = {"%m", "%b", "%B"} & parts and {"%Y", "%y"} & parts
            if not whole or "%" in DIRECTIVE.sub("", text):
                self.fault("PROFILE-DATE", f"date.formats 中“{text}”不能确定年月")
        return tuple(formats)

    def _place_codes(self, codes: Mapping[str, Any]) -> dict[str, str]:
        for name, code in codes.items():
            if not isinstance(code, str) or not re.fullmatch(rf"[A-Z0-9-]{{3,{MAX_CODE}}}", code):
                self.fault(
                    "PROFILE-PLACE",
                    f"places.codes“{name}”的代码应为大写字母、数字和连字符，3 至 {MAX_CODE} 位",
                )
        return {folded(name): str(code) for name, code in codes.items()}

    def _units(self) -> dict[str, tuple[str, Fraction]]:
        units: dict[str, tuple[str, Fraction]] = {}
        for name, value in self.raw["units"].items():
            try:
                ours, times = value
                units[folded(name)] = (str(ours), Fraction(str(times)))
            except (TypeError, ValueError, ZeroDivisionError):
                self.fault("PROFILE-UNIT", f'units.{name} 应写作 ["公斤", "1/1000"]')
                continue
            if units[folded(name)][1] <= 0:
                self.fault("PROFILE-UNIT", f"units.{name} 的换算应大于零")
        return units

    def _decimal(self, value: object) -> Decimal:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal(0)
        if not (number.is_finite() and number > 0):
            self.fault("PROFILE-LARGEST", f"price.largest 应为正数，现为“{value}”")
        return number

    def _commodities(self) -> dict[str, tuple[str, str]]:
        made: dict[str, tuple[str, str]] = {}
        known = {unit for unit, _ in self._units_quietly()}
        for name, value in self.raw["commodities"].items():
            if not (
                isinstance(value, list)
                and len(value) == 2
                and all(isinstance(v, str) for v in value)
            ):
                self.fault("PROFILE-COMMODITY", f'commodities“{name}”应写作 ["F101", "公斤"]')
                continue
            if value[1] not in known:
                self.fault(
                    "PROFILE-COMMODITY", f"commodities“{name}”的单位“{value[1]}”不在 units 中"
                )
            made[folded(name)] = (value[0], value[1])
        return made

    def _units_quietly(self) -> list[tuple[str, object]]:
        values = self.raw["units"].values()
        return [(v[0], v[1]) for v in values if isinstance(v, list) and len(v) == 2]


def folded(name: str) -> str:
    """A name as it is compared: case and repeated spaces do not count."""
    return " ".join(name.split()).casefold()
