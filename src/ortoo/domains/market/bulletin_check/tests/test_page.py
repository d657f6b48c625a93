"""The checker's page: marks by sign and word, hostile text, limits, and nothing kept."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ortoo.domains.market.bulletin_check.check import MOST_CHARACTERS
from ortoo.domains.market.tests.figures_world import FiguresWorld, figures_world
from ortoo.kernel.filings import read

pytestmark = pytest.mark.django_db
PATH = "/bulletins/check/"
SLIPS = "食用油平均价格17.25元/升。豆油16元/升，环比上涨3.25%；豆油15.5元/升。"


@pytest.fixture
def world(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def _post(world: FiguresWorld, text: str, **more: str) -> Any:
    data = {"text": text, "period": "W2019-01-05", "place": world.root, **more}
    return world.client().post(PATH, data)


def test_a_slip_is_marked_by_sign_and_word_and_not_by_colour_alone(world: FiguresWorld) -> None:
    page = _post(world, SLIPS).content.decode()
    assert (
        'class="check-wrong" title="错，应为3.23%">3.25<span class="check-sign">✗错</span>' in page
    )
    assert "16÷15.5－1＝3.23%" in page
    assert "系统不保存" in page


def test_the_form_says_that_nothing_is_kept_before_anything_is_pasted(
    world: FiguresWorld,
) -> None:
    page = world.client().get(PATH)
    assert page.status_code == 200
    assert "系统不保存" in page.content.decode()


def test_nothing_pasted_is_stored(world: FiguresWorld) -> None:
    tail = read.tail()
    with CaptureQueriesContext(connection) as caught:
        _post(world, SLIPS)
    written = [one["sql"] for one in caught if not one["sql"].lstrip().startswith("SELECT")]
    assert [sql for sql in written if "INSERT" in sql or "UPDATE" in sql] == []
    assert read.tail() == tail


def test_hostile_html_comes_back_as_text(world: FiguresWorld) -> None:
    evil = '<script>alert(1)</script><img src=x onerror=1> 豆油16元/升" onclick="x'
    page = _post(world, evil).content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


def test_a_paste_over_the_limit_is_refused_with_what_to_do(world: FiguresWorld) -> None:
    answer = _post(world, "价" * (MOST_CHARACTERS + 1))
    assert answer.status_code == 413
    page = answer.content.decode()
    assert "CHECK-TOO-LONG" in page and "分几次粘贴" in page


def test_a_text_without_numbers_and_an_empty_one_say_so(world: FiguresWorld) -> None:
    for text in ("", "  \n", "本周市场平稳，供应充足。2026年11月20日"):
        answer = _post(world, text)
        assert answer.status_code == 200
        assert "没有找到可核对的数字" in answer.content.decode()


def test_an_unknown_place_or_period_is_refused_in_words(world: FiguresWorld) -> None:
    assert "CHECK-PLACE" in _post(world, SLIPS, place="999999").content.decode()
    assert "CHECK-PERIOD" in _post(world, SLIPS, period="<b>").content.decode()


def test_ten_thousand_numbers_are_checked_in_seconds_and_all_in_the_file(
    world: FiguresWorld,
) -> None:
    text = "".join(f"大米{n % 90 + 1}.5元、" for n in range(8_000)) + "\n" + "".join(
        f"豆油{n % 30 + 1}元。\n" for n in range(2_000)
    )  # fmt: skip
    began = time.process_time()
    page = _post(world, text)
    assert time.process_time() - began < 10
    assert page.status_code == 200
    assert "另有 9500 个" in page.content.decode()
    rows = list(csv.reader(io.StringIO(
        _post(world, text, export="csv").content.decode("utf-8-sig"))))  # fmt: skip
    assert sum(len(row) > 5 and row[2] == "价格" for row in rows) == 10_000


def test_the_file_runs_no_formula(world: FiguresWorld) -> None:
    answer = _post(world, '=HYPERLINK("x")豆油16元/升', export="csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
