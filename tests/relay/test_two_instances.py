"""Law 14: a thread has one home; what is filed elsewhere counts once the home's log includes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .instance import ORIGINS, PARTIES

CHECKOUT = Path(__file__).parents[2]


@dataclass
class Two:
    """The port (A) and the border police (B), each in a folder and process of its own."""

    place: Path
    peers: dict[str, str]

    def run(self, who: str, *commands: list[Any], cut: int = 0) -> list[Any]:
        """Answers of the commands; [] where the process was cut off."""
        home = self.place / who
        home.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(CHECKOUT / "src"), str(CHECKOUT))),
            "ORTOO_HOME": str(home), "ORTOO_ORIGIN": ORIGINS[who], "ORTOO_DATABASE": "",
            "ORTOO_SEAL": "", "SHARE": str(self.place / "share"),
            "PEERS": self.peers.get(who, ""), "CUT": str(cut or ""),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.relay.instance", json.dumps(commands)],
            env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if cut and done.returncode == 9:
            return []
        assert done.returncode == 0, done.stderr[-3000:]
        return list(json.loads(done.stdout))

    def one(self, who: str, *command: Any) -> Any:
        return self.run(who, list(command))[0]

    def exchange(self, *, first: str = "B") -> None:
        """Both send and take until nothing waits."""
        for who in (first, "A" if first == "B" else "B", first):
            self.run(who, ["collect"], ["deliver"])
        self.run("A", ["collect"])


@pytest.fixture
def two(tmp_path: Path) -> Two:
    found = Two(tmp_path, {})
    lines = {}
    for who in "AB":
        lines[who] = found.one(who, "public")
        (tmp_path / who / "relay.toml").unlink()
    for who, other in ("AB", "BA"):
        found.peers[who] = (
            f'[[instance]]\norigin = "{ORIGINS[other]}"\nkeys = ["{lines[other]}"]\n'
            f"parties = {json.dumps(PARTIES[other])}\n"
        )
    return found


@pytest.mark.law(14)
def test_what_an_agency_decides_elsewhere_counts_once_the_homes_log_includes_it(two: Two) -> None:
    two.run("A", ["open", "1"], ["decide", "1", "customs", "CUSTOMS"], ["deliver"])
    took, copy = two.run("B", ["collect"], ["state", "1"])
    assert took["taken"] == [f"{ORIGINS['A']}#1", f"{ORIGINS['A']}#2"]
    assert copy["home"] == ORIGINS["A"]
    assert copy["owed"] == {"border": "BORDER"}, "the agency sees its duty in its own system"

    refused, sent, still = two.run(
        "B", ["decide", "1", "border", "BORDER"], ["send", "1", "border", "BORDER"], ["state", "1"]
    )
    assert refused["refused"] == "THREAD-ELSEWHERE" and "K-SEND" in refused["remedy"]
    assert still["decided"] == {"customs": "pass"} and still["owed"] == {"border": "BORDER"}
    two.run("B", ["deliver"])
    assert two.one("A", "state", "1")["owed"] == {"border": "BORDER"}, "not yet in A's log"

    took, home = two.run("A", ["collect"], ["state", "1"])
    assert took["taken"] == [f"{ORIGINS['B']}#{sent}"]
    assert home["decided"] == {"border": "pass", "customs": "pass"}
    assert home["owed"] == {"release": "OFFICE"}, "the join opens only now"
    rows = two.one("A", "log")
    assert rows[2][1:] == ["K-DECIDE", "BORDER", "relay", f"{ORIGINS['B']}#{sent}"]

    two.run("A", ["decide", "1", "release", "OFFICE", "released"], ["deliver"])
    _, copy = two.run("B", ["collect"], ["state", "1"])
    assert copy["ended"] == "released" and copy["owed"] == {}
    assert copy["decided"] == {"border": "pass", "customs": "pass", "release": "released"}
    two.exchange(first="A")
    for who in "AB":
        receipts = two.one(who, "outbox")
        sent_rows = [receipt for seq, receipt in receipts if "ACCEPTED" in receipt]
        assert sent_rows, who
        assert two.one(who, "faults") == []
    assert all("ACCEPTED" in receipt for _, receipt in two.one("A", "outbox"))


@pytest.mark.law(5, 14)
def test_a_decision_sent_in_error_is_corrected_by_its_copy_and_comes_back(two: Two) -> None:
    two.run("A", ["open", "1"], ["deliver"])
    two.run("B", ["collect"], ["send", "1", "border", "BORDER"], ["deliver"])
    two.run("A", ["collect"], ["deliver"])
    two.run("B", ["collect"])
    copy = next(row for row in two.one("B", "log") if row[1] == "K-DECIDE")
    assert copy[3:] == ["relay", f"{ORIGINS['A']}#2"]
    two.run("B", ["send", "1", "border", "BORDER", "refuse", copy[4]], ["deliver"])
    took, home = two.run("A", ["collect"], ["state", "1"])
    assert took["refused"] == [] and home["ended"] == "refused"
    two.run("A", ["deliver"])
    assert two.run("B", ["collect"], ["state", "1"])[1]["ended"] == "refused"
    assert two.one("A", "faults") == two.one("B", "faults") == []


@pytest.mark.law(14)
def test_what_the_home_refuses_comes_back_as_a_receipt_that_says_why(two: Two) -> None:
    two.run("A", ["open", "1"], ["deliver"])
    two.run("B", ["collect"], ["send", "1", "release", "BORDER", "released"], ["deliver"])
    assert two.run("A", ["collect"])[0]["refused"] == ["STEP-OTHER-OWNER"]
    two.run("B", ["collect"])
    receipts = [receipt for _, receipt in two.one("B", "outbox") if receipt]
    assert any("STEP-OTHER-OWNER" in receipt for receipt in receipts)


@pytest.mark.law(14)
def test_nobody_speaks_for_a_party_that_is_not_at_home_with_it(two: Two) -> None:
    two.run("A", ["open", "1"], ["deliver"])
    two.run("B", ["collect"], ["send", "1", "customs", "CUSTOMS"], ["deliver"])
    assert two.run("A", ["collect"])[0]["refused"] == ["RELAY-FILER"]


def test_a_filing_waits_for_the_one_before_it(two: Two) -> None:
    two.run("A", ["open", "1"], ["decide", "1", "customs", "CUSTOMS"], ["deliver"])
    inbox = next(path for path in (two.place / "share").iterdir())
    first, second = sorted(inbox.iterdir())
    first.rename(two.place / "late")
    assert two.run("B", ["collect"])[0]["held"] == ["RELAY-ORDER"]
    assert second.exists() and two.one("B", "log") == []
    (two.place / "late").rename(first)
    assert len(two.run("B", ["collect"])[0]["taken"]) == 2


@pytest.mark.law(14, 16)
def test_a_cut_between_any_two_steps_loses_nothing_and_doubles_nothing(two: Two) -> None:
    """Each process is ended at its first, second, … effect, before it and after it, and goes on."""
    two.run("A", ["open", "1"], ["decide", "1", "customs", "CUSTOMS"])
    cuts = 0
    for number in (-1, 1, -2, 2, -3, 3):
        cuts += two.run("A", ["deliver"], cut=number) == []
        cuts += two.run("B", ["collect"], cut=number) == []
    two.run("A", ["deliver"])
    two.run("B", ["collect"], ["send", "1", "border", "BORDER"])
    for number in (-1, 1, -2, 2, -3, 3):
        cuts += two.run("B", ["deliver"], cut=number) == []
        cuts += two.run("A", ["collect"], ["deliver"], cut=number) == []
    two.exchange()
    two.exchange(first="A")
    assert cuts >= 12, cuts
    keys = {who: [row[4] for row in two.one(who, "log") if row[3] == "relay"] for who in "AB"}
    assert keys["A"] == [f"{ORIGINS['B']}#3"]
    assert keys["B"] == [f"{ORIGINS['A']}#{seq}" for seq in (1, 2, 3)]
    for who in "AB":
        owing = [seq for seq, receipt in two.one(who, "outbox") if not receipt]
        foreign = {row[0] for row in two.one(who, "log") if row[3] == "relay" and who == "B"}
        assert set(owing) <= foreign, "every row for elsewhere has its receipt"
        assert two.one(who, "state", "1")["owed"] == {"release": "OFFICE"}
        assert two.one(who, "faults") == []
