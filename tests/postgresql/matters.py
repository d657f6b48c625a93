"""A small matter for the tests here: notes without a thread, and cases that four must decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ortoo.kernel.duties.reconcile import DutyRow
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.threads.procedure import ThreadLine, register_procedure

AGENCIES = ("A", "B", "C", "D")
NOW = 1_763_164_800_000


class FourDecisions:
    """`decide` by each agency; with the last one `release` opens, once."""

    def admit(self, lines: Sequence[ThreadLine], draft: Draft, entry: Entry) -> Refused | None:
        said = [(line.kind, line.detail) for line in lines]
        if entry.kind == "decide" and ("decide", entry.detail) in said:
            return Refused("DECIDED", "已经决定。", "请刷新。", 409)
        return None

    def duties(self, thread: str, lines: Sequence[ThreadLine]) -> Sequence[DutyRow]:
        decided = {str(line.detail["by"]): line.seq for line in lines if line.kind == "decide"}
        if set(decided) != set(AGENCIES):
            return []
        opened = max(decided.values())
        return [
            DutyRow(f"release|{thread}", thread, "release", "PORT", "", "", "", "", None, opened)
        ]


def _relate(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    for thread in body.get("threads", []):  # type: ignore[attr-defined]
        detail = body.get("detail") or {"by": body["by"]}  # type: ignore[attr-defined]
        yield Entry(str(thread), str(body["kind"]), detail)


# The same matter as a procedure that follows a file, for the engine.
PORT = """\
procedure: T-PORT
version: 1
title: {zh: 试验口岸放行, en: Trial port release}
subject: {zh: 货物, en: Consignment}
opens_with: [T-SAID]
calendar: always
home: office
agencies:
  - {role: office, title: {zh: 口岸办, en: Port office}}
  - {role: a, title: {zh: 甲, en: A}}
  - {role: b, title: {zh: 乙, en: B}}
  - {role: c, title: {zh: 丙, en: C}}
  - {role: d, title: {zh: 丁, en: D}}
steps:
  - {code: a, title: {zh: 甲}, owner: a, forms: [T-SAID], outcomes: &one [{code: pass, kind: positive, title: {zh: 准予}}]}
  - {code: b, title: {zh: 乙}, owner: b, forms: [T-SAID], outcomes: *one}
  - {code: c, title: {zh: 丙}, owner: c, forms: [T-SAID], outcomes: *one}
  - {code: d, title: {zh: 丁}, owner: d, forms: [T-SAID], outcomes: *one}
  - {code: release, title: {zh: 放行}, owner: office, needs: [all], duty: release, forms: [T-SAID], outcomes: *one}
joins:
  - {code: all, title: {zh: 会签}, of: [a, b, c, d], policy: any}
ends:
  - {code: released, kind: released, title: {zh: 已放行}, when: [release]}
  - {code: withdrawn, kind: withdrawn, title: {zh: 撤回}, until: [release]}
"""  # noqa: E501


def register_matters() -> None:
    from ortoo.kernel.threads.catalogue import Catalogue
    from ortoo.kernel.threads.loader import parse, read_yaml

    register(RecordBehaviour("T-SAID", 1, lambda body: (), _relate))
    register_procedure("T-CASE", FourDecisions())
    Catalogue().register(parse(read_yaml(PORT)))


def opening(case: str) -> list[Draft]:
    """What must stand before anybody decides: nothing, or the opening by the filer."""
    if not case.startswith("T-PORT"):
        return []
    agencies = {"office": "PORT", **{who.lower(): who for who in AGENCIES}}
    detail = {"version": 1, "subject": "FIRM", "place": "P", "agencies": agencies}
    return [said(f"{case}-open", case, by="FIRM", kind="open", detail=detail)]


def decision(case: str, who: str) -> Draft:
    """One agency's decision in a case of either procedure."""
    port = case.startswith("T-PORT")
    detail = {"step": who.lower(), "outcome": "pass"} if port else None
    return said(f"{case}-{who}", case, by=who, kind="decide", detail=detail)


def said(
    key: str,
    *threads: str,
    by: str = "A",
    kind: str = "say",
    text: str = "",
    detail: JsonObject | None = None,
) -> Draft:
    """A filing of `by` under `key` that says `kind` to each thread."""
    body = {"threads": list(threads), "by": by, "kind": kind, "text": text}
    if detail is not None:
        body["detail"] = detail
    return Draft("T-SAID", by, f"account:{by}", key, body, NOW)
