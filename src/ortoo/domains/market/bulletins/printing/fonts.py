"""Chinese fonts of printed bulletins: 仿宋 where the machine has it, else Noto of the package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ortoo.kernel.filings.refusal import Refused

BODY = (
    "FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "STFangsong", "Noto Serif SC",
    "Noto Serif CJK SC", "Source Han Serif SC",
)  # fmt: skip
HEADING = ("SimHei", "黑体", "STHeiti", "Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC")
TITLE = ("FZXiaoBiaoSong-B05S", "方正小标宋简体", "STZhongsong", *BODY[-3:])
PACKAGE = "pylopdf_fonts_zh_cn"


@dataclass(frozen=True, slots=True)
class Fonts:
    """One family each for body, headings and the title, and the folders they lie in."""

    body: str
    heading: str
    title: str
    folders: tuple[str, ...]


def folders() -> tuple[str, ...]:
    """Folders of fonts that ship as a package."""
    spec = find_spec(PACKAGE)
    return (str(Path(spec.origin).parent),) if spec is not None and spec.origin else ()


def typst() -> Any:
    """The typesetter. Refused DOCUMENT-TYPST where the extra is not installed."""
    try:
        import typst as found
    except ImportError:
        raise Refused(
            "DOCUMENT-TYPST",
            "没有安装排版组件，不能生成 PDF。",
            "请管理员安装 ortoo[documents]；或打印网页、下载 Word。",
            503,
        ) from None
    return found


@lru_cache(maxsize=1)
def fonts() -> Fonts:
    """Refused DOCUMENT-TYPST, DOCUMENT-FONT."""
    where = folders()
    return chosen(typst().Fonts(font_paths=list(where)).families(), where)


def chosen(families: Iterable[str], where: tuple[str, ...] = ()) -> Fonts:
    """The best of what there is. Refused DOCUMENT-FONT where no Chinese font is among it."""
    known = set(families)

    def first(wanted: Iterable[str]) -> str | None:
        return next((name for name in wanted if name in known), None)

    body = first(BODY) or first(HEADING)
    if body is None:
        raise Refused(
            "DOCUMENT-FONT",
            "这台机器没有中文字体，不能生成 PDF。",
            "请管理员安装仿宋或 Noto Serif SC 字体，或安装 ortoo[documents]。",
            503,
        )
    return Fonts(body, first(HEADING) or body, first(TITLE) or body, where)
