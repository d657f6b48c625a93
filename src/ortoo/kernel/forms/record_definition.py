"""What a record form 记录表式 is: fields, lines and attachments that say one thing of one matter.

Nothing here reads files, clocks or the database. `record_loader` makes these objects out of
reviewed YAML, `record_check` checks bodies against them, `record_behaviour` files them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeAlias

from ortoo.kernel.forms.definition import Severity
from ortoo.kernel.forms.nodes import Truth

FieldType = Literal[
    "text", "integer", "decimal", "money", "date", "instant", "choice", "boolean", "party",
    "place", "good", "account", "thread",
]  # fmt: skip
TYPES: tuple[FieldType, ...] = (
    "text", "integer", "decimal", "money", "date", "instant", "choice", "boolean", "party",
    "place", "good", "account", "thread",
)  # fmt: skip
QUANTITIES = ("integer", "decimal", "money")
"""Types whose values are integers in minor units and may be posted."""
NUMBERS = (*QUANTITIES, "date", "instant", "boolean")
"""Types that a rule may read: a date as its day number, an instant in ms, a boolean as 0 or 1."""

MAX_INTEGER = 2**53 - 1
DEFAULT_LINES = 50
MAX_LINES = 2_000
SIGNATURE = "signature"
"""The body's own key for what a verifier found; no field may be called so."""
SECRET = "secret"
"""The body's own key for what its parts are salted with (see `kernel.seal.salting`)."""
UNSHARED = "own"
"""The class of what no agency is handed."""

Scalar: TypeAlias = str | int | bool
Path: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Condition:
    """`when:` the field has one of the values. A field that is not there meets no condition."""

    field: str
    values: tuple[Scalar, ...]

    def holds(self, *scopes: Mapping[str, object]) -> bool:
        """Whether it holds; the first scope that has the field decides (a line, then the body)."""
        for scope in scopes:
            if self.field in scope:
                value = scope[self.field]
                return any(type(value) is type(want) and value == want for want in self.values)
        return False


@dataclass(frozen=True, slots=True)
class CodeListName:
    """A registered code list 代码表 and its version; its content never changes."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class RecordField:
    """One fact that is asked. A stored quantity is value × 10**scale (`unit` or `currency`).

    `personal` names the person (a key of `persons`) the value belongs to: the body then holds only
    its commitment. `share` is the class of agencies that may be handed it; `shares` the cell of
    another form that is the same fact (law 18).
    """

    code: str
    type: FieldType
    title: Mapping[str, str]
    must: bool = False
    when: Condition | None = None
    personal: str | None = None
    share: str = UNSHARED
    shares: str | None = None
    prefill: str | None = None
    concept: str = ""
    longest: int = 200
    lines: bool = False
    pattern: str | None = None
    unit: str = ""
    currency: str = ""
    scale: int = 0
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codes: CodeListName | None = None
    foreign: bool = False
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Repeated lines 明细, each with its own fields; `key` names the field no two lines share."""

    code: str
    title: Mapping[str, str]
    fields: tuple[RecordField, ...]
    key: str | None
    minimum: int = 0
    maximum: int = DEFAULT_LINES
    when: Condition | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The share classes its fields have, sorted."""
        return tuple(sorted({inner.share for inner in self.fields}))


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """Attachments 附件 of one kind. The body holds their addresses, the filing their bytes."""

    code: str
    title: Mapping[str, str]
    media: tuple[str, ...]
    largest: int
    minimum: int = 0
    maximum: int = 1
    share: str = UNSHARED
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A foreign document kept byte for byte; `parser` makes fields of it, `verifier` judges it.

    `persons`: its bytes name persons in the clear, so that whoever may read it must be limited.
    """

    media: tuple[str, ...]
    largest: int
    must: bool
    parser: str | None = None
    verifier: str | None = None
    signed: Literal["required", "recorded"] = "recorded"
    persons: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RecordRule:
    """A cross-field rule 审核关系: `truth` must not be false. `over` is a group's code or ""."""

    code: str
    severity: Severity
    expression: str
    truth: Truth
    over: str
    field: str
    say: Mapping[str, str]
    remedy: Mapping[str, str]
    source: str
    when: Condition | None = None
    tolerance: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, eq=False)
