"""报送回执: the receipt to print, its proof, what came after; and its public verification."""

from __future__ import annotations

import io
import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ortoo.domains.market import selectors, services
from ortoo.domains.market.services import Matter
from ortoo.domains.market.web import clerk_words as words
from ortoo.domains.market.web.assisted_evidence import evidence
from ortoo.domains.market.web.clerk_desk import who
from ortoo.domains.market.web.clerk_queries import office_name
from ortoo.kernel.filings import read
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.periods import parse
from ortoo.kernel.grants import access
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.seal import log
from ortoo.kernel.threads.periodic import ReturnState
from ortoo.kernel.threads.procedure import ThreadLine

MODES = {"own": "网上直报", "assisted": "代录", "import": "文件导入", "system": "系统"}
RECORDS = {
    "K-REPLY": "答复核实",
    "K-QUERY": "发核实",
    "K-SENDBACK": "退回",
    "K-ACCEPT": "审核通过",
    "K-OPEN": "开期",
    "K-CONFIRM": "确认代录",
    "MON-PAPER": "代录凭据",
    "MON-CODE": "代录确认码发出",
}
LONGEST_NUMBER = 40
UNSENT_MS = 60_000
"""From how long on the wait between saying and arriving is told."""


@require_http_methods(["GET", "POST"])
def receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """A filing's receipt; POST has the log signed, so that its proof can be shown."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    filing = selectors.filing(scope, seq)
    now = now_ms()
    if request.method == "POST":
        log.ensure_checkpoint(seq, now_ms=now)
        return redirect(f"{reverse('receipt', kwargs={'seq': seq})}?proof=1#proof")
    definition = form_of(filing)
    own = scope.may("read_own", party=filing.subject or filing.filer)
    if not own:
        access.record(scope, "报送回执", filing.subject or filing.filer, 1, now_ms=now)
    context: dict[str, Any] = {
        "filing": filing,
        "receipt": _shown(request, filing, definition),
        "is_return": definition is not None,
        "digests": _digests(filing),
        "proof": _proof(seq) if request.GET.get("proof") else None,
        "own": own,
        "evidence": evidence(filing),
        "crumbs": [
            *([{"title": "我的报送", "href": reverse("my-returns")}] if own else []),
            {"title": "报送回执"},
        ],
    }
    if definition is not None and filing.thread:
        context |= _after(filing, own=own)
    return render(request, "market/clerk/receipt.html", context)


@require_POST
def confirm(request: HttpRequest, seq: int) -> HttpResponse:
    """确认代录 of the return that was entered for this party."""
    scope: Scope = request.scope  # type: ignore[attr-defined]
    filing = selectors.filing(scope, seq)
    matter = Matter(filing.form, filing.period, filing.subject)
    services.confirm_assisted(scope=scope, matter=matter, target=seq, now_ms=now_ms())
    messages.success(request, "已确认：代录的数字与本单位所报一致。")
    return redirect("receipt", seq=seq)


def form_of(filing: read.FilingRow) -> Form | None:
    """The grid form a filing is on; None for the kernel's own records."""
    try:
        return registry.get(filing.form, filing.form_version)
    except FormError:
        return None


def _shown(request: HttpRequest, filing: read.FilingRow, form: Form | None) -> dict[str, Any]:
    party = filing.subject or filing.filer
    name = selectors.names_of([party]).get(party, party)
    title = form.title["zh"] if form else RECORDS.get(filing.form, "业务报件")
    pairs: list[tuple[str, object]] = [("报送单位", name), ("表式", title)]
    if form is not None:
        pairs.append(("表号、版本", f"{form.head.code or form.code}，第 {form.version} 版"))
    if filing.period:
        pairs.append(("报告期", parse(filing.period).label_zh))
    pairs.append(("收到时间", words.full_moment(filing.received_at)))
    waited = filing.received_at - filing.said_at
    if form is not None and filing.mode == "own" and waited >= UNSENT_MS:
        said = f"{words.full_moment(filing.said_at)}（没有网络，联网后收到；及时与否按收到时间）"
        pairs.append(("填报时间", said))
    if form is not None and filing.thread:
        pairs += _timeliness(filing)
    pairs.append(("报送方式", _how(filing)))
    if filing.supersedes:
        before = read.get(filing.supersedes)
        pairs.append(("更正", f"自 {before.number if before else filing.supersedes} 更正"))
        pairs.append(("更正原因", filing.reason))
    return {
        "number": filing.number,
        "facts": pairs,
        "qr": qr_svg(request.build_absolute_uri(f"{reverse('receipt-verify')}?n={filing.number}")),
        "digest": f"{filing.digest.hex()[:16]}…",
    }


def _how(filing: read.FilingRow) -> str:
    """The way it came; of an assisted entry, for ever, and whether the firm has confirmed it."""
    if filing.mode != "assisted" or not filing.thread:
        return MODES.get(filing.mode, filing.mode)
    state = Matter(filing.form, filing.period, filing.subject).state()
    waiting = state.unconfirmed
    mark = "未确认" if waiting and waiting.target == filing.seq else "企业已确认或已更正"
    return f"代录（{who(filing.actor)}），{mark}"


def _timeliness(filing: read.FilingRow) -> list[tuple[str, object]]:
    state = Matter(filing.form, filing.period, filing.subject).state()
    if state.due_at is None or not state.versions:
        return []
    first = read.get(state.versions[0])
    late = first is not None and first.arrived_at > state.due_at
    number = state.versions.index(filing.seq) + 1 if filing.seq in state.versions else 0
    found: list[tuple[str, object]] = [
        ("截止时间", words.moment(state.due_at)),
        ("是否及时", {"status": "late"} if late else "及时"),
    ]
    if len(state.versions) > 1 and number:
        force = "，现行有效" if filing.seq == state.effective else "，已被更正"
        found.append(("版次", f"第 {number} 次报送{force}"))
    return found


