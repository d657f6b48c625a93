from __future__ import annotations

import pytest

from ortoo.domains.market.tests.figures_world import (
    CASE,
    DAY_MS,
    FIRST_MS,
    HOUR_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.write import file

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def body(world: FiguresWorld, seq: int, login: str) -> str:
    response = world.client(login).get(f"/filings/{seq}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_filing_says_who_what_when_and_its_digests(world):
    receipt = world.returns["now", "own"]
    html = body(world, receipt.seq, "clerk-own")
    for words in (
        receipt.number, world.region.sites["own"].mark, "67.32", "断货", "2026年11月21日 10:00",
        receipt.digest.hex(), receipt.digest_sm3.hex(), "审核通过", "第47周",
    ):  # fmt: skip
        assert words in html


def test_a_superseded_filing_points_to_the_one_in_force(world):
    old = world.returns["now", "own"]
    new = world.file("own", {**CASE["now"]["own"], "0303": ["70.00", "100.0"]},
                     at=FIRST_MS + DAY_MS, supersedes=old.seq)  # fmt: skip
    html = body(world, old.seq, "league-reviewer-parent")
    assert f'href="/filings/{new.seq}/"' in html and "已被更正" in html and "称错了" in html
    assert "已被更正" not in body(world, new.seq, "league-reviewer-parent")


def test_the_thread_tells_question_and_answer(world):
    site, seq = world.region.sites["own"], world.returns["now", "own"].seq
    matter = {"form": "SCJC-W1", "period": world.period(), "party": site.firm}
    at = FIRST_MS + DAY_MS
    asked = file(
        Draft("K-QUERY", world.region.sites["parent"].office, "account:x", "q1", {
            **matter, "target": seq, "office": world.root, "due_at": at + HOUR_MS,
            "cells": [{"item": "0303", "measure": "price"}], "question": "为何涨价？",
        }, at, period=world.period(), subject=site.firm),
        now_ms=at,
    )  # fmt: skip
    answer = {**matter, "query": asked.seq, "text": "到货少"}
    file(Draft("K-REPLY", site.firm, "account:y", "r1", answer, at, period=world.period(),
               subject=site.firm), now_ms=at + 1)  # fmt: skip
    catch_up()
    html = body(world, seq, "clerk-own")
    assert "为何涨价？" in html and "到货少" in html
    question = body(world, asked.seq, "clerk-own")
    assert "牛肉（腿肉）·本期平均零售价格" in question and "为何涨价？" in question


@pytest.mark.law(15)
def test_a_filing_opens_for_its_firm_and_its_reviewers_only(world):
    seq = world.returns["now", "own"].seq
    may = {"clerk-own": 200, "banner-reviewer-own": 200, "league-reviewer-parent": 200,
           "region-reviewer-root": 200, "auditor-root": 200, "region-reader-root": 403,
           "clerk-sibling": 403, "league-reviewer-neighbour-parent": 403,
           "league-reviewer-planned": 403, "operator-root": 403, "": 302}  # fmt: skip
    for login, status in may.items():
        assert world.client(login).get(f"/filings/{seq}/").status_code == status, login
        got = world.client(login).get(f"/filings/{seq}/original/").status_code
        assert got == (404 if status == 200 else status), login
