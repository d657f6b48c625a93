"""代录: an office keys a return in for a firm that cannot, on evidence, and the firm confirms it.

The filing is the firm's (`filer`) and names who keyed it (`actor`), in mode `assisted`, which shows
for ever. The evidence 凭据 is filed with it in one transaction; its first file is the return's own
original, so that the return's digest covers it. The firm confirms by its log-in or by a one-time
code that the office reads out to it by telephone; until then it shows as 未确认. A code is weaker
than a log-in, for who gives it out knows it too: the confirmation says for ever that it was by
code.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F

from ortoo.domains.market.assisted_models import ConfirmCode, HeldPaper
from ortoo.domains.market.filing_returns import ReturnToFile, Spoken, return_draft
from ortoo.domains.market.papers import MOST, cleaned
from ortoo.domains.market.selectors import my_offices
from ortoo.domains.market.services import Matter
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Original, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms.record_filing import draft_record
from ortoo.kernel.grants.scope import Scope

PAPER, CODE = "MON-PAPER", "MON-CODE"
CODE_DIGITS, CODE_HOURS, CODE_TRIES = 8, 24, 5
HELD_DAYS = 7
LONGEST_NOTE = 500
_HOUR_MS = 3_600_000
_WRONG = (
    "CONFIRM-CODE",
    "回执号或确认码不对，或确认码已过期、已用过。",
    "请核对后重输，或请旗县商务主管部门重新发码。",
)


@dataclass(frozen=True, slots=True)
class AssistedReturn:
    """A return keyed in by `office`; `note` is the record of a call, or what the paper is."""

    new: ReturnToFile
    office: str
    note: str = ""


def require_office(scope: Scope, matter: Matter, office: str) -> None:
    """Raise unless the scope keys in returns for the firms that this office reviews."""
    scope.require("file_assisted", form=matter.form, place=office)
    if office not in my_offices(scope):
        raise Refused(
            "NOT-YOUR-OFFICE",
            "代录由企业的审核机关自己办理。",
            "请联系该机关，或由企业自己报送。",
            403,
        )
    state = matter.state()
    if office not in {place for place, _ in state.offices}:
        raise Refused(
            "NOT-YOUR-RESPONDENT", "该企业不由本级审核。", "请核对报送关系。", 403
        )
    scope.require("file_assisted", form=matter.form, place=state.place)


def hold_paper(*, scope: Scope, matter: Matter, office: str, content: bytes, now_ms: int) -> int:
    """Keep a photograph or PDF until the return is filed; its metadata is cut out first."""
    require_office(scope, matter, office)
    HeldPaper.objects.filter(at__lt=now_ms - HELD_DAYS * 24 * _HOUR_MS).delete()
    number = papers_held(matter, office).count() + 1
    if number > MOST:
        raise Refused("PAPER-MANY", f"凭据最多 {MOST} 份。", "请先移除一份，或拼成一张。")
    found = cleaned(content, number)
    kept = HeldPaper.objects.create(
        form=matter.form, period=matter.period, party=matter.party, office=office,
        media_type=found.media_type, name=found.name, content=found.content,
        at=now_ms, by=scope.actor,
    )  # fmt: skip
    return int(kept.pk)


def drop_paper(*, scope: Scope, matter: Matter, office: str, number: int) -> None:
    """Remove evidence that was held and not filed."""
    require_office(scope, matter, office)
    papers_held(matter, office).filter(pk=number).delete()


def papers_held(matter: Matter, office: str):  # type: ignore[no-untyped-def]
    """Query of the evidence that waits for the return to be filed, oldest first."""
    return HeldPaper.objects.filter(
        form=matter.form, period=matter.period, party=matter.party, office=office
    ).order_by("pk")


def file_assisted(*, scope: Scope, said: AssistedReturn, now_ms: int) -> Receipt:
    """代录 one return with its evidence. Raises Refused ASSIST-EVIDENCE, RETURN-ISSUES, SCOPE-…"""
    new, matter = said.new, said.new.matter
    require_office(scope, matter, said.office)
    files = [
        Original(bytes(held.content), held.media_type, held.name)
        for held in papers_held(matter, said.office)
    ]
    note = said.note.strip()[:LONGEST_NOTE]
    if not files and len(note) < 4:
        raise Refused(
            "ASSIST-EVIDENCE",
            "代录须附凭据：纸表照片、扫描件，或来电登记（时间、来电人身份、内容）。",
            "请先上传照片，或在来电登记中写明何时、何人来电。",
        )
    reason = new.reason or f"代录：{note or f'凭纸表照片或扫描件 {len(files)} 份'}"
    told = ReturnToFile(
        matter, new.grid, new.key, new.supersedes, reason[:LONGEST_NOTE], new.version
    )
    spoken = Spoken(now_ms, "assisted", files[0] if files else None)
    drafts = [
        return_draft(scope, told, spoken, now_ms=now_ms),
        _paper(scope, told, files, note, now_ms),
    ]
    receipts = file_many(drafts, now_ms=now_ms)
    papers_held(matter, said.office).delete()
    catch_up()
    return receipts[0]


def _paper(
    scope: Scope, new: ReturnToFile, files: Sequence[Original], note: str, now_ms: int
) -> Draft:
    matter = new.matter
    how = "phone" if not files else "photo"
    if files and all(file.media_type == "application/pdf" for file in files):
        how = "document"
    body = {"form": matter.form, "period": matter.period, "firm": matter.party, "how": how}
    return draft_record(
        Draft(
            form=PAPER,
            filer=scope.party,
            actor=scope.actor,
            key=_key("paper", new.key),
            said_at=now_ms,
            period=matter.period,
            subject=matter.thread,
            place=matter.state().place,
            body={**body, **({"note": note} if note else {})},
        ),
        files={"files": list(dict.fromkeys(files))} if files else None,
        now_ms=now_ms,
    )


def issue_code(*, scope: Scope, seq: int, office: str, now_ms: int) -> str:
    """Give out a one-time code for confirming return `seq`: shown once, to be read out by phone.

    Eight digits, a day, five wrong tries; a new code ends the older ones. The issue is filed.
    """
    filing = read.get(seq)
    if filing is None:
        raise Refused("CONFIRM-CLOSED", "没有这份代录。", "请从审核页进入。", 404)
    matter = Matter(filing.form, filing.period, filing.subject)
    require_office(scope, matter, office)
    _require_waiting(matter, seq)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    expires_at = now_ms + CODE_HOURS * _HOUR_MS
    draft = Draft(
        form=CODE,
        filer=scope.party,
        actor=scope.actor,
        key=_key("confirm-code", str(seq), secrets.token_hex(12)),
        said_at=now_ms,
        period=matter.period,
        subject=matter.thread,
        place=filing.place,
        body={
            "form": matter.form,
            "period": matter.period,
            "firm": matter.party,
            "target": seq,
            "expires_at": expires_at,
        },
    )
    receipt = file(draft_record(draft, now_ms=now_ms), now_ms=now_ms)
    ConfirmCode.objects.filter(target=seq, used_at=None).update(used_at=now_ms)
    ConfirmCode.objects.create(
        target=seq, code_hash=make_password(code), issued_seq=receipt.seq,
        issued_at=now_ms, expires_at=expires_at,
    )  # fmt: skip
    return code


def check_code(*, number: str, code: str, now_ms: int) -> read.FilingRow:
    """The assisted return that a receipt number and its code open. Raises CONFIRM-CODE.

    One answer for every fault, so that the answer tells nobody which receipts there are.
    """
    head, _, tail = number.strip().partition("-")
    filing = read.get(int(head)) if head.isascii() and head.isdigit() and len(head) < 16 else None
    if filing is None or filing.number != number.strip().upper() or not tail:
        raise Refused(*_WRONG, 403)
    live = ConfirmCode.objects.filter(
        target=filing.seq, used_at=None, expires_at__gt=now_ms, tries__lt=CODE_TRIES
    )
    kept = live.order_by("-pk").first()
    # Counted before the hash is looked at: tries at the same moment are all counted.
    if kept is None or not live.filter(pk=kept.pk).update(tries=F("tries") + 1):
        raise Refused(*_WRONG, 403)
    if not check_password(code.strip(), kept.code_hash):
        raise Refused(*_WRONG, 403)
    ConfirmCode.objects.filter(pk=kept.pk).update(tries=F("tries") - 1)
    return filing


def confirm_by_code(*, number: str, code: str, now_ms: int) -> Receipt:
    """确认代录 by the firm with a code instead of its log-in; filed, and the code is used up."""
    filing = check_code(number=number, code=code, now_ms=now_ms)
    matter = Matter(filing.form, filing.period, filing.subject)
    _require_waiting(matter, filing.seq)
    kept = ConfirmCode.objects.filter(target=filing.seq, used_at=None).order_by("-pk").first()
    if kept is None or not ConfirmCode.objects.filter(pk=kept.pk, used_at=None).update(
        used_at=now_ms
    ):
        raise Refused(*_WRONG, 403)
    receipt = file(
        Draft(
            form="K-CONFIRM",
            filer=matter.party,
            actor=f"code:{kept.issued_seq}",
            key=_key("confirm", matter.thread, str(filing.seq)),
            said_at=now_ms,
            period=matter.period,
            subject=matter.party,
            body={
                "form": matter.form,
                "period": matter.period,
                "party": matter.party,
                "target": filing.seq,
                "text": f"凭一次性确认码确认（发码登记第 {kept.issued_seq} 号）",
            },
        ),
        now_ms=now_ms,
    )
    catch_up()
    return receipt


def _require_waiting(matter: Matter, seq: int) -> None:
    waiting = matter.state().unconfirmed
    if waiting is None or waiting.target != seq:
        raise Refused("CONFIRM-CLOSED", "这份代录已确认或已更正。", "请刷新页面。", 409)


def evidence_of(filing: read.FilingRow) -> tuple[read.FilingRow, tuple[bytes, ...]] | None:
    """The evidence record filed with an assisted return, and the addresses of its files."""
    if filing.mode != "assisted":
        return None
    found = read.rows("key=%s", [_key("paper", filing.key)])
    if not found:
        return None
    names = json.loads(found[0].body).get("files", [])
    return found[0], tuple(bytes.fromhex(name) for name in names)


def _key(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:48]
