"""Proof 7, second half: a procedure's second version comes while threads run (Law 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.read import thread_lines
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.filings.write import file
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.seal.log import checkpoint
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads import packs_known
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.packs import read as read_pack
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.kernel.threads.state import ThreadFold
from ortoo.kernel.threads.steps import register_step_forms
from ortoo.kernel.threads.tests.matter import DAY, FOLDER
from ortoo.kernel.threads.tests.pack_folders import KEY, forget, made

__all__ = ["history"]
PARTIES = {"office": "OFFICE", "customs": "CUSTOMS", "border": "BORDER", "quarantine": "PLANTS"}
DECLARE = """\
record: T-DECLARE
version: 1
title: {zh: 试验申报, en: Trial declaration}
respondent: [enterprise]
fields:
  case: {type: text, max: 20, must: true, title: {zh: 案号, en: Case}}
  followed: {type: integer, unit: 版, min: 1, max: 999, title: {zh: 规程版本, en: Version}}
  office: {type: text, max: 20, must: true, title: {zh: 口岸办, en: Office}}
  customs: {type: text, max: 20, must: true, title: {zh: 海关, en: Customs}}
  border: {type: text, max: 20, must: true, title: {zh: 边检, en: Border}}
  quarantine: {type: text, max: 20, title: {zh: 检疫, en: Quarantine}}
  health: {type: text, max: 20, title: {zh: 卫检, en: Health}}
says:
  - thread: "T-GATE|{case}"
    kind: open
    detail:
      version: "{followed}"
      subject: "{@subject}"
      place: "{@place}"
      agencies: {office: "{office}", customs: "{customs}", border: "{border}",
                 quarantine: "{quarantine}", health: "{health}", filer: "{@filer}"}
"""
HEALTH = """\
  - code: health
    title: {zh: 卫生检疫, en: Health check}
    owner: health
    outcomes:
      - {code: pass, kind: positive, title: {zh: 合格}}
      - {code: refuse, kind: negative, title: {zh: 不合格}}
"""


def second_version() -> str:
    """T-GATE with one agency more and the border's step renamed."""
    text = (FOLDER / "T-GATE.1.yaml").read_text("utf-8")
    changes = {
        "version: 1\n": "version: 2\n",
        "  - code: border\n": "  - code: frontier\n",
        "of: [customs, border, quarantine]": "of: [customs, frontier, quarantine, health]",
        "  - {role: quarantine,": "  - {role: health, title: {zh: 卫检, en: Health}}\n"
        "  - {role: quarantine,",
        "  - code: release\n": f"{HEALTH}  - code: release\n",
    }
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@dataclass
class Gate:
    """Threads of T-GATE in the database; each statement a minute after the one before."""

    place: Path
    now: int = NOW

    def file(self, form: str, filer: str, body: Mapping[str, Any], **more: Any) -> Receipt:
        self.now += 60_000
        draft = Draft(form, filer, f"account:{filer.lower()}", f"k{self.now}", dict(body), self.now,
                      **{"subject": "FIRM", "place": "P1", **more})  # fmt: skip
        return file(packs_known.pinned(draft, now_ms=self.now), now_ms=self.now)

    def open(self, case: str, **more: str) -> int:
        return self.file("T-DECLARE", "FIRM", {"case": case, **PARTIES, **more}).seq

    def decide(self, case: str, step: str, filer: str, outcome: str = "pass") -> int:
        body = {"thread": f"T-GATE|{case}", "step": step, "outcome": outcome}
        return self.file("K-DECIDE", filer, body).seq

    def migrate(self, case: str, steps: Mapping[str, str], **agencies: str) -> int:
        body = {"thread": f"T-GATE|{case}", "to": 2, "map": dict(steps), "agencies": agencies}
        return self.file("K-MIGRATE", "OFFICE", body).seq

    def state(self, case: str, as_of: int | None = None) -> ThreadFold:
        lines = thread_lines([f"T-GATE|{case}"])[f"T-GATE|{case}"]
        return CATALOGUE.procedure("T-GATE").fold(lines, as_of)

    def owed(self, case: str) -> dict[str, str]:
        from ortoo.kernel.duties.models import Duty

        rows = Duty.objects.filter(
            thread=f"T-GATE|{case}", closed_seq__isnull=True, void_seq__isnull=True
        )
        return {row.key.rsplit("|", 1)[1]: row.owner for row in rows}

    def load(self) -> packs_known.Loaded:
        return packs_known.load(made(self.place / "pack", {"gate.yaml": second_version()}))

    def activate(self, days: int = 0) -> Receipt:
        day = date.fromordinal(packs_known.day_of(self.now).toordinal() + days)
        return packs_known.activate(
            code="T-GATE", version=2, from_day=day, filer="OFFICE", actor="account:office",
            now_ms=self.now, kind="procedure",
        )  # fmt: skip


