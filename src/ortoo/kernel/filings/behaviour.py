"""What the kernel must know of a form to file under it, and the register of such behaviours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.filings.refusal import Refused

MAX_BODY_BYTES = 2_000_000
JsonObject: TypeAlias = Mapping[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Annulment:
    """Who may annul filings of a form: under which `forms`, and parties of which `kinds`."""

    forms: frozenset[str]
    kinds: frozenset[str]


class Behaviour(Protocol):
    """A form as the write path sees it; every method is pure.

    It may also carry `annulment` (an Annulment; without one nobody annuls), `corrected_by` (forms
    whose filings may correct a line of one of this), `supersedable` (True), `posts` (True; False
    where no filing ever moves a quantity) and `check_draft(draft, data)`, which raises Refused for
    what the body alone cannot tell.
    """

    @property
    def code(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def digest(self) -> bytes: ...
    def encode(self, body: object) -> bytes: ...
    def parts(self, data: bytes) -> Sequence[tuple[str, bytes]]: ...
    def entries(self, draft: Draft, data: bytes) -> Sequence[Entry]: ...
    def moves(self, draft: Draft, data: bytes) -> Sequence[Move]: ...
    def addressees(self, draft: Draft, data: bytes) -> Sequence[str]: ...


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8, no NaN. The bytes that are digested."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _refuse_constant(name: str) -> object:
    raise Refused("BODY-NAN", f"报文含有非数值「{name}」。", "请改为数字或空缺原因后重新报送。")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("BODY-DUPLICATE-KEY", "报文中同一字段出现两次。", "每个字段只保留一次。")
    return found


def parse(data: bytes) -> object:
    """Strict JSON: duplicate keys, NaN and infinities are refused with a code."""
    try:
        return json.loads(data, object_pairs_hook=_no_duplicates, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("BODY-JSON", "报文不是有效的 JSON。", "请检查编码与括号。") from error


def _written(body: object) -> bytes:
    """Canonical bytes of a body somebody sent, or a Refused."""
    try:
        data = canonical(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused("BODY-JSON", "报文含有无法写成 JSON 的值。", "请检查数值与字符。") from error
    # PostgreSQL's text cannot hold U+0000, so no register made from a body may meet it.
    if b"\\u0000" in data:
        raise Refused("BODY-TEXT", "报文含有空字符 U+0000。", "请删除不可见字符。")
    return data


def _derived(
    code: str, rule: Callable[[Draft, JsonObject], Iterable[T]], draft: Draft, data: bytes
) -> tuple[T, ...]:
    """What a rule makes of a body. One that passed `validate` and is still of another shape deep
    inside is the sender's fault and not ours, so it is refused and does not break the write."""
    try:
        return tuple(rule(draft, json.loads(data)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise Refused(
            "BODY-SHAPE", f"{code} 的报文结构与表式不符。", "请按表式填写各字段。"
        ) from error


@dataclass(frozen=True)
class RecordBehaviour:
    """Behaviour of a record form: a JSON object, one part per top-level field.

    `validate(body)` returns problems as sentences; `relate` gives the thread entries; `post` the
    moves. All pure.
    """

    code: str
    version: int
    validate: Callable[[JsonObject], Iterable[str]]
    relate: Callable[[Draft, JsonObject], Iterable[Entry]] = lambda draft, body: ()
    post: Callable[[Draft, JsonObject], Iterable[Move]] | None = None
    address: Callable[[Draft, JsonObject], Iterable[str]] = lambda draft, body: ()
    annulment: Annulment | None = None
    corrected_by: frozenset[str] = frozenset()
    supersedable: bool = True

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(f"record-form {self.code} v{self.version}".encode()).digest()

    @property
    def posts(self) -> bool:
        return self.post is not None

    def encode(self, body: object) -> bytes:
        data = body if isinstance(body, bytes) else _written(body)
        if len(data) > MAX_BODY_BYTES:
            raise Refused(
                "BODY-TOO-LARGE",
                f"报文 {len(data):,} 字节，超过上限 {MAX_BODY_BYTES:,} 字节。",
                "请拆分后分批报送。",
                413,
            )
        parsed = parse(data)
        if not isinstance(parsed, dict):
            raise Refused("BODY-SHAPE", f"{self.code} 的报文应为对象。", "请按表式填写各字段。")
        problems = list(self.validate(parsed))
        if problems:
            told = "；".join(problems[:5])
            raise Refused("BODY-INVALID", told, "请更正后重新报送。", details=list(problems))
        return _written(parsed)

    def parts(self, data: bytes) -> Sequence[tuple[str, bytes]]:
        body = json.loads(data)
        return [(name, canonical(body[name])) for name in sorted(body)]

    def entries(self, draft: Draft, data: bytes) -> Sequence[Entry]:
        return _derived(self.code, self.relate, draft, data)

    def moves(self, draft: Draft, data: bytes) -> Sequence[Move]:
        return () if self.post is None else _derived(self.code, self.post, draft, data)

    def addressees(self, draft: Draft, data: bytes) -> Sequence[str]:
        return _derived(self.code, self.address, draft, data)


def posts(behaviour: Behaviour) -> bool:
    """Whether filings under it may move quantities."""
    return bool(getattr(behaviour, "posts", True))


_REGISTER: dict[tuple[str, int], Behaviour] = {}
_LATEST: dict[str, int] = {}


def register(behaviour: Behaviour) -> None:
    """Make a form fileable. Registering the same code and version again replaces it (reloads)."""
    _REGISTER[(behaviour.code, behaviour.version)] = behaviour
    _LATEST[behaviour.code] = max(behaviour.version, _LATEST.get(behaviour.code, 0))


def behaviour_of(code: str, version: int | None = None) -> Behaviour:
    """The behaviour of a form version (the newest when `version` is None)."""
    wanted = _LATEST.get(code, 0) if version is None else version
    try:
        return _REGISTER[(code, wanted)]
    except KeyError:
        known = sorted(v for c, v in _REGISTER if c == code)
        if known:
            raise Refused(
                "FORM-VERSION",
                f"表式 {code} 没有第 {version} 版；现有版本：{known}。",
                "请刷新页面，取得当前版本后重新报送。",
            ) from None
        raise Refused("FORM-UNKNOWN", f"没有表式「{code}」。", "请核对表号。", 404) from None
