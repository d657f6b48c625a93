from __future__ import annotations

from ortoo.domains.market.alerts.naming import title_of
from ortoo.kernel.places.active import active_pack


def test_a_case_is_called_by_place_goods_and_sort() -> None:
    root = active_pack().root
    assert title_of(root.code, "S.VE.W2026-11-14") == f"{root.zh}蔬菜脱销"
    assert title_of(root.code, "G.PIG.X2026-11-2") == f"{root.zh}生猪滞销"


def test_a_case_that_reads_otherwise_is_left_as_it_is() -> None:
    assert title_of("150781", "2026-419B") == "2026-419B"
    assert title_of("nowhere", "S.VE.W2026-11-14") == "nowhere蔬菜脱销"
