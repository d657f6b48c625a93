"""Every transaction signs its own checkpoint where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction

from ortoo.kernel.filings.tests.history import FIRMS, History
from ortoo.kernel.seal import log, sealing
from ortoo.kernel.seal.models import Checkpoint
from ortoo.kernel.seal.verify import verify

pytestmark = pytest.mark.law(16)


@pytest.fixture
def each(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEAL = "each"
    monkeypatch.setattr(sealing, "SEALER", sealing.Sealer())


@pytest.mark.django_db(transaction=True)
def test_each_write_is_covered_by_a_checkpoint_of_its_own_size(
    each: None, history: History
) -> None:
    history.batch(history.opening(), history.a_return(), history.a_return(FIRMS[1]))
    history.move()
    history.move()
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [3, 4, 5]
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_without_the_setting_filing_signs_nothing(history: History) -> None:
    history.move()
    assert not Checkpoint.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_is_not_taken_for_the_log(each: None, history: History) -> None:
    """Two histories of the same length: the second must not grow from the first's roots."""
    history.move()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        history.move()
        raise ZeroDivisionError
    history.file("T-MOVE", FIRMS[1], {"fen": 7})
    history.move()
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_a_checkpoint_signed_by_another_in_between_is_followed(
    each: None, history: History
) -> None:
    history.move()
    kept = sealing.SEALER
    sealing.SEALER = sealing.Sealer()  # another process
    history.move()
    sealing.SEALER = kept
    history.move()
    assert verify() == []
    assert Checkpoint.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_missing_key_stops_no_filing_and_is_made_good_later(
    each: None, history: History, settings, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    history.move()
    key = next(Path(settings.KEYS).glob("signing-*.key"))
    hidden = key.rename(tmp_path / "hidden")
    history.move()
    assert "KEY-ABSENT" in caplog.text
    assert Checkpoint.objects.count() == 1
    hidden.rename(key)
    history.move()
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 3]
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_signs_nothing_again(each: None, history: History) -> None:
    draft = history.draft("T-MOVE", FIRMS[0], {"fen": 1})
    history.batch(draft)
    history.batch(draft)
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_unsealed_stretch_is_covered_by_the_next_seal(
    each: None, history: History, settings
) -> None:
    history.move()
    settings.SEAL = ""
    history.move()
    settings.SEAL = "each"
    history.move()
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 3]
    assert verify() == []
    assert log.inclusion(2).size == 3
