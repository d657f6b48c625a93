"""The consumer's command: offline, with the log's public key from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from ortoo.kernel.filings.tests.history import FIRMS, NOW, History
from ortoo.kernel.seal import log
from ortoo.kernel.seal.disclosure import disclose
from ortoo.kernel.seal.reading import run

from .salted_form import say_salted


@pytest.fixture
def files(history: History, tmp_path: Path) -> Namespace:
    seq = say_salted(history, {"name": "羊肉\u001b[31m", "other": 1}).seq
    shown = disclose(seq, ["envelope", "name"], now_ms=NOW)
    (tmp_path / "one.ortoo").write_bytes(shown.document)
    keys = "# 存证公钥\n" + "".join(f"{key}\n" for key in log.log_keys())
    (tmp_path / "log.key").write_text(keys, "utf-8")
    return Namespace(file=str(tmp_path / "one.ortoo"), key=str(tmp_path / "log.key"))


def test_what_is_proved_is_told_in_words(files: Namespace, capsys) -> None:
    assert run(files) == 0
    told = capsys.readouterr().out
    for word in ("核验通过", FIRMS[0], "T-SALTED", "羊肉", "收到：2026-11-18", "不证明内容属实"):
        assert word in told
    assert "\x1b" not in told and "other" not in told


def test_it_runs_without_a_database_and_without_django(files: Namespace) -> None:
    code = (
        "import sys; from argparse import Namespace; from ortoo.kernel.seal.reading import run;"
        f"code = run(Namespace(file={files.file!r}, key={files.key!r}));"
        "sys.exit(code or 9 * ('django' in sys.modules))"
    )
    source = str(Path(__file__).resolve().parents[4])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source, "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "核验通过" in done.stdout.decode()


def test_an_altered_document_says_so_by_its_code(files: Namespace, capsys) -> None:
    path = Path(files.file)
    path.write_bytes(path.read_bytes()[:-9])
    assert run(files) == 1
    assert "核验不通过 DISCLOSURE-SHAPE" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "# nothing\n", "log+00000000+AAAA\n"])
def test_a_key_file_without_a_key_is_wrong_usage(files: Namespace, text: str, capsys) -> None:
    Path(files.key).write_text(text, "utf-8")
    assert run(files) == 2
    assert "NOTE-KEY" in capsys.readouterr().err


def test_a_missing_file_is_wrong_usage(files: Namespace, capsys) -> None:
    assert run(Namespace(file=files.file + "x", key=files.key)) == 2
