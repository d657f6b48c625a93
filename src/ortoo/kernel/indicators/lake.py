"""The lake 数据湖: frozen periods as Parquet, from filings alone, dropped and rebuilt at will.

    FOLDER/FORM/PERIOD.parquet   rows ordered (item, respondent), one row group
    FOLDER/FORM/PERIOD.json      its manifest, written after it: a period without one is not there

Nothing here is a record: the log is. The manifest names the log index the rows are known at, the
form's digest, a digest of the content (the same whichever program wrote the Parquet) and one of the
file's bytes. Writing a period again gives the same bytes, so two processes may do it at once.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from ortoo.kernel.seal.recount import Finding

if TYPE_CHECKING:
    import polars as pl

ORDER = ("item", "respondent")
COMPRESSION_LEVEL = 3
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_COLUMN_TYPES = ("String", "Boolean", "Int64", "UInt8")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a period's file holds. Digests are SHA-256 in hex; `log_index` is S of its `as_of`."""

    form: str
    version: int
    form_digest: str
    period: str
    log_index: int
    rows: int
    content: str
    file: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A period to be written: what the log says of it, and its rows (see `check`)."""

    form: str
    version: int
    form_digest: bytes
    period: str
    log_index: int
    rows: pl.DataFrame


def check(frozen: Frozen) -> None:
    """Raise ValueError unless rows are of the period, in order, of plain types and each once."""
    for name in (frozen.form, frozen.period):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for a file: {name!r}")
    rows = frozen.rows
    odd = [name for name, kind in rows.schema.items() if str(kind) not in _COLUMN_TYPES]
    if odd:
        raise ValueError(f"columns of another type than {_COLUMN_TYPES}: {odd}")
    if rows.height and rows["period"].unique().to_list() != [frozen.period]:
        raise ValueError(f"rows of another period than {frozen.period}")
    item, respondent = (rows[name] for name in ORDER)
    further = (item == item.shift()) & (respondent > respondent.shift())
    if not ((item > item.shift()) | further).slice(1).all(ignore_nulls=False):
        raise ValueError("rows must be ordered by item and respondent, each once")


def content_digest(rows: pl.DataFrame) -> str:
    """SHA-256 over names, types and values column by column; independent of Parquet's writer."""
    digest = hashlib.sha256()
    schema = [[name, str(kind)] for name, kind in rows.schema.items()]
    digest.update(json.dumps([rows.height, schema], separators=(",", ":")).encode())
    for column in rows.iter_columns():
        digest.update(column.is_null().to_numpy().tobytes())
        if str(column.dtype) == "String":
            texts = column.fill_null("")
            digest.update(texts.str.len_bytes().to_numpy().astype("<i8").tobytes())
            digest.update("".join(texts.str.join()).encode())
        else:
            numbers = column.cast(int).fill_null(0).to_numpy()
            digest.update(numbers.astype("<i8").tobytes())
    return digest.hexdigest()


