"""Drafts of returns 草稿: one a return, shared by the party's clerks, under an optimistic token.

The token names the return in force and the draft's version. Filing removes the draft, so a page
opened before meets the filed return as the other side instead of an empty draft.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from ortoo.domains.market.web.clerk_desk import Desk, who
from ortoo.domains.market.web.clerk_fields import Fields, fields_of
from ortoo.kernel.forms.models import ReturnDraft


@dataclass(frozen=True, slots=True)
class Kept:
    """What the server holds of a return not yet filed; `saved_at` in ms, None for nothing."""

    token: str
    fields: Fields
    saved_at: int | None = None
    saved_by: str = ""


@dataclass
class Conflict(Exception):
    """Somebody saved or filed since the page was opened; `theirs` is what stands now."""

    theirs: Kept


def load(desk: Desk) -> Kept:
    """The draft as kept; without one, no fields and the token to save the first under."""
    row = _rows(desk).first()
    if row is None:
        return Kept(_token(desk, 0), {})
    return Kept(_token(desk, row.version), json.loads(row.cells), row.saved_at, row.saved_by)


def save(desk: Desk, fields: Fields, token: str) -> Kept:
    """Keep the fields as the next version. Raises Conflict when `token` is not the newest."""
    now = load(desk)
    if token != now.token:
        if dict(now.fields) == dict(fields):
            return now
        raise Conflict(_other_side(desk, now, token))
    version = _version(token)
    kept: dict[str, Any] = {
        "version": version + 1,
        "cells": json.dumps(dict(fields), sort_keys=True),
        "saved_at": desk.now,
        "saved_by": desk.scope.actor,
    }
    if not _write(desk, version, kept):
        raise Conflict(_other_side(desk, load(desk), token))
    return Kept(_token(desk, version + 1), fields, desk.now, desk.scope.actor)


def keep_typed(desk: Desk, fields: Fields) -> bool:
    """After a refusal: keep what was typed unless a colleague's draft stands. True when kept."""
    now = load(desk)
    if now.saved_at is not None and now.saved_by != desk.scope.actor:
        return dict(now.fields) == dict(fields)
    try:
        save(desk, fields, now.token)
    except Conflict:
        return False
    return True


def forget(desk: Desk) -> None:
    """Remove the draft: what it held is filed."""
    _rows(desk).delete()


def _write(desk: Desk, version: int, kept: dict[str, Any]) -> bool:
    """Compare and swap; False when another save was first."""
    if version:
        return bool(_rows(desk).filter(version=version).update(**kept))
    try:
        with transaction.atomic():
            ReturnDraft(
                form=desk.matter.form, period=desk.matter.period, party=desk.draft_owner, **kept
            ).save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _other_side(desk: Desk, now: Kept, token: str) -> Kept:
    """The kept draft; where filing removed it, the return that was filed."""
    grid = desk.grid()
    if now.saved_at is not None or grid is None or desk.effective is None:
        return now
    fields = fields_of(desk.form, grid)
    return Kept(now.token, fields, desk.effective.received_at, desk.effective.actor)


def _rows(desk: Desk) -> Any:
    return ReturnDraft.objects.filter(
        form=desk.matter.form, period=desk.matter.period, party=desk.draft_owner
    )


def _token(desk: Desk, version: int) -> str:
    return f"{desk.state.effective or 0}-{version}"


def _version(token: str) -> int:
    return int(token.partition("-")[2])


def author(kept: Kept) -> str:
    """Who saved the other side, by name."""
    return who(kept.saved_by) if kept.saved_by else ""