def _digests(filing: read.FilingRow) -> list[tuple[str, str]]:
    return [
        ("SHA-256", filing.digest.hex()),
        ("SM3", filing.digest_sm3.hex()),
        ("表式摘要 SHA-256", filing.form_digest.hex()),
        ("日志序号", str(filing.seq)),
        ("收到时间", words.iso_moment(filing.received_at)),
    ]


def _proof(seq: int) -> dict[str, Any] | None:
    """Inclusion in the signed log; None until a checkpoint covers the filing."""
    try:
        found = log.inclusion(seq)
    except log.LogError as error:
        if error.code == "LOG-UNKNOWN":
            return None
        raise Refused(error.code, error.message, "请把回执号告诉系统管理员。", 409) from error
    paths = zip(found.hashes, found.hashes_sm3, strict=True)
    return {
        "size": found.size,
        "index": found.seq - 1,
        "leaf": found.leaf.hex(),
        "leaf_sm3": found.leaf_sm3.hex(),
        "path": [(first.hex(), second.hex()) for first, second in paths],
        "note": found.note,
    }


def qr_svg(text: str) -> SafeString:
    """A QR code as SVG: one path, no style, dark modules on the light ground of its frame."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, nl=False,
        svgclass=None, lineclass=None, title="核验二维码",
    )  # fmt: skip
    # The text is our own address and a checked number; segno escapes the title.
    return mark_safe(out.getvalue().decode())


def _after(filing: read.FilingRow, *, own: bool) -> dict[str, Any]:
    """The thread of a return: what happened to it, newest first, and what may be done now."""
    matter = Matter(filing.form, filing.period, filing.subject)
    lines = read.thread_lines([matter.thread])[matter.thread]
    filings = read.by_seqs(line.seq for line in lines)
    state = matter.state()
    badge, stage = words.stage_of(state, now_ms())
    names = {"form": matter.form, "period": matter.period}
    return {
        "timeline": [
            _entry(line, filings[line.seq], state, filing.seq, own=own)
            for line in reversed(lines)
            if line.seq in filings
        ],
        "badge": badge,
        "stage": stage,
        "in_force": state.effective == filing.seq,
        "newest": state.effective,
        "locked": state.locked,
        "may_correct": own and state.archived_seq is None and state.effective is not None,
        "names": names,
        "to_confirm": _to_confirm(state, filing.seq, own=own),
    }


def _to_confirm(state: ReturnState, seq: int, *, own: bool) -> str:
    """By when the party should confirm what was entered for it; "" when nothing waits."""
    asked = state.unconfirmed
    return words.moment(asked.due_at) if own and asked and asked.target == seq else ""


def _entry(
    line: ThreadLine, filing: read.FilingRow, state: ReturnState, here: int, *, own: bool
) -> dict[str, Any]:
    said = json.loads(filing.body) if filing.form.startswith("K-") else {}
    office = office_name(str(line.detail.get("office", ""))) if "office" in line.detail else ""
    title, detail = _told(line, filing, said, office, state)
    entry: dict[str, Any] = {
        "title": title,
        "detail": detail,
        "when": words.full_moment(filing.received_at),
        "iso": words.iso_moment(filing.received_at),
        "number": filing.number if line.kind == "return" else "",
        "sealed": line.seq == here,
        "bad": line.kind in {"send_back"},
    }
    if line.kind == "return" and line.seq != here:
        entry["href"] = reverse("receipt", kwargs={"seq": line.seq})
    if line.kind in {"return", "reply"} and own and filing.actor.startswith("account:"):
        entry["by"] = who(filing.actor)
    return entry


def _told(
    line: ThreadLine, filing: read.FilingRow, said: dict[str, Any], office: str, state: ReturnState
) -> tuple[str, str]:
    """(title, detail) of one line of a return's thread."""
    if line.kind == "return":
        number = state.versions.index(line.seq) + 1
        detail = f"原因：{filing.reason}" if filing.reason else ""
        how = "代录" if filing.mode == "assisted" else "报送"
        return (how if number == 1 else f"更正（第 {number} 次{how}）"), detail
    return {
        "open": ("开期，等待报送", ""),
        "query": (f"{office}发核实", str(said.get("question", ""))),
        "reply": ("答复核实", str(said.get("text", ""))),
        "send_back": (f"{office}退回", str(said.get("text", ""))),
        "accept": (f"{office}审核通过", ""),
        "confirm": ("本单位确认代录", str(said.get("text", ""))),
        "archive": ("报告期归档", ""),
    }.get(line.kind, (line.kind, ""))


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """核验回执, open to everybody: number → found, when, which form, digest; nobody is named."""
    number = request.GET.get("n", "").replace("\x00", "").strip()
    context: dict[str, Any] = {"number": number[:LONGEST_NUMBER], "asked": bool(number)}
    found = log.verify_receipt(number) if 0 < len(number) <= LONGEST_NUMBER else None
    filing = read.get(found.seq) if found else None
    if filing is not None:
        form = form_of(filing)
        context["found"] = {
            "number": filing.number,
            "facts": [
                ("回执号", filing.number),
                ("收到时间", words.full_moment(filing.received_at)),
                ("表式", form.title["zh"] if form else RECORDS.get(filing.form, "业务报件")),
                *([("报告期", parse(filing.period).label_zh)] if form and filing.period else []),
            ],
            "digests": [("SHA-256", filing.digest.hex()), ("SM3", filing.digest_sm3.hex())],
        }
    status = 404 if number and filing is None else 200
    return render(request, "market/clerk/verify.html", context, status=status)