@pytest.fixture
def gate(history: History, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    settings.HOME = tmp_path
    forget(monkeypatch)
    register_step_forms()
    (tmp_path / "T-DECLARE.yaml").write_text(DECLARE, "utf-8")
    register_record_forms([tmp_path / "T-DECLARE.yaml"])
    CATALOGUE.load_folders([FOLDER / "T-GATE.1.yaml"])
    return Gate(tmp_path)


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    assert caught.value.message and caught.value.remedy
    return caught.value.code


@pytest.mark.law(13)
def test_loading_a_procedure_lets_new_threads_begin_as_before(gate: Gate) -> None:
    gate.load()
    gate.open("1")
    assert gate.state("1").plan.version == 1
    body = {"case": "2", "followed": 2, "health": "HEALTH", **PARTIES}
    assert refused(gate.file, "T-DECLARE", "FIRM", body) == "OPEN-VERSION"
    assert refused(gate.migrate, "1", {}, health="HEALTH") == "MIGRATE-VERSION"


@pytest.mark.law(13)
def test_a_new_thread_pins_the_version_in_force_on_its_day(gate: Gate) -> None:
    gate.load()
    gate.activate(days=1)
    gate.open("1")
    gate.now += DAY
    opened = gate.open("2", health="HEALTH")
    assert [gate.state(case).plan.version for case in "12"] == [1, 2]
    line = thread_lines(["T-GATE|2"])["T-GATE|2"][0]
    assert (line.seq, line.detail["version"]) == (opened, 2)
    stated = {"case": "3", "followed": 1, **PARTIES}
    assert refused(gate.file, "T-DECLARE", "FIRM", stated) == "OPEN-VERSION"
    row = read.get(opened)
    assert row is not None and b'"followed":2' in row.body, "the filing itself says which"


@pytest.mark.law(10, 13)
def test_a_running_thread_keeps_its_version_until_it_is_migrated_with_a_map(gate: Gate) -> None:
    gate.open("1")
    gate.open("2")
    done = gate.decide("1", "border", "BORDER")
    gate.load()
    gate.activate()
    before = read.tail()
    assert gate.owed("1") == {"customs": "CUSTOMS", "quarantine": "PLANTS"}
    gate.decide("2", "border", "BORDER")

    lost = refused(gate.migrate, "1", {}, health="HEALTH")
    assert lost == "MIGRATE-MAP", "what the border decided would be gone"
    assert refused(gate.migrate, "1", {"border": "frontier"}) == "MIGRATE-AGENCY"
    assert read.tail() == before + 1
    moved = gate.migrate("1", {"border": "frontier"}, health="HEALTH")

    after = gate.state("1")
    assert after.plan.version == 2
    assert after.decisions["frontier"].seq == done
    assert gate.owed("1") == {"customs": "CUSTOMS", "quarantine": "PLANTS", "health": "HEALTH"}
    assert gate.owed("2") == {"customs": "CUSTOMS", "quarantine": "PLANTS"}
    assert gate.state("2").plan.version == 1, "its neighbour was not asked"

    then = gate.state("1", as_of=moved - 1)
    assert (then.plan.version, sorted(then.decisions)) == (1, ["border"])
    for step, filer in (("customs", "CUSTOMS"), ("quarantine", "PLANTS")):
        gate.decide("1", step, filer)
        gate.decide("2", step, filer)
    assert gate.owed("1") == {"health": "HEALTH"}, "the new agency is heard before the release"
    assert gate.owed("2") == {"release": "OFFICE"}
    gate.decide("1", "health", "HEALTH")
    assert gate.owed("1") == {"release": "OFFICE"}
    for case in "12":
        gate.decide(case, "release", "OFFICE", "released")
    assert all(table.equal for table in rebuild_all(fix=False))
    checkpoint(now_ms=gate.now)
    assert verify() == []


@pytest.mark.law(13)
def test_a_restart_reads_threads_of_both_versions_from_what_was_kept(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.load()
    gate.activate()
    gate.open("1", health="HEALTH")
    owed = gate.owed("1")
    with monkeypatch.context() as later:
        forget(later)
        del CATALOGUE._versions["T-GATE"][2]
        CATALOGUE.procedure("T-GATE").plans.pop(2)
        assert packs_known.load_kept() == []
        assert gate.state("1").plan.version == 2
        packs_known.adopt(packs_known.day_of(gate.now))
        gate.open("2", health="HEALTH")
        assert gate.owed("2") == owed
        assert all(table.equal for table in rebuild_all(fix=False))


@pytest.mark.law(13)
def test_a_procedure_that_came_only_in_a_pack_opens_nothing_before_it_is_activated(
    gate: Gate, tmp_path: Path
) -> None:
    text = (FOLDER / "T-CERT.1.yaml").read_text("utf-8")
    packs_known.load(made(tmp_path / "cert", {"cert.yaml": text}))
    declare = DECLARE.replace("T-DECLARE", "T-ASK").replace("T-GATE|", "T-CERT|")
    (tmp_path / "T-ASK.yaml").write_text(declare, "utf-8")
    register_record_forms([tmp_path / "T-ASK.yaml"])
    body = {"case": "1", "followed": 1, **PARTIES}
    assert refused(gate.file, "T-ASK", "FIRM", body) == "PROCEDURE-INACTIVE"


@pytest.mark.law(13)
def test_an_activation_names_what_is_loaded_by_its_digest_and_its_pack(gate: Gate) -> None:
    from ortoo.kernel.threads import activation

    assert refused(gate.activate) == "ACTIVATE-UNKNOWN"
    gate.load()
    row = read.get(gate.activate().seq)
    assert row is not None
    digest = CATALOGUE.definition("T-GATE", 2).digest.hex().encode()
    assert digest in row.body and "试验包 v1".encode() in row.body
    body = {"kind": "procedure", "code": "T-GATE", "version": 2, "digest": "0" * 64,
            "from": "2026-11-01", "pack": ""}  # fmt: skip
    assert refused(gate.file, "K-ACTIVATE", "OFFICE", body) == "ACTIVATE-DIGEST"
    assert activation.active_version("T-GATE", date(2020, 1, 1), kind="procedure") == 1
    assert read_pack(gate.place / "pack", [KEY]).head.version == 1
