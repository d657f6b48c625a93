"""Code lists 代码表 that fields of records choose from: named, versioned, never changed.

A domain registers the lists its forms name; the goods catalogue of the kernel is the list `food`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ortoo.kernel.forms.definition import FormError


@dataclass(frozen=True, eq=False)
class CodeList:
    """Codes and what they are called in Chinese."""

    name: str
    version: int
    codes: Mapping[str, str]


_LISTS: dict[tuple[str, int], CodeList] = {}


def register_code_list(name: str, version: int, codes: Mapping[str, str]) -> CodeList:
    """Keep a list. FormError CODES-CHANGED when this version is known with other codes."""
    known = _LISTS.setdefault((name, version), CodeList(name, version, dict(codes)))
    if known.codes != codes:
        raise FormError(
            "CODES-CHANGED", f"代码表 {name} 第 {version} 版已登记，内容不同；请用新版本号"
        )
    return known


def code_list(name: str, version: int) -> CodeList:
    """FormError CODES-UNKNOWN."""
    if (name, version) == ("food", 1) and (name, version) not in _LISTS:
        from ortoo.kernel.goods.catalogue import food

        register_code_list("food", 1, {
            good.code: good.name["zh"] for good in food().goods if good.catalogue == "food"
        })
    found = _LISTS.get((name, version))
    if found is None:
        raise FormError("CODES-UNKNOWN", f"没有登记代码表 {name} 第 {version} 版")
    return found
