"""The numbers of a pasted text: where they stand, with how many places, and which are no figures.

Text from Word or WeChat has full-width digits, ％ and ／: each character is folded to its plain
form one for one, so that a place in the folded text is the same place in what was pasted. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_KEEP = frozenset("，。；：、（）！？【】《》“”—…")
_DASH = r"[-—–－~～至到]"
_LONG_CODE = 9
_MOST_DIGITS = 15

# Dates, documents, telephones, weeks, numbering and the sizes of packs: numbers but no figures.
_NO_FIGURES = re.compile(
    "|".join(
        (
            r"https?://[^\s，。；、]+",
            r"[\w.+-]+@[\w-]+\.[\w.]+",
            r"(?:电话|手机|传真|热线|联系方式|值班|[Tt]el)[^\d\n]{0,8}[\d\-—()（） ]{5,24}",
            r"(?<!\d)1[3-9]\d-?\d{4}-?\d{4}(?!\d)",
            r"(?<!\d)0\d{2,3}[-—]\d{7,8}(?!\d)",
            r"(?<![\d.])\d{3,4}-\d{4}(?:-\d{4})?(?![\d.])",
            r"(?<![0-9A-Za-z])(?=[0-9A-Z]*\d)[0-9A-HJ-NP-RT-UW-Y]{18}(?![0-9A-Za-z])",
            r"[〔\[【（(]\s*(?:19|20)\d{2}\s*[〕\]】）)]\s*(?:第\s*)?\d*\s*号?",
            r"(?:GB|DB|SB|NY|ISO)\s*/?\s*T?\s*\d[\d.—-]*",
            r"第\s*\d+(?:\s*[-—–~～至到]\s*\d+)?\s*(?:个)?"
            r"(?:周|期|号|季度|版|页|条|次|名|位|批|届|天|轮|章|节|款|项)",
            r"(?:19|20)\d{2}\s*年(?:\s*\d{1,2}\s*月)?(?:\s*\d{1,2}\s*日)?"
            rf"(?:\s*{_DASH}+\s*(?:(?:19|20)\d{{2}}\s*年)?(?:\s*\d{{1,2}}\s*月)?(?:\s*\d{{1,2}}\s*日)?)?",
            rf"\d{{1,2}}\s*月\s*\d{{1,2}}\s*日?(?:\s*{_DASH}+\s*(?:\d{{1,2}}\s*月)?\s*\d{{1,2}}\s*日?)?",
            rf"\d{{1,2}}\s*日?\s*{_DASH}+\s*\d{{1,2}}\s*日",
            rf"\d{{1,2}}\s*{_DASH}\s*\d{{1,2}}\s*月",
            r"\d{1,2}\s*月(?!均)",
            r"\d{1,2}\s*日(?!均)",
            r"(?<!\d)(?:19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])(?:[-/.]\d{1,2})?(?![\d%]|\s*[元万吨])",
            r"(?<!\d)(?:19|20)\d{2}(?=\s*[-—–~～]\s*(?:19|20)\d{2})",
            r"(?<!\d)\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?!\d)",
            r"\d{1,2}\s*时(?:\s*\d{1,2}\s*分)?",
            rf"\d+(?:\s*{_DASH}\s*\d+)?\s*(?:周|个月|个星期|天|小时|分钟|个工作日|年)(?![^\W\d]*?元)",
            r"(?:前|近|未来|连续|[Tt][Oo][Pp])\s*\d+(?!\.?\d*\s*(?:%|元))",
            r"(?:(?<!代)表|图|附件|附表|注|序号|编号|代码)\s*[:：]?\s*\d+(?:[-.]\d+)*(?!\d*\s*[种个家%元])",
            r"(?m:^\s*[(（]?\d{1,2}(?:[、)）]|[.．](?!\d))\s*)",
            r"[(（]\d{1,2}[)）]",
            r"\d+(?:\.\d+)?\s*(?:公斤|千克|毫升|斤|克|升|枚|kg|g|ml|mL|L)\s*(?:装|[袋桶箱盒瓶板块]装|/\s*[袋桶箱盒瓶板块])",
            r"[袋桶盒箱瓶块板]装?\s*\d+(?:\.\d+)?\s*(?:公斤|千克|毫升|斤|克|升|枚|kg|g|ml|L)",
            r"(?<![\d.])\d+(?:\.\d+)?\s*[:：]\s*1(?!\d)",
            r"(?<![0-9A-Za-z])[A-Za-z]{1,6}[-_]?\d+[0-9A-Za-z_-]*",
        )
    )
)
_PER = r"(?:/|每)\s*(?:公斤|千克|市斤|斤|500\s*[克g]|升|吨|[kK][gG]|[lL]\b|[袋桶盒箱瓶块只])"
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_UNIT = re.compile(
    rf"\s*(?P<unit>%|个?百分点|(?:元|块)\s*{_PER}|[万亿]?元|万?(?:公斤|千克|吨)|万?升|万?斤"
    r"|个?(?:品种|种)|个?类|[家户]|[个项只头台辆倍])"
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number. `unit` as it stands behind it, without blanks; "" where none does."""

    start: int
    end: int
    value: Fraction
    places: int
    unit: str
    unit_end: int
    negative: bool = False


def folded(text: str) -> str:
    """The text with full-width forms made plain, character by character."""
    return "".join(_fold(char) for char in text)


def _fold(char: str) -> str:
    if char in _KEEP or char < "\x7f":
        return char
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def not_figures(plain: str) -> list[tuple[int, int]]:
    """Spans of dates, telephones, document numbers and the like, in order, not overlapping."""
    return [match.span() for match in _NO_FIGURES.finditer(plain) if match.end() > match.start()]


def numbers(plain: str) -> Iterator[Number]:
    """Every number that may be a figure, in order."""
    masked = not_figures(plain)
    starts = [span[0] for span in masked]
    behind = 0
    for match in _NUMBER.finditer(plain):
        at = bisect_right(starts, match.start()) - 1
        if at >= 0 and match.start() < masked[at][1]:
            continue
        if match.start() < behind:
            # The 500 of 元/500克 belongs to a unit that has been read.
            continue
        digits = match[0].replace(",", "")
        if ("." not in digits and len(digits) >= _LONG_CODE) or len(digits) > _MOST_DIGITS:
            continue
        unit = _UNIT.match(plain, match.end())
        behind = unit.end() if unit else match.end()
        places = len(digits.partition(".")[2])
        start, negative = _sign(plain, match.start())
        value = Fraction(digits)
        yield Number(
            start, match.end(), -value if negative else value, places,
            re.sub(r"\s", "", unit["unit"]) if unit else "", behind, negative,
        )  # fmt: skip


def _sign(plain: str, start: int) -> tuple[int, bool]:
    """A minus in front is a sign, unless something stands before it that it would join."""
    if start and plain[start - 1] in "-−" and not re.match(r"[\w%)]", plain[start - 2 : start - 1]):
        return start - 1, True
    return start, False
