"""An agency's open duties: by due time, narrowed, found, paged, counted, exported, and quick."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.db import connection

from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import clock
from ortoo.site.matters import worklist
from ortoo.site.matters.tests.gate import BORDER, CUSTOMS, FIRM
from ortoo.site.matters.tests.test_matter import text
from ortoo.site.matters.worklist import Wanted


def cases(response) -> list[str]:
    return re.findall(r'<a href="/matters/M-GATE%7C([^/"]+)/">', response.content.decode())


@pytest.fixture
def many(gate):
    """Four matters: the first paused, the second overdue for border by now."""
    for number in (2, 3, 4):
        gate.open(thread=f"M-GATE|CASE-{number}", hours=1 + number / 4)
    gate.step("K-ASK", "border", 1.25, step="border", to=gate.firm, question="几人？")
    clock.use(lambda: gate.at(3.6))
    return gate


def test_duties_stand_by_due_time_and_those_whose_clock_stands_come_last(many, enter) -> None:
    page = enter(BORDER).get("/matters/")
    assert cases(page) == ["CASE-2", "CASE-3", "CASE-4", "CASE-1"]
    said = text(page)
    assert "已超 6 分" in said and "剩 24 分" in said and "计时暂停" in said


def test_the_counts_are_those_of_the_whole_list(many, enter) -> None:
    found = worklist.counts(many.agencies["border"], now_ms=many.at(3.6))
    assert found == {"open": 4, "overdue": 1, "soon": 2, "undated": 1}
    assert "在办 4" in text(enter(BORDER).get("/matters/"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=overdue", ["CASE-2"]),
        ("state=undated", ["CASE-1"]),
        ("state=soon", ["CASE-3", "CASE-4"]),
        ("q=case-3", ["CASE-3"]),
        ("q=%25", []),
        ("q=own", ["CASE-2", "CASE-3", "CASE-4", "CASE-1"]),
        ("procedure=M-GATE", ["CASE-2", "CASE-3", "CASE-4", "CASE-1"]),
        ("procedure=NONE", []),
        ("step=M-GATE:border", ["CASE-2", "CASE-3", "CASE-4", "CASE-1"]),
        ("step=M-GATE:customs", []),
    ],
)
def test_a_list_is_narrowed_and_searched(many, enter, query, expected) -> None:
    page = enter(BORDER).get(f"/matters/?{query}")
    assert cases(page) == expected
    assert expected or "没有符合条件的应办事项" in text(page)


def test_who_owes_nothing_is_told_so(gate, enter) -> None:
    assert "目前没有在办案卷" in text(enter("clerk-neighbour").get("/matters/"))


def test_a_duty_of_the_filer_is_hers(many, enter) -> None:
    page = enter(FIRM).get("/matters/")
    assert cases(page) == ["CASE-1"] and "边检查验：答复询问" in text(page)


@pytest.mark.parametrize("login", ["operator-root", "auditor-root", "region-reader-root"])
def test_who_files_for_nobody_has_no_list(gate, enter, login) -> None:
    assert enter(login).get("/matters/").status_code == 403
    assert enter(login).get("/matters/export.csv").status_code == 403


def test_pages_follow_each_other_without_a_gap_or_a_repetition(gate, enter) -> None:
    for number in range(2, 62):
        gate.open(thread=f"M-GATE|CASE-{number}", hours=1 + number // 3 / 60)
    client = enter(CUSTOMS)
    first = client.get("/matters/")
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    second = client.get(following[1].replace("&amp;", "&"))
    seen = cases(first) + cases(second)
    assert len(cases(first)) == 50 and len(seen) == len(set(seen)) == 61
    assert "下一页" not in text(second) and "回到第一页" in text(second)


@pytest.mark.parametrize("after", ["x", "999999999999999:", ":", "9" * 40 + ":k", "\x00:1", "%"])
def test_a_made_up_place_in_the_list_does_no_harm(gate, enter, after) -> None:
    assert enter(CUSTOMS).get("/matters/", {"after": after}).status_code == 200


def test_the_export_holds_the_same_lines_and_runs_no_formula(many, enter) -> None:
    many.open(thread="M-GATE|=1+1", hours=2)
    answer = enter(BORDER).get("/matters/export.csv?procedure=M-GATE")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[2][:2] == ["办理规程", "案号"]
    assert [row[1] for row in rows[3:]] == ["CASE-2", "CASE-3", "CASE-4", "'=1+1", "CASE-1"] or [
        row[1] for row in rows[3:]
    ] == ["CASE-2", "CASE-3", "'=1+1", "CASE-4", "CASE-1"]
    assert rows[3][-1] == "是" and rows[4][-1] == "否"


def test_the_first_page_comes_from_the_index_of_open_duties(gate) -> None:
    """Neither every thread of a procedure nor every open duty is read for fifty lines."""
    owner = gate.agencies["customs"]
    with connection.cursor() as cursor:
        sql, parameters = worklist.query(owner, Wanted(), now_ms=gate.at(2))
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}" if connection.vendor == "sqlite"
                       else f"EXPLAIN {sql}", parameters)  # fmt: skip
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "duty_thread" not in plan, plan
    assert "duty_open_owner" in plan or connection.vendor == "postgresql", plan


def test_the_first_page_of_home_leads_to_the_thread(many, enter) -> None:
    page = enter(BORDER).get("/").content.decode()
    assert 'href="/matters/M-GATE%7CCASE-2/"' in page
    assert "边检查验" in page
    hers = enter(FIRM).get("/").content.decode()
    assert 'href="/matters/M-GATE%7CCASE-1/"' in hers and "答复询问" in hers
    assert Duty.objects.filter(owner=many.firm, period="", closed_seq__isnull=True).exists()


def test_home_of_who_has_no_part_names_no_thread(many, enter) -> None:
    for login in ("clerk-neighbour", "auditor-root", "operator-root"):
        assert "/matters/M-GATE" not in enter(login).get("/").content.decode()
