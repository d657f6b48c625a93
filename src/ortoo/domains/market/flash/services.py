"""Asking, ending, withdrawing and answering a 急报; each is a filing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from ortoo.domains.market import checking, services
from ortoo.domains.market.flash import plan as plans
from ortoo.domains.market.flash.plan import Flash, Request
from ortoo.domains.market.known import Key, asked_cells, newest_known
from ortoo.domains.market.opening import Order, open_period
from ortoo.domains.market.respondents import places_of
from ortoo.domains.market.services import Matter, ReturnToFile
from ortoo.kernel.filings import read
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.projection import catch_up
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.filings.write import file, file_many
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.body import GridBody, blank, mark_key
from ortoo.kernel.forms.definition import Cell, Form, FormError
from ortoo.kernel.forms.periods import is_period_of
from ortoo.kernel.grants.scope import Scope
from ortoo.kernel.places.active import active_pack
from ortoo.kernel.threads.periodic import ReturnState, fold_return, return_thread

VERB = "request_flash"
REVIEW_HOURS = 6
CONFIRMED = "其他：沿用已知数，企业确认"
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
_TRIES = 6


def flash(form: str, code: str) -> Flash:
    """The request in force. Refused FLASH-UNKNOWN (404)."""
    thread = plans.thread_of(form, code)
    found = plans.flashes_of(read.rows("thread=%s AND form=%s", [thread, plans.FORM]))
    if (form, code) not in found:
        raise Refused("FLASH-UNKNOWN", f"没有急报 {form} {code}。", "请从急报列表进入。", 404)
    return found[form, code]


def all_flashes(limit: int = 200) -> list[Flash]:
    """The newest requests, newest first."""
    rows = read.rows("form=%s", [plans.FORM], f"seq DESC LIMIT {int(limit)}")
    return sorted(plans.flashes_of(rows[::-1]).values(), key=lambda f: -f.first_seq)


def ask(*, scope: Scope, new: Request, key: str, now_ms: int) -> Receipt:
    """发急报: MON-FLASH, then the opening of its minute for the firms named.

    A repeated post gets the first receipt; a minute another request has taken, the next one.
    """
    scope.require(VERB, form=new.form, place=new.place)
    _check(scope, new, now_ms)
    receipt = _filed(key, scope)
    zone = active_pack().head.time_zone
    for later in range(_TRIES):
        if receipt is not None:
            break
        code = plans.minute_of(now_ms, zone, later).code
        draft = Draft(
            form=plans.FORM, filer=scope.party, actor=scope.actor, key=key,
            body=new.body(code, now_ms), said_at=now_ms, period=code, subject=new.form,
            place=new.place,
        )  # fmt: skip
        try:
            receipt = file(draft, now_ms=now_ms)
        except Refused as refusal:
            receipt = _filed(key, scope)
            if receipt is None and refusal.code != "FLASH-TAKEN":
                raise
    if receipt is None:
        raise Refused("FLASH-TAKEN", "同一时间急报过多。", "请一分钟后再发。", 409)
    _open(receipt.seq, now_ms)
    catch_up()
    return receipt


def _filed(key: str, scope: Scope) -> Receipt | None:
    rows = read.rows("key=%s AND form=%s AND filer=%s", [key, plans.FORM, scope.party])
    if not rows:
        return None
    row = rows[0]
    return Receipt(row.seq, key, row.digest, row.digest_sm3, row.received_at, duplicate=True)


def _open(seq: int, now_ms: int) -> Receipt:
    """The opening that a request orders; the same one however often it is asked for."""
    filing = read.get(seq)
    assert filing is not None
    found = plans.flashes_of([filing])[filing.subject, filing.period]
    request = found.request
    known = read.rows("key=%s", [f"open:{request.form}:{found.code}:{seq}"])
    if known:
        row = known[0]
        return Receipt(row.seq, row.key, row.digest, row.digest_sm3, row.received_at, True)
    order = Order(
        seq=seq,
        parties=request.parties,
        asked=request.asked,
        due_at=request.due_at,
        review_due_at=request.due_at + REVIEW_HOURS * 3_600_000,
        label=str(seq),
    )
    return open_period(form=request.form, period=found.code, now_ms=now_ms, order=order)


def open_asked(now_ms: int) -> list[Receipt]:
    """Openings that a stopped system owes to requests it had already filed. Idempotent."""
    found = []
    for one in all_flashes(50):
        opened = read.rows("key=%s", [f"open:{one.request.form}:{one.code}:{one.first_seq}"])
        if one.status == plans.ASKED and not opened and now_ms < one.request.due_at:
            found.append(_open(one.first_seq, now_ms))
    if found:
        catch_up()
    return found


def _check(scope: Scope, new: Request, now_ms: int) -> None:
    form = _form(new.form)
    if not new.title.strip():
        raise Refused("FLASH-TITLE", "急报没有名称。", "请写明要报什么，例如“肉蛋菜库存”。")
    leaves = {item.code for item in form.leaves}
    unknown = [code for code in new.items if code not in leaves]
    unknown += [code for code in new.measures if code not in form.measure_by_code]
    if unknown or not new.items or not new.measures:
        what = f"没有 {'、'.join(unknown[:5])}" if unknown else "至少选一个品种和一个指标"
        raise Refused("FLASH-CELLS", f"{form.code} {what}。", "请从表式的品种和指标中选择。")
    if new.due_at < now_ms + 5 * _MINUTE_MS:
        raise Refused("FLASH-PAST", "报送时限已过或不足 5 分钟。", "请选晚一些的时刻。")
    if new.due_at > now_ms + 7 * _DAY_MS:
        raise Refused("FLASH-FAR", "急报时限不超过 7 天。", "更长的请用专项监测。")
    if not new.parties:
        raise Refused("FLASH-EMPTY", "没有选中企业。", "请选名录、地区或指定企业。")
    pack = active_pack()
    mine = scope.places(VERB, new.form) & pack.under(new.place, scope.as_of)
    at = places_of(new.parties)
    strangers = [party for party in new.parties if at.get(party) not in mine]
    if strangers:
        raise Refused(
            "FLASH-FIRM",
            f"{len(strangers)} 家企业不向本机关报送。",
            "请去掉不在所辖地区的企业，或请其主管机关发急报。",
            403,
        )
    if not is_period_of(form, plans.minute_of(now_ms, pack.head.time_zone)):
        raise Refused("FLASH-FORM", f"{form.code} 尚未施行。", "请选其他表式。")


def _form(code: str) -> Form:
    try:
        return registry.get(code)
    except FormError:
        raise Refused("FLASH-FORM", f"没有表式 {code}。", "请从列表中选择。", 404) from None


# --- ending -----------------------------------------------------------------------------------


def close(*, scope: Scope, form: str, code: str, reason: str, key: str, now_ms: int) -> Receipt:
    """提前结束: firms that have not answered owe it no more 免报; late answers are still taken."""
    return _finish(scope, (form, code), (plans.CLOSED, reason, key), now_ms)


def withdraw(*, scope: Scope, form: str, code: str, reason: str, key: str, now_ms: int) -> Receipt:
    """撤回: only while nobody has answered."""
    return _finish(scope, (form, code), (plans.WITHDRAWN, reason, key), now_ms)


def _finish(
    scope: Scope, which: tuple[str, str], said: tuple[str, str, str], now_ms: int
) -> Receipt:
    status, reason, key = said
    found = flash(*which)
    scope.require(VERB, form=found.request.form, place=found.request.place)
    if found.filer != scope.party:
        raise Refused("FLASH-OTHER-OFFICE", "只有发出机关可以办理。", "请联系发出机关。", 403)
    if not reason.strip():
        raise Refused("REASON-NEEDED", "须写明原因。", "请填写原因。")
    for attempt in range(_TRIES):
        known = _filed(key, scope)
        if known is not None:
            return known
        found, states = flash(*which), states_of(flash(*which))
        answered = [party for party, state in states.items() if state.versions]
        if status == plans.WITHDRAWN and answered:
            raise Refused(
                "FLASH-ANSWERED",
                f"已有 {len(answered)} 家报送，不能撤回。",
                "请改用「提前结束」。",
                409,
            )
        drafts = [
            Draft(
                form=plans.FORM, filer=scope.party, actor=scope.actor, key=key,
                body=found.request.body(found.code, found.asked_at, status), said_at=now_ms,
                period=found.code, subject=found.request.form, place=found.request.place,
                supersedes=found.seq, reason=reason.strip()[:200],
            )
        ]  # fmt: skip
        drafts += [
            _waiver(scope, found, (party, state), (status, reason), now_ms)
            for party, state in states.items()
            if not state.versions and state.waived_seq is None and state.opened_seq is not None
        ]
        try:
            receipt = file_many(drafts, now_ms=now_ms)[0]
        except Refused as refusal:
            # A firm answered between our look and the write: look again.
            if refusal.code not in ("WAIVE-FILED", "WAIVE-STANDS") or attempt + 1 == _TRIES:
                raise
            continue
        catch_up()
        return receipt
    raise Refused("FLASH-STALE", "这份急报刚有变动。", "请刷新页面。", 409)


def _waiver(
    scope: Scope,
    found: Flash,
    one: tuple[str, ReturnState],
    said: tuple[str, str],
    now_ms: int,
) -> Draft:
    (party, state), (status, reason) = one, said
    body = {
        "form": found.request.form,
        "period": found.code,
        "party": party,
        "office": state.final_office or found.request.place,
        "text": f"急报{plans.STATUS_ZH[status]}：{reason.strip()[:300]}",
        "lifted": False,
    }
    name = f"{found.request.form}|{found.code}|{party}|{status}"
    key = f"flash:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    return Draft(
        "K-WAIVE", scope.party, scope.actor, key,
        body, now_ms, period=found.code, subject=party,
    )  # fmt: skip


def states_of(found: Flash) -> dict[str, ReturnState]:
    """Where each firm's answer stands."""
    form, code = found.request.form, found.code
    threads = {return_thread(form, code, party): party for party in found.request.parties}
    return {
        threads[thread]: fold_return(lines) for thread, lines in read.thread_lines(threads).items()
    }


