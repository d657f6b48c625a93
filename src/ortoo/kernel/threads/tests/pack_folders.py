"""Packs that tests make: a publisher, variations of definitions, and registers left as found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ortoo.kernel.filings import behaviour
from ortoo.kernel.forms import record_registry, registry
from ortoo.kernel.seal.note import VerifierKey
from ortoo.kernel.seal.signer import Ed25519Signer
from ortoo.kernel.threads import packs, packs_behaviour, packs_known, procedure
from ortoo.kernel.threads.catalogue import CATALOGUE
from ortoo.kernel.threads.packs import Pack

PUBLISHER = "bureau.region.example"
SIGNER = Ed25519Signer.from_private_bytes(bytes(range(32)))
KEY = VerifierKey(PUBLISHER, SIGNER.public_bytes)
SMALL_RECORD = """\
record: T-NOTICE
version: {version}
title: {{zh: 试验通知, en: Trial notice}}
respondent: [enterprise]
fields:
  case: {{type: text, title: {{zh: 编号, en: Case}}, must: true, max: 20}}
"""


def head(name: str = "试验包", version: int = 1) -> str:
    return f'name = "{name}"\nversion = {version}\npublisher = "{PUBLISHER}"\ndate = 2026-11-20\n'


def folder(place: Path, files: Mapping[str, str], *, version: int = 1) -> Path:
    """An unsigned pack."""
    place.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (place / "pack.toml").write_text(head(version=version), encoding="utf-8")
    return place


def made(place: Path, files: Mapping[str, str], *, version: int = 1) -> Pack:
    """A signed pack, as read by who trusts the publisher."""
    packs.build(folder(place, files, version=version), SIGNER)
    return packs.read(place, [KEY])


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is made known from here on is forgotten with the test."""
    monkeypatch.setattr(behaviour, "_REGISTER", dict(behaviour._REGISTER))
    monkeypatch.setattr(behaviour, "_LATEST", dict(behaviour._LATEST))
    monkeypatch.setattr(registry, "_loaded", registry._loaded)
    monkeypatch.setattr(record_registry, "_registered", dict(record_registry._registered))
    monkeypatch.setattr(packs_known, "_KNOWN", {})
    monkeypatch.setattr(packs_known, "_SHIPPED", {})
    monkeypatch.setattr(packs_behaviour, "_SINCE", {})
    monkeypatch.setattr(procedure, "_PROCEDURES", dict(procedure._PROCEDURES))
    versions = {code: dict(found) for code, found in CATALOGUE._versions.items()}
    monkeypatch.setattr(CATALOGUE, "_versions", versions)
