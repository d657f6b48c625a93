"""样本变动 over HTTP: nominate, amend, agree, approve, ask back, withdraw, carry out."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ortoo.domains.market import monitored
from ortoo.domains.market.registers import names_of
from ortoo.domains.market.sample import carrying, frame, services, timing
from ortoo.domains.market.sample import matters as found_matters
from ortoo.domains.market.sample.estimates import regulations
from ortoo.domains.market.sample.matters import Matter, Nomination
from ortoo.domains.market.sample.rules import JOIN, KINDS, LEAVE, Move
from ortoo.domains.market.web import sample_words as words
from ortoo.domains.market.web.sample_frames import change_row, matter_href, scope_of
from ortoo.kernel.filings.clock import now_ms
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.grants import access
from ortoo.kernel.grants.models import Account
from ortoo.kernel.places.active import active_pack

ROWS, MOST_ROWS = 3, 100


@require_http_methods(["GET", "POST"])
def nominate(request: HttpRequest, list_code: str) -> HttpResponse:
    """A new nomination; `?leave=` prefills a firm, `?rotate=80` drafts a rotation."""
    scope, now = scope_of(request), now_ms()
    frame.title_of(list_code)
    place = services.office_of(scope)
    if request.method == "POST":
        asked = posted(request.POST, list_code)
        key = request.POST.get("key", "") or secrets.token_hex(12)
        try:
            services.nominate(scope=scope, new=asked, key=key, now_ms=now)
        except Refused as error:
            if error.status not in (409, 422):
                raise
            return _form(request, list_code, asked, place, fault=error)
        messages.success(request, "已推荐，等待复核。")
        case = services.case_of(key, now)
        return HttpResponseRedirect(reverse("sample-matter", args=[scope.party, case]))
    return _form(request, list_code, _prefilled(request, list_code), place)


@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, nominator: str, case: str) -> HttpResponse:
    """补正: the nomination said anew by the bureau that filed it."""
    scope, now = scope_of(request), now_ms()
    matter = found_matters.matter(scope, nominator, case)
    scope.require("manage_lists", place=matter.place)
    if scope.party != matter.nominator:
        raise Refused("SAMPLE-OTHER", "这件推荐是另一个单位的。", "请由推荐单位办理。", 403)
    if request.method == "POST":
        asked = posted(request.POST, matter.asks.list)
        reason = request.POST.get("amendment", "").strip()
        key = request.POST.get("key", "") or secrets.token_hex(12)
        try:
            services.amend(
                scope=scope, matter=matter, new=asked, reason=reason or "补正", key=key, now_ms=now
            )
        except Refused as error:
            if error.status not in (409, 422):
                raise
            return _form(request, matter.asks.list, asked, matter.place, fault=error, matter=matter)
        messages.success(request, "已补正，继续办理。")
        return HttpResponseRedirect(matter_href(matter))
    return _form(request, matter.asks.list, matter.asks, matter.place, matter=matter)


def posted(data: QueryDict, list_code: str) -> Nomination:
    """A nomination from the page's fields: one row a pair, either side may be blank."""
    form, _, rest = data.get("period", "").partition("|")
    period, _, running = rest.partition("|")
    moves: list[Move] = []
    columns = [data.getlist(name) for name in ("leave", "join", "stratum", "note")]
    for pair, (leave, join, stratum, note) in enumerate(zip(*columns, strict=False), 1):
        if leave:
            moves.append(Move(leave, LEAVE, pair, "", note.strip()[:200]))
        if join:
            moves.append(Move(join, JOIN, pair, stratum.strip()[:40], note.strip()[:200]))
    kind = data.get("kind", "")
    if kind not in KINDS:
        raise Refused("SAMPLE-KIND", "没有选择类别。", "请选择补换、增补、移出、轮换或承继。", 422)
    return Nomination(
        list_code, form, period, running == "now", kind, data.get("reason", ""), tuple(moves)
    )


