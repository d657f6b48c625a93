from __future__ import annotations

import pytest

from ortoo.domains.market.forecasts import approvals, past, selectors, services, statement
from ortoo.domains.market.forecasts.tests.forecast_world import (
    FORM,
    NOW_MS,
    ForecastWorld,
    forecast_world,
    with_newer,
)
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import rebuild
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.periods import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db, settings, monkeypatch, tmp_path) -> ForecastWorld:
    return forecast_world(settings, monkeypatch, tmp_path)


def filed() -> list[read.FilingRow]:
    return read.rows("form=%s", [statement.FORM])


def test_a_run_is_owed_once_its_periods_review_has_ended_and_only_then(world):
    due = services.due(NOW_MS)
    assert [(one.form.code, one.period.code) for one in due] == [(FORM, world.period)]
    early = services.due(NOW_MS - 8 * 24 * 3_600_000)
    assert world.period not in {one.period.code for one in early}
    assert [receipt.seq for receipt in services.run_due(NOW_MS)] == [filed()[0].seq]
    assert services.due(NOW_MS) == [] and services.run_due(NOW_MS) == []


def test_what_was_forecast_never_moves_when_late_data_come(world):
    world.run()
    before = selectors.distribution(FORM, world.period, world.unit, "0303")
    world.panel = with_newer(world.panel)
    assert world.run() is None and services.run_due(NOW_MS) == []
    assert len(filed()) == 1
    assert selectors.distribution(FORM, world.period, world.unit, "0303") == before


def test_two_processes_file_one_run(world, monkeypatch):
    """Both have looked before either filed; the second had one more filing behind it."""
    monkeypatch.setattr(services, "is_filed", lambda form, period: False)
    assert world.run() is not None
    again = world.run()
    assert again is not None and again.duplicate
    world.panel = with_newer(world.panel)
    assert world.run() is None
    assert len(filed()) == 1


def test_a_second_process_leaves_the_work_to_the_first(world):
    from ortoo.domains.market.forecasts.staging import Staging

    with Staging(services.work_folder()).alone() as alone:
        assert alone
        assert world.run() is None
    assert world.run() is not None


def test_a_run_killed_half_way_is_taken_up_again_with_the_same_numbers(world, monkeypatch):
    from ortoo.domains.market.forecasts import computing

    made = []
    whole = computing.points_at

    def counted(seen, back, cadence, *, wide):
        made.append(back)
        return whole(seen, back, cadence, wide=wide)

    monkeypatch.setattr(computing, "points_at", counted)
    assert world.run(work=services.Work(stopped=lambda: len(made) >= 2)) is None
    assert not filed() and len(made) == 2
    assert world.run() is not None
    assert sorted(made) == [0, 3, 6, 9], "nothing was computed twice"
    assert not list(services.work_folder().glob("*.npz"))


def test_progress_is_told_at_every_origin(world):
    told = []
    world.run(work=services.Work(say=lambda done, total, note: told.append((done, total))))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_damaged_work_file_is_computed_again(world):
    steps = []
    world.run(work=services.Work(stopped=lambda: len(steps) > 0,
                                 say=lambda *said: steps.append(said)))  # fmt: skip
    for path in services.work_folder().glob("*.npz"):
        path.write_bytes(b"not a file")
    assert world.run() is not None


@pytest.mark.law(9)
def test_the_read_model_is_rebuilt_from_filings_to_the_same_rows(world):
    world.run()
    found = {one.table: one for one in rebuild()}
    assert found["market_forecast"].equal and found["market_forecast"].live > 0


@pytest.mark.law(17)
def test_an_unsigned_run_is_on_trial_and_a_signed_one_names_its_signature(world):
    world.run()
    assert selectors.newest(FORM).trial
    receipt = world.sign()
    assert selectors.newest(FORM).trial, "a signature does not reach back"
    world.panel = world.panel.upto(world.panel.periods[-2])
    earlier = world.panel.periods[-1].code
    services.run(form=FORM, period=earlier, now_ms=NOW_MS)
    run = next(one for one in selectors.runs(FORM) if one.period.code == earlier)
    assert run.approval == receipt.seq and not run.trial
    world.sign("withdraw", "sign-2")
    assert run.trial


@pytest.mark.law(17)
def test_only_the_region_signs_and_more_than_the_signed_budget_is_not_forecast(world):
    scope = world.figures.region.scope("league-reviewer-parent")
    with pytest.raises(Refused):
        approvals.sign(
            scope=scope, decision="approve", budget=9, policy="x", key="k", now_ms=NOW_MS
        )
    region = world.figures.region.scope("region-reviewer-root")
    approvals.sign(scope=region, decision="approve", budget=9, policy="x", key="k", now_ms=NOW_MS)
    assert world.run() is None


def test_nobody_but_the_system_files_a_forecast(world):
    receipt = world.run()
    row = read.get(receipt.seq)
    with pytest.raises(Refused, match=r"FORECAST-FILER|只由系统"):
        file(
            Draft(statement.FORM, world.figures.region.sites["root"].office, "account:region",
                  "forecast:x", row.body, NOW_MS, period=world.period),
            now_ms=NOW_MS,
        )  # fmt: skip


def test_a_made_up_run_says_so_and_is_judged_by_what_came(world):
    services.backfill(form=FORM, backs=(4,), now_ms=NOW_MS)
    world.run()
    first, last = selectors.runs(FORM)
    assert first.note == services.BACKFILLED and first.trial and not last.note
    scope = world.figures.region.scope("region-reviewer-root")
    found = past.compared(scope, FORM, world.unit)
    assert found and {one.step.number for one in found} == {1, 2, 3, 4}
    assert max(one.step.period for one in found) == parse(world.period)
    record = past.record(found, (1, 4))
    assert [one.step for one in record] == [1, 4]
    inside = sum(one.inside for one in found if one.step.number == 1)
    assert record[0].inside == inside / record[0].count
    outside = world.figures.region.scope("league-reviewer-neighbour-parent")
    assert past.compared(outside, FORM, world.unit) == []


def test_a_form_with_too_little_history_owes_no_run(world):
    world.panel = world.panel.last(10)
    assert services.due(NOW_MS) == [] and world.run() is None


def test_the_distribution_is_the_filed_interval(world):
    world.run()
    found = selectors.distribution(FORM, world.period, world.unit, "0303")
    scope = world.figures.region.scope("region-reviewer-root")
    seen = selectors.shown(scope, FORM, world.unit, "0303")
    step = seen.steps[1]
    from math import exp, log

    assert exp(found.log_mean[1]) == pytest.approx(float(step.value), rel=1e-6)
    low, high = (log(float(bound)) for bound in step.bounds[80])
    assert found.log_sd[1] * 2 * 1.2816 == pytest.approx(high - low, rel=1e-6)
    assert selectors.distribution(FORM, world.period, world.unit, "0101") is None
    assert selectors.distribution(FORM, "W2020-01-04", world.unit, "0303") is None
