"""An archived period in the lake: the read model's figures, from filings, for who may see them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from django.db import connection

from ortoo.algorithms import rollup_lake
from ortoo.domains.market import lake as market
from ortoo.domains.market import services
from ortoo.domains.market.tests.figures_world import (
    FORM,
    NOW_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.read import tail
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.indicators.lake import Lake

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, monkeypatch, tmp_path: Path) -> FiguresWorld:
    """Two periods; the newer one has an open question and a return sent back; both archived."""
    found = figures_world(settings, monkeypatch)
    settings.HOME = tmp_path
    keys = [key for period, key in found.returns if period == "now"]
    _judge(found, "K-QUERY", keys[0], {
        "due_at": NOW_MS, "question": "？", "cells": [{"item": "0303", "measure": "price"}],
    })  # fmt: skip
    _judge(found, "K-SENDBACK", keys[1], {"text": "重报"})
    for name in ("before", "now"):
        services.archive(form=FORM, period=found.period(name), now_ms=NOW_MS)
    services.catch_up()
    return found


def _judge(world: FiguresWorld, form: str, key: str, more: dict) -> None:
    firm, office = world.region.sites[key].firm, world.region.sites["root"].office
    body = {
        "form": FORM, "period": world.period(), "party": firm,
        "target": world.returns["now", key].seq, "office": world.root, **more,
    }  # fmt: skip
    period, place = world.period(), world.place(key)
    said = Draft(
        form, office, "account:region", f"{form}-{key}", body, NOW_MS, period=period, subject=firm,
        place=place,
    )  # fmt: skip
    file(said, now_ms=NOW_MS)


def _read_model(period: str, basis: str, columns: list[str]) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT unit, item, {','.join(columns)} FROM market_rollup"
            " WHERE form=%s AND period=%s AND basis=%s",
            [FORM, period, basis],
        )
        return {(row[0], row[1]): row[2:] for row in cursor.fetchall()}


@pytest.mark.law(9)
@pytest.mark.parametrize("basis", ["all", "reviewed"])
@pytest.mark.parametrize("name", ["before", "now"])
def test_the_lakes_sums_are_the_read_models(world: FiguresWorld, name: str, basis: str) -> None:
    market.freeze_archived()
    columns = [column for column in rollup_lake.SUMS if column != "sum_ln_price"]
    model = _read_model(world.period(name), basis, columns)
    scope = _scope(world, "region")
    table = market.region_table(scope, FORM, world.period(name), basis=basis)
    units = table.filter(pl.col("place").is_in(sorted({unit for unit, _ in model})))
    found = {(row[0], row[1]): row[2:] for row in units.select("place", "item", *columns).rows()}
    assert found == model
    at = columns.index("doubtful")
    assert (sum(row[at] for row in model.values()) > 0) == (name == "now")


@pytest.mark.law(9)
def test_dropped_and_written_again_a_period_has_the_same_bytes(world: FiguresWorld) -> None:
    written = market.freeze_archived()
    assert [(found.period, found.log_index) for found in written] == [
        (world.period("before"), tail() - 1),
        (world.period("now"), tail()),
    ]
    lake = market.market_lake()
    path = lake.path(FORM, world.period())
    data = path.read_bytes()
    assert market.freeze_archived() == []
    lake.drop(FORM, world.period())
    assert market.freeze_archived() == written[1:]
    assert path.read_bytes() == data
    assert list(market.verify()) == []


def test_verify_sees_rows_that_no_filing_says(world: FiguresWorld) -> None:
    market.freeze_archived()
    lake = market.market_lake()
    period = market.frozen_periods(FORM)[-1]
    true = market.frozen(period)
    forged = true.rows.with_columns(price=pl.col("price") + 1)
    lake.write(type(true)(**{**_fields(true), "rows": forged}))
    assert [found.code for found in market.verify(deep=False)] == []
    assert [found.code for found in market.verify()] == ["LAKE-ROWS"]


def _fields(frozen) -> dict:
    return {name: getattr(frozen, name) for name in frozen.__slots__}


def test_rows_are_as_known_at_the_archiving_and_not_later(world: FiguresWorld) -> None:
    archived = market.frozen_periods(FORM)[-1]
    before_query = type(archived)(archived.form, archived.period, archived.seq - 4)
    assert market.frozen(archived).rows["doubtful"].any()
    assert not market.frozen(before_query).rows["doubtful"].any()
    assert market.frozen(before_query).rows["counted"].sum() > (
        market.frozen(archived).rows["counted"].sum()
    )


def test_a_series_is_the_cells_of_the_tables(world: FiguresWorld) -> None:
    market.freeze_archived()
    scope = _scope(world, "region")
    for place in (world.root, world.place("parent"), world.place("own")):
        series = market.item_series(scope, FORM, place, "0303", basis="all")
        cells = []
        for name in ("before", "now"):
            table = market.region_table(scope, FORM, world.period(name), basis="all")
            cells.append(table.filter((pl.col("place") == place) & (pl.col("item") == "0303")))
        expected = pl.concat(cells).sort("period").select(series.columns)
        assert series.equals(expected)
        assert series.height == 2


def test_a_firms_history_is_for_itself_and_its_reviewers(world: FiguresWorld) -> None:
    market.freeze_archived()
    own, other = world.region.sites["own"], world.region.sites["neighbour"]
    for login in ("clerk", "own", "parent", "region"):
        scope = _scope(world, login)
        found = market.firm_history(scope, FORM, own.firm, item="0101")
        assert found["period"].to_list() == [world.period("before"), world.period("now")]
        assert set(found["respondent"]) == {own.firm}
    for login in ("clerk", "own", "parent"):
        with pytest.raises(Refused) as refused:
            market.firm_history(_scope(world, login), FORM, other.firm)
        assert refused.value.code.startswith("SCOPE-")


def test_tables_and_series_keep_to_the_readers_places(world: FiguresWorld) -> None:
    market.freeze_archived()
    scope = _scope(world, "own")
    table = market.region_table(scope, FORM, world.period(), basis="all")
    assert set(table["place"]) == {world.place("own")}
    with pytest.raises(Refused):
        market.item_series(scope, FORM, world.place("sibling"), "0303")
    with pytest.raises(Refused) as refused:
        market.region_table(_scope(world, "clerk"), FORM, world.period())
    assert refused.value.code == "SCOPE-VERB"


def test_a_period_that_is_not_archived_is_said_to_be_so(world: FiguresWorld) -> None:
    with pytest.raises(Refused) as refused:
        market.region_table(_scope(world, "region"), FORM, world.period())
    assert refused.value.code == "LAKE-PERIOD"


def test_a_lake_elsewhere_is_written_beside_the_installations(
    world: FiguresWorld, tmp_path: Path
) -> None:
    elsewhere = Lake(tmp_path / "copy")
    assert len(market.freeze_archived(lake=elsewhere)) == 2
    assert market.market_lake().periods(FORM) == []
    assert list(market.verify(elsewhere)) == []


LOGINS = {
    "clerk": "clerk-own", "own": "banner-reviewer-own", "parent": "league-reviewer-parent",
    "region": "region-reviewer-root",
}  # fmt: skip


def _scope(world: FiguresWorld, who: str) -> Scope:
    return world.region.scope(LOGINS[who])
