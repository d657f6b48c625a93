"""`./ortoo import till|market`: a till's or a settlement's file into the draft of a return.

The same services as the page and the feed, under a named account's scope; the return is never
filed. Exit codes: 0 the draft was filled (or would be), 1 refused or a person has to say something
first, 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from ortoo.domains.market.till.memory import Decision
    from ortoo.domains.market.till.selectors import Till
    from ortoo.domains.market.till.services import Export
    from ortoo.domains.market.web.clerk_desk import Desk
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.grants.scope import Scope

NEEDED = {"firm": "--firm", "form": "--form", "period": "--period", "login": "--as"}
NOUNS = {"till": "收银导出", "market": "交易结算导出"}
MOST_PRINTED = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: `kind` till or market; with `confirm` the account says that the columns as read
    and the articles that leave nothing to look at are right."""

    kind: str
    path: Path
    firm: str
    form: str
    period: str
    login: str
    dry_run: bool = False
    confirm: bool = False


def run(arguments: argparse.Namespace) -> int:
    """Read the arguments, hand the file in, say what became of it."""
    lacks = [flag for name, flag in NEEDED.items() if not getattr(arguments, name)]
    if lacks:
        told = "、".join(lacks)
        print(f"导入{NOUNS[arguments.what]}须写明 {told}。 (missing {told})", file=sys.stderr)
        return 2
    path = Path(arguments.file)
    if not path.is_file():
        print(f"没有文件 {path}。 (no such file)", file=sys.stderr)
        return 2
    from ortoo.site.operations.inspection import _prepared

    _prepared()
    from ortoo.kernel.filings.refusal import Refused

    asked = Asked(
        arguments.what, path, arguments.firm, arguments.form, arguments.period, arguments.login,
        arguments.dry_run, arguments.confirm,
    )  # fmt: skip
    try:
        answer = hand_in(asked)
    except Refused as refused:
        _say_refused(refused, as_json=arguments.json)
        return 1
    if arguments.json:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines_of(answer)))
    return 0 if answer["filled"] or answer["would_fill"] else 1


def _say_refused(refused: Refused, *, as_json: bool) -> None:
    if as_json:
        said = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
        print(json.dumps({"refused": said, "filed": False}, ensure_ascii=False, indent=1))
    else:
        print(f"{refused.message}{refused.remedy}（{refused.code}）", file=sys.stderr)


def hand_in(asked: Asked) -> dict[str, Any]:
    """What became of the file, as data. Refused IMPORT-…, SCOPE-…, PERIOD-…, SHEET-…, TILL-…"""
    from ortoo.domains.market.till import services, telling
    from ortoo.domains.market.web.clerk_desk import desk_of
    from ortoo.kernel.grants.access import record

    scope = scope_of_login(asked.login)
    scope.require("file_return", form=asked.form, party=asked.firm)
    desk = desk_of(scope, asked.form, asked.period, asked.firm)
    desk.require_open()
    _require_kind(asked, desk)
    export = services.Export(asked.path.name, _content(asked.path))
    found = telling.tried(desk, export)
    _require_this_period(desk, found, export)
    if asked.confirm:
        found = _as_confirmed(found)
    kept = 0
    record(scope, f"import-{asked.kind}{'-tried' if asked.dry_run else ''}", desk.matter.thread, 0,
           now_ms=desk.now)  # fmt: skip
    if not asked.dry_run:
        found, kept = _filled(desk, export, found, confirm=asked.confirm)
    told = telling.told(desk, found)
    ready = found.understood and any(told["cells"].values())
    return {
        "kind": asked.kind,
        "firm": asked.firm,
        "dry_run": asked.dry_run,
        **told,
        "columns_missing": list(found.layout.missing),
        "certain": sum(1 for one in found.questions if one.certain),
        "filled": kept,
        "would_fill": bool(asked.dry_run and ready),
        "filed": False,
    }


def scope_of_login(login: str) -> Scope:
    """The scope of an account in use, without what a second factor would open.

    Refused IMPORT-ACCOUNT: whether it is unknown or closed is not told.
    """
    from ortoo.kernel.filings.clock import now_ms
    from ortoo.kernel.filings.refusal import Refused
    from ortoo.kernel.grants import selectors
    from ortoo.kernel.grants.models import Account
    from ortoo.kernel.places.active import active_pack

    account = Account.objects.filter(login=login, is_active=True).first()
    if account is None:
        raise Refused(
            "IMPORT-ACCOUNT", f"没有账号「{login[:40]}」，或已停用。", "请写企业统计员的账号。", 403
        )
    on = selectors.today(now_ms())
    return selectors.load_scope(account, pack=active_pack(), on=on, strong=False)


def _require_kind(asked: Asked, desk: Desk) -> None:
    """A till fills returns that ask sales, a settlement those that ask arrivals."""
    from ortoo.domains.market.till.parts import parts_of
    from ortoo.kernel.filings.refusal import Refused

    parts = parts_of(desk.form)
    fits = parts.is_market if asked.kind == "market" else bool(parts.price and parts.value)
    if not fits:
        raise Refused(
            "IMPORT-KIND",
            f"表式“{desk.form.title['zh']}”不能由{NOUNS[asked.kind]}填入。",
            "零售企业用 till，批发市场用 market。",
        )


