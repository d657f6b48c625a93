"""All versions of all procedures are kept, and threads follow their own (Law 13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ortoo.kernel.threads import procedure
from ortoo.kernel.threads.catalogue import Catalogue, regulation_values
from ortoo.kernel.threads.definition import ProcedureError
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.loader import load
from ortoo.kernel.threads.procedure import procedure_of
from ortoo.kernel.threads.tests.matter import CALENDAR, FOLDER, HOUR, NOON, PARTIES, Matter


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(procedure, "_PROCEDURES", {})
    yield


def test_a_folder_gives_every_version_and_threads_follow_by_their_first_word(
    tmp_path: Path,
) -> None:
    for file in FOLDER.glob("T-[GP]*.yaml"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), encoding="utf-8")
    (tmp_path / "grid.yaml").write_text("form: T-GRID\n", encoding="utf-8")
    catalogue = Catalogue()
    found = catalogue.load_folders([tmp_path])
    assert [definition.key for definition in found] == ["T-GATE v1", "T-GATE v2", "T-PANEL v1"]
    assert catalogue.definitions() == found
    assert catalogue.definition("T-GATE").version == 2
    assert catalogue.definition("T-GATE", 1).version == 1
    assert isinstance(procedure_of("T-GATE|5"), FileProcedure)
    assert catalogue.procedure("T-GATE") is procedure_of("T-GATE|5")
    assert procedure_of("T-GRID|5") is None


@pytest.mark.law(13)
def test_a_version_once_known_never_changes() -> None:
    catalogue = Catalogue()
    first = load(FOLDER / "T-GATE.1.yaml")
    catalogue.register(first)
    catalogue.register(first)
    from dataclasses import replace

    with pytest.raises(ProcedureError, match="PROC-VERSION"):
        catalogue.register(replace(first, digest=b"another"))


def test_what_is_not_known_is_said() -> None:
    catalogue = Catalogue()
    for ask in (lambda: catalogue.definition("T-X"), lambda: catalogue.procedure("T-X")):
        with pytest.raises(ProcedureError, match="PROC-UNKNOWN"):
            ask()
    catalogue.register(load(FOLDER / "T-GATE.1.yaml"))
    with pytest.raises(ProcedureError, match="第 7 版"):
        catalogue.definition("T-GATE", 7)
    with pytest.raises(ProcedureError, match="PROC-CALENDAR"):
        catalogue.clock_of("port", "150825")


def test_the_calendar_of_a_place_measures_its_threads() -> None:
    catalogue = Catalogue()
    engine = catalogue.register(load(FOLDER / "T-GATE.1.yaml"))
    asked: list[tuple[str, str]] = []

    def calendar_of(code: str, place: str):
        asked.append((code, place))
        return CALENDAR if place == "P1" else None

    evening = NOON + 4 * HOUR
    matter = Matter(procedure=engine, now=evening - 60_000)
    matter.open(parties=PARTIES)
    assert matter.duty("decide|customs").due_at == evening + 4 * HOUR, "round the clock"
    catalogue.use(calendar_of=calendar_of)
    row = next(row for row in engine.duties(matter.thread, matter.lines) if "customs" in row.key)
    assert row.due_at == evening + (1 + 16 + 3) * HOUR
    assert asked == [("always", "P1")]


def test_a_parameter_that_is_not_there_has_no_number() -> None:
    def integer(code: str, day: date) -> int:
        if code == "T-DAYS":
            return day.year - 2020
        raise ValueError(code)

    value = regulation_values(integer)
    assert value("T-DAYS", date(2026, 11, 23)) == 6
    assert value("T-NONE", date(2026, 11, 23)) is None
