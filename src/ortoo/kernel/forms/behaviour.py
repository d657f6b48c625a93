"""A grid form as the write path sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ortoo.kernel.filings.behaviour import register
from ortoo.kernel.filings.draft import Draft, Entry, Move
from ortoo.kernel.filings.refusal import Refused
from ortoo.kernel.forms import body as codec
from ortoo.kernel.forms.definition import Form, FormError
from ortoo.kernel.forms.registry import Registry
from ortoo.kernel.threads.periodic import return_thread

_SECTIONS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True)
class GridBehaviour:
    """Behaviour of one version of a grid form; one part per column (Law 2)."""

    form: Form
    posts = False
    pinned = True

    @property
    def code(self) -> str:
        return self.form.code

    @property
    def version(self) -> int:
        return self.form.version

    @property
    def digest(self) -> bytes:
        return self.form.digest

    def encode(self, body: object) -> bytes:
        try:
            if isinstance(body, bytes):
                return codec.encode(self.form, codec.decode(self.form, body))
            if isinstance(body, codec.GridBody):
                return codec.encode(self.form, body)
        except FormError as error:
            raise Refused(
                error.code, f"{error.message}（{error.where}）", "请更正后重新报送。"
            ) from error
        raise Refused("BODY-SHAPE", f"{self.code} 的报文应为表格。", "请用本系统的表格填报。")

    def parts(self, data: bytes) -> Sequence[tuple[str, bytes]]:
        # The stored bytes are canonical, so each section's own bytes are its canonical form: the
        # same parts as `codec.parts`, without decoding a cell (a test pins the two together).
        found: list[tuple[str, bytes]] = []
        for name, raw in _SECTIONS.decode(data).items():
            if name == "columns":
                columns = _SECTIONS.decode(bytes(raw))
                found += [(f"columns.{code}", bytes(cells)) for code, cells in columns.items()]
            else:
                found.append((name, bytes(raw)))
        return found

    def entries(self, draft: Draft, data: bytes) -> Sequence[Entry]:
        detail = {"assisted": True} if draft.mode == "assisted" else {}
        return (Entry(return_thread(self.code, draft.period, draft.subject), "return", detail),)

    def moves(self, draft: Draft, data: bytes) -> Sequence[Move]:
        return ()

    def addressees(self, draft: Draft, data: bytes) -> Sequence[str]:
        return ()


def register_grid_forms(registry: Registry) -> None:
    """Make every loaded version of every grid form fileable."""
    for versions in registry.versions.values():
        for form in versions:
            register(GridBehaviour(form))