def _content(path: Path) -> bytes:
    from ortoo.domains.market.till.services import LARGEST
    from ortoo.kernel.filings.refusal import Refused

    if path.stat().st_size > LARGEST:
        most = LARGEST >> 20
        raise Refused("SHEET-TOO-LARGE", f"文件超过 {most} MB。", "只导出本期日期和需要的列。", 413)
    return path.read_bytes()


def _require_this_period(desk: Desk, found: Till, export: Export) -> None:
    """Refused IMPORT-OTHER-PERIOD where the file filled another period's return already, or where
    every row of it lies outside this one: it would replace a good file by a wrong one."""
    from ortoo.domains.market.till.lines import FAULTS
    from ortoo.domains.market.till.selectors import used_in
    from ortoo.kernel.filings.refusal import Refused

    others = used_in(desk.scope, desk.matter, export.sha256)
    if others:
        raise Refused(
            "IMPORT-OTHER-PERIOD",
            f"这份文件已用于填报 {'、'.join(others)}，不是 {desk.matter.period} 的文件。",
            "请导出本期的文件。",
            409,
        )
    reading = found.reading
    if found.layout.missing or reading.lines:
        return
    why = "；".join(f"{FAULTS[code]} {count} 行" for code, count in reading.left_out.most_common(3))
    code = "IMPORT-OTHER-PERIOD" if "TILL-OUTSIDE" in reading.left_out else "IMPORT-NO-LINES"
    raise Refused(
        code,
        f"文件的 {reading.rows} 行都不计入{desk.period.label_zh}：{why or '没有数据行'}。",
        "请核对导出的日期和列后再导入；原有的导入没有改动。",
        409,
    )


def _certain(found: Till) -> list[Decision]:
    """Articles whose name and pack leave nothing to look at, as what they are taken for."""
    from ortoo.domains.market.till.memory import Decision

    return [
        Decision(
            one.article.sku, one.article.name, one.article.category, one.guesses[0].item,
            one.pack.factor if one.pack else Fraction(1),
        )
        for one in found.questions
        if one.certain
    ]  # fmt: skip


def _as_confirmed(found: Till) -> Till:
    """The import as it would stand once columns and certain articles are confirmed."""
    memory, layout = found.memory, found.layout
    if layout.missing:
        return found
    said = {one.sku: one for one in _certain(found)}
    told = replace(
        memory,
        layouts={**memory.layouts, layout.signature: dict(layout.roles)},
        articles={**memory.articles, **said},
    )
    return replace(found, memory=told)


def _filled(desk: Desk, export: Export, tried: Till, *, confirm: bool) -> tuple[Till, int]:
    """Keep the file, file what was confirmed, fill the draft; (the import, cells filled)."""
    from ortoo.domains.market.till import filling, selectors, services, whole

    given: dict[str, Any] = {"scope": desk.scope, "matter": desk.matter, "now_ms": desk.now}
    services.receive(export=export, **given)
    found = selectors.require_upload(whole.opened(desk))
    if confirm and not found.layout.missing:
        if not found.understood:
            services.confirm_columns(till=found, roles=found.layout.roles, **given)
            found = selectors.require_upload(whole.opened(desk))
        services.decide(till=found, decisions=_certain(found), **given)
        found = selectors.require_upload(whole.opened(desk))
    rows = filling.rows_of(desk, found) if found.understood else []
    if not any(cell.text for row in rows for cell in row.cells):
        return found, 0
    return found, len(filling.fill(desk, found).cells)


def lines_of(answer: dict[str, Any]) -> list[str]:
    """The answer in words."""
    said = [f"{answer['form']} {answer['period']}：读入 {answer['rows']:,} 行。"]
    said += [f"  列：{title}＝{role}" for role, title in answer["columns"].items()]
    for one in answer["left_out"]:
        rows = "、".join(map(str, one["examples"]))
        said.append(
            f"  未计入 {one['rows']:,} 行：{one['reason']}（第 {rows} 行起，{one['code']}）"
        )
    hand = answer["by_hand"]
    said += [f"  须手工：{one['item']} {one['reason']}" for one in hand[:MOST_PRINTED]]
    if len(hand) > MOST_PRINTED:
        said.append(f"  另有 {len(hand) - MOST_PRINTED} 格须手工。")
    return [*said, *_outcome(answer)]


def _outcome(answer: dict[str, Any]) -> list[str]:
    said = []
    if answer["columns_missing"]:
        lacks = "、".join(answer["columns_missing"])
        said.append(f"没有认出的列：{lacks}。请在导入页面指定，以后同样的表头不再问。")
    elif not answer["columns_confirmed"]:
        said.append("列还没有人确认：请在导入页面确认，或核对上面各列后加 --confirm。")
    asked = answer["to_ask"]
    if asked:
        names = "、".join(str(one["name"]) for one in asked[:5])
        said.append(
            f"{len(asked)} 种商品待确认（{names}…），其中 {answer['certain']} 种名称和规格都认得。"
        )
    cells = sum(len(one) for one in answer["cells"].values())
    if answer["dry_run"]:
        said.append(f"试读：可填 {cells} 格，什么也没有保存。")
    elif answer["filled"]:
        said.append(f"已填入草稿 {answer['filled']} 格，没有报送；请统计员核对后报送。")
    else:
        said.append("文件已收下，没有填入。")
    return said
