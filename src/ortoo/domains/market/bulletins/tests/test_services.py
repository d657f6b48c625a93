from __future__ import annotations

import datetime as dt

import pytest

from ortoo.domains.market.bulletins import adoptions, others, records, services
from ortoo.domains.market.bulletins.adoptions import Taken
from ortoo.domains.market.bulletins.records import Bulletin
from ortoo.domains.market.bulletins.services import Written
from ortoo.domains.market.tests.figures_world import (
    FIRST_MS,
    HOUR_MS,
    NOW_MS,
    FiguresWorld,
    figures_world,
)
from ortoo.kernel.duties.models import Duty
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.grants.models import Grant
from ortoo.kernel.grants.scope import PUBLIC, Scope

pytestmark = pytest.mark.django_db
OFFICE = "region-reviewer-root"
OTHERS = ("league-reviewer-parent", "league-reviewer-neighbour-parent")


@pytest.fixture
def world(db: None, settings, monkeypatch) -> FiguresWorld:
    return figures_world(settings, monkeypatch)


def scope(world: FiguresWorld, login: str = OFFICE) -> Scope:
    return world.region.scope(login)


def drafted(world: FiguresWorld, period: str = "now", **said: str) -> Bulletin:
    who = scope(world)
    written = Written({"ME": said.get("cause", "天气转冷")}, said.get("outlook", ""))
    services.draft(
        scope=who, place=who.place, period=world.period(period), written=written, now_ms=NOW_MS
    )
    return records.bulletins(who, place=who.place, period=world.period(period))[0]


def again(world: FiguresWorld, found: Bulletin) -> Bulletin:
    return records.bulletin(scope(world), found.code)


def out(world: FiguresWorld) -> Bulletin:
    found = drafted(world)
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    found = again(world, found)
    services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    return again(world, found)


def refused(code: str):
    return pytest.raises(Refused, match=code)


def deputy(world: FiguresWorld) -> None:
    """A second person of the office."""
    row = Grant.objects.get(login=OFFICE)
    row.key, row.login = "deputy|x", "deputy"
    row.save(force_insert=True)


def test_the_printed_mean_is_the_simple_mean_of_the_issued_quotes(world) -> None:
    found = drafted(world)
    # (67.32 + 68 + 65 + 61 + 62 + 63 + 65) ÷ 7 = 64.474; before 446 ÷ 7 = 63.714: +1.19 %.
    row = next(row for row in found.text.rows if row.name == "牛肉（腿肉）")
    assert row.cells["price"].text == "64.47"
    assert row.cells["weighted"].text == "64.36"
    assert row.cells["change"].text == "1.2"
    assert row.cells["price"].source == "issued" and row.cells["price"].filing > 0


def test_what_is_hidden_for_secrecy_is_in_no_word_and_no_number(world) -> None:
    found = drafted(world)
    assert "羊肉" not in found.text.words("full")
    assert not any(one.subject == "0304" for one in found.text.numbers.values())


def test_a_draft_opens_the_duty_to_sign_and_signing_the_one_to_publish(world) -> None:
    found = drafted(world)

    def steps() -> list[str]:
        rows = Duty.objects.filter(thread=found.thread, closed_seq=None, void_seq=None)
        return [row.key.split("|")[-2] if "|" in row.key else row.key for row in rows]

    assert len(steps()) == 1
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    assert len(steps()) == 1
    found = again(world, found)
    services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    assert steps() == []


def test_who_drafted_does_not_sign_where_the_office_has_a_second_person(world) -> None:
    deputy(world)
    found = drafted(world)
    with refused("BULLETIN-SAME-PERSON"):
        services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)


def test_alone_in_the_office_one_signs_and_the_filing_says_so(world) -> None:
    found = out(world)
    assert found.decision("sign").alone is True
    assert found.stage == records.PUBLISHED


def test_a_save_on_a_draft_that_moved_is_refused_and_both_texts_stay(world) -> None:
    found = drafted(world)
    first = found.seq
    services.edit(
        scope=scope(world), bulletin=found, base=first, written=Written({"ME": "甲"}),
        now_ms=NOW_MS,
    )  # fmt: skip
    with refused("BULLETIN-STALE"):
        services.edit(
            scope=scope(world), bulletin=again(world, found), base=first,
            written=Written({"ME": "乙"}), now_ms=NOW_MS,
        )  # fmt: skip
    assert again(world, found).text.cause("ME") == "甲"