def _prefilled(request: HttpRequest, list_code: str) -> Nomination:
    leave = request.GET.get("leave", "")
    kind = request.GET.get("kind", "replace")
    moves: tuple[Move, ...] = (Move(leave, LEAVE, 1),) if leave else ()
    reason = ""
    if "rotate" in request.GET:
        kind, on = "rotate", timing.civil_day(now_ms())
        least = regulations().integer("SAMPLE-ROTATION-OVERLAP", on)
        given = request.GET["rotate"]
        overlap = int(given) if given.isdigit() and int(given) <= 100 else least
        draft = frame.proposed_rotation(scope_of(request), list_code, on, overlap)
        moves = tuple(
            move
            for pair, (old, new) in enumerate(draft.pairs, 1)
            for move in (Move(old, LEAVE, pair), Move(new, JOIN, pair))
        )
        reason = f"例行轮换，保留 {overlap}%，入样最久的先换，全面调查层不换。"
        if draft.unpaired:
            reason += f"另有 {len(draft.unpaired)} 家应换而无同层候选，未列入。"
    return Nomination(list_code, "", "", False, kind if kind in KINDS else "replace", reason, moves)


def _form(
    request: HttpRequest,
    list_code: str,
    asked: Nomination,
    place: str,
    *,
    fault: Refused | None = None,
    matter: Matter | None = None,
) -> HttpResponse:
    scope, now = scope_of(request), now_ms()
    on = timing.civil_day(now)
    inside = scope.places("manage_lists")
    leaving = [m for m in frame.members(scope, list_code, on) if m.place in inside]
    joining = [c for c in frame.candidates(scope, list_code, on) if c.place in inside]
    pairs: dict[int, dict[str, Any]] = {}
    for move in asked.moves:
        row = pairs.setdefault(move.pair, {"stratum": "", "note": ""})
        row[move.move] = move.party
        row["note"] = move.note or row["note"]
        row["stratum"] = move.stratum or row["stratum"]
    rows = [pairs[pair] for pair in sorted(pairs)][:MOST_ROWS]
    rows += [{}] * max(ROWS - len(rows), 1 if matter else 0)
    context = {
        "title": frame.title_of(list_code),
        "list_code": list_code,
        "asked": asked,
        "kinds": [(code, name, code == asked.kind) for code, name in KINDS.items()],
        "periods": _periods(list_code, asked, now),
        "rows": [
            {
                **row,
                "leaving": _options(leaving, row.get("leave", "")),
                "joining": _options(joining, row.get("join", "")),
            }
            for row in rows
        ],
        "office": words.bureau(place),
        "key": request.POST.get("key") or secrets.token_hex(12),
        "fault": fault,
        "matter": matter,
        "back": matter_href(matter)
        if matter
        else reverse("sample-frame", kwargs={"list_code": list_code}),
    }
    status = fault.status if fault else 200
    access.record(scope, "sample-nominate", list_code, len(leaving) + len(joining), now_ms=now)
    return render(request, "market/sample/nominate.html", context, status=status)


def _options(rows: Any, chosen: str) -> list[tuple[str, str, bool]]:
    return [
        (row.party, f"{row.name}（{words.place(row.place)}）", row.party == chosen) for row in rows
    ]


