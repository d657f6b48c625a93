"""MON-FORECAST 预测: what a run says, a filing of the system party. What was forecast never moves.

The body names form, period (the newest one known), log index, the model with its parameters and
digest, under which signature, and the cells: integers by unit and item in the order of `FIELDS`,
cut short where nothing is forecast. Prices are in a hundredth of the form's minor unit; bounds are
distances from the point; skill and errors are in thousandths. Each unit's cells are a part of their
own of the filing's digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ortoo.domains.market.forecasts import model
from ortoo.domains.market.forecasts.coherence import in_integers
from ortoo.domains.market.forecasts.computing import Computed
from ortoo.domains.market.forecasts.series import Observed
from ortoo.kernel.filings.behaviour import JsonObject, RecordBehaviour, canonical, parse, register
from ortoo.kernel.filings.draft import Draft, Entry
from ortoo.kernel.filings.refusal import Refused

FORM = "MON-FORECAST"
SYSTEM = "SYSTEM"
MOST_BYTES = 24_000_000
"""A run of 7,000 series is about 6 MB."""
HEAD = ("status", "base", "source", "quotes", "checked", "skill", "skill_seasonal")
STEPS = (
    "steps", "steps_seasonal", "error", "point", "low50", "high50", "low80", "high80", "low95",
    "high95", "quantity",
)  # fmt: skip
FIELDS = (*HEAD, *STEPS)
FINER = 2
"""Decimal places more than the form's price has: a forecast is rounded once, when it is printed."""
_TYPES: dict[str, type] = {
    "form": str, "period": str, "log_index": int, "note": str, "model": dict, "approval": int,
    "horizon": int, "kind": str, "scales": dict, "checks": dict, "inputs": dict, "cells": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What a run was made of and for: `approval` the log index of the signature, 0 unsigned."""

    form: str
    period: str
    log_index: int
    approval: int
    note: str
    first: str
    scale: int
    quantity_scale: int


def key_of(form: str, period: str) -> str:
    """One run a form and period: a second one with other numbers is refused by the log."""
    return f"forecast:{form}:{period}"


def thread_of(form: str, period: str) -> str:
    return f"{FORM}|{form}|{period}"


def body_of(seen: Observed, found: Computed, known: Known) -> dict[str, object]:
    """The body of a run, in integers; `scale` of prices and `quantity_scale` are decimal places."""
    alone = seen.price is None
    scale = known.scale if alone else known.scale + FINER
    factor, quantity_factor = 10.0**scale, 10.0 ** (scale if alone else known.quantity_scale)
    made = in_integers(
        found.points.main * factor, found.points.quantity * quantity_factor,
        rooted=seen.rooted and not alone,
    )  # fmt: skip
    point, quantity = made.price, made.quantity
    if alone and seen.rooted and len(seen.units) > 1:
        some = (point[1:] >= 0).any(axis=0)
        point[0] = np.where(some, np.maximum(point[1:], 0).sum(axis=0), point[0])
        quantity = point
    columns: list[Any] = [
        found.status, _whole(found.base * factor), seen.source, seen.quotes, found.checked,
        _whole(found.skill * 1000), _whole(found.skill_seasonal * 1000),
        _whole(found.skill_by_step * 1000), _whole(found.seasonal_by_step * 1000),
        _whole(found.error * 1000), point,
    ]  # fmt: skip
    for level in model.LEVELS:
        columns.append(_whole((found.points.main - found.low[level]) * factor))
        columns.append(_whole((found.high[level] - found.points.main) * factor))
    columns.append(quantity)
    return {
        "form": known.form, "period": known.period, "log_index": known.log_index,
        "note": known.note, "approval": known.approval,
        "model": {
            "name": model.NAME, "version": model.VERSION, "digest": model.digest(),
            "code": model.code_digest(), "parameters": model.parameters(),
        },
        "horizon": int(point.shape[2]), "kind": "total" if alone else "price",
        "scales": {"price": scale, "quantity": scale if alone else known.quantity_scale},
        "checks": {
            "origins": found.origins,
            "coverage": {
                str(level): _thousandths(share) for level, share in found.coverage.items()
            },
        },
        "inputs": {"periods": seen.length, "first": known.first},
        "cells": _cells(seen, columns),
    }  # fmt: skip


def _whole(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    """Rounded integers as objects, None for NaN."""
    fit = np.isfinite(values)
    whole = np.rint(np.where(fit, values, 0)).astype(np.int64).astype(object)
    whole[~fit] = None
    return whole


def _thousandths(share: float) -> int | None:
    return round(share * 1000) if np.isfinite(share) else None


def _cells(seen: Observed, columns: Sequence[Any]) -> dict[str, dict[str, list[object]]]:
    cells: dict[str, dict[str, list[object]]] = {}
    heads, steps = columns[: len(HEAD)], columns[len(HEAD) :]
    point = steps[STEPS.index("point")]
    for u, unit in enumerate(seen.units):
        rows: dict[str, list[object]] = {}
        for i, item in enumerate(seen.items):
            said: list[object] = [_plain(column[u, i]) for column in heads]
            if said[1] is None:
                continue
            if (point[u, i] > 0).all():
                said += [[_plain(one) for one in column[u, i]] for column in steps]
            rows[item] = said
        cells[unit] = rows
    return cells


def _plain(value: object) -> int | None:
    return None if value is None else int(cast(int, value))


# --- the form ------------------------------------------------------------------------------------


def _validate(body: JsonObject) -> Iterator[str]:
    for name, kind in _TYPES.items():
        if type(body.get(name)) is not kind:
            yield f"字段「{name}」缺失或类型不符"
    for name in body.keys() - _TYPES.keys():
        yield f"不认识的字段「{name}」"
    cells, horizon = body.get("cells"), body.get("horizon")
    if not isinstance(cells, dict) or not cells:
        yield "「cells」不能为空"
        return
    for unit, rows in cells.items():
        for item, said in rows.items() if isinstance(rows, dict) else ():
            if not _fits(said, horizon):
                yield f"{unit}、{item} 的预测列数或步数不符"


def _fits(said: object, horizon: object) -> bool:
    if not isinstance(said, list) or len(said) not in (len(HEAD), len(FIELDS)):
        return False
    whole = all(one is None or type(one) is int for one in said[: len(HEAD)])
    return whole and all(
        isinstance(column, list) and len(column) == horizon for column in said[len(HEAD) :]
    )


def _entries(draft: Draft, body: JsonObject) -> Iterable[Entry]:
    form, period = cast(str, body["form"]), cast(str, body["period"])
    used = cast(Mapping[str, object], body["model"])
    cells = cast(Mapping[str, Mapping[str, object]], body["cells"])
    detail = {
        "log_index": body["log_index"], "model": used["name"], "version": used["version"],
        "digest": used["digest"], "approval": body["approval"], "horizon": body["horizon"],
        "kind": body["kind"], "scales": body["scales"], "checks": body["checks"],
        "inputs": body["inputs"], "note": body["note"],
        "series": sum(len(rows) for rows in cells.values()),
    }  # fmt: skip
    yield Entry(thread_of(form, period), "forecast", detail)


@dataclass(frozen=True)
class ForecastBehaviour(RecordBehaviour):
    """A record whose body may be large and whose cells are digested by unit."""

    def encode(self, body: object) -> bytes:
        data = body if isinstance(body, bytes) else canonical(body)
        if len(data) > MOST_BYTES:
            raise Refused(
                "BODY-TOO-LARGE", f"报文 {len(data):,} 字节，超过上限 {MOST_BYTES:,} 字节。",
                "请按表式分开预测。", 413,
            )  # fmt: skip
        parsed = parse(data)
        if not isinstance(parsed, dict):
            raise Refused("BODY-SHAPE", f"{self.code} 的报文应为对象。", "请按表式填写各字段。")
        problems = list(self.validate(parsed))
        if problems:
            raise Refused("BODY-INVALID", "；".join(problems[:5]), "请更正后重新报送。")
        return canonical(parsed)

    def parts(self, data: bytes) -> Sequence[tuple[str, bytes]]:
        body = json.loads(data)
        cells = body.pop("cells")
        found = [(name, canonical(body[name])) for name in sorted(body)]
        return found + [(f"cells.{unit}", canonical(cells[unit])) for unit in sorted(cells)]

    def check_draft(self, draft: Draft, data: bytes) -> None:
        """Raises Refused FORECAST-FILER: only the system party forecasts, by its one key."""
        body = json.loads(data)
        right = draft.key == key_of(body["form"], body["period"]) and draft.period == body["period"]
        if draft.filer != SYSTEM or not right:
            raise Refused(
                "FORECAST-FILER", "预测只由系统按每期一次报出。", "请在签发模型后等系统报出。", 403
            )


def register_forecast_form() -> None:
    """Make runs fileable."""
    register(ForecastBehaviour(FORM, 1, _validate, _entries, supersedable=False))
