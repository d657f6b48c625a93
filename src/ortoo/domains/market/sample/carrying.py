"""What an approved change brings about in a period that already runs 期中补换.

Who joins gets a duty by a further opening ordered by the decision; who leaves is waived, citing
it. Both are looked up before they are filed, so carrying out twice files once.
"""

from __future__ import annotations

from dataclasses import dataclass

from ortoo.domains.market import opening, services
from ortoo.domains.market.sample.matters import Decision, Matter
from ortoo.domains.market.sample.rules import JOIN, LEAVE
from ortoo.kernel.filings import read
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.periods import due_at_ms
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack

LATE_HOURS = 24
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision did, or has still to do, to one firm in the running period.

    `done`: log index of the opening or waiver, None while it is outstanding; `kept`: what the firm
    had filed before, which stands.
    """

    party: str
    move: str
    done: int | None
    kept: int | None = None


def effects(matter: Matter) -> list[Effect]:
    """Each firm of an approved 期中补换 in its period; [] for changes from a later period."""
    if matter.approval is None or not matter.asks.midway:
        return []
    found = []
    for move in matter.asks.moves:
        state = _return(matter, move.party).state()
        if move.move == JOIN:
            found.append(Effect(move.party, JOIN, state.opened_seq))
        else:
            owes = state.opened_seq is not None
            done = state.waived_seq if owes else matter.approval.seq
            found.append(Effect(move.party, LEAVE, done, state.effective))
    return found


def outstanding(matter: Matter) -> bool:
    """Whether something of an approval has still to be carried out."""
    return any(one.done is None and one.kept is None for one in effects(matter))


def carry_out(*, scope: Scope, matter: Matter, now_ms: int) -> list[int]:
    """Open the period for who joins and waive who leaves; log indexes of what was filed now.

    Refused SAMPLE-NOT-APPROVED; nothing is filed twice.
    """
    approval = matter.approval
    if approval is None:
        raise Refused("SAMPLE-NOT-APPROVED", "这件推荐尚未核准。", "请先核准。", 409)
    scope.require("manage_lists", form=matter.asks.form, place=active_pack().root.code)
    todo = [one for one in effects(matter) if one.done is None and one.kept is None]
    filed: list[int] = []
    joining = tuple(one.party for one in todo if one.move == JOIN)
    if joining:
        filed.append(_open(matter, approval, joining, now_ms))
    for one in todo:
        if one.move == LEAVE:
            filed.append(_waive(scope, matter, approval, one.party, now_ms))
    if filed:
        catch_up()
    return filed


def _return(matter: Matter, party: str) -> services.Matter:
    return services.Matter(matter.asks.form, matter.asks.period, party)


def _open(matter: Matter, approval: Decision, joining: tuple[str, ...], now_ms: int) -> int:
    form = registry.get(matter.asks.form)
    due = due_at_ms(form, matter.asks.span, active_pack().head.time_zone)
    late = now_ms + LATE_HOURS * _HOUR_MS if due <= now_ms else None
    order = opening.Order(
        seq=approval.seq, parties=joining, due_at=late, label=f"sample-{approval.seq}"
    )
    return opening.open_period(
        form=form.code, period=matter.asks.period, now_ms=now_ms, order=order
    ).seq


def _waive(scope: Scope, matter: Matter, approval: Decision, party: str, now_ms: int) -> int:
    returned = _return(matter, party)
    offices = [place for place, _ in returned.state().offices]
    office = next((place for place in reversed(offices) if scope.may("review", place=place)), "")
    text = f"依据样本变动 {matter.case} 第 {approval.seq} 号核准，本期由替换企业报送。"
    if matter.asks.reason:
        text += f"理由：{matter.asks.reason}"
    return services.waive(scope=scope, matter=returned, office=office, text=text, now_ms=now_ms).seq


def filings_of(matter: Matter) -> list[read.FilingRow]:
    """The filings that the approval brought with it: lists, successions, openings, waivers."""
    if matter.approval is None:
        return []
    rows = read.rows("subject=%s AND form IN ('K-LIST', 'K-SUCCESSOR')", [matter.thread])
    seqs = [one.done for one in effects(matter) if one.done and one.done != matter.approval.seq]
    return sorted([*rows, *read.by_seqs(seqs).values()], key=lambda row: row.seq)
