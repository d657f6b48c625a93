"""One installation on real files, driven step by step, each step a process of its own.

    python -m tests.erasure.installation STEP        with ORTOO_HOME set

Prints one line of JSON. With COPY_TO the step ends by copying `data/` there while the database is
still open, so that its write-ahead log is copied too. What is to be erased stands here and nowhere
else in an installation.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ortoo.kernel.parties.codes import fictional_uscc

NAME, PHONE, NUMBER = "额尔敦其木格", "13987654321", "159900190001010009"
SECRETS = (NAME, PHONE, NUMBER)
OPEN_WORD = "牧区助老服务站"
RESIDENT, NEIGHBOUR = "resident:7", "resident:8"
CODE = fictional_uscc("150000", 377)
PLACE = "150102"
NOW = 1_795_000_000_000
BASIS = "本人申请，个人信息保护法第四十七条第三项"


def ready() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "ortoo.site.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from ortoo.kernel.filings.behaviour import RecordBehaviour, register
    from ortoo.kernel.seal.key_filings import register_key_form

    # Everything the program says, statements with their parameters included.
    logging.basicConfig(
        level=logging.DEBUG, filename=Path(os.environ["ORTOO_HOME"]) / "debug.log", force=True
    )
    connection.force_debug_cursor = True
    call_command("migrate", verbosity=0)
    register(RecordBehaviour("T-VISIT", 1, lambda body: ()))
    register_key_form()


def file_sealed(form: str, key: str, body: dict[str, Any], said: dict[str, tuple[str, str]]) -> int:
    """File `body` with the sealed fields' commitments merged in at its top level."""
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.filings.write import file
    from ortoo.kernel.seal.persons import Said, seal_fields

    fields = {path: Said(*value) for path, value in said.items()}
    sealed = seal_fields(filing_key=key, fields=fields, now_ms=NOW)
    if form == "K-PARTY":
        party = body["parties"][0]
        party |= {path.rsplit(".", 1)[-1]: said for path, said in sealed.commitments.items()}
    else:
        body = body | sealed.commitments
    draft = Draft(form, "SYSTEM", "account:clerk", key, body, said_at=NOW)
    return file(replace(draft, sealed=sealed.values), now_ms=NOW).seq


def live() -> dict[str, Any]:
    """Register a resident, file two visits, look the person up as an officer would."""
    from ortoo.kernel.filings.projection import catch_up
    from ortoo.kernel.grants import access
    from ortoo.kernel.seal import contacts, key_filings, log

    key_filings.begin(now_ms=NOW)
    party = {"code": CODE, "kind": "enterprise", "name": OPEN_WORD, "place": PLACE}
    path = f"parties.{CODE}."
    person = {path + "contact_name": (RESIDENT, NAME), path + "contact_phone": (RESIDENT, PHONE)}
    file_sealed("K-PARTY", "reg", {"parties": [party]}, person)
    visit = {"number": (RESIDENT, NUMBER), "phone": (RESIDENT, PHONE)}
    file_sealed("T-VISIT", "visit-1", {"at": OPEN_WORD}, visit)
    visit = {"number": (RESIDENT, NUMBER), "other": (NEIGHBOUR, "邻居")}
    file_sealed("T-VISIT", "visit-2", {"at": OPEN_WORD}, visit)
    catch_up()
    seen = contacts.reveal(CODE)
    access.record(scope(), "contact", CODE, 1, "回访", now_ms=NOW)
    return {"known": seen == contacts.Person(NAME, PHONE), "note": log.checkpoint(now_ms=NOW).note}


def scope() -> Any:
    from ortoo.kernel.grants.roles import ROLES
    from ortoo.kernel.grants.scope import Hold, Scope

    holds = tuple(Hold(role, reach=frozenset({PLACE}), everywhere=True) for role in ROLES)
    return Scope("officer", "SYSTEM", "", holds, date(2026, 11, 20))


def erase() -> dict[str, Any]:
    from ortoo.kernel.seal import log
    from ortoo.kernel.seal.erasure import erase_person

    receipt = erase_person(RESIDENT, by="SYSTEM", actor="account:op", basis=BASIS, now_ms=NOW + 10)
    return {"seq": receipt.seq, "note": log.checkpoint(now_ms=NOW + 20).note}


def finish() -> dict[str, Any]:
    from ortoo.kernel.seal.erasure import finish_erasures

    return {"ended": finish_erasures(now_ms=NOW + 30)}


def look() -> dict[str, Any]:
    """Everything an installation can show of its record, and whether it still verifies."""
    from ortoo.domains.market.web.search import find
    from ortoo.kernel.filings import read
    from ortoo.kernel.filings.projection import rebuild
    from ortoo.kernel.places.active import active_pack
    from ortoo.kernel.seal import contacts, log
    from ortoo.kernel.seal.checkpoint import verify_checkpoint
    from ortoo.kernel.seal.verify import verify

    searched = [text for text in SECRETS if find(scope(), text) or active_pack().search(text)]
    found: dict[str, Any] = {
        "revealed": reveals(),
        "contact": contacts.reveal(CODE) is not None,
        "searched": len(searched),
        "search_works": bool(find(scope(), OPEN_WORD)),
        "rebuilt": all(table.equal for table in rebuild()),
        "tables": held_in_tables(),
        "control": held_in_tables((OPEN_WORD,)),
        "findings": [finding.code for finding in verify()],
    }
    erased = read.rows("form = %s", ["K-ERASE"])
    if erased:
        proof = log.inclusion(erased[0].seq, now_ms=NOW + 40)
        said = verify_checkpoint(proof.note, log.log_keys()).checkpoint
        found["erasure"] = [erased[0].body.decode(), proof.size == said.size]
    kept = os.environ.get("KEPT_NOTE")
    if kept:
        found["against_kept"] = [f.code for f in verify(checkpoint_note=kept)]
    return found


def reveals() -> dict[str, str]:
    """By subject and path: `open`, or the code with which it does not open."""
    from ortoo.kernel.seal import models, persons
    from ortoo.kernel.seal.keystore import KeystoreError

    said = {}
    for row in models.Sealed.objects.order_by("subject", "filing_key", "path"):
        try:
            persons.reveal(bytes(row.commitment))
            outcome = "open"
        except KeystoreError as error:
            outcome = error.code
        said[f"{row.subject} {row.filing_key} {row.path.rsplit('.', 1)[-1]}"] = outcome
    return said


def held_in_tables(words: tuple[str, ...] = SECRETS) -> list[str]:
    """`table.column` of every column of every table in which one of the words stands."""
    from django.db import connection

    held = set()
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    data = value if isinstance(value, bytes) else str(value).encode()
                    if any(form in data for word in words for form in forms_of(word)):
                        held.add(f"{table}.{name}")
    return sorted(held)


def forms_of(word: str) -> tuple[bytes, ...]:
    """The word as it may lie in a file: UTF-8, UTF-16 and escaped as in JSON."""
    escaped = json.dumps(word).strip('"').encode()
    return word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"), escaped


STEPS = {"live": live, "erase": erase, "finish": finish, "look": look}

if __name__ == "__main__":
    ready()
    said = STEPS[sys.argv[1]]()
    if "COPY_TO" in os.environ:
        shutil.copytree(Path(os.environ["ORTOO_HOME"]) / "data", os.environ["COPY_TO"])
    print(json.dumps(said, ensure_ascii=True))
