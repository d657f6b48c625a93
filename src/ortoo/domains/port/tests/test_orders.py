"""Orders of border residents: each line out of its resident's own quota of the day, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ortoo.domains.port import quotas, services
from ortoo.domains.port.quotas import left_fen, openings, quota_key
from ortoo.domains.port.tests.gate import DAY, FIRM, GROUP, OFFICES, PORT, Gate, ms
from ortoo.domains.port.tests.market_day import QUOTA, cancel, line, order, passes, register
from ortoo.kernel.filings import read
from ortoo.kernel.filings.models import Filing
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.postings.balance import balance
from ortoo.kernel.postings.models import Posting
from ortoo.kernel.relay.models import Outbox
from ortoo.kernel.seal.verify import verify
from ortoo.kernel.threads.models import ThreadEntry
from ortoo.kernel.threads.rebuild import rebuild_threads


def refused(work) -> Refused:
    with pytest.raises(Refused) as found:
        work()
    return found.value


def standing() -> tuple[int, ...]:
    """How much stands on the record: what a refusal may not change."""
    return tuple(m.objects.count() for m in (Filing, Posting, ThreadEntry, Outbox))


@pytest.mark.law(1, 12)
def test_an_order_of_forty_residents_takes_each_value_from_its_own_quota(port: Gate) -> None:
    residents = register(40)
    values = [(resident, 100_000 + 17_500 * place) for place, resident in enumerate(residents)]
    order("N1", values)
    for resident, value in values:
        assert left_fen(resident, DAY) == QUOTA - value
        assert balance(f"traded|{resident}|{DAY}", "CNY") == value
    assert balance(f"allowance|{DAY}", "CNY") == -40 * QUOTA
    assert all(found.equal for found in rebuild_threads())
    assert verify() == []


@pytest.mark.law(12)
def test_a_refused_order_leaves_no_trace_not_even_the_quotas_it_would_have_opened(
    port: Gate,
) -> None:
    residents = register(3)
    before = standing()
    values = [(residents[0], 10_000), (residents[1], QUOTA + 1), (residents[2], 10_000)]
    refusal = refused(lambda: order("N1", values))
    assert refusal.code == "POSTING-BELOW-ZERO"
    assert refusal.details[0]["account"] == quota_key(residents[1], DAY)
    assert standing() == before
    order("N1", [(residents[0], QUOTA)])
    assert left_fen(residents[0], DAY) == 0
    before = standing()
    assert refused(lambda: order("N2", [(residents[0], 1)])).code == "POSTING-BELOW-ZERO"
    assert standing() == before


@pytest.mark.law(5, 12)
def test_a_cancelled_order_gives_every_quota_back_and_its_number_is_used_up(port: Gate) -> None:
    a, b = register(2)
    seq = order("N1", [(a, QUOTA), (b, 5_000)]).seq
    cancelled = cancel("N1", seq).seq
    assert (left_fen(a, DAY), left_fen(b, DAY)) == (QUOTA, QUOTA)
    assert left_fen(a, DAY, as_of=seq) == 0
    assert refused(lambda: order("N1", [(a, 1)], key="again")).code == "HUSHI-ORDER-ENDED"
    late = refused(lambda: order("N1", [(a, 1)], key="c", supersedes=cancelled, reason="改"))
    assert late.code == "HUSHI-ORDER-ENDED"
    order("N2", [(a, QUOTA)])


@pytest.mark.law(5, 12)
def test_a_corrected_order_is_taken_back_and_posted_anew(port: Gate) -> None:
    a, b = register(2)
    first = order("N1", [(a, 700_000)]).seq
    second = order(
        "N1", [(a, 790_000), (b, 20_000)], "09:30", key="fix", supersedes=first, reason="漏报一人"
    ).seq
    assert (left_fen(a, DAY), left_fen(b, DAY)) == (10_000, 780_000)
    stale = refused(lambda: order("N1", [(a, 1)], key="s", supersedes=first, reason="改"))
    assert stale.code == "HUSHI-ORDER-STALE"
    over = refused(lambda: order("N1", [(a, QUOTA + 1)], key="o", supersedes=second, reason="改"))
    assert over.code == "POSTING-BELOW-ZERO"
    assert left_fen(a, DAY) == 10_000
    assert refused(lambda: order("N1", [(a, 1)], key="twice")).code == "HUSHI-ORDER-EXISTS"
    assert all(found.equal for found in rebuild_threads())


@pytest.mark.law(5, 12)
def test_only_the_customs_of_the_order_annuls_it_and_the_quota_comes_back(port: Gate) -> None:
    (a,) = register(1)
    seq = order("N1", [(a, 300_000)]).seq
    thread = services.order_thread(GROUP, "N1")
    other = refused(lambda: port.annul(seq, "09:30", OFFICES["border"], thread))
    assert other.code == "HUSHI-ANNUL"
    port.annul(seq, "09:40", OFFICES["customs"], thread)
    assert left_fen(a, DAY) == QUOTA
    again = refused(lambda: port.annul(seq, "09:50", OFFICES["customs"], thread))
    assert again.code == "FILING-ANNULLED"
    assert all(found.equal for found in rebuild_threads())


@pytest.mark.law(6, 12)
def test_a_quota_is_opened_once_a_resident_and_day_by_the_system_alone_at_the_regulated_amount(
    port: Gate,
) -> None:
    (a,) = register(1)
    (draft,) = openings([a], ms("09:00"))
    file(draft, now_ms=ms("09:00"))
    assert file(replace(draft, said_at=ms("09:01")), now_ms=ms("09:01")).duplicate
    assert openings([a], ms("09:02")) == []
    assert left_fen(a, DAY) == QUOTA
    assert isinstance(draft.body, dict)

    def code(**changes: object) -> str:
        return refused(lambda: file(replace(draft, **changes), now_ms=ms("09:03"))).code

    assert code(key="another") == "HUSHI-KEY"
    assert code(filer=GROUP, mode="own") == "HUSHI-GRANTOR"
    assert code(key="x", filer=OFFICES["customs"], mode="own") == "HUSHI-GRANTOR"
    assert code(body={**draft.body, "quota": 900_000}) == "HUSHI-QUOTA"
    tomorrow = {**draft.body, "day": "2026-11-25"}
    assert code(body=tomorrow, key=quota_key(a, "2026-11-25")) == "HUSHI-DAY"
    stranger = "resident:" + "f" * 32
    unknown = {**draft.body, "resident": stranger}
    assert code(body=unknown, key=quota_key(stranger, DAY)) == "HUSHI-RESIDENT"
    assert left_fen(a, DAY) == QUOTA


def test_a_day_without_a_regulation_has_no_quota(port: Gate, monkeypatch) -> None:
    (a,) = register(1)
    monkeypatch.setattr(quotas, "quota_yuan", lambda day: None)
    assert refused(lambda: order("N1", [(a, 1)])).code == "HUSHI-REGULATION"


@pytest.mark.law(5)
def test_a_group_spends_no_quota_of_those_who_did_not_ask_it_to(port: Gate) -> None:
    (a,) = register(1)
    other = {"number": "N1", "port": PORT, "vehicle": "蒙B1", "lines": [line(a, 1)],
             "actor": "x", "key": "k", "now_ms": ms("09:00")}  # fmt: skip
    assert refused(lambda: services.order(group=FIRM, **other)).code == "HUSHI-MEMBER"
    stranger = "resident:" + "e" * 32
    assert refused(lambda: order("N2", [(stranger, 1)])).code == "HUSHI-RESIDENT"
    expired = services.register_resident(
        pass_number="OLD", name="旧", group=GROUP, port=PORT, valid=("2020-01-01", "2026-11-23"),
        filer=OFFICES["border"], actor="a", key="old", now_ms=ms("08:00"),
    )  # fmt: skip
    assert refused(lambda: order("N3", [(expired, 1)])).code == "HUSHI-PASS"
    assert refused(lambda: order("N4", [(a, 1)], day="2026-11-23")).code == "HUSHI-DAY"
    assert refused(lambda: services.register_resident(
        pass_number="X", name="x", group=GROUP, port=PORT, valid=("2026-01-01", "2027-01-01"),
        filer=GROUP, actor="a", key="self", now_ms=ms("08:00"),
    )).code == "HUSHI-REGISTRAR"  # fmt: skip


@pytest.mark.law(3)
def test_no_number_and_no_name_of_a_resident_stands_on_the_record_in_the_clear(port: Gate) -> None:
    residents = register(2)
    order("N1", [(resident, 1_000) for resident in residents])
    told = [row.body for row in read.rows("seq > %s", [0])]
    told += [repr(values).encode() for values in Posting.objects.values_list("account")]
    said = ThreadEntry.objects.values_list("thread", "detail")
    told += [repr(values).encode() for values in said]
    for number in passes(2):
        assert not any(number.encode() in text for text in told)
    assert not any("边民甲".encode() in text for text in told)


@pytest.mark.law(12)
def test_two_orders_in_one_batch_share_what_is_left_of_a_quota(port: Gate) -> None:
    (a,) = register(1)
    order("N0", [(a, 500_000)])
    from ortoo.kernel.filings.draft import Draft
    from ortoo.kernel.forms.record_filing import draft_record

    def ready(number: str) -> Draft:
        body = {"order": number, "status": "order", "day": DAY, "port": PORT,
                "customs": OFFICES["customs"], "lines": [line(a, 200_000)]}  # fmt: skip
        return draft_record(
            Draft("HUSHI-ORDER", GROUP, "a", number, body, ms("09:00")), now_ms=ms("09:00")
        )

    both = [ready("N1"), ready("N2")]
    assert refused(lambda: file_many(both, now_ms=ms("09:00"))).code == "POSTING-BELOW-ZERO"
    assert left_fen(a, DAY) == 300_000
    file(both[1], now_ms=ms("09:00"))
    assert left_fen(a, DAY) == 100_000
