"""An installation of the previous commit, taken over by this one: nothing lost, everything works.

The code is taken read only out of the checkout's own history: the previous commit, and the last
one before the tables changed. ORTOO_UPGRADE_FROM names another commit or tag to come from.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
FROM = os.environ.get("ORTOO_UPGRADE_FROM", "HEAD~1")
FURTHEST = 5
SCHEMA = ("src/ortoo/*/migrations/*.py", "src/ortoo/domains/*/migrations/*.py")

TAKE_OVER = """
import json
import django
django.setup()
from ortoo.site.operations import upgrade
said = []
pending = upgrade.bring_up(serving=True, say=said.append)
from django.test import Client
from ortoo.kernel.grants.models import Account
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.rebuild import rebuild_all
from ortoo.site import demo_clock
from ortoo.site.links import link
demo_clock.plug_in()
findings = [str(found) for found in verify()]
unequal = [table.table for table in rebuild_all(fix=False) if not table.equal]
pages = {}
for login in ("clerk", "banner", "region"):
    client = Client()
    entered = client.post(f"/demo/login/{login}/").status_code
    seen = [client.get(path).status_code
            for path in ("/", link("figures", form="SCJC-W1"), link("receipt-verify"))]
    pages[login] = [entered, *seen]
print(json.dumps({"pending": pending, "said": said, "findings": findings, "unequal": unequal,
                  "pages": pages, "accounts": Account.objects.count()}))
"""


class Fallen(Exception):
    """A process of an installation ended with an error."""


def git(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Reading only: nothing of the checkout is changed."""
    return subprocess.run(["git", "-C", str(CHECKOUT), *words], capture_output=True, check=False)


def commit(which: str) -> str:
    """The hash of a commit; skips where the checkout has no such history."""
    answer = git("rev-parse", "--verify", "--quiet", f"{which}^{{commit}}")
    if answer.returncode:
        pytest.skip(f"no {which} in the history of this checkout (no git, or a shallow clone)")
    return answer.stdout.decode().strip()


def before_the_tables_changed() -> str:
    """The parent of the newest commit that touched a migration."""
    changed = git("rev-list", "-1", "HEAD", "--", *SCHEMA).stdout.decode().strip()
    return commit(f"{changed or 'HEAD'}~1")


def unpacked(which: str, folder: Path) -> Path:
    """`src` of a commit."""
    answer = git("archive", "--format=tar", which, "src")
    assert answer.returncode == 0, answer.stderr.decode(errors="replace")
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return folder / "src"


def python(source: Path, home: Path, *arguments: str) -> str:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("ORTOO_", "PYTEST_", "DJANGO_"))
    }
    environment |= {
        "PYTHONPATH": str(source), "ORTOO_HOME": str(home), "ORTOO_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "ortoo.site.settings",
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-P", *arguments], env=environment, capture_output=True, text=True,
        check=False, cwd=home,
    )  # fmt: skip
    if answer.returncode:
        raise Fallen(answer.stdout[-3000:] + answer.stderr[-6000:])
    return answer.stdout


def filings(home: Path, columns: str = "") -> tuple[str, list[tuple]]:
    """(columns, rows) of every filing, read without this program."""
    connection = sqlite3.connect(home / "data" / "ortoo.sqlite3")
    try:
        found = connection.execute(f"SELECT {columns or '*'} FROM kernel_filing ORDER BY seq")
        names = ",".join(column[0] for column in found.description)
        return names, found.fetchall()
    finally:
        connection.close()


@pytest.mark.law(1, 9)
def test_an_installation_of_the_previous_commit_goes_on_under_this_one(tmp_path: Path) -> None:
    take_over(commit(FROM), tmp_path)


@pytest.mark.law(1, 9)
def test_an_installation_from_before_the_tables_changed_goes_on_under_this_one(
    tmp_path: Path,
) -> None:
    older = before_the_tables_changed()
    if older == commit(FROM):
        pytest.skip("that is the previous commit, which the other test takes over")
    assert take_over(older, tmp_path), "the tables did change since"


def installation(which: str, tmp_path: Path) -> Path:
    """A small demonstration made by the code of a commit, or of the nearest one before it that
    could: a commit between two halves of a change may not run at all."""
    reasons = []
    for back in range(FURTHEST):
        source = unpacked(commit(f"{which}~{back}"), tmp_path / f"before-{back}")
        home = tmp_path / f"house-{back}"
        home.mkdir()
        where = python(source, home, "-c", "import ortoo; print(ortoo.__file__)")
        assert Path(where.strip()).is_relative_to(source), "the old code must run, not this one"
        try:
            python(source, home, "-m", "ortoo", "demo", "--small", "--no-serve", "--seed", "7")
        except Fallen as fallen:
            reasons.append(str(fallen)[-300:])
        else:
            return home
    pytest.fail(f"none of {FURTHEST} commits up to {which} makes its own demo: {reasons}")


def take_over(which: str, tmp_path: Path) -> list[str]:
    """Run the old code's demonstration, then this code on its folder; the migrations applied."""
    home = installation(which, tmp_path)
    columns, before = filings(home)
    assert len(before) > 100
    outcome = json.loads(python(CHECKOUT / "src", home, "-c", TAKE_OVER).splitlines()[-1])
    assert filings(home, columns)[1][: len(before)] == before
    assert outcome["findings"] == [] and outcome["unequal"] == []
    assert outcome["pages"] == {
        login: [302, 200, 200, 200] for login in ("clerk", "banner", "region")
    }
    assert outcome["accounts"] > 10
    assert bool(outcome["pending"]) == any("升级完成" in line for line in outcome["said"])
    return list(outcome["pending"])