class Say:
    """What the filing says to a thread; `each` names a group said line by line."""

    thread: str
    kind: str
    detail: Mapping[str, object]
    each: str = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A quantity moved: `account` takes it, `source` (if named) gives it. `negative` turns it."""

    account: str
    commodity: str
    quantity: str
    on: str
    negative: bool = False
    source: str = ""
    each: str = ""
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """To whom the filing is relayed, and the share classes that party is handed."""

    party: str
    shares: tuple[str, ...]
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class PersonRule:
    """How a person is referred to: `kind`, and the fields whose HMAC makes the reference."""

    code: str
    kind: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnnulmentRule:
    """Which forms may annul a filing of this form, filed by parties of which kinds (law 5)."""

    forms: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RecordForm:
    """One version of one record form. Compared by identity; two equal forms have equal digests."""

    code: str
    version: int
    title: Mapping[str, str]
    respondent: tuple[str, ...]
    fields: tuple[RecordField, ...]
    groups: tuple[Group, ...] = ()
    slots: tuple[Slot, ...] = ()
    document: Document | None = None
    rules: tuple[RecordRule, ...] = ()
    says: tuple[Say, ...] = ()
    posts: tuple[Post, ...] = ()
    sends: tuple[Send, ...] = ()
    persons: tuple[PersonRule, ...] = ()
    annulment: AnnulmentRule | None = None
    corrected_by: tuple[str, ...] = ()
    supersedable: bool = True
    shares: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    guidance: Mapping[str, str] = field(default_factory=dict)
    file: str = ""

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the canonical definition: every word a respondent sees is in it."""
        return hashlib.sha256(canonical_definition(self)).digest()

    @cached_property
    def by_code(self) -> Mapping[str, RecordField]:
        return {inner.code: inner for inner in self.fields}

    @cached_property
    def group_by_code(self) -> Mapping[str, Group]:
        return {group.code: group for group in self.groups}

    @cached_property
    def slot_by_code(self) -> Mapping[str, Slot]:
        return {slot.code: slot for slot in self.slots}

    @cached_property
    def person_by_code(self) -> Mapping[str, PersonRule]:
        return {person.code: person for person in self.persons}

    @property
    def key(self) -> str:
        return f"{self.code}@{self.version}"

    @property
    def known_fields(self) -> tuple[int, int]:
        """Fields with a declared source (`shares` or `prefill`), and all fields (law 18)."""
        asked = [*self.fields, *(inner for group in self.groups for inner in group.fields)]
        return sum(1 for inner in asked if inner.shares or inner.prefill), len(asked)

    @property
    def signed(self) -> bool:
        return self.document is not None and self.document.verifier is not None

    @property
    def salted(self) -> bool:
        """Whether parts are handed out one by one, and so salted: where classes are declared."""
        return bool(self.shares)

    def scope(self, group: str) -> Mapping[str, RecordField]:
        """The fields a template or rule may name: those of the lines first, then the body's."""
        inner = self.group_by_code[group].fields if group else ()
        return {**self.by_code, **{found.code: found for found in inner}}


def line_name(group: str, number: int) -> str:
    """Name of a line's part and beginning of its fields' paths; the first line is 0001."""
    return f"{group}.{number:04d}"


def canonical_definition(form: RecordForm) -> bytes:
    """Canonical JSON (sorted keys, no white space, UTF-8); the file's name is left out."""
    plain = _plain(form)
    return json.dumps(
        plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _plain(value: object) -> object:
    slots = getattr(value, "__dataclass_fields__", None)
    if slots is not None:
        names = [f.name for f in fields(value) if f.name not in ("file", "truth")]  # type: ignore[arg-type]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return value
