"""Proof 5, law 3: one person is erased, and nothing anywhere gives the person back.

On real files: the database, its write-ahead log, the keys folder, the program's own log, copies of
the data made before and after the erasure, and a copy of the keys folder made before it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ortoo.kernel.seal.keystore import KeystoreError, check_apart

from .installation import BASIS, NEIGHBOUR, OPEN_WORD, RESIDENT, SECRETS, forms_of

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """A folder as an operator has it: `data/`, `keys/`, and what the program printed."""

    home: Path
    said: str = field(default="")

    def run(self, step: str, **more: str) -> dict[str, Any]:
        environment = {key: value for key, value in os.environ.items() if "ORTOO" not in key}
        environment |= {"ORTOO_HOME": str(self.home), "PYTHONPATH": str(CHECKOUT / "src"), **more}
        done = subprocess.run(
            [sys.executable, "-m", "tests.erasure.installation", step],
            cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.said += done.stdout + done.stderr
        return json.loads(done.stdout)

    def bytes(self) -> bytes:
        return every_byte(self.home) + self.said.encode()


def every_byte(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def holds(data: bytes, *words: str) -> list[str]:
    return [word for word in words if any(form in data for form in forms_of(word))]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Live, copy, erase, copy, look."""
    at = Installation(tmp_path_factory.mktemp("one-person") / "home")
    at.home.mkdir()
    lived, before = stage(at, "live", "before")
    erased, after = stage(at, "erase", "after")
    return {"at": at, "lived": lived, "before": before, "erased": erased, "after": after}


def stage(at: Installation, step: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a step, copy data and keys as they then stand, and look."""
    data, keys = (at.home.parent / f"{name}-{folder}" for folder in ("data", "keys"))
    said = at.run(step, COPY_TO=str(data))
    shutil.copytree(at.home / "keys", keys)
    return said, {"data": data, "keys": keys, "seen": at.run("look")}


def placed(proof: dict[str, Any], data: str, keys: str) -> Installation:
    """An installation put together from copies of data and keys, as after a restore."""
    home = proof["at"].home.parent / f"restored-{data}-{keys}"
    shutil.copytree(proof[data]["data"], home / "data")
    shutil.copytree(proof[keys]["keys"], home / "keys")
    return Installation(home)


def outcomes(seen: dict[str, Any], subject: str) -> set[str]:
    return {said for name, said in seen["revealed"].items() if name.startswith(subject + " ")}


@pytest.mark.law(3)
def test_before_the_erasure_the_values_open_and_yet_stand_nowhere_in_the_clear(proof) -> None:
    seen = proof["before"]["seen"]
    assert proof["lived"]["known"]
    assert len(seen["revealed"]) == 6
    assert outcomes(seen, RESIDENT) == outcomes(seen, NEIGHBOUR) == {"open"}
    assert holds(every_byte(proof["before"]["data"]), *SECRETS) == []
    assert seen["tables"] == []


@pytest.mark.law(3)
def test_after_it_no_table_projection_search_log_or_file_gives_the_person_back(proof) -> None:
    seen = proof["after"]["seen"]
    assert outcomes(seen, RESIDENT) == {"KEY-DESTROYED"}
    assert not seen["contact"]
    assert outcomes(seen, NEIGHBOUR) == {"open"}
    assert (seen["tables"], seen["searched"]) == ([], 0)
    assert seen["rebuilt"]
    everything = proof["at"].bytes() + every_byte(proof["after"]["data"])
    assert holds(everything, *SECRETS) == []


@pytest.mark.law(3)
def test_the_scan_would_have_found_what_is_not_sealed(proof) -> None:
    seen = proof["after"]["seen"]
    assert {"kernel_filing.body", "kernel_party.name"} <= set(seen["control"])
    assert seen["search_works"]
    for moment in ("before", "after"):
        wal = proof[moment]["data"] / "ortoo.sqlite3-wal"
        assert wal.stat().st_size > 0
        assert holds(every_byte(proof[moment]["data"]), OPEN_WORD) == [OPEN_WORD]
    assert holds((proof["before"]["data"] / "ortoo.sqlite3-wal").read_bytes(), OPEN_WORD)
    assert holds(proof["at"].bytes(), RESIDENT) == [RESIDENT]


@pytest.mark.law(3)
def test_the_log_still_verifies_and_proves_the_erasure_with_its_basis(proof) -> None:
    seen = proof["after"]["seen"]
    assert seen["findings"] == []
    body, included = seen["erasure"]
    assert json.loads(body) == {"person": RESIDENT, "basis": BASIS}
    assert included


@pytest.mark.law(3)
def test_a_backup_from_before_opened_with_todays_keys_gives_nothing_back(proof) -> None:
    restored = placed(proof, "before", "after")
    seen = restored.run("look")
    assert outcomes(seen, RESIDENT) == {"KEY-DESTROYED"}
    assert outcomes(seen, NEIGHBOUR) == {"open"}
    assert seen["findings"] == []
    assert holds(restored.bytes(), *SECRETS) == []


@pytest.mark.law(3)
def test_an_older_keys_folder_loses_the_key_again_where_the_log_has_the_erasure(proof) -> None:
    restored = placed(proof, "after", "before")
    assert restored.run("finish") == {"ended": [RESIDENT]}
    assert restored.run("finish") == {"ended": []}
    seen = restored.run("look")
    assert outcomes(seen, RESIDENT) == {"KEY-DESTROYED"}
    assert outcomes(seen, NEIGHBOUR) == {"open"}
    assert seen["findings"] == []


@pytest.mark.law(3)
def test_both_folders_taken_back_bring_the_person_back_and_only_a_kept_checkpoint_tells(
    proof,
) -> None:
    """What this does not protect against, pinned: so the two are never kept together."""
    restored = placed(proof, "before", "before")
    assert restored.run("finish") == {"ended": []}
    seen = restored.run("look", KEPT_NOTE=proof["erased"]["note"])
    assert outcomes(seen, RESIDENT) == {"open"}
    assert seen["findings"] == []
    assert seen["against_kept"] == ["VERIFY-KEPT"]


@pytest.mark.law(3)
def test_a_keys_folder_inside_the_data_is_refused(proof) -> None:
    home = proof["at"].home
    check_apart(home / "keys", [home / "data"])
    for keys, data in ((home / "data" / "keys", home / "data"), (home, home / "data")):
        with pytest.raises(KeystoreError, match="KEY-INSIDE"):
            check_apart(keys, [data])
