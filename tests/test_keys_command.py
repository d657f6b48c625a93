"""`./ortoo keys` as an operator runs it: what it says, and with which exit code."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import pytest

from ortoo.commands import keys
from ortoo.kernel.filings import clock
from ortoo.kernel.filings.tests.history import NOW, History, history
from ortoo.kernel.seal import key_filings, log, persons

__all__ = ["history"]


@pytest.fixture
def at_work(history: History, monkeypatch: pytest.MonkeyPatch) -> History:
    """A log of three filings and one checkpoint, with the database of the test."""
    from ortoo.site.operations import inspection

    monkeypatch.setattr(inspection, "_prepared", lambda: None)
    key_filings.register_key_form()
    key_filings.begin(now_ms=NOW)
    history.register()
    history.move()
    log.checkpoint(now_ms=NOW + 5)
    clock.use(lambda: NOW + 1000)
    yield history
    clock.use(None)


def keys_command(action: str, *, of: str | None = None, **more: str) -> int:
    plain = {"reason": None, "since": None, "algorithm": None, "checkpoint": None}
    return keys.run(argparse.Namespace(action=action, id=of, **{**plain, **more}))


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def test_a_theft_from_discovery_to_restored_trust(at_work: History, capsys) -> None:
    stolen = log.signing_keys().in_use().key_id
    assert keys_command("revoke", of=stolen, reason="失窃", since=iso(NOW)) == 0
    said = capsys.readouterr().out
    assert "检查点 1 个" in said
    assert "只由它们覆盖：第 1—3 号" in said
    assert keys_command("resign") == 0
    capsys.readouterr()
    assert keys_command("compromised", of=stolen) == 0
    assert "(restored)" in capsys.readouterr().out
    assert keys_command("list") == 0
    listed = capsys.readouterr().out
    assert f"{stolen}  ed25519" in listed
    assert "吊销" in listed
    assert "在用" in listed
    assert listed.count("公钥 ortoo.example/log+") == 2


def test_a_rotation_is_told_and_filed(at_work: History, capsys) -> None:
    assert keys_command("rotate") == 0
    assert log.signing_keys().in_use().key_id in capsys.readouterr().out
    assert key_filings.compare_history() == []


def test_a_doctored_record_makes_the_list_fail(at_work: History, capsys) -> None:
    log.signing_keys().rotate(now_ms=NOW + 9)
    assert keys_command("list") == 1
    assert "VERIFY-KEYS" in capsys.readouterr().out
    assert keys_command("settle") == 0
    assert keys_command("list") == 0


def test_renewing_one_persons_key_says_how_many_values(at_work: History, capsys) -> None:
    (key,) = persons.subject_keys().listed()
    assert keys_command("rewrap", of=key.subject) == 0
    assert capsys.readouterr().out.startswith("2 个值")
    assert keys_command("settle") == 0


@pytest.mark.parametrize(
    ("action", "more", "code", "word"),
    [
        ("revoke", {}, 2, "用法"),
        ("compromised", {}, 2, "用法"),
        ("rewrap", {}, 2, "用法"),
        ("compromised", {"of": "0" * 16}, 1, "KEY-UNKNOWN"),
        ("compromised", {"of": "0" * 16, "since": "昨天"}, 2, "没有读懂时间"),
        ("rewrap", {"of": "resident:0"}, 1, "KEY-ABSENT"),
        ("resign", {"checkpoint": "/no/such"}, 2, "没有文件"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code(
    at_work: History, capsys, action: str, more: dict[str, str], code: int, word: str
) -> None:
    assert keys_command(action, **more) == code
    assert word in capsys.readouterr().err
