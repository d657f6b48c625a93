"""Proof 7, first half: the return's form changes in the middle of a period (Laws 11 and 13)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ortoo.domains.market import services
from ortoo.domains.market.tests.review_week import FORM, WEEK, ReviewWeek, at, review_week
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Nil
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.forms.periods import opens_at_ms, parse
from ortoo.kernel.seal.log import checkpoint
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads import packs_known
from ortoo.kernel.threads.activation import active_version
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.kernel.threads.tests.pack_folders import forget, made

from .market_form import NEW_ITEM, next_version

NEXT = "W2026-11-21"
LOADED = at("2026-11-18 10:00")


@dataclass
class Change:
    """The running week and the one after it, with the form's next version in a pack."""

    week: ReviewWeek
    place: Path

    def load(self) -> packs_known.Loaded:
        return packs_known.load(made(self.place / "v5", {"weekly.yaml": next_version()}))

    def activate(self) -> Receipt:
        office = self.week.region.sites["root"].office
        return packs_known.activate(
            code=FORM, version=5, from_day=parse(NEXT).start, filer=office,
            actor="account:region", now_ms=LOADED,
        )  # fmt: skip

    def open_next(self) -> None:
        opened = opens_at_ms(registry.get(FORM, 4), parse(NEXT), "Asia/Shanghai")
        services.open_period(form=FORM, period=NEXT, now_ms=opened)

    def file(self, key: str, price: int, *, week: str, version: int, when: str, **more: Any) -> int:
        """One return whose every price is the same; no check of the office's, only of the write."""
        form = registry.get(FORM, version)
        columns: dict[str, tuple[int | Nil | None, ...]] = {
            measure.code: tuple(None for _ in form.leaves) for measure in form.measures
        }
        columns["price"] = tuple(price for _ in form.leaves)
        firm = self.week.firms[key]
        receipt = file(
            Draft(
                FORM, firm, f"account:clerk-{key}", f"{key}-{week}-{version}-{price}",
                GridBody(columns), at(when), period=week, subject=firm,
                place=self.week.places[key], version=version, **more,
            ),
            now_ms=at(when),
        )  # fmt: skip
        catch_up()
        return receipt.seq

    def state(self, key: str, week: str) -> Any:
        return services.Matter(FORM, week, self.week.firms[key]).state()

    def rows(self, week: str) -> dict[str, dict[str, int]]:
        """Item → sums of the whole region, as the read model has them."""
        names = ("item", "sum_price", "quotes", "matched", "matched_now", "matched_before")
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {','.join(names)} FROM market_rollup WHERE form = %s AND period = %s"
                " AND basis = 'all' AND unit = %s",
                [FORM, week, self.week.region.pack.root.code],
            )
            return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


