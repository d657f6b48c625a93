"""A frozen period is one whole file whose manifest says what it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from ortoo.kernel.indicators import lake as lake_module
from ortoo.kernel.indicators.lake import Frozen, Lake, content_digest


def frozen(period: str = "W2026-11-14", price: int = 598, **more: pl.Series) -> Frozen:
    rows = pl.DataFrame(
        {
            "period": [period] * 4,
            "item": ["0101", "0101", "0102", "0102"],
            "respondent": ["A", "B", "A", "B"],
            "place": ["150102", "150103", "150102", "150103"],
            "price": pl.Series([price, None, 700, 0], dtype=pl.Int64),
            "price_nil": pl.Series([0, 2, 0, 0], dtype=pl.UInt8),
            **more,
        }
    )
    return Frozen("SCJC-W1", 4, b"\x01" * 32, period, 77, rows)


@pytest.mark.law(9)
def test_writing_a_period_again_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = Lake(tmp_path / "one"), Lake(tmp_path / "other")
    manifest = one.write(frozen())
    assert other.write(frozen()) == manifest == one.write(frozen())
    for suffix in (".parquet", ".json"):
        path = one.path("SCJC-W1", "W2026-11-14").with_suffix(suffix)
        again = other.path("SCJC-W1", "W2026-11-14").with_suffix(suffix)
        assert path.read_bytes() == again.read_bytes()


def test_a_period_is_one_row_group_and_reads_back_as_it_was(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(frozen())
    assert lake.scan("SCJC-W1").collect().equals(frozen().rows)
    assert lake.manifest("SCJC-W1", "W2026-11-14").log_index == 77


def test_a_scan_reads_only_the_periods_asked_for(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for period in ("W2026-11-07", "W2026-11-14", "W2026-11-21"):
        lake.write(frozen(period))
    lake.path("SCJC-W1", "W2026-11-07").write_bytes(b"not Parquet")
    asked = ["W2026-11-14", "W2026-11-21", "W2027-01-02"]
    found = lake.scan("SCJC-W1", asked).select(pl.col("period").unique().sort()).collect()
    assert found["period"].to_list() == asked[:2]
    with pytest.raises(FileNotFoundError):
        lake.scan("SCJC-W1", ["W2027-01-02"])


def test_a_column_that_only_newer_periods_have_is_null_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(frozen("W2026-11-07"))
    lake.write(frozen("W2026-11-14", stock=pl.Series([1, 2, 3, 4], dtype=pl.Int64)))
    found = lake.scan("SCJC-W1").group_by("period").agg(pl.col("stock").sum()).collect()
    assert dict(found.iter_rows()) == {"W2026-11-07": 0, "W2026-11-14": 10}


@pytest.mark.parametrize(
    "change",
    [
        lambda found: replace(found, rows=found.rows.reverse()),
        lambda found: replace(found, rows=pl.concat([found.rows, found.rows]).sort("item")),
        lambda found: replace(found, period="W2026-11-21"),
        lambda found: replace(found, period="../W2026-11-14"),
        lambda found: replace(found, rows=found.rows.cast({"price": pl.Float64})),
    ],
)
def test_rows_out_of_order_twice_of_another_period_or_in_floats_are_not_written(
    tmp_path: Path, change
) -> None:
    with pytest.raises(ValueError):
        Lake(tmp_path).write(change(frozen()))
    assert not list(tmp_path.rglob("*.*"))


def test_a_write_that_breaks_off_leaves_the_period_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    before = lake.write(frozen())

    def full(handle: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(lake_module.os, "fsync", full)
    with pytest.raises(OSError):
        lake.write(frozen(price=1))
    assert lake.manifest("SCJC-W1", "W2026-11-14") == before
    assert list(lake.verify()) == []
    assert len(list(tmp_path.rglob("*"))) == 3


def test_the_content_digest_sees_a_value_a_null_a_name_and_an_order() -> None:
    rows = frozen().rows
    others = [
        rows.with_columns(price=pl.Series([599, None, 700, 0], dtype=pl.Int64)),
        rows.with_columns(price=pl.Series([598, 0, 700, 0], dtype=pl.Int64)),
        rows.with_columns(respondent=pl.Series(["AB", "", "A", "B"])),
        rows.rename({"price": "sales"}),
        rows.select(reversed(rows.columns)),
        rows.reverse(),
    ]
    assert len({content_digest(found) for found in [rows, *others]}) == 7
    assert content_digest(rows) == content_digest(pl.concat([rows.head(1), rows.tail(3)]))


def test_verify_names_what_is_wrong(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    whole, path = lake.write(frozen()), lake.path("SCJC-W1", "W2026-11-14")
    data = path.read_bytes()

    def codes(frozen_of=None) -> list[str]:
        return [finding.code for finding in lake.verify(frozen_of)]

    assert codes() == codes(lambda manifest: frozen()) == []
    assert codes(lambda manifest: None) == ["LAKE-UNKNOWN"]
    assert codes(lambda manifest: replace(frozen(), log_index=78)) == ["LAKE-INDEX"]
    assert codes(lambda manifest: replace(frozen(), version=5)) == ["LAKE-FORM"]
    assert codes(lambda manifest: frozen(price=597)) == ["LAKE-ROWS"]
    path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert codes() == ["LAKE-FILE"]
    path.unlink()
    assert codes() == ["LAKE-MISSING"]
    path.write_bytes(data)
    manifest = path.with_suffix(".json")
    text = manifest.read_text("utf-8")
    manifest.write_text(json.dumps({**json.loads(text), "period": "W2026-11-21"}), "utf-8")
    assert codes() == ["LAKE-MANIFEST"]
    manifest.unlink()
    assert codes() == ["LAKE-STRAY"]
    lake.drop("SCJC-W1", "W2026-11-14")
    assert codes() == []
    assert lake.write(frozen()) == whole
