"""Foreign documents 外来单证: parsers and verifiers that connectors register, and their verdicts.

The kernel imports no connector. A parser makes body fields of bytes; a verifier says whether a
signature holds. Both must give the same answer to the same bytes for ever: what they made is filed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms.record_definition import Document, RecordForm, line_name
from ortoo.kernel.forms.record_issues import RecordIssue, shown

Outcome = Literal["verified", "failed", "unjudged"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier found: 有效, 无效 or 不能判断, why, and who signed."""

    outcome: Outcome
    why: str
    signer: str = ""

    def plain(self, verifier: str) -> dict[str, str]:
        """As it stands in the body under `signature`."""
        return {
            "outcome": self.outcome,
            "signer": self.signer[:LONGEST],
            "verifier": verifier,
            "why": self.why[:LONGEST],
        }


Parser = Callable[[bytes], Mapping[str, object]]
Verifier = Callable[[bytes, int], Verdict]
"""From the bytes and the moment they were said (ms) to the verdict of that moment."""

_PARSERS: dict[str, tuple[frozenset[str], Parser]] = {}
_VERIFIERS: dict[str, Verifier] = {}


def register_parser(name: str, media: frozenset[str], parser: Parser) -> None:
    """Make a parser of some media types known by its name; again replaces it (reloads)."""
    _PARSERS[name] = (media, parser)


def register_verifier(name: str, verifier: Verifier) -> None:
    """Make a verifier known by its name; again replaces it (reloads)."""
    _VERIFIERS[name] = verifier


def recomputed(document: Document, content: bytes, media_type: str) -> Mapping[str, object]:
    """The body's fields as they stand in the bytes; {} when the form names no parser.

    Refused DOCUMENT-PARSER when nobody registered it, DOCUMENT-TYPE, DOCUMENT-UNREADABLE.
    """
    if document.parser is None:
        return {}
    media, parser = _PARSERS.get(document.parser, (frozenset(), None))
    if parser is None:
        raise Refused(
            "DOCUMENT-PARSER", f"没有登记解析程序 {document.parser}。", "请联系系统管理员。", 503
        )
    if media_type not in media:
        raise Refused(
            "DOCUMENT-TYPE", f"{document.parser} 不能解析 {media_type}。", "请核对单证格式。"
        )
    try:
        return dict(parser(content))
    except Refused:
        raise
    except Exception as error:  # the bytes are a stranger's and the parser a connector's
        raise Refused(
            "DOCUMENT-UNREADABLE",
            f"单证不能解析：{shown(str(error))}",
            "请核对单证是否完整，并按规定格式重新导出。",
        ) from error


def judged(document: Document, content: bytes, at_ms: int) -> dict[str, str]:
    """The verdict as it is to stand in the body; 不能判断 when the verifier is absent or breaks."""
    name = document.verifier or ""
    verifier = _VERIFIERS.get(name)
    if verifier is None:
        return Verdict("unjudged", "没有登记验签程序").plain(name)
    try:
        return verifier(content, at_ms).plain(name)
    except Exception as error:  # as above
        return Verdict("unjudged", f"验签程序出错：{shown(str(error))}").plain(name)


def verdict_fault(value: object) -> tuple[str, str] | None:
    """(message, remedy) when the value is no verdict."""
    sound = (
        isinstance(value, dict)
        and value.keys() == {"outcome", "signer", "verifier", "why"}
        and all(type(text) is str and len(text) <= LONGEST for text in value.values())
        and all(text.isprintable() for text in value.values())
        and value["outcome"] in OUTCOMES
    )
    return None if sound else ("验签结论的写法不对。", "请由系统填写验签结论。")


def signature_issue(
    document: Document, said: object, found: Mapping[str, str]
) -> RecordIssue | None:
    """What is wrong with a signature: another verdict than filed, or not the one required."""
    if said != found:
        return _issue(
            "signature", "SIGNATURE-DIFFERS", found["outcome"],
            "报文所记验签结论与重新验签所得不同。", "请由系统重新生成报件。",
        )  # fmt: skip
    if document.signed == "recorded" or found["outcome"] == "verified":
        return None
    code = "SIGNATURE-FAILED" if found["outcome"] == "failed" else "SIGNATURE-UNJUDGED"
    return _issue(
        "signature", code, found["signer"], f"签名未通过：{found['why']}", "请重新签名后报送。"
    )


def differences(
    form: RecordForm, found: Mapping[str, object], body: Mapping[str, object], *, plain: bool
) -> Iterator[RecordIssue]:
    """DOCUMENT-DIFFERS for each field the bytes and the body say differently.

    Sealed values cannot be compared; with `plain` they stand in the clear and are.
    """
    for code, value in found.items():
        group = form.group_by_code.get(code)
        if group is None:
            field = form.by_code.get(code)
            if plain or field is None or field.personal is None:
                yield from _differs(code, value, body.get(code))
            continue
        sealed = set() if plain else {f.code for f in group.fields if f.personal is not None}
        rows, said = _rows(value), _rows(body.get(code))
        if len(rows) != len(said):
            yield from _differs(code, value, body.get(code))
        for number, (row, line) in enumerate(zip(rows, said, strict=False), 1):
            for name in row.keys() - sealed:
                yield from _differs(f"{line_name(code, number)}.{name}", row[name], line.get(name))


def _rows(value: object) -> list[Mapping[str, object]]:
    rows = value if isinstance(value, list | tuple) else []
    return [row if isinstance(row, Mapping) else {} for row in rows]


def _differs(path: str, found: object, said: object) -> Iterator[RecordIssue]:
    if type(found) is not type(said) or found != said:
        message = f"单证原文为「{shown(found)}」，报文为「{shown(said)}」。"
        remedy = "请以单证为准，或换用正确的单证。"
        yield _issue(path, "DOCUMENT-DIFFERS", said, message, remedy)


def _issue(path: str, code: str, value: object, message: str, remedy: str) -> RecordIssue:
    return RecordIssue(path, code, code, shown(value), message, remedy)
