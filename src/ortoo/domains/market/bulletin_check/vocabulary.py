"""What a text may call a good or a category, from the forms' own names and aliases. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ortoo.domains.market.bulletins.sections import SECTIONS
from ortoo.kernel.forms.definition import Form

# Category → the words bulletins use; the first is how it is printed here.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "grain": ("粮食", "粮食类", "米面", "成品粮"),
    "oil": ("食用油", "食用植物油", "植物油", "桶装油", "食油", "油脂"),
    "meat": ("肉类", "肉品", "畜肉", "牛羊肉", "鲜肉"),
    "poultry": ("禽类", "禽肉", "禽产品"),
    "egg": ("蛋类", "蛋品"),
    "poultry_egg": ("禽蛋", "禽蛋类"),
    "vegetable": ("蔬菜", "鲜菜", "蔬菜类"),
    "fruit": ("水果", "瓜果", "鲜果"),
    "aquatic": ("水产品", "水产"),
    "sugar": ("食糖", "糖类"),
    "salt": ("食盐", "盐类"),
    "dairy": ("奶制品", "乳制品", "奶类", "传统奶食"),
    "tea": ("茶叶", "茶类"),
    "whole": ("价格总水平", "总水平", "生活必需品价格"),
}
BASKETS = ("生活必需品", "监测商品", "主要商品", "商品", "品种", "重点商品", "必需品")
_EVERYDAY = re.compile(r"[（(].*?[)）]")
_PACK = re.compile(r"^(?:小包装|桶装|袋装|盒装|散装)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word and what it stands for. `code` "" for a category and for a good no form has."""

    name: str
    form: str = ""
    code: str = ""
    category: str = ""
    unit: str = ""

    @property
    def is_category(self) -> bool:
        return not self.code and bool(self.category)


class Vocabulary:
    """Names of one form (and its supplements) first, then of all others; longest match wins."""

    def __init__(self, forms: Iterable[Form]) -> None:
        known: dict[str, Term] = {}
        for form in forms:
            self._add(known, form)
        for category, words in CATEGORIES.items():
            for word in words:
                found = known.get(word)
                if found is None or not found.code:
                    known[word] = Term(words[0], category=category)
        for section in SECTIONS:
            known.setdefault(section.title, Term(section.title, category=section.title))
        self.terms = known
        longest = sorted((word for word in known if len(word) > 1), key=len, reverse=True)
        single = sorted(word for word in known if len(word) == 1)
        parts = [re.escape(word) for word in longest]
        if single:
            parts.append(f"(?<![\\w])[{''.join(single)}](?=\\d|价|每)")
        self._pattern = re.compile("|".join(parts)) if parts else re.compile(r"(?!)")

    @staticmethod
    def _add(known: dict[str, Term], form: Form) -> None:
        groups = {group.code: category_of(group.name["zh"]) for group in form.groups}
        claimed: dict[str, int] = {}
        for item in form.leaves:
            for name in names_of(item.name["zh"], item.aliases):
                claimed[name] = claimed.get(name, 0) + 1
        for item in form.leaves:
            category = groups.get(item.group or "", "")
            for name in names_of(item.name["zh"], item.aliases):
                # A name that two goods of one form bear names neither.
                if claimed[name] == 1:
                    known.setdefault(
                        name, Term(item.name["zh"], form.code, item.code, category, item.unit)
                    )

    def find(self, plain: str, start: int, end: int) -> list[tuple[int, int, Term]]:
        """Every name in a stretch of the folded text, in order: (start, end, what it is)."""
        return [
            (match.start(), match.end(), self.terms[match[0]])
            for match in self._pattern.finditer(plain, start, end)
        ]


def category_of(title: str) -> str:
    """The category a group's title belongs to, "" where none fits."""
    for category, words in CATEGORIES.items():
        if title in words:
            return category
    for category, words in CATEGORIES.items():
        if any(word in title for word in words[:3]):
            return category
    return ""


def names_of(name: str, aliases: Iterable[str]) -> set[str]:
    """A good's name as forms print it and as people say it: 小包装大米, 大米."""
    plain = _EVERYDAY.sub("", name)
    found = {name, plain, _PACK.sub("", plain), *aliases}
    inner = re.search(r"(.)肉[（(](.+?)[)）]", name)
    if inner:
        found = {one for one in found if one != plain} | set(aliases)
        found |= {f"{inner[1]}{inner[2]}", name.replace("（", "(").replace("）", ")")}
    return {one for one in found if one}