@pytest.fixture
def change(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    settings.KEYS, settings.HOME = tmp_path / "keys", tmp_path
    forget(monkeypatch)
    return Change(review_week(own=2, sibling=1), tmp_path)


def code_of(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.code


@pytest.mark.law(13)
def test_the_variation_differs_from_what_ships_by_one_row_and_its_number(change: Change) -> None:
    from ortoo.kernel.forms.loader import parse as parse_form

    new, old = parse_form(read_yaml(next_version())), registry.get(FORM)
    assert (new.version, old.version) == (5, 4)
    assert [i.code for i in new.leaves if i.code not in old.leaf_index] == [NEW_ITEM]


@pytest.mark.law(13)
def test_loading_a_version_changes_nothing_that_anybody_files_or_reads(change: Change) -> None:
    change.file("own0", 500, week=WEEK, version=4, when="2026-11-18 09:00")
    before = change.rows(WEEK)
    tail = read.tail()
    loaded = change.load()
    assert [one.version for one in loaded.new] == [5]
    assert read.tail() == tail, "loading files nothing"
    assert registry.get(FORM).version == 4, "what is asked for without a number stays what it was"
    assert change.rows(WEEK) == before and NEW_ITEM not in before
    assert all(table.equal for table in rebuild_all(fix=False))
    with pytest.raises(Refused) as caught:
        change.file("own1", 500, week=WEEK, version=5, when="2026-11-18 11:00")
    assert code_of(caught) == "FORM-INACTIVE"
    change.open_next()
    assert change.state("own0", NEXT).version == 4, "a file that lies there opens no period"


@pytest.mark.law(11, 13)
def test_a_version_activated_in_the_middle_of_a_period_acts_from_the_next_one(
    change: Change,
) -> None:
    first = change.file("own0", 500, week=WEEK, version=4, when="2026-11-18 09:00")
    change.load()
    change.activate()
    assert active_version(FORM, parse(WEEK).start) == 4
    assert active_version(FORM, parse(NEXT).start) == 5
    with pytest.raises(Refused) as caught:
        change.file("own1", 510, week=WEEK, version=5, when="2026-11-19 09:00")
    assert code_of(caught) == "FORM-PERIOD-VERSION"
    change.file("own1", 510, week=WEEK, version=4, when="2026-11-19 09:01")

    packs_known.adopt(parse(NEXT).start)
    change.open_next()
    assert change.state("own0", NEXT).version == registry.get(FORM).version == 5
    with pytest.raises(Refused) as caught:
        change.file("own0", 520, week=NEXT, version=4, when="2026-11-28 09:00")
    assert code_of(caught) == "FORM-PERIOD-VERSION"
    change.file("own0", 520, week=NEXT, version=5, when="2026-11-28 09:01")
    change.file("own1", 530, week=NEXT, version=5, when="2026-11-28 09:02")

    again = {"supersedes": first, "reason": "串行"}
    with pytest.raises(Refused) as caught:
        change.file("own0", 505, week=WEEK, version=5, when="2026-12-20 09:00", **again)
    assert code_of(caught) == "FORM-PERIOD-VERSION"
    corrected = change.file("own0", 505, week=WEEK, version=4, when="2026-12-20 09:01", **again)
    row = read.get(corrected)
    assert row is not None
    assert (row.form_version, row.form_digest) == (4, registry.get(FORM, 4).digest)

    before, after = change.rows(WEEK), change.rows(NEXT)
    assert NEW_ITEM not in before
    assert before["0501"]["sum_price"] == 505 + 510
    assert after["0501"]["sum_price"] == after[NEW_ITEM]["sum_price"] == 520 + 530
    for item in ("0501", "0701", "1001"):
        # The same shops against the week before, row by row although the rows have moved.
        found = [after[item][name] for name in ("matched", "matched_now", "matched_before")]
        assert found == [2, 1050, 1015]
    assert (after[NEW_ITEM]["matched"], after[NEW_ITEM]["quotes"]) == (0, 2)
    rebuilt = rebuild_all(fix=False)
    assert all(table.equal for table in rebuilt), rebuilt
    checkpoint(now_ms=at("2026-12-20 10:00"))
    assert verify() == []


@pytest.mark.law(13)
def test_a_grid_of_the_new_rows_is_not_taken_for_the_open_week(change: Change) -> None:
    change.load()
    change.activate()
    with pytest.raises(Refused) as caught:
        new = services.ReturnToFile(
            services.Matter(FORM, WEEK, change.week.firms["own0"]), _blank(5), "k"
        )
        services.file_return(
            scope=change.week.scope("own0"), new=new, now_ms=at("2026-11-23 09:00")
        )
    assert code_of(caught).startswith("GRID"), "a grid of version 5 is not one of version 4"


def _blank(version: int) -> GridBody:
    form = registry.get(FORM, version)
    columns = {m.code: tuple(None for _ in form.leaves) for m in form.measures}
    columns["price"] = tuple(500 for _ in form.leaves)  # type: ignore[assignment]
    return GridBody(columns)
