"""Two weeks of a shop's till already imported, and the third as a file: run in a demonstration.

    python till_weeks.py ANSWER.json

In the demonstration of ORTOO_HOME the clerk who still owes this week's return imported the two
weeks before, as proposed to her. ANSWER says where the third week's file lies and what it holds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django

FORM, SUPPLEMENT, LEAGUE = "SCJC-W1", "SCJC-W1-S25", "152500"
ARTICLES = 8_000
STORY = "unfiled"
Rows = Sequence[Sequence[str]]
# What stood on the shelf for the first time, as a shop names it: one that is plain, two whose
# name or pack has to be looked at, one that only sounds like beef.
NEWCOMERS: Rows = (
    ("119001", "2900001190011", "新禾东北大米5kg", "袋", "粮油副食", "32.90", "6", "197.40", "40"),
    ("119002", "2900001190028", "草原红鸡蛋30枚", "板", "禽蛋", "16.80", "20", "336.00", "5"),
    ("119003", "2900001190035", "岱海老盐", "袋", "调味品", "2.50", "9", "22.50", "60"),
    ("119004", "2900001190042", "香辣牛肉拌饭酱210g", "瓶", "粮油副食", "9.90", "30", "297.00", ""),
)


def main(answer: Path) -> None:
    django.setup()
    from ortoo.kernel.filings.clock import now_ms
    from ortoo.kernel.forms.periods import parse
    from ortoo.site.operations import demonstration
    from ortoo.world import till_export

    cast = demonstration.cast()
    world, party = cast.region.world, cast.stories[STORY]
    firm = next(shop for shop in world.shops if shop.code == party)
    last = parse(demonstration.marker(Path(answer).parent)["period"]).start
    weeks = [last - dt.timedelta(days=7 * back) for back in (2, 1, 0)]
    exports = [till_export(world, firm, week, ARTICLES, maker="yinzong") for week in weeks]
    rows = [
        [*export.rows, *league_goods(world, party, week)]
        for export, week in zip(exports, weeks, strict=True)
    ]
    asked = [
        imported(party, week, said, now_ms()) for week, said in zip(weeks[:2], rows, strict=False)
    ]
    third = exports[2]
    path = answer.with_name(third.file_name)
    rows[2] += NEWCOMERS
    path.write_bytes(written(rows[2]))
    said = {
        "file": str(path),
        "rows": len(rows[2]) - 1,
        "asked": asked,
        "sums": {code: list(cell) for code, cell in third.sums.items()},
    }
    answer.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def league_goods(world: Any, party: str, week: dt.date) -> Iterator[tuple[str, ...]]:
    """The same shop's goods of the league's supplement, an article each, sold by weight."""
    from ortoo.kernel.forms.registry import get
    from ortoo.world import WorldItem, supplement_truth

    leaves = get(SUPPLEMENT).leaves
    items = [WorldItem(i.code, i.name["zh"], i.unit, i.stock_asked) for i in leaves]
    truth = supplement_truth(world, LEAGUE, week, items)
    seat = truth.firms.index(party)
    for at, item in enumerate(leaves):
        price, tenths, stock = (
            int(truth.of(code)[seat, at]) for code in ("price", "sales_qty", "stock")
        )
        name = item.name["zh"].split("、")[0]
        fen = (price * tenths + 5) // 10
        yield (f"30{item.code}", "", f"本地{name} kg", "kg", "民族特色", f"{price / 100:.2f}",
               f"{tenths / 10:.1f}", f"{fen / 100:.2f}", f"{stock / 10:.1f}")  # fmt: skip


def written(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("gb18030")


def imported(party: str, week: dt.date, rows: Rows, now_ms: int) -> int:
    """A week through the services, as proposed; how many rows somebody had to look at."""
    from ortoo.domains.market.till import selectors, services
    from ortoo.domains.market.till.memory import MEAN, Decision
    from ortoo.domains.market.till.whole import Whole
    from ortoo.domains.market.web.clerk_desk import desk_of
    from ortoo.domains.market.web.clerk_sheet import Part
    from ortoo.kernel.grants import selectors as grants
    from ortoo.kernel.grants.models import Account
    from ortoo.kernel.places.active import active_pack

    account = Account.objects.filter(party=party).order_by("login").first()
    scope = grants.load_scope(account, pack=active_pack(), on=grants.today(now_ms))
    desk, supplement = (
        desk_of(scope, form, f"W{week.isoformat()}", party) for form in (FORM, SUPPLEMENT)
    )
    whole, matter = Whole((Part("", desk), Part("x1_", supplement))), desk.matter

    def till() -> selectors.Till:
        return selectors.require_upload(selectors.till(scope, matter, whole.form, whole.filed))

    sent = services.Export("till.csv", written(rows))
    services.receive(scope=scope, matter=matter, export=sent, now_ms=now_ms)
    said = {"scope": scope, "matter": matter, "now_ms": now_ms}
    services.confirm_columns(till=till(), roles=till().layout.roles, **said)
    found = till()
    decisions = [
        Decision(one.article.sku, one.article.name, one.article.category, one.guesses[0].item,
                 one.pack.factor)
        for one in found.questions if one.pack
    ]  # fmt: skip
    services.decide(till=found, decisions=decisions, **said)
    prices = {item.code: MEAN for item in found.form.leaves}
    services.choose_prices(till=found, prices=prices, **said)
    return len(found.asked)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
