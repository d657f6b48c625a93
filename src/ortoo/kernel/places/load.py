"""Reading a pack of places from its folder, or from its head file, at any path.

`pack.toml` is the head; `places.tsv` and `reports_to.tsv` beside it hold the rows: UTF-8,
tab-separated, the first line names the columns, empty means none or open. Unknown columns
are refused, so that a misspelt heading cannot silently drop a fact.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ortoo.kernel.places.pack import Head, Kind, Pack, Source
from ortoo.kernel.places.place import (
    Mark,
    MarkedName,
    Names,
    Place,
    PlaceError,
    PlaceIssue,
    Reporting,
    Span,
)

PACKS = Path(__file__).parent / "packs"
PLACE_COLUMNS = (
    *("code", "kind", "parent", "host", "office", "zh", "abbr", "aka", "pinyin", "en"),
    *("mn_cyrl", "mn_cyrl_mark", "mn_mong", "mn_mong_mark"),
    *("lon", "lat", "area_km2", "population", "from", "to", "source"),
)
REPORT_COLUMNS = ("child", "parent", "from", "to", "source", "verified")
YES_NO = {"yes": True, "no": False}
T = TypeVar("T")


def built_in() -> tuple[str, ...]:
    """Codes of the packs that ship with the product."""
    return tuple(sorted(folder.name for folder in PACKS.iterdir() if folder.is_dir()))


def load(where: str | Path) -> Pack:
    """A checked pack by its built-in name or by the path of its folder or head file.

    Raises PlaceError: PLACE-PACK (not there), PLACE-HEAD, PLACE-CELL, and those of `check`.
    """
    return _loaded(_folder(where))


@cache
def _loaded(folder: Path) -> Pack:
    head = _head(folder / "pack.toml")
    places = [_place(head, line) for line in _lines(folder / "places.tsv", PLACE_COLUMNS)]
    rows = folder / "reports_to.tsv"
    reports = [_reporting(line) for line in _lines(rows, REPORT_COLUMNS)] if rows.exists() else []
    return Pack(head, places, reports)


def _folder(where: str | Path) -> Path:
    path = PACKS / where if isinstance(where, str) and where in built_in() else Path(where)
    path = path.parent if path.name == "pack.toml" else path
    if not (path / "pack.toml").is_file():
        raise PlaceError(
            PlaceIssue(
                "PLACE-PACK",
                "",
                f"找不到地区包“{where}”",
                f"用内置名称（{'、'.join(built_in())}），或给出含 pack.toml 的文件夹",
            )
        )
    return path.resolve()


def _head(path: Path) -> Head:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _head_of(data, path.parent)
    except PlaceError:
        raise
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise PlaceError(
            PlaceIssue("PLACE-HEAD", "", f"包头读不懂：{fault}", "对照 docs 中的包头样例改正")
        ) from fault


def _head_of(data: Mapping[str, Any], folder: Path) -> Head:
    codes, drawn = data.get("codes", {}), data.get("geometry", {})
    plain = ("edition", "root", "time_zone", "calendar", "currency")
    lists = ("languages", "visitor_languages", "notes")
    given: dict[str, Any] = {name: str(data[name]) for name in plain if name in data}
    given |= {name: tuple(data[name]) for name in lists if name in data}
    return Head(
        code=data["pack"],
        title=dict(data["title"]),
        **given,
        scheme=codes.get("scheme", ""),
        shapes={int(level): shape for level, shape in codes.get("shapes", {}).items()},
        stem={int(level): count for level, count in codes.get("stem", {}).items()},
        levels={int(level): dict(words) for level, words in data.get("levels", {}).items()},
        kinds={code: Kind(code=code, **words) for code, words in data["kinds"].items()},
        governments=dict(data.get("governments", {})),
        bureaus=dict(data.get("bureaus", {})),
        sources={code: Source(code=code, **row) for code, row in data.get("sources", {}).items()},
        population_on=data.get("population_on"),
        population_total=data.get("population_total"),
        geometry=folder / drawn["file"] if "file" in drawn else None,
        attribution=drawn.get("attribution", ""),
        foreign=bool(data.get("foreign", False)),
    )


def _lines(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    names, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    given = names.split("\t")
    if unknown := sorted(set(given) - set(columns)):
        raise PlaceError(_cell(path.name, 1, "、".join(unknown), f"可用的列：{'、'.join(columns)}"))
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        if len(cells) != len(given):
            raise PlaceError(_cell(path.name, number, line[:40], f"应有 {len(given)} 列"))
        row = dict.fromkeys(columns, "")
        row.update(zip(given, (cell.strip() for cell in cells), strict=True))
        row["#"] = f"{path.name}:{number}"
        yield row


def _cell(file: str, number: int | str, text: str, remedy: str) -> PlaceIssue:
    return PlaceIssue("PLACE-CELL", "", f"{file} 第 {number} 行“{text}”读不懂", remedy)


def _read(row: Mapping[str, str], column: str, kind: Callable[[str], T]) -> T | None:
    """The cell as `kind`, None where it is empty; PLACE-CELL names line and column."""
    text = row[column]
    if not text:
        return None
    try:
        return kind(text)
    except (ValueError, KeyError) as fault:
        file, number = row["#"].split(":")
        raise PlaceError(_cell(file, number, text, f"改正 {column} 列")) from fault


def _span(row: Mapping[str, str]) -> Span:
    return Span(_read(row, "from", date.fromisoformat), _read(row, "to", date.fromisoformat))


def _marked(row: Mapping[str, str], column: str) -> MarkedName | None:
    if not row[column]:
        return None
    return MarkedName(row[column], _read(row, f"{column}_mark", Mark) or Mark.REMEMBERED)


def _place(head: Head, row: Mapping[str, str]) -> Place:
    kind = head.kinds.get(row["kind"])
    if kind is None:
        raise PlaceError(
            PlaceIssue(
                "PLACE-KIND",
                row["code"],
                f"类别“{row['kind']}”不在包头里",
                f"用 {'、'.join(head.kinds)} 之一",
            )
        )
    office = _read(row, "office", YES_NO.__getitem__)
    return Place(
        code=row["code"],
        kind=kind.code,
        level=kind.level,
        parent=row["parent"],
        names=Names(
            zh=row["zh"],
            en=row["en"],
            pinyin=row["pinyin"],
            abbr=row["abbr"],
            mn_cyrl=_marked(row, "mn_cyrl"),
            mn_mong=_marked(row, "mn_mong"),
            aka=tuple(part for part in row["aka"].split(";") if part),
        ),
        office=True if office is None else office,
        statistical=kind.statistical,
        host=row["host"],
        lon=_read(row, "lon", float),
        lat=_read(row, "lat", float),
        area_km2=_read(row, "area_km2", int),
        population=_read(row, "population", int),
        span=_span(row),
        source=row["source"],
    )


def _reporting(row: Mapping[str, str]) -> Reporting:
    verified = _read(row, "verified", YES_NO.__getitem__)
    return Reporting(row["child"], row["parent"], _span(row), row["source"], bool(verified))
