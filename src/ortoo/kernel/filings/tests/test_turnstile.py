"""Writers of one file pass one at a time, in threads and in processes, and none is stuck."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ortoo.kernel.filings.turnstile import Turnstile, turnstile_of

pytestmark = pytest.mark.law(8)

CHILD = """
import sys
from pathlib import Path
from ortoo.kernel.filings.turnstile import Turnstile

turn, book = Turnstile(sys.argv[1]), Path(sys.argv[2])
for _ in range(200):
    with turn.passed():
        book.write_text(str(int(book.read_text()) + 1))
"""


def test_two_processes_and_two_threads_never_write_at_once(tmp_path: Path) -> None:
    book, lock = tmp_path / "book", str(tmp_path / "db-turn")
    book.write_text("0")
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, lock, str(book)]) for _ in range(2)
    ]
    turn = Turnstile(lock)

    def add() -> None:
        for _ in range(200):
            with turn.passed():
                book.write_text(str(int(book.read_text()) + 1))

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [child.wait(60) for child in children] == [0, 0]
    assert book.read_text() == "800"


def test_who_fails_inside_lets_the_next_one_pass(tmp_path: Path) -> None:
    turn = Turnstile(str(tmp_path / "db-turn"))
    with pytest.raises(ZeroDivisionError), turn.passed():
        raise ZeroDivisionError
    with turn.passed():
        pass


def test_a_writer_killed_inside_stops_nobody(tmp_path: Path) -> None:
    lock = str(tmp_path / "db-turn")
    code = (
        "import os, signal, sys\nfrom ortoo.kernel.filings.turnstile import Turnstile\n"
        "with Turnstile(sys.argv[1]).passed():\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, lock], check=False).returncode == -9
    with Turnstile(lock).passed():
        pass


def test_a_folder_that_cannot_be_written_is_left_to_the_write_itself(tmp_path: Path) -> None:
    with Turnstile(str(tmp_path / "absent" / "db-turn")).passed():
        pass


def test_a_database_in_memory_has_none() -> None:
    assert turnstile_of(":memory:") is None
    assert turnstile_of("file:x?mode=memory&cache=shared") is None
