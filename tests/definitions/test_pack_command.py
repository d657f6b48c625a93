"""`./ortoo pack` as publisher and operator run it: what it says, and with which exit code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from ortoo.commands import pack as command
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.threads.tests.pack_folders import (
    KEY,
    PUBLISHER,
    SIGNER,
    SMALL_RECORD,
    folder,
    forget,
)
from ortoo.site.operations import inspection

__all__ = ["history"]


def run(action: str, *what: str, **more: str) -> int:
    plain: dict[str, str | None] = dict.fromkeys(("key", "name", "publishers", "from_day", "filer"))
    given = {**plain, "kind": "form", **more}
    return command.run(argparse.Namespace(action=action, what=list(what), **given))


def test_a_pack_goes_from_the_publishers_desk_into_force(
    history: History, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    home = tmp_path
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()
    forget(monkeypatch)
    shipped = home / "T-NOTICE.yaml"
    shipped.write_text(SMALL_RECORD.format(version=1), "utf-8")
    register_record_forms([shipped])
    monkeypatch.setattr(inspection, "_prepared", lambda: None)
    clock.use(lambda: NOW)
    try:
        secret = str(home / "publisher.key")
        assert run("key", secret, name=PUBLISHER) == 0
        line = capsys.readouterr().out
        place = str(folder(home / "p", {"n.yaml": SMALL_RECORD.format(version=2)}))
        assert run("build", place, key=secret) == 0
        assert run("verify", place) == 1, "nobody is trusted yet"
        assert "PACK-PUBLISHER" in capsys.readouterr().err
        (settings.HOME / "publishers.txt").write_text(f"# 发布单位\n{line}\n{KEY}\n", "utf-8")
        assert run("verify", place) == run("load", place) == run("list") == 0
        assert "未启用 inactive" in capsys.readouterr().out
        assert run("activate", "T-NOTICE", "2", from_day="2026-11-01", filer="OFFICE") == 0
        assert run("list") == 0
        assert "自 2026-11-01" in capsys.readouterr().out
        assert run("activate", "T-NOTICE", "2", filer="OFFICE") == 2
        assert run("build") == run("build", place) == 2
        assert run("activate", "T-NOTICE", "9", from_day="2026-11-01", filer="OFFICE") == 1
    finally:
        clock.use(None)
    assert SIGNER.key_id not in line
