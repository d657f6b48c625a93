"""Registration of parties and lists: the record forms, and the registers they project into."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, register
from ortoo.kernel.filings.projection import Header, Projection, Row, Table, register_projection

_COMMITMENT = re.compile(r"[0-9a-f]{64}")
KINDS = ("enterprise", "agency", "source", "system")
REGISTER_SLICE = "register"


def validate_parties(body: JsonObject) -> Iterator[str]:
    """`parties`: objects of code, kind, name, place and optional sealed contact references."""
    from ortoo.kernel.parties.codes import check_uscc

    parties = body.get("parties")
    if set(body) != {"parties"} or not isinstance(parties, list) or not parties:
        yield "登记报件应只含非空的「parties」"
        return
    for number, party in enumerate(cast("list[JsonObject]", parties), 1):
        if not isinstance(party, dict) or not {"code", "kind", "name", "place"} <= set(party):
            yield f"第 {number} 个主体缺少代码、类别、名称或地区"
            continue
        if party["kind"] not in KINDS:
            yield f"第 {number} 个主体的类别「{party['kind']}」不在 {'、'.join(KINDS)} 之内"
        elif party["kind"] in ("enterprise", "agency"):
            problem = check_uscc(str(party["code"]))
            if problem is not None:
                yield f"第 {number} 个主体：{problem}"
        for field in ("contact_name", "contact_phone"):
            if field in party and not _COMMITMENT.fullmatch(str(party[field])):
                yield f"第 {number} 个主体的 {field} 应为密封值的 64 位摘要"
        if not str(party["name"]).strip() or len(str(party["name"])) > 200:
            yield f"第 {number} 个主体名称应为 1–200 字"


def _is_date(text: object, *, blank: bool) -> bool:
    if text == "":
        return blank
    try:
        dt.date.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def validate_list(body: JsonObject) -> Iterator[str]:
    """`list`: its code; `members`: [party, valid from, valid to or ""]."""
    members = body.get("members")
    if set(body) != {"list", "members"} or not isinstance(members, list):
        yield "名录报件应含「list」与「members」"
        return
    for member in members:
        if (
            not isinstance(member, list)
            or len(member) != 3
            or not _is_date(member[1], blank=False)
            or not _is_date(member[2], blank=True)
        ):
            yield f"名录成员应为 [主体代码, 自, 至]，而不是 {str(member)[:60]}"


def validate_successor(body: JsonObject) -> Iterator[str]:
    """`party` is carried on by `successor` (merger, renaming with a new code)."""
    if set(body) != {"party", "successor"} or body.get("party") == body.get("successor"):
        yield "承继报件应含不同的「party」与「successor」"


def party_rows(bodies: Iterable[tuple[int, str, JsonObject]]) -> Mapping[str, list[Row]]:
    """Rows of the registers from (seq, form, body) in log order; the last statement stands."""
    parties: dict[str, list[object]] = {}
    contacts: dict[str, Row] = {}
    members: dict[tuple[str, str, str], Row] = {}
    for seq, form, body in bodies:
        if form == "K-PARTY":
            for party in cast("Sequence[Mapping[str, str]]", body["parties"]):
                code = party["code"]
                before = parties.get(code)
                parties[code] = [
                    REGISTER_SLICE, code, party["kind"], party["name"], party["place"],
                    before[5] if before else "", seq,
                ]  # fmt: skip
                if "contact_name" in party:
                    contacts[code] = (
                        REGISTER_SLICE,
                        code,
                        bytes.fromhex(party["contact_name"]),
                        bytes.fromhex(party.get("contact_phone", "")),
                        seq,
                    )
        elif form == "K-LIST":
            code = str(body["list"])
            for party_code, first, last in cast("Sequence[Sequence[str]]", body["members"]):
                members[(code, party_code, first)] = (
                    REGISTER_SLICE, code, party_code, first, last, seq,
                )  # fmt: skip
        elif form == "K-SUCCESSOR" and body["party"] in parties:
            parties[str(body["party"])][5] = str(body["successor"])
    return {
        "kernel_party": [tuple(row) for row in parties.values()],
        "kernel_contact": list(contacts.values()),
        "kernel_list_member": list(members.values()),
    }


_FORMS = ("K-PARTY", "K-LIST", "K-SUCCESSOR")


def _slices(header: Header) -> Iterable[str]:
    return (REGISTER_SLICE,) if header.form in _FORMS else ()


def _rows(_slice: str) -> Mapping[str, list[Row]]:
    from ortoo.kernel.filings import read

    marks = ",".join(["%s"] * len(_FORMS))
    found = read.rows(f"form IN ({marks})", _FORMS)
    return party_rows((row.seq, row.form, json.loads(row.body)) for row in found)


REGISTERS = Projection(
    name="registers",
    tables=(
        Table(
            "kernel_party", ("slice", "code", "kind", "name", "place", "successor", "seq")
        ),
        Table("kernel_contact", ("slice", "party", "name_ref", "phone_ref", "seq")),
        Table(
            "kernel_list_member",
            ("slice", "list_code", "party", "valid_from", "valid_to", "seq"),
        ),
    ),
    slices=_slices,
    rows=_rows,
)


def register_party_forms() -> None:
    """Make registration fileable and its registers kept."""
    register(RecordBehaviour("K-PARTY", 1, validate_parties))
    register(RecordBehaviour("K-LIST", 1, validate_list))
    register(RecordBehaviour("K-SUCCESSOR", 1, validate_successor))
    register_projection(REGISTERS)
