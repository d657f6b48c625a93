"""`./ortoo check --once`: each form's once-only ratio is printed, of the forms somebody named."""

from __future__ import annotations

from pathlib import Path

from ortoo import cli
from ortoo.commands.check import PACKAGE

WEEKLY = PACKAGE / "domains" / "market" / "forms" / "retail_weekly.yaml"


def printed(capsys, *arguments: str) -> list[str]:
    cli.main(["check", *arguments])
    return capsys.readouterr().out.splitlines()


def test_the_ratio_says_cells_identification_and_what_is_known(capsys):
    lines = [line for line in printed(capsys, "--once", str(WEEKLY)) if "SCJC-W1" in line]
    (line,) = [line for line in lines if "应填" in line]
    assert "cells 154" in line and "identification 157" in line
    # Stock is shared with the emergency form, which is held against although nobody named it.
    assert "shares 16" in line and "10%" in line and "70%" in line


def test_nothing_of_it_is_printed_unless_asked_for(capsys):
    assert not [line for line in printed(capsys, str(WEEKLY)) if "asked once" in line]


def test_a_form_by_itself_is_not_blamed_for_a_base_that_ships_elsewhere(capsys):
    supplement = Path(WEEKLY).with_name("retail_weekly_s09.yaml")
    out = printed(capsys, str(supplement))
    assert not [line for line in out if "FORM-SUPPLEMENTS" in line]