def encode(frozen: Frozen) -> bytes:
    """The one Parquet file of a period: one row group, statistics on, nothing of the hour in it."""
    out = io.BytesIO()
    frozen.rows.write_parquet(
        out,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        statistics=True,
        row_group_size=max(frozen.rows.height, 1),
    )
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Lake:
    """The frozen periods in a folder; one sub-folder a form."""

    folder: Path

    def path(self, form: str, period: str) -> Path:
        return self.folder / form / f"{period}.parquet"

    def write(self, frozen: Frozen) -> Manifest:
        """Write a period, or write it again; whole or not at all. Raises ValueError (`check`)."""
        check(frozen)
        data, path = encode(frozen), self.path(frozen.form, frozen.period)
        manifest = Manifest(
            form=frozen.form,
            version=frozen.version,
            form_digest=frozen.form_digest.hex(),
            period=frozen.period,
            log_index=frozen.log_index,
            rows=frozen.rows.height,
            content=content_digest(frozen.rows),
            file=hashlib.sha256(data).hexdigest(),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(path, data)
        text = json.dumps(asdict(manifest), ensure_ascii=False, sort_keys=True, indent=1)
        _put(path.with_suffix(".json"), text.encode() + b"\n")
        return manifest

    def manifest(self, form: str, period: str) -> Manifest | None:
        """What the file of a period says it is; None without one, or with one nobody can read."""
        try:
            said = json.loads(self.path(form, period).with_suffix(".json").read_bytes())
            return Manifest(**{field.name: said[field.name] for field in fields(Manifest)})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def periods(self, form: str) -> list[str]:
        """Codes of the periods that are there, in order."""
        return sorted(path.stem for path in (self.folder / form).glob("*.json"))

    def forms(self) -> list[str]:
        """Forms of which something is there."""
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir())

    def scan(self, form: str, periods: Iterable[str] | None = None) -> pl.LazyFrame:
        """Rows of the given periods (all when None), read when collected: only the columns asked
        for, and only the row groups and pages that a filter leaves. Raises FileNotFoundError when
        none of them is in the lake.

        A column that an older version of the form did not have is null there.
        """
        import polars as pl

        there = self.periods(form)
        wanted = there if periods is None else sorted(set(there) & set(periods))
        if not wanted:
            raise FileNotFoundError(f"no frozen period of {form} in {self.folder}")
        # The newest first: it tells the columns, and older files may have fewer or more.
        files = [self.path(form, period) for period in reversed(wanted)]
        return pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore", glob=False)

    def drop(self, form: str, period: str) -> None:
        """Take a period away, its manifest first."""
        path = self.path(form, period)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def verify(
        self, frozen_of: Callable[[Manifest], Frozen | None] | None = None
    ) -> Iterator[Finding]:
        """What is wrong: files against their manifests and, with `frozen_of`, against the log.

        `frozen_of` computes what a manifest's period holds from filings; None if the log does not
        have it archived.
        """
        for form in self.forms():
            for period in self.periods(form):
                yield from self._verify_period(form, period, frozen_of)
            known = set(self.periods(form))
            for path in sorted((self.folder / form).glob("*.parquet")):
                if path.stem not in known:
                    text = f"{path.name} 没有清单，读取时不计；可删除后重写。"
                    yield Finding("LAKE-STRAY", 0, text)

    def _verify_period(
        self, form: str, period: str, frozen_of: Callable[[Manifest], Frozen | None] | None
    ) -> Iterator[Finding]:
        manifest, name = self.manifest(form, period), f"{form}/{period}"
        if manifest is None or (manifest.form, manifest.period) != (form, period):
            yield Finding("LAKE-MANIFEST", 0, f"{name} 的清单无法读取或不符，请删除后重写。")
            return
        seq = manifest.log_index
        try:
            data = self.path(form, period).read_bytes()
        except OSError:
            yield Finding("LAKE-MISSING", seq, f"{name} 有清单而没有文件，请重写。")
            return
        if hashlib.sha256(data).hexdigest() != manifest.file:
            yield Finding("LAKE-FILE", seq, f"{name} 的文件与清单的摘要不符，请重写。")
        elif frozen_of is not None:
            yield from _against_log(manifest, frozen_of(manifest), name)


def _against_log(manifest: Manifest, frozen: Frozen | None, name: str) -> Iterator[Finding]:
    seq = manifest.log_index
    if frozen is None:
        yield Finding("LAKE-UNKNOWN", seq, f"日志中 {name} 没有归档，请删除。")
    elif frozen.log_index != seq:
        text = f"{name} 按第 {seq} 号写成，日志在第 {frozen.log_index} 号归档，请重写。"
        yield Finding("LAKE-INDEX", seq, text)
    elif (frozen.version, frozen.form_digest.hex()) != (manifest.version, manifest.form_digest):
        yield Finding("LAKE-FORM", seq, f"{name} 按另一版表式写成，请重写。")
    elif content_digest(frozen.rows) != manifest.content:
        yield Finding("LAKE-ROWS", seq, f"{name} 的内容与报件重算的不同，请重写。")


def _put(path: Path, data: bytes) -> None:
    """Write beside, make durable, put in place: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
