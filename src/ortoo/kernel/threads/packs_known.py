"""Making a pack's versions known to this process, and telling which of them are in force.

The registers are of the process. Every process that serves loads what is kept at its start
(`load_kept`) and asks the log which versions are in force (`adopt`) then and every minute; a day on
which an activation begins needs no restart.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ortoo.kernel.filings import behaviour as behaviours
from ortoo.kernel.filings.behaviour import behaviour_of, register
from ortoo.kernel.filings.draft import Draft, Receipt
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import registry
from ortoo.kernel.forms.definition import Form
from ortoo.kernel.forms.record_behaviour import RecordFormBehaviour
from ortoo.kernel.forms.record_definition import RecordForm
from ortoo.kernel.forms.record_registry import register_record_forms
from ortoo.kernel.forms.record_templates import is_whole
from ortoo.kernel.threads import activation, packs_store
from ortoo.kernel.threads.catalogue import CATALOGUE, Catalogue
from ortoo.kernel.threads.definition import ProcedureDefinition, ProcedureError
from ortoo.kernel.threads.packs import Pack
from ortoo.kernel.threads.packs_behaviour import (
    ActivatedProcedure,
    Gate,
    PackedGrid,
    PackedRecord,
    day_of,
    opened_under,
)
from ortoo.kernel.threads.packs_definitions import Definition, conflict, definitions
from ortoo.kernel.threads.procedure import procedure_of, register_procedure

log = logging.getLogger("ortoo.packs")
FORMS = ("form", "record")

# What packs brought to this process: (kind, code, version) → the definition.
_KNOWN: dict[tuple[str, str, int], Definition] = {}
# The version of a procedure that new threads follow where nothing was ever activated: the newest
# that ships with the code.
_SHIPPED: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a pack changed: definitions new here, and those that were known already."""

    pack: Pack
    new: tuple[Definition, ...]
    known: tuple[Definition, ...]
    folder: Path


def load(pack: Pack, *, folder: Path | None = None) -> Loaded:
    """Keep a pack and make every version in it known. Nothing is activated, nothing is filed.

    All or nothing: Refused PACK-CONFLICT (a version known here with another digest), PACK-….
    """
    where = folder or packs_store.home()
    load_kept(where)
    found = definitions(pack.files)
    new = tuple(one for one in found if _known_digest(one) is None)
    return Loaded(
        pack,
        new,
        tuple(one for one in found if one not in new),
        _take(new, packs_store.keep(pack, where)),
    )


def load_kept(folder: Path | None = None) -> list[Refused]:
    """Make known what earlier runs loaded; what cannot be used is logged and handed back."""
    faults: list[Refused] = []
    for one in packs_store.kept(folder or packs_store.home()):
        try:
            if one.pack is None:
                raise one.fault or Refused("PACK-KEPT", "定义包不能读取。")
            found = definitions(one.pack.files)
            _take([each for each in found if _known_digest(each) is None], one.folder)
        except Refused as refused:
            log.error("%s", refused)
            faults.append(refused)
    return faults


def _known_digest(definition: Definition) -> bytes | None:
    """The digest under which the version is known; None where it is not. Refused PACK-CONFLICT."""
    found = _digest_here(definition)
    if found is not None and found != definition.digest:
        raise conflict(definition, found)
    return found


def _digest_here(definition: Definition) -> bytes | None:
    kind, code, version = definition.key
    if definition.key in _KNOWN and kind not in ("calendar", "regulation"):
        return _KNOWN[definition.key].digest
    try:
        if kind in FORMS:
            return behaviour_of(code, version).digest
        if kind == "procedure":
            return CATALOGUE.definition(code, version).digest
    except (Refused, ProcedureError):
        return None
    known = _KNOWN.get(definition.key)
    return known.digest if known and known.digest == definition.digest else None


def _take(found: Iterable[Definition], folder: Path) -> Path:
    for one in found:
        made = one.made
        if isinstance(made, Form):
            _take_grid(made)
        elif isinstance(made, RecordForm):
            _take_record(made, folder / one.path)
        elif isinstance(made, ProcedureDefinition):
            _take_procedure(made)
        _KNOWN[one.key] = one
    return folder


def _take_grid(form: Form) -> None:
    present = registry.loaded().versions.get(form.code)
    known = [each for versions in registry.loaded().versions.values() for each in versions]
    registry._loaded = registry.collect([*known, form])
    _beside(PackedGrid(form, Gate(form.code, form.version)))
    if present:
        _present_grid(form.code, present[-1].version)


def _present_grid(code: str, version: int) -> None:
    """A grid asked for without a version is this one: the registry gives the last of its tuple."""
    loaded = registry.loaded()
    if not any(form.version == version for form in loaded.versions.get(code, ())):
        return
    # Not by number, so that others keep their order and what is present stands last.
    ordered = sorted(
        loaded.versions[code], key=lambda form: (form.version == version, form.version)
    )
    registry._loaded = replace(loaded, versions={**loaded.versions, code: tuple(ordered)})


def _take_record(form: RecordForm, path: Path) -> None:
    present = behaviours._LATEST.get(form.code, 0)
    register_record_forms([path])
    if present:
        behaviours._LATEST[form.code] = present
    _beside(PackedRecord(form, Gate(form.code, form.version)))


def _beside(behaviour: PackedGrid | PackedRecord) -> None:
    """Known by its number; what is filed without one goes on under the version it went under."""
    present = behaviours._LATEST.get(behaviour.code, 0)
    register(behaviour)
    if present:
        behaviours._LATEST[behaviour.code] = present