def _periods(list_code: str, asked: Nomination, now: int) -> list[tuple[str, str, bool]]:
    found = []
    chosen = (asked.form, asked.period, asked.midway)
    for form in frame.forms_of(list_code):
        if form.supplements is not None or not monitored.opened_by_calendar(form):
            continue
        for period, running in timing.choices(form, now):
            told = f"{period.label_zh}{'（已开期：期中补换）' if running else '起'}"
            value = f"{form.code}|{period.code}|{'now' if running else ''}"
            current = (form.code, period.code, running) == chosen
            found.append((value, f"{form.title['zh']} {told}", current, running))
    if not any(current for _, _, current, _ in found):
        first = next((k for k, one in enumerate(found) if not one[3]), 0)
        found = [(v, t, k == first, r) for k, (v, t, _, r) in enumerate(found)]
    return [(value, told, current) for value, told, current, _ in found]


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, nominator: str, case: str) -> HttpResponse:
    """One nomination: what is asked, who holds it, what was decided and what it brought about."""
    scope, now = scope_of(request), now_ms()
    matter = found_matters.matter(scope, nominator, case)
    if request.method == "POST":
        messages.success(request, _act(request, matter, now))
        return HttpResponseRedirect(matter_href(matter))
    names = names_of(move.party for move in matter.asks.moves)
    access.record(scope, "sample-matter", matter.thread, len(names), now_ms=now)
    root = active_pack().root.code
    logins = [one.actor.removeprefix("account:") for one in matter.decisions]
    found = Account.objects.filter(login__in=logins)
    actors = dict(found.values_list("login", "display_name"))
    told = {f"account:{login}": name for login, name in actors.items()}
    context = {
        "matter": matter,
        "row": change_row(matter),
        "title": frame.title_of(matter.asks.list),
        "bureau": words.bureau(matter.place),
        "moves": _moves(matter, names),
        "steps": words.steps(matter, told, lambda seq: reverse("filing", kwargs={"seq": seq})),
        "facts": _facts(matter),
        "can_decide": matter.stage in words.STEPS
        and matter.holder == scope.party
        and scope.may("manage_lists", place=root),
        "step_word": words.STEPS.get(matter.stage, ""),
        "can_amend": scope.party == nominator
        and matter.stage in ("agree", "approve", "asked")
        and scope.may("manage_lists", place=matter.place),
        "outstanding": carrying.outstanding(matter),
        "can_carry": scope.may("manage_lists", place=root),
        "brought": [
            (row.form, row.seq, reverse("filing", kwargs={"seq": row.seq}))
            for row in carrying.filings_of(matter)
        ],
    }
    return render(request, "market/sample/matter.html", context)


def _facts(matter: Matter) -> list[tuple[str, Any]]:
    badge = words.badge(matter)
    found: list[tuple[str, Any]] = [
        ("进展", {"status": badge["status"], "text": badge["text"]}),
        ("表式", registry.get(matter.asks.form).title["zh"]),
        ("理由", matter.asks.reason),
    ]
    if matter.holder:
        found.append(("现由谁办", words.holder(matter)))
        stands = "中止计时，等待补正" if matter.stage == "asked" else "—"
        found.append(("办理期限", words.moment(matter.due_at) or stands))
    return found


def _moves(matter: Matter, names: dict[str, str]) -> list[dict[str, Any]]:
    done = {one.party: words.effect(one) for one in carrying.effects(matter)}
    return [
        {
            "pair": move.pair,
            "move": words.MOVES[move.move],
            "name": names.get(move.party, move.party),
            "href": reverse("sample-seat", args=[matter.asks.list, move.party]),
            "stratum": move.stratum,
            "note": move.note,
            "done": done.get(move.party, ""),
        }
        for move in sorted(matter.asks.moves, key=lambda m: (m.pair, m.move != LEAVE))
    ]


def _act(request: HttpRequest, matter: Matter, now: int) -> str:
    """Do what the pressed button says; the sentence to show."""
    scope, data = scope_of(request), request.POST
    act, reason = data.get("act", ""), data.get("reason", "")
    if act in ("pass", "refuse"):
        verdict = services.Verdict(
            data.get("step", ""), act, reason.strip(), data.get("approval", "").strip()
        )
        services.decide(scope=scope, matter=matter, verdict=verdict, now_ms=now)
        return "已同意。" if act == "pass" else "已记录不同意。"
    if act == "ask":
        services.ask_back(scope=scope, matter=matter, text=reason, now_ms=now)
        return "已退回补正，计时中止。"
    if act == "withdraw":
        if not reason.strip():
            raise Refused("REASON-NEEDED", "撤回须写明理由。", "请填写理由。")
        services.withdraw(scope=scope, matter=matter, reason=reason, now_ms=now)
        return "已撤回，席位可另行推荐。"
    if act == "carry":
        filed = services.carry_out(scope=scope, matter=matter, now_ms=now)
        return f"已落实 {len(filed)} 项。" if filed else "没有待落实的事项。"
    raise Refused("SAMPLE-ACT", "没有选择办理事项。", "请在页面上选择。", 422)
