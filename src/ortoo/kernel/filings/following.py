"""Law 5: how one filing may follow another, and under what another may speak for a party."""

from __future__ import annotations

from collections.abc import Collection

from ortoo.kernel.filings.behaviour import Behaviour, behaviour_of
from ortoo.kernel.filings.draft import Draft
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.store import Reads, Target
from ortoo.kernel.grants.authority import judge_of
from ortoo.kernel.threads.procedure import procedure_of

SYSTEM = "SYSTEM"


def targets(draft: Draft) -> tuple[int | None, ...]:
    """The filings a draft follows."""
    return draft.supersedes, draft.annuls, draft.corrects


def admit_superseding(
    draft: Draft, behaviour: Behaviour, thread: str, reads: Reads, superseded: Collection[int]
) -> None:
    """Only the same party or its successor, on the filing in force, with a reason."""
    seq = draft.supersedes or 0
    target = reads.targets.get(seq)
    if target is None or (target.form, target.thread) != (draft.form, thread):
        raise Refused(
            "SUPERSEDES-UNKNOWN",
            f"第 {seq} 号不是 {draft.form} 的报件。",
            "请在原报件页面选择更正。",
        )
    if draft.filer not in (target.filer, target.successor):
        raise Refused(
            "SUPERSEDES-OTHER-PARTY",
            "只有原报送单位（或其登记的承继单位）可以更正自己的报件。",
            "审核人员请使用“发核实”或“退回”。",
            403,
        )
    if not getattr(behaviour, "supersedable", True):
        raise Refused(
            "SUPERSEDES-CAPTURE",
            f"{draft.form} 的报件不能整件更正。",
            "请用更正件指明其中有误的那一条，并说明原因。",
        )
    _refuse_annulled(target)
    taken = target.superseded_by is not None or seq in superseded
    if taken and procedure_of(thread) is None:
        by = f"第 {target.superseded_by} 号" if target.superseded_by else "同批另一份报件"
        raise Refused(
            "FILING-STALE",
            f"第 {seq} 号已被{by}更正。",
            "请刷新后在现行报件上更正。",
            409,
        )
    if not draft.reason.strip():
        raise Refused("REASON-NEEDED", "更正必须写明原因。", "请填写更正原因后再报送。")


def _refuse_annulled(target: Target) -> None:
    if target.annulled_by is not None:
        raise Refused(
            "FILING-ANNULLED",
            f"第 {target.seq} 号已被第 {target.annulled_by} 号撤销。",
            "撤销后的事项请重新报送。",
            409,
        )


def _known(seq: int, draft: Draft, reads: Reads) -> Target:
    target = reads.targets.get(seq)
    if target is None:
        raise Refused("TARGET-UNKNOWN", f"第 {seq} 号报件不存在。", "请核对报件号。")
    if not draft.reason.strip():
        raise Refused("REASON-NEEDED", "撤销或更正他件必须写明依据。", "请填写依据后再报送。")
    return target


def admit_annulling(draft: Draft, threads: Collection[str], reads: Reads) -> None:
    """An authority the target's form names, with its legal basis, on the target's own thread."""
    target = _known(draft.annuls or 0, draft, reads)
    named = getattr(behaviour_of(target.form, target.version), "annulment", None)
    if named is None or draft.form not in named.forms:
        raise Refused(
            "ANNUL-FORM",
            f"表式 {target.form} 没有规定可由 {draft.form} 撤销。",
            "请按该表式规定的办法处理。",
            403,
        )
    kind = "system" if draft.filer == SYSTEM else reads.kinds.get(draft.filer)
    if kind not in named.kinds:
        raise Refused(
            "ANNUL-AUTHORITY",
            f"只有{'、'.join(sorted(named.kinds))}类单位可以撤销 {target.form} 的报件。",
            "请由有权机关撤销，并写明法律依据。",
            403,
        )
    _refuse_annulled(target)
    if target.thread not in threads:
        raise Refused(
            "ANNUL-THREAD", f"撤销件没有记入第 {target.seq} 号所在的案卷。", "请在该案卷页面办理。"
        )


def admit_correcting(draft: Draft, reads: Reads) -> None:
    """A line inside another filing, by its own party or successor, where its form provides it."""
    target = _known(draft.corrects or 0, draft, reads)
    behaviour = behaviour_of(target.form, target.version)
    if draft.form not in getattr(behaviour, "corrected_by", ()):
        raise Refused(
            "CORRECTS-FORM",
            f"表式 {target.form} 没有规定可由 {draft.form} 更正其中一条。",
            "请按该表式规定的办法更正。",
        )
    if draft.filer not in (target.filer, target.successor):
        raise Refused(
            "CORRECTS-OTHER-PARTY",
            "只有原报送单位（或其登记的承继单位）可以更正自己的报件。",
            "请联系原报送单位。",
            403,
        )
    _refuse_annulled(target)


def admit_authority(draft: Draft, reads: Reads) -> None:
    """Who speaks for another says under which filing, and that filing must cover it."""
    if draft.under is None:
        return
    authority = reads.authorities.get(draft.under)
    judge = judge_of(draft.mode, authority.form) if authority else None
    if authority is None or judge is None:
        raise Refused(
            "UNDER-UNKNOWN",
            f"第 {draft.under} 号不是可据以代为报送的授权或编号。",
            "请核对委托、停机编号或签发的办法。",
            403,
        )
    if authority.ended_by is not None:
        raise Refused(
            "UNDER-ENDED",
            f"所依据的第 {authority.seq} 号已由第 {authority.ended_by} 号终止。",
            "请取得新的授权。",
            403,
        )
    refusal = judge(authority, draft)
    if refusal is not None:
        raise refusal