def _take_procedure(definition: ProcedureDefinition) -> None:
    code = definition.code
    found = procedure_of(f"{code}|")
    if not isinstance(found, ActivatedProcedure):
        shipped = [each.version for each in CATALOGUE.definitions() if each.code == code]
        _SHIPPED[code] = max(shipped, default=0)
        gated = ActivatedProcedure(code, CATALOGUE.clock_of)
        gated.current = _SHIPPED[code]
        for each in CATALOGUE.definitions():
            if each.code == code:
                gated.add(each)
        register_procedure(code, gated)
    CATALOGUE.register(definition)


def known() -> tuple[Definition, ...]:
    """Every definition that packs brought to this process."""
    return tuple(_KNOWN[key] for key in sorted(_KNOWN))


# --- what is in force ------------------------------------------------------------------------


def adopt(on: date) -> dict[tuple[str, str], int]:
    """Let what the log says is in force on a day be the present version of packs' definitions.

    (kind, code) → version. One read of the activations' threads; repeat it as often as you like.
    """
    found: dict[tuple[str, str], int] = {}
    for kind, code in sorted({(_family(one.kind), one.code) for one in _KNOWN.values()}):
        if kind not in activation.KINDS:
            continue
        version = activation.active_version(code, on, kind=kind)
        if version is not None:
            found[kind, code] = version
        if kind == activation.FORM and version is not None:
            behaviours._LATEST[code] = version
            _present_grid(code, version)
        procedure = procedure_of(f"{code}|")
        if kind == activation.PROCEDURE and isinstance(procedure, ActivatedProcedure):
            procedure.current = _SHIPPED.get(code, 0) if version is None else version
    return found


def _family(kind: str) -> str:
    return activation.FORM if kind in FORMS else kind


def activate(
    *, code: str, version: int, from_day: date, filer: str, actor: str, now_ms: int,
    kind: str = activation.FORM,
) -> Receipt:  # fmt: skip
    """`activation.activate` of a version, the pack it came in named; this process adopts it.

    Where nothing was activated yet, the shipped version that is in use is activated first, since
    otherwise there would be nothing in force until `from_day`.
    """
    _begin(code, kind, now_ms)
    said = activation.activate(
        code=code, version=version, from_day=from_day, filer=filer, actor=actor, now_ms=now_ms,
        kind=kind, pack=_pack_of(code, version, kind),
    )  # fmt: skip
    adopt(day_of(now_ms))
    return said


def _begin(code: str, kind: str, now_ms: int) -> None:
    shipped = shipped_version(code, kind)
    if shipped:
        activation.version_at(code, date.min, shipped, now_ms=now_ms, kind=kind)


def shipped_version(code: str, kind: str = activation.FORM) -> int:
    """The newest version that came with the code, 0 where all came in packs."""
    if kind == activation.PROCEDURE:
        packed = {v for k, c, v in _KNOWN if (k, c) == (kind, code)}
        found = [d.version for d in CATALOGUE.definitions() if d.code == code]
    else:
        packed = {v for k, c, v in _KNOWN if k in FORMS and c == code}
        found = [version for known_code, version in behaviours._REGISTER if known_code == code]
    return max((version for version in found if version not in packed), default=0)


def _pack_of(code: str, version: int, kind: str) -> str:
    for one in packs_store.kept(packs_store.home()):
        if one.pack is not None and any(
            (_family(each.kind), each.code, each.version) == (kind, code, version)
            for each in definitions(one.pack.files)
        ):
            return one.pack.title
    return "shipped"


# --- opening a thread ------------------------------------------------------------------------


def pinned(draft: Draft, *, now_ms: int) -> Draft:
    """`draft` with the version of each procedure it opens, where its form leaves that blank.

    An opening form leaves it blank by having a field for it that need not be filled (`says: {kind:
    open, detail: {version: "{procedure_version}"}}`). The version is the one in force on the day
    it is said; from then on it stands in the filing's own body, and so in the thread's opening.
    """
    form = behaviour_of(draft.form, draft.version)
    if not isinstance(form, RecordFormBehaviour):
        return draft
    says = _blank_versions(form.form)
    versions: dict[str, int] = {}
    for code, _ in says:
        versions[code] = _in_force(code, day_of(draft.said_at), now_ms)
    return opened_under(draft, says, {code: found for code, found in versions.items() if found})


def _in_force(code: str, on: date, now_ms: int) -> int:
    """The version new threads follow on a day, told to the engine of this process too."""
    shipped = shipped_version(code, activation.PROCEDURE)
    kind = activation.PROCEDURE
    if shipped:
        found = activation.version_at(code, on, shipped, now_ms=now_ms, kind=kind)
    else:
        found = activation.active_version(code, on, kind=kind) or 0
    procedure = procedure_of(f"{code}|")
    if isinstance(procedure, ActivatedProcedure):
        procedure.current = found
    return found


def _blank_versions(form: RecordForm) -> list[tuple[str, str]]:
    """(procedure's code, field of the version) of what the form opens."""
    found = []
    for say in form.says:
        version = str(say.detail.get("version", ""))
        if say.kind == "open" and is_whole(version) and not version.startswith("{@"):
            found.append((say.thread.split("|", 1)[0], version.strip("{}")))
    return found


def register_procedure_digests(catalogue: Catalogue = CATALOGUE) -> None:
    """Let activations of procedures be checked against what is loaded here."""

    def digest(code: str, version: int) -> bytes:
        try:
            return catalogue.definition(code, version).digest
        except ProcedureError as error:
            raise Refused(
                "ACTIVATE-UNKNOWN",
                f"{error.message}。",
                "请先装入定义包（./ortoo pack load）再启用。",
                404,
            ) from error

    activation.register_digests(activation.PROCEDURE, digest)


register_procedure_digests()
__all__ = [
    "Loaded", "activate", "adopt", "day_of", "known", "load", "load_kept", "pinned",
    "register_procedure_digests", "shipped_version",
]  # fmt: skip