def test_undo_brings_back_the_words_of_the_draft_before(world) -> None:
    found = drafted(world, cause="甲")
    services.edit(
        scope=scope(world), bulletin=found, base=found.seq, written=Written({"ME": "乙"}),
        now_ms=NOW_MS,
    )  # fmt: skip
    found = again(world, found)
    services.undo(scope=scope(world), bulletin=found, base=found.seq, now_ms=NOW_MS)
    assert again(world, found).text.cause("ME") == "甲"
    assert len(again(world, found).drafts) == 3


def test_after_signing_nobody_edits_or_withdraws(world) -> None:
    found = drafted(world)
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    found = again(world, found)
    with refused("BULLETIN-SIGNED"):
        services.edit(
            scope=scope(world), bulletin=found, base=found.seq, written=Written(), now_ms=NOW_MS
        )
    with refused("BULLETIN-SIGNED"):
        services.withdraw(scope=scope(world), bulletin=found, reason="误", now_ms=NOW_MS)


def test_before_the_week_is_issued_it_can_be_signed_and_not_published(world, monkeypatch) -> None:
    from ortoo.domains.market.bulletins import gathering

    monkeypatch.setattr(gathering, "is_issued", lambda period: False)
    found = drafted(world)
    assert found.text.basis == "live"
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    found = again(world, found)
    with refused("BULLETIN-NOT-ISSUED"):
        services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    assert records.bulletins(PUBLIC) == []


def test_numbers_signed_before_issue_that_are_not_the_issued_ones_are_refused(
    world, monkeypatch
) -> None:
    from ortoo.domains.market.bulletins import gathering

    with monkeypatch.context() as before:
        before.setattr(gathering, "is_issued", lambda period: False)
        found = drafted(world)
    # Live figures of the own places show 羊肉 of two firms, which is never issued.
    assert "羊肉" in found.text.words("full")
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    found = again(world, found)
    with refused("BULLETIN-NUMBERS-MOVED"):
        services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    services.send_back(
        scope=scope(world), bulletin=found, target=found.seq, reason="数有变", now_ms=NOW_MS
    )
    assert again(world, found).stage == records.RETURNED
    assert drafted(world).number == 2


def test_a_correction_is_a_further_bulletin_and_the_earlier_stays_readable(world) -> None:
    first = out(world)
    with refused("BULLETIN-WHY"):
        services.correct(
            scope=scope(world), bulletin=first, why=" ", written=Written(), now_ms=NOW_MS
        )
    services.correct(
        scope=scope(world), bulletin=first, why="原因写错", written=Written({"ME": "促销"}),
        now_ms=NOW_MS,
    )  # fmt: skip
    second = records.bulletins(scope(world), place=first.place, period=first.period)[0]
    assert records.standing(first.place, first.period).number == 1
    services.sign(scope=scope(world), bulletin=second, target=second.seq, now_ms=NOW_MS)
    second = again(world, second)
    services.publish(scope=scope(world), bulletin=second, target=second.seq, now_ms=NOW_MS)
    assert records.standing(first.place, first.period).number == 2
    seen = records.bulletin(PUBLIC, first.code)
    assert seen.corrected_by == again(world, second).seq and seen.text.cause("ME") == "天气转冷"


def test_drafts_are_closed_to_neighbours_and_the_public_published_ones_are_not(world) -> None:
    found = drafted(world)
    for who in (
        PUBLIC,
        scope(world, OTHERS[1]),
        scope(world, "clerk-own"),
    ):
        with refused("BULLETIN-UNKNOWN"):
            records.bulletin(who, found.code)
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    signed = again(world, found)
    services.publish(scope=scope(world), bulletin=signed, target=signed.seq, now_ms=NOW_MS)
    assert records.bulletin(PUBLIC, found.code).stage == records.PUBLISHED


