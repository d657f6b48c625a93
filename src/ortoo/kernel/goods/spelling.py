"""Spelling a good's names for search: signs, pinyin, initials; one syllable to each character.

Pure. A sign is one Chinese character or one run of Latin letters and digits; pinyin stands one
word to a sign, a run standing for itself: 汽油（95号）is qi you 95 hao.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

_SIGN = re.compile(r"[\u4e00-\u9fff]|[0-9a-z]+")
# A Mandarin syllable without its tone, as typed; ü is kept, since lü and lu are two syllables.
_SYLLABLE = re.compile(
    r"er|(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?"
    r"(?:a|ai|ao|ang?|e|ei|eng?|i|ia|iang?|iao|ie|ing?|iong|iu|o|ong|ou"
    r"|u|ua|uai|uang?|ue|ui|un|uo|ü|üe)"
)


class SpellingError(ValueError):
    """Pinyin that does not stand one word to a sign, or a character nobody has spelt."""


def signs(text: str) -> list[str]:
    """Characters and Latin runs of a name, folded in width and case, punctuation left out."""
    return _SIGN.findall(unicodedata.normalize("NFKC", text).lower())


def plain(text: str) -> str:
    """Letters, digits and characters only: what two spellings of one thing have in common."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).lower() if sign.isalnum())


def is_han(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff"


def syllables(name: str, pinyin: str) -> dict[str, str]:
    """The syllable of each character of a name. Raises SpellingError where one has none."""
    said, spelt = pinyin.split(), signs(name)
    if len(said) != len(spelt):
        raise SpellingError(f"{name} 有 {len(spelt)} 个字，拼音“{pinyin}”有 {len(said)} 个音节")
    for sign, word in zip(spelt, said, strict=True):
        if not (_SYLLABLE.fullmatch(word) if is_han(sign) else word == sign):
            raise SpellingError(f"{name} 的“{sign}”不能读作“{word}”")
    return {sign: word for sign, word in zip(spelt, said, strict=True) if is_han(sign)}


def spell(text: str, known: Sequence[Mapping[str, str]]) -> list[str]:
    """Pinyin words of a text without pinyin of its own, its syllables taken from the first
    table that has them; [] where it holds no character. Raises SpellingError."""
    found = signs(text)
    if not any(is_han(sign) for sign in found):
        return []
    words = []
    for sign in found:
        said = next((table[sign] for table in known if sign in table), None)
        if is_han(sign) and said is None:
            raise SpellingError(f"别名 {text} 的“{sign}”没有拼音，请补入 [syllables]")
        words.append(said or sign)
    return words


def typed(words: Sequence[str]) -> list[str]:
    """What people type for pinyin words: the whole, the initials, and v or u where ü is meant."""
    if not words:
        return []
    whole = "".join(words)
    initials = "".join(word if word.isdigit() else word[0] for word in words)
    variants = [whole.replace("ü", letter) for letter in "vu"] if "ü" in whole else []
    return [whole, initials, *variants]
