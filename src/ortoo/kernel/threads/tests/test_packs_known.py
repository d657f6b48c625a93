"""Law 13 of the registers: known is not in force, kept is known again, one number is one thing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.behaviour import behaviour_of
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.record_registry import record_form, register_record_forms
from ortoo.kernel.threads import packs_known, packs_store
from ortoo.kernel.threads.tests.pack_folders import (
    SMALL_RECORD,
    forget,
    made,
)

__all__ = ["history"]
DAY_MS = 86_400_000


@pytest.fixture
def home(history: History, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that ships T-NOTICE version 1."""
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()
    forget(monkeypatch)
    shipped = tmp_path / "T-NOTICE.yaml"
    shipped.write_text(SMALL_RECORD.format(version=1), "utf-8")
    register_record_forms([shipped])
    return tmp_path


def notice(version: int | None, *, at: int = NOW, key: str = "") -> int:
    draft = Draft("T-NOTICE", "FIRM", "account:firm", key or f"n{version}-{at}", {"case": "一"}, at,
                  version=version)  # fmt: skip
    row = read.get(file(draft, now_ms=at).seq)
    assert row is not None
    return row.form_version


def second(place: Path, text: str = "") -> packs_known.Loaded:
    return packs_known.load(made(place, {"n.yaml": text or SMALL_RECORD.format(version=2)}))


def activate(days: int = 0) -> None:
    day = date.fromordinal(packs_known.day_of(NOW).toordinal() + days)
    packs_known.activate(
        code="T-NOTICE", version=2, from_day=day, filer="OFFICE", actor="account:o", now_ms=NOW
    )


def code_of(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value.code


@pytest.mark.law(13)
def test_a_record_form_of_a_pack_is_known_and_not_used_until_its_day(home: Path) -> None:
    second(home / "p")
    assert record_form("T-NOTICE", 2).version == 2
    assert record_form("T-NOTICE").version == 1
    assert notice(None) == 1
    assert code_of(notice, 2) == "FORM-INACTIVE"
    activate(days=2)
    assert notice(None, key="still") == 1
    assert code_of(notice, 2) == "FORM-INACTIVE"
    assert notice(2, at=NOW + 2 * DAY_MS) == 2
    packs_known.adopt(packs_known.day_of(NOW + 2 * DAY_MS))
    assert notice(None, at=NOW + 2 * DAY_MS + 1) == 2
    assert notice(1, at=NOW + 2 * DAY_MS + 2) == 1, "an older version serves its corrections"


@pytest.mark.law(13)
def test_one_number_is_one_definition(home: Path) -> None:
    other = SMALL_RECORD.format(version=2).replace("试验通知", "另一通知")
    second(home / "p")
    assert second(home / "again").new == ()
    assert code_of(second, home / "q", other) == "PACK-CONFLICT"
    shipped = SMALL_RECORD.format(version=1).replace("试验通知", "另一通知")
    assert code_of(second, home / "r", shipped) == "PACK-CONFLICT"
    assert len(list(packs_store.home().iterdir())) == 1, "what conflicts is not kept"


def test_a_pack_with_one_conflict_makes_nothing_of_it_known(home: Path) -> None:
    both = {"a.yaml": SMALL_RECORD.format(version=3),
            "b.yaml": SMALL_RECORD.format(version=1).replace("试验", "另一")}  # fmt: skip
    assert code_of(packs_known.load, made(home / "p", both)) == "PACK-CONFLICT"
    assert code_of(behaviour_of, "T-NOTICE", 3) == "FORM-VERSION"


@pytest.mark.law(13)
def test_a_restart_knows_what_was_loaded_whoever_is_trusted_since(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second(home / "p")
    activate()
    with monkeypatch.context() as later:
        forget(later)
        from ortoo.kernel.filings import behaviour

        del behaviour._REGISTER["T-NOTICE", 2]
        behaviour._LATEST["T-NOTICE"] = 1
        assert code_of(behaviour_of, "T-NOTICE", 2) == "FORM-VERSION"
        assert packs_store.trusted_publishers() == ()
        assert packs_known.load_kept() == []
        assert record_form("T-NOTICE").version == 1
        assert packs_known.adopt(packs_known.day_of(NOW)) == {("form", "T-NOTICE"): 2}
        assert notice(None) == 2


def test_a_kept_pack_that_was_altered_is_told_and_the_others_are_loaded(home: Path) -> None:
    second(home / "p")
    packs_known.load(made(home / "q", {"x.yaml": SMALL_RECORD.format(version=7)}))
    kept = next(packs_store.home().rglob("n.yaml"))
    kept.write_text(kept.read_text("utf-8") + "\n", "utf-8")
    assert [fault.code for fault in packs_known.load_kept()] == ["PACK-ALTERED"]
    sound = next(path for path in packs_store.home().iterdir() if list(path.rglob("x.yaml")))
    sound.rename(sound.with_name("0" * 64))
    assert {fault.code for fault in packs_known.load_kept()} == {"PACK-ALTERED", "PACK-KEPT"}


def test_a_pack_cut_off_while_it_was_kept_is_as_if_it_never_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = made(home / "p", {"n.yaml": SMALL_RECORD.format(version=2)})

    def cut(self: Path, target: object) -> None:
        raise OSError("power")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", cut)
        with pytest.raises(OSError, match="power"):
            packs_known.load(pack)
    assert packs_known.load_kept() == []
    assert packs_known.load(pack).new
