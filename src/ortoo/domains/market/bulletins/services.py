"""Writes of bulletins 公报: draft, edit, undo, sign, send back, publish, withdraw, correct.

The words and every number are filed as they are printed. What leaves the chain is only what was
issued: publishing computes the numbers once more from the issued figures and refuses where one
differs from what was signed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ortoo.domains.market.bulletins import filed, gathering, records, wording
from ortoo.domains.market.bulletins.composing import Composed, compose
from ortoo.domains.market.bulletins.filed import DECIDE, FORM, WITHDRAW, Cause, Heading
from ortoo.domains.market.bulletins.gathering import ISSUED, LIVE
from ortoo.domains.market.bulletins.lengths import BRIEF, WECHAT, Person
from ortoo.domains.market.bulletins.offices import (
    holders,
    office_name,
    require_office,
    title_of,
)
from ortoo.domains.market.bulletins.records import PUBLISH, SIGN, Bulletin
from ortoo.domains.market.bulletins.sections import RETAIL
from ortoo.domains.market.bulletins.text import Words
from ortoo.domains.market.parameters import civil_day
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.periods import Period
from ortoo.kernel.forms.record_filing import file_record
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

__all__ = [
    "Written", "composed", "correct", "draft", "edit", "publish", "send_back", "sign", "undo",
    "withdraw",
]  # fmt: skip
_FIGURE = re.compile(r"[0-9０-９%％]")
PASS, BACK = "pass", "back"


@dataclass(frozen=True, slots=True)
class Written:
    """What a person writes: causes by section code, the outlook in words only."""

    causes: Mapping[str, str] = field(default_factory=dict)
    outlook: str = ""

    def cleaned(self) -> Written:
        """Without blanks. Refused BULLETIN-OUTLOOK-NUMBER: forecasts leave the chain in words."""
        causes = {code: text.strip()[:500] for code, text in self.causes.items() if text.strip()}
        outlook = self.outlook.strip()[:300]
        if _FIGURE.search(outlook):
            raise Refused(
                "BULLETIN-OUTLOOK-NUMBER",
                "后市判断里有数字。",
                "对外只写文字判断，例如「预计小幅波动」，请删去数字和百分号。",
                422,
            )
        return Written(causes, outlook)


def words_of(place: str, period: Period) -> Words:
    """What the text calls its place and week."""
    return Words(active_pack()[place].zh, period.span_zh, wording.scale_on(period.end))


def composed(scope: Scope, place: str, period: str, basis: str, written: Written) -> Composed:
    """The bulletin as it would read now. Refused BULLETIN-…, SCOPE-…, BULLETIN-EMPTY."""
    found = gathering.gather(scope, place, period, basis)
    span = gathering.period_of(period)
    most = {
        BRIEF: wording.length_on("BULLETIN-BRIEF", span.end),
        WECHAT: wording.length_on("BULLETIN-WECHAT", span.end),
    }
    person = Person(dict(written.causes), written.outlook)
    made = compose(found, words_of(place, span), title_of(place), person, most)
    if not made.sections:
        raise Refused(
            "BULLETIN-EMPTY",
            "这一周没有可写入公报的数。",
            "请等待审核通过或发布，或选择另一周。",
            409,
        )
    return made


def basis_of(period: str) -> str:
    """已发布口径 where the week was issued, else 未发布口径."""
    return ISSUED if gathering.is_issued(period) else LIVE


def draft(
    *,
    scope: Scope,
    place: str,
    period: str,
    written: Written,
    now_ms: int,
    said_at: int | None = None,
) -> Receipt:
    """起草: the first draft of a place's week. Refused BULLETIN-OPEN where one is in hand,
    BULLETIN-OUT where one is published: that one is corrected. `said_at`: of history filed later.
    """
    _require_drafter(scope, place)
    known = records.bulletins(scope, place=place, period=period)
    if any(one.is_open for one in known):
        raise Refused("BULLETIN-OPEN", "这一周已有草稿在办。", "请打开草稿继续编辑。", 409)
    if any(one.stage == records.PUBLISHED for one in known):
        raise Refused("BULLETIN-OUT", "这一周的公报已发布。", "请在已发布的公报上更正。", 409)
    head = _heading(place, known)
    return _file(scope, (place, period), written, head, _Following(now_ms, said_at))


def correct(
    *, scope: Scope, bulletin: Bulletin, why: str, written: Written, now_ms: int
) -> Receipt:
    """更正: a further bulletin that names the published one and says why; the earlier stays.

    Refused BULLETIN-WHY, BULLETIN-NOT-OUT, BULLETIN-CORRECTED, BULLETIN-OPEN.
    """
    _require_drafter(scope, bulletin.place)
    if bulletin.stage != records.PUBLISHED:
        raise Refused("BULLETIN-NOT-OUT", "这份公报还没有发布。", "请直接编辑草稿。", 409)
    if not why.strip():
        raise Refused("BULLETIN-WHY", "更正没有写明原因。", "请写明哪里有误、为什么更正。", 422)
    known = records.bulletins(scope, place=bulletin.place, period=bulletin.period)
    if any(one.is_open for one in known):
        raise Refused("BULLETIN-OPEN", "这一周已有草稿在办。", "请打开草稿继续编辑。", 409)
    if bulletin.corrected_by is not None:
        raise Refused("BULLETIN-CORRECTED", "这份公报已更正过。", "请在更正后的公报上更正。", 409)
    head = replace(_heading(bulletin.place, known), corrects=bulletin.seq, why=why.strip()[:500])
    where = bulletin.place, bulletin.period
    return _file(scope, where, written, head, _Following(now_ms))


def edit(*, scope: Scope, bulletin: Bulletin, base: int, written: Written, now_ms: int) -> Receipt:
    """A new draft in place of `base`, the one that the page showed; figures are computed anew.

    Refused BULLETIN-STALE where somebody has saved meanwhile, BULLETIN-SIGNED once it is signed.
    """
    _require_drafter(scope, bulletin.place)
    _require_unsigned(bulletin)
    if base != bulletin.seq:
        raise Refused(
            "BULLETIN-STALE",
            f"这份草稿已由他人改为第 {bulletin.seq} 号，您的修改没有保存。",
            "您写的内容保留在页面上；请对照现在的草稿合并后再保存。",
            409,
        )
    text = bulletin.text
    head = Heading(bulletin.number, text.office, read.tail(), text.corrects, text.why)
    follows = _Following(now_ms, supersedes=bulletin.seq, reason="修改草稿")
    return _file(scope, (bulletin.place, bulletin.period), written, head, follows, text.causes)


def undo(*, scope: Scope, bulletin: Bulletin, base: int, now_ms: int) -> Receipt:
    """撤销上一次修改: what a person wrote is as in the draft before; that too is a new draft."""
    if len(bulletin.drafts) < 2:
        raise Refused("BULLETIN-NO-UNDO", "草稿没有修改过。", "如不再编发，请撤回草稿。", 409)
    rows = read.by_seqs(bulletin.drafts)
    before = filed.text_of(_body(rows[bulletin.drafts[-2]]))
    written = Written({one.section: one.text for one in before.causes}, before.outlook)
    return edit(scope=scope, bulletin=bulletin, base=base, written=written, now_ms=now_ms)


def sign(
    *, scope: Scope, bulletin: Bulletin, target: int, now_ms: int, said_at: int | None = None
) -> Receipt:
    """签发 the draft `target`. Refused BULLETIN-SAME-PERSON: another person signs where the office
    has one; BULLETIN-STALE where the draft has changed."""
    _require_step(scope, bulletin, SIGN, target)
    others = holders(bulletin.place, civil_day(now_ms)) - {scope.login}
    own = bulletin.actor == scope.actor
    if own and others:
        raise Refused(
            "BULLETIN-SAME-PERSON",
            "起草人不能签发自己的稿子。",
            "请由本机关另一位有发布权的同志签发。",
            403,
        )
    return _decide(scope, bulletin, (SIGN, PASS, ""), _Following(now_ms, said_at), alone=own)


def publish(
    *, scope: Scope, bulletin: Bulletin, target: int, now_ms: int, said_at: int | None = None
) -> Receipt:
    """发布 what was signed. Refused BULLETIN-NOT-ISSUED before the week's figures are issued,
    BULLETIN-NUMBERS-MOVED where a signed number is not the issued one."""
    _require_step(scope, bulletin, PUBLISH, target)
    if bulletin.decision(SIGN) is None:
        raise Refused("BULLETIN-UNSIGNED", "现行草稿没有签发。", "请先签发。", 409)
    if not gathering.is_issued(bulletin.period):
        raise Refused(
            "BULLETIN-NOT-ISSUED",
            "这一周的汇总数还没有发布，公报不能发布。",
            "请等待数据发布；发布后如数字有变，退回重新起草。",
            409,
        )
    moved = moved_numbers(scope, bulletin)
    if moved:
        raise Refused(
            "BULLETIN-NUMBERS-MOVED",
            f"有 {len(moved)} 个数与已发布的数不同：{'；'.join(moved[:3])}。",
            "请退回这份稿子，按已发布口径重新起草、签发。",
            409,
            details=[*moved],
        )
    return _decide(scope, bulletin, (PUBLISH, PASS, ""), _Following(now_ms, said_at), alone=False)


def send_back(
    *, scope: Scope, bulletin: Bulletin, target: int, reason: str, now_ms: int
) -> Receipt:
    """退回: the draft ends here, with the reason; another is drafted. Refused REASON-NEEDED."""
    step = SIGN if bulletin.stage == SIGN else PUBLISH
    _require_step(scope, bulletin, step, target)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "退回没有写明理由。", "请写明需要改什么。", 422)
    said = step, BACK, reason.strip()[:500]
    return _decide(scope, bulletin, said, _Following(now_ms), alone=False)


def withdraw(*, scope: Scope, bulletin: Bulletin, reason: str, now_ms: int) -> Receipt:
    """撤回 a draft before it is signed."""
    _require_drafter(scope, bulletin.place)
    _require_unsigned(bulletin)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "撤回没有写明理由。", "请填写理由。", 422)
    body = {"number": bulletin.number, "reason": reason.strip()[:500]}
    return _filed(scope, WITHDRAW, bulletin, body, _Following(now_ms))


def moved_numbers(scope: Scope, bulletin: Bulletin) -> list[str]:
    """Printed numbers that are not those of the issued figures, in words."""
    text = bulletin.text
    written = Written({one.section: one.text for one in text.causes}, text.outlook)
    now = composed(scope, bulletin.place, bulletin.period, ISSUED, written)
    standing = {one.key: one.text for one in now.numbers()}
    names = {row.cells[c].key: row.name for row in text.rows for c in row.cells if row.cells[c]}  # type: ignore[union-attr]
    return [
        f"{names.get(key, '正文')}{one.text}，已发布为{standing.get(key, '不公布')}"
        for key, one in text.numbers.items()
        if standing.get(key) != one.text
    ]


@dataclass(frozen=True, slots=True)
class _Following:
    """When, and what it follows: `said_at` of history filed later, `supersedes` with a reason."""

    now_ms: int
    said_at: int | None = None
    supersedes: int | None = None
    reason: str = ""


def _heading(place: str, known: list[Bulletin]) -> Heading:
    number = max((one.number for one in known), default=0) + 1
    return Heading(number, office_name(place), read.tail())


def _file(
    scope: Scope,
    where: tuple[str, str],
    written: Written,
    head: Heading,
    follows: _Following,
    before: tuple[Cause, ...] = (),
) -> Receipt:
    place, period = where
    words = written.cleaned()
    basis = basis_of(period)
    made = composed(scope, place, period, basis, words)
    kept = {(one.section, one.text): one.by for one in before}
    causes = [
        Cause(code, text, kept.get((code, text), scope.actor))
        for code, text in sorted(words.causes.items())
    ]
    body = filed.body_of(made, head, basis, words.outlook, causes)
    return _record(scope, FORM, where, body, follows)


def _decide(
    scope: Scope,
    bulletin: Bulletin,
    said: tuple[str, str, str],
    follows: _Following,
    *,
    alone: bool,
) -> Receipt:
    step, outcome, reason = said
    body: dict[str, object] = {
        "number": bulletin.number, "target": bulletin.seq, "step": step, "outcome": outcome,
        "alone": alone,
    }  # fmt: skip
    if reason:
        body["reason"] = reason
    return _filed(scope, DECIDE, bulletin, body, follows)


def _filed(
    scope: Scope, form: str, bulletin: Bulletin, body: dict[str, object], follows: _Following
) -> Receipt:
    return _record(scope, form, (bulletin.place, bulletin.period), body, follows)


def _record(
    scope: Scope,
    form: str,
    where: tuple[str, str],
    body: dict[str, object],
    follows: _Following,
) -> Receipt:
    place, period = where
    told = repr((form, where, follows.supersedes, sorted(body.items(), key=lambda pair: pair[0])))
    said_at = follows.now_ms if follows.said_at is None else follows.said_at
    made = Draft(
        form=form,
        filer=scope.party,
        actor=scope.actor,
        key=hashlib.sha256(told.encode()).hexdigest()[:48],
        body=body,
        said_at=said_at,
        period=period,
        subject=scope.party,
        place=place,
        supersedes=follows.supersedes,
        reason=follows.reason,
        mode="own" if follows.said_at is None else "import",
    )
    receipt = file_record(made, now_ms=follows.now_ms)
    catch_up()
    return receipt


def _body(row: read.FilingRow) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(row.body)
    return found


def _require_drafter(scope: Scope, place: str) -> None:
    """Only the place's own office drafts its bulletin."""
    scope.require("review", form=RETAIL, place=place)
    require_office(scope, place)


def _require_unsigned(bulletin: Bulletin) -> None:
    if bulletin.stage != SIGN:
        raise Refused(
            "BULLETIN-SIGNED",
            f"这份稿子{records.STAGE_ZH[bulletin.stage]}，不能再改。",
            "需要改的请退回后另起一稿；已发布的请更正。",
            409,
        )


def _require_step(scope: Scope, bulletin: Bulletin, step: str, target: int) -> None:
    scope.require("publish", form=RETAIL, place=bulletin.place)
    require_office(scope, bulletin.place)
    if bulletin.stage != step:
        said = records.STAGE_ZH[bulletin.stage]
        raise Refused("BULLETIN-STAGE", f"这份公报{said}，不在这个环节。", "请刷新页面。", 409)
    if target != bulletin.seq:
        raise Refused(
            "BULLETIN-STALE", f"草稿已改为第 {bulletin.seq} 号。", "请看过现在的稿子再办。", 409
        )