# --- answering --------------------------------------------------------------------------------


def prefilled(matter: Matter, form: Form, *, now_ms: int) -> GridBody:
    """The asked cells with what is known of the firm, everything else blank."""
    cells = asked_cells(form, matter.state().asked)
    known = newest_known(matter.party, form, cells, now_ms=now_ms)
    return with_cells(form, {key: found.value for key, found in known.items()})


def with_cells(form: Form, cells: Mapping[Key, Cell]) -> GridBody:
    """A grid with these cells, everything else blank."""
    columns = {code: list(column) for code, column in blank(form).columns.items()}
    for (item, measure), value in cells.items():
        columns[measure][form.leaf_index[item]] = value
    return GridBody({code: tuple(column) for code, column in columns.items()})


def confirm_all(*, scope: Scope, matter: Matter, key: str, now_ms: int) -> Receipt:
    """全部确认: every asked cell stands as known. Refused FLASH-UNKNOWN-CELLS where one is not."""
    form = registry.get(matter.form, matter.state().version)
    grid = prefilled(matter, form, now_ms=now_ms)
    return answer(scope=scope, matter=matter, grid=grid, key=key, now_ms=now_ms)


def answer(
    *,
    scope: Scope,
    matter: Matter,
    grid: GridBody,
    key: str,
    now_ms: int,
    reason_of: Callable[[Key], str] | None = None,
) -> Receipt:
    """File an answer. A soft finding on a cell that stands as known is answered by the confirming
    itself; one on a corrected cell needs its reason (`reason_of`)."""
    scope.require("file_return", form=matter.form, party=matter.party)
    state = matter.state()
    form = registry.get(matter.form, state.version)
    cells = asked_cells(form, state.asked)
    blanks = [(i, m) for i, m in cells if grid.cell(form, i, m) is None]
    if blanks:
        names = "、".join(form.item(item).name["zh"] for item, _ in blanks[:5])
        raise Refused(
            "FLASH-UNKNOWN-CELLS",
            f"还有 {len(blanks)} 格没有数：{names}{'等' if len(blanks) > 5 else ''}。",
            "请填写这些格；没有的选未经营或断货。",
        )
    known = newest_known(matter.party, form, cells, now_ms=now_ms)
    marks = dict(grid.marks)
    for issue in checking.issues_of(form, grid, matter):
        at = (issue.item, issue.measure)
        if issue.severity == "hard" or issue.reason is not None:
            continue
        said = reason_of(at) if reason_of else ""
        stands = at in known and known[at].value == grid.cell(form, *at)
        if said or stands:
            marks[mark_key(issue.rule, issue.item)] = said or CONFIRMED
    new = ReturnToFile(
        matter, replace(grid, marks=marks), key, supersedes=state.effective,
        reason="急报更正" if state.effective else "", version=state.version,
    )  # fmt: skip
    return services.file_return(scope=scope, new=new, now_ms=now_ms)
