"""Small panels for the properties of indices, and one to work by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

CLOSE = 1e-9
# A busy machine may take its time over an example.
EXAMPLES = settings(max_examples=60, deadline=None)

# Item A doubles and sells twice the quantity, item B stays as it was.
HAND_PRICE = np.array([[1.0, 2.0], [2.0, 2.0]])
HAND_VALUE = np.array([[10.0, 10.0], [40.0, 10.0]])


@st.composite
def panels(
    draw: st.DrawFn, *, periods: tuple[int, int] = (2, 7), gaps: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """(price, value) [periods × items]; the first item is always there, so all periods compare."""
    rows, items = draw(st.integers(*periods)), draw(st.integers(1, 5))
    shape = (rows, items)

    def table(low: int, high: int) -> np.ndarray:
        cells = st.lists(st.integers(low, high), min_size=rows * items, max_size=rows * items)
        return np.array(draw(cells), float).reshape(shape)

    price, value = table(10, 9_999) / 100, table(1, 5_000)
    if gaps:
        absent = table(0, 3) == 0
        absent[:, 0] = False
        price[absent] = np.nan
    return price, value
