"""All versions of all procedures this instance has loaded; none is ever dropped (Law 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.loader import read_yaml
from ortoo.kernel.threads import loader
from ortoo.kernel.threads.clocks import Clock, RegulationValue, no_regulation
from ortoo.kernel.threads.definition import ProcedureDefinition, ProcedureError, WorkCalendar
from ortoo.kernel.threads.engine import FileProcedure
from ortoo.kernel.threads.procedure import procedure_of, register_procedure
from ortoo.kernel.threads.workdays import AlwaysOpen

# (code, place) → the calendar that holds there, or None where there is none of that code.
CalendarOf = Callable[[str, str], WorkCalendar | None]
_ALWAYS = AlwaysOpen()


def _always(code: str, place: str) -> WorkCalendar | None:
    return _ALWAYS if code == "always" else None


class Catalogue:
    """Definitions by code and version, and what their clocks are measured by."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, ProcedureDefinition]] = {}
        self._calendar_of: CalendarOf = _always
        self._regulation: RegulationValue = no_regulation
        self._clocks: dict[tuple[str, str], Clock] = {}

    def use(
        self,
        *,
        calendar_of: CalendarOf | None = None,
        regulation: RegulationValue | None = None,
    ) -> None:
        """Measure by these calendars and regulations from now on; None leaves what is in use.
        `always` (全天候) is known whatever is given."""
        self._calendar_of = calendar_of or self._calendar_of
        self._regulation = regulation or self._regulation
        self._clocks.clear()

    def clock_of(self, code: str, place: str) -> Clock:
        """The clock of a calendar at a place. Raises ProcedureError PROC-CALENDAR."""
        known = self._clocks.get((code, place))
        if known is None:
            calendar = self._calendar_of(code, place) or _always(code, place)
            if calendar is None:
                raise ProcedureError("PROC-CALENDAR", f"没有工作日历“{code}”", place)
            known = self._clocks[code, place] = Clock(calendar, self._regulation)
        return known

    def register(self, definition: ProcedureDefinition) -> FileProcedure:
        """Make a version known and let threads whose key begins with its code follow it.

        Raises ProcedureError PROC-VERSION where the version is known with another digest: what a
        thread was begun under never changes.
        """
        versions = self._versions.setdefault(definition.code, {})
        known = versions.get(definition.version)
        if known is not None and known.digest != definition.digest:
            raise ProcedureError("PROC-VERSION", "这一版已有另一个定义", definition.key)
        versions[definition.version] = definition
        found = procedure_of(f"{definition.code}|")
        if not isinstance(found, FileProcedure):
            found = FileProcedure(definition.code, self.clock_of)
            register_procedure(definition.code, found)
        found.add(definition)
        return found

    def definition(self, code: str, version: int | None = None) -> ProcedureDefinition:
        """A version, the newest when none is named. Raises ProcedureError PROC-UNKNOWN."""
        versions = self._versions.get(code, {})
        wanted = max(versions, default=0) if version is None else version
        if wanted not in versions:
            raise ProcedureError("PROC-UNKNOWN", f"没有办理规程 {code} 第 {wanted} 版")
        return versions[wanted]

    def definitions(self) -> tuple[ProcedureDefinition, ...]:
        """Every version of every procedure, by code and version."""
        return tuple(
            self._versions[code][version]
            for code in sorted(self._versions)
            for version in sorted(self._versions[code])
        )

    def procedure(self, code: str) -> FileProcedure:
        """The engine of a procedure. Raises ProcedureError PROC-UNKNOWN."""
        found = procedure_of(f"{code}|") if code in self._versions else None
        if not isinstance(found, FileProcedure):
            raise ProcedureError("PROC-UNKNOWN", f"没有办理规程 {code}")
        return found

    def load_folders(self, paths: Iterable[Path]) -> tuple[ProcedureDefinition, ...]:
        """Register every `procedure:` file among the *.yaml of the folders, in order of name.

        Files whose top key is another (forms, grids) are left to their own loaders.
        """
        found = [
            loader.load(file)
            for path in paths
            for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])
            if is_procedure(file)
        ]
        for definition in found:
            self.register(definition)
        return tuple(found)


def is_procedure(file: Path) -> bool:
    """Whether a YAML file holds a procedure; one that cannot be read is taken for one, so that its
    loader says what is wrong."""
    try:
        return "procedure" in read_yaml(file.read_text(encoding="utf-8"))
    except FormError:
        return True


def regulation_values(integer: Callable[[str, date], int]) -> RegulationValue:
    """`Regulations.integer` where an unknown or lapsed parameter is None instead of an error."""

    def value(code: str, day: date) -> int | None:
        try:
            return integer(code, day)
        except ValueError:
            return None

    return value


CATALOGUE = Catalogue()
register = CATALOGUE.register
definition = CATALOGUE.definition
load_folders = CATALOGUE.load_folders