def test_nobody_drafts_or_signs_for_another_office(world) -> None:
    found = drafted(world)
    for login in OTHERS:
        with pytest.raises(Refused):
            services.sign(
                scope=scope(world, login), bulletin=found, target=found.seq, now_ms=NOW_MS
            )
        with pytest.raises(Refused):
            services.draft(
                scope=scope(world, login), place=found.place, period=world.period("before"),
                written=Written(), now_ms=NOW_MS,
            )  # fmt: skip


@pytest.mark.parametrize("outlook", ["预计涨2%", "预计上涨２成", "涨幅％左右"])
def test_an_outlook_with_a_number_is_refused(world, outlook) -> None:
    with refused("BULLETIN-OUTLOOK-NUMBER"):
        drafted(world, outlook=outlook)


def test_a_correction_of_a_return_after_signing_is_seen_at_publishing(world) -> None:
    found = drafted(world)
    services.sign(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    world.file(
        "own", {"0303": ["60.00", "100.0"]}, at=FIRST_MS + 6 * 24 * HOUR_MS + HOUR_MS,
        supersedes=world.returns["now", "own"].seq,
    )  # fmt: skip
    world.accept(["own"], at=FIRST_MS + 6 * 24 * HOUR_MS + 2 * HOUR_MS)
    world.issue(at=FIRST_MS + 7 * 24 * HOUR_MS)
    found = again(world, found)
    moved = services.moved_numbers(scope(world), found)
    if moved:  # the revision was given out
        with refused("BULLETIN-NUMBERS-MOVED"):
            services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
    else:  # it was held back, and then the earlier figures stand
        services.publish(scope=scope(world), bulletin=found, target=found.seq, now_ms=NOW_MS)
        assert again(world, found).stage == records.PUBLISHED


def test_an_adoption_is_counted_once_and_can_be_taken_back(world) -> None:
    found = out(world)
    who = scope(world)
    day = dt.date(2026, 11, 29)
    taken = Taken("brief", "自治区政府办公厅", "region", day)
    adoptions.adopt(scope=who, bulletin=found, taken=taken, key="a" * 32, now_ms=NOW_MS)
    with refused("ADOPTED-TWICE"):
        adoptions.adopt(scope=who, bulletin=found, taken=taken, key="b" * 32, now_ms=NOW_MS)
    year = adoptions.by_office(adoptions.adoptions(who, year=2026))[0]
    assert (year.counts["region"], year.points) == (1, 4)
    assert adoptions.adoptions(scope(world, OTHERS[1])) == []
    adoptions.take_back(
        scope=who, adoption=adoptions.adoptions(who)[0], reason="记错", now_ms=NOW_MS
    )
    assert adoptions.adoptions(who) == []
    assert len(read.rows("form=%s", [adoptions.FORM])) == 2


def test_another_agencys_prices_keep_their_unit_and_stand_beside_ours(world) -> None:
    who = scope(world)
    table = "品名,价格\n牛肉,32.88\n豆油,75,元/5升\n猪肉后臀尖,11.84"
    prices = others.read_block(table, "元/500克")
    sheet = others.Sheet("发改委", "网址", dt.date(2026, 11, 20), "", prices)
    others.transcribe(scope=who, place=who.place, sheet=sheet, now_ms=NOW_MS)
    rows = others.beside(others.sheets(who)[0])
    assert [(r.price.unit, r.converted, r.unit) for r in rows] == [
        ("元/500克", "65.76", "元/公斤"), ("元/5升", "15.00", "元/升"),
        ("元/500克", "23.68", "元/公斤"),
    ]  # fmt: skip
    assert rows[0].ours == "64.47" and rows[2].ours_name == ""
    with refused("OTHER-KNOWN"):
        others.transcribe(scope=who, place=who.place, sheet=sheet, now_ms=NOW_MS)
    assert others.sheets(scope(world, OTHERS[1])) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "OTHER-EMPTY"), ("牛肉,0\n羊肉,1", "OTHER-LINE"), ("牛肉,3\n羊肉,-1", "OTHER-LINE"),
        ("牛肉,3,元/两", "OTHER-UNIT"), ("牛肉,3\n牛肉,4", "OTHER-TWICE"),
    ],
)  # fmt: skip
def test_a_pasted_table_that_cannot_be_read_is_refused_by_its_line(text, code) -> None:
    with refused(code):
        others.read_block(text, "元/500克")
