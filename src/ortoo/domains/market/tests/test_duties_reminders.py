"""催报: who is reminded when, by which channel, once; what the firm gets and what stays sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ortoo.domains.market import reach, reminder_delivery, reminders, services
from ortoo.domains.market.duty_models import Message
from ortoo.domains.market.reminders import Reminding
from ortoo.domains.market.tests.review_week import FORM, WEEK, ReviewWeek, at, review_week
from ortoo.kernel.filings import read
from ortoo.kernel.filings.refusal import Refused

OPENED = at("2026-11-19 09:00")
NUMBER = "19900000101"
pytestmark = pytest.mark.django_db


@pytest.fixture
def week(settings, tmp_path: Path) -> Iterator[ReviewWeek]:
    settings.HOME = tmp_path
    yield review_week()


def chases() -> list[dict]:
    rows = read.rows("form='K-CHASE' AND actor='SYSTEM' AND period=%s", [WEEK])
    return [json.loads(row.body) | {"key": row.key} for row in rows]


def files(channel: str) -> list[dict]:
    from django.conf import settings

    folder = Path(settings.HOME) / "outbox" / channel
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def test_each_occasion_of_the_calendar_is_filed_once_by_the_system(week: ReviewWeek) -> None:
    seen = []
    for moment in (
        "2026-11-19 08:30", "2026-11-19 09:00", "2026-11-22 12:01", "2026-11-22 13:00",
        "2026-11-23 10:05", "2026-11-23 13:05", "2026-11-23 13:30",
    ):  # fmt: skip
        reminders.send_due(at(moment))
        seen.append(len({found["key"].split(":")[4] for found in chases()}))
    assert seen == [1, 1, 2, 2, 3, 4, 4]
    assert sorted({found["key"].split(":")[4] for found in chases()}) == ["-2", "-24", "1", "open"]
    named = [party for found in chases() if ":open:" in found["key"] for party in found["parties"]]
    assert sorted(named) == sorted(week.firms.values())


def test_an_occasion_nobody_was_there_for_is_let_go(week: ReviewWeek) -> None:
    reminders.send_due(at("2026-11-22 08:00"))
    assert chases() == []


def test_a_firm_that_has_filed_or_need_not_is_not_reminded(week: ReviewWeek) -> None:
    week.file("own0", 1, now_ms=at("2026-11-22 10:00"))
    services.waive(
        scope=week.region.scope("banner_reviewer-own".replace("_", "-")),
        matter=week.matter("own1"),
        office=week.office("own"),
        text="停业",
        now_ms=at("2026-11-22 10:30"),
    )
    reminders.send_due(at("2026-11-22 12:01"))
    named = {party for found in chases() for party in found["parties"]}
    assert named == set(week.firms.values()) - {week.firms["own0"], week.firms["own1"]}


def test_the_number_goes_to_the_channel_and_is_neither_in_a_filing_nor_in_a_table(
    week: ReviewWeek,
) -> None:
    reminders.send_due(at("2026-11-23 10:05"))
    (letter,) = files("sms")
    assert letter["to"] == NUMBER
    assert "11月23日12:00前报送" in letter["text"]
    for row in read.after(0, 10_000):
        assert NUMBER.encode() not in row.body and b"0000-0101" not in row.body
    for message in Message.objects.values():
        assert "0101" not in str({k: v for k, v in message.items() if k not in ("name", "party")})


def test_a_message_names_its_own_firm_and_no_other(week: ReviewWeek) -> None:
    reminders.send_due(at("2026-11-23 10:05"))
    (letter,) = files("sms")
    others = [name for key, name in week.names.items() if key != "own0"]
    assert week.names["own0"] in letter["text"]
    assert not [name for name in others if name in letter["text"]]
    assert not [n for n in week.names.values() for found in chases() if n in found["text"]]


def test_a_firm_without_a_registered_number_is_shown_as_not_reached(week: ReviewWeek) -> None:
    reminders.send_due(at("2026-11-23 10:05"))
    message = Message.objects.get(party=week.firms["own1"])
    assert (message.state, message.reason) == ("failed", "未登记电话")


def own(message_party: str) -> Message:
    return Message.objects.get(party=message_party)


def answer(channel: str, said: dict, home: Path) -> None:
    folder = home / "outbox" / channel
    for path in list(folder.glob("*.json")):
        (folder / "receipts" / path.name).write_text(json.dumps(said), "utf-8")


def test_a_receipt_tells_delivered_and_takes_the_number_out_of_the_folder(
    week: ReviewWeek, tmp_path: Path
) -> None:
    reminders.send_due(at("2026-11-23 10:05"))
    assert own(week.firms["own0"]).state == "handed"
    answer("sms", {"state": "delivered"}, tmp_path)
    reminders.send_due(at("2026-11-23 10:06"))
    assert own(week.firms["own0"]).state == "delivered"
    assert NUMBER not in "".join(
        p.read_text("utf-8") for p in (tmp_path / "outbox").rglob("*") if p.is_file()
    )


def test_what_fails_for_a_while_is_tried_three_times_and_then_given_up(
    week: ReviewWeek, tmp_path: Path
) -> None:
    moments = ("10:05", "10:20", "10:45", "11:20", "11:55")
    states = []
    for moment in moments:
        reminders.send_due(at(f"2026-11-23 {moment}"))
        states.append((own(week.firms["own0"]).attempts, own(week.firms["own0"]).state))
        said = {"state": "failed", "reason": f"{NUMBER} 关机", "again": True}
        answer("sms", said, tmp_path)
        reminder_delivery.work(at(f"2026-11-23 {moment}") + 60_000)
    assert states == [(1, "handed"), (2, "handed"), (3, "handed"), (3, "failed"), (3, "failed")]
    assert own(week.firms["own0"]).reason == "［号码］ 关机"


def test_nothing_is_handed_over_in_the_quiet_hours(week: ReviewWeek, tmp_path: Path) -> None:
    sent = reminders.remind(
        scope=week.region.scope("banner-reviewer-own"),
        new=Reminding(FORM, WEEK, week.office("own"), (week.firms["own0"],), "sms"),
        now_ms=at("2026-11-22 21:30"),
    )
    assert sent[1] == 1
    assert reminder_delivery.work(at("2026-11-22 21:31")) == (0, 0)
    assert reminder_delivery.work(at("2026-11-23 07:59")) == (0, 0)
    assert reminder_delivery.quiet_until(at("2026-11-22 21:31")) == at("2026-11-23 08:00")
    assert reminder_delivery.work(at("2026-11-23 08:00")) == (1, 0)


def test_a_firm_that_files_before_its_message_goes_is_left_in_peace(week: ReviewWeek) -> None:
    reminders.remind(
        scope=week.region.scope("banner-reviewer-own"),
        new=Reminding(FORM, WEEK, week.office("own"), (week.firms["own0"],), "sms"),
        now_ms=at("2026-11-22 21:30"),
    )
    week.file("own0", 1, now_ms=at("2026-11-23 07:00"))
    assert reminder_delivery.work(at("2026-11-23 08:00")) == (0, 0)
    assert own(week.firms["own0"]).state == "dropped"


def test_a_firm_that_wants_no_reminder_gets_none_by_clock_or_by_hand(week: ReviewWeek) -> None:
    reach.choose(
        scope=week.scope("own0"),
        party=week.firms["own0"],
        channel="none",
        address="",
        now_ms=OPENED,
    )
    reminders.send_due(at("2026-11-23 10:05"))
    assert week.firms["own0"] not in {p for found in chases() for p in found["parties"]}
    with pytest.raises(Refused, match="都不接收"):
        reminders.remind(
            scope=week.region.scope("banner-reviewer-own"),
            new=Reminding(FORM, WEEK, week.office("own"), (week.firms["own0"],), "sms"),
            now_ms=at("2026-11-23 10:10"),
        )


def test_a_chosen_mail_address_is_sealed_and_used(week: ReviewWeek) -> None:
    reach.choose(
        scope=week.scope("own1"),
        party=week.firms["own1"],
        channel="email",
        address="wuyun@shop.example",
        now_ms=OPENED,
    )
    reminders.send_due(at("2026-11-23 10:05"))
    assert [letter["to"] for letter in files("email")] == ["wuyun@shop.example"]
    for row in read.after(0, 10_000):
        assert b"shop.example" not in row.body


def test_a_neighbouring_office_cannot_remind(week: ReviewWeek) -> None:
    for login, office in (("banner-reviewer-neighbour", "own"), ("banner-reviewer-own", "sibling")):
        with pytest.raises(Refused) as refused:
            reminders.remind(
                scope=week.region.scope(login),
                new=Reminding(FORM, WEEK, week.office(office), (week.firms["own0"],), "sms"),
                now_ms=at("2026-11-22 12:00"),
            )
        assert refused.value.status == 403
    with pytest.raises(Refused, match="不由本级"):
        reminders.remind(
            scope=week.region.scope("banner-reviewer-own"),
            new=Reminding(FORM, WEEK, week.office("own"), (week.firms["sib0"],), "sms"),
            now_ms=at("2026-11-22 12:00"),
        )
