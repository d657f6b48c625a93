"""A form small enough to read at a glance, for the tests of the form language."""

from __future__ import annotations

from ortoo.kernel.forms import loader
from ortoo.kernel.forms.body import GridBody
from ortoo.kernel.forms.definition import Cell, Form

SMALL = """
form: SMALL-W1
version: 1
title: {zh: 小表, en: Small form}
head: {code: 小表1, issuer: 测试, approval: "", valid_until: "2027-12"}
period_types:
  - since: 2015-01-05
    kind: week
    starts: monday
    opens: {days_from_end: -1, time: "08:00"}
    due: {weekday: monday, time: "12:00"}
  - since: 2025-01-01
    kind: week
    starts: saturday
    opens: {days_from_end: -1, time: "08:00"}
    due: {weekday: monday, time: "12:00"}
respondents: {register: enterprise, sample: small}
levels: [旗县, 盟市]
nil_reasons: [未经营, 断货, 季节无货]
reasons: [促销, 到货少, 其他]
limits: small.limits
entry_units:
  jin: {name: 斤, of: 公斤, is: "1/2"}
  box: {name: 箱, of: 公斤, is: "45/2"}
groups:
  - code: "01"
    title: {zh: 粮食, en: Grain}
    unit: 公斤
    units: [jin]
    items:
      - {code: "0101", zh: 大米, en: Rice, good: GR01, stock: true}
      - {code: "0102", zh: 面粉, en: Flour, good: GR02, aliases: [白面]}
  - code: "02"
    title: {zh: 蛋类, en: Eggs}
    unit: 公斤
    units: [jin, box]
    items:
      - {code: "0201", zh: 鸡蛋, en: Eggs, good: EG01, stock: true}
computed:
  - {code: "09", title: {zh: 合计, en: Total}, unit: 公斤, sum_of: ["01", "02"]}
measures:
  price: {title: {zh: 本期平均零售价格, en: Price}, unit: "元/{unit}",
    scale: 2, digits: 7, must: true,
    converts: per_unit, aggregate: "wmean:qty"}
  sales: {title: {zh: 本期销售额, en: Sales}, unit: 万元,
    scale: 2, digits: 8, must: false, converts: none, aggregate: sum}
  qty: {title: {zh: 本期销售量, en: Quantity}, unit: "{unit}",
    scale: 1, digits: 9, must: false, converts: amount, aggregate: sum}
  stock: {title: {zh: 期末库存, en: Stock}, unit: "{unit}",
    scale: 1, digits: 9, must: false, asked: marked,
    converts: amount, aggregate: sum, shares: OTHER.stock}
rules:
  - id: R1
    hard: price > 0
    measure: price
    say: {zh: "价格{price}应大于零。", en: "The price must be above zero."}
    remedy: {zh: 请改正。, en: Correct it.}
  - id: R2
    soft: abs(price / price@-1 - 1) <= limit('price_change')
    measure: price
    say: {zh: "价格由{price@-1}变为{price}，变动{change}。", en: "Moved by {change}."}
    show: [{name: change, value: price / price@-1 - 1, as: percent}]
    remedy: {zh: 请核实。, en: Check it.}
  - id: R3
    soft: not between(price / price@-1, 1.8, 2.2)
    measure: price
    masks: [R2]
    say: {zh: 疑为斤与公斤混用。, en: Unit slip?}
    remedy: {zh: 请选录入单位。, en: Choose the unit.}
  - id: R4
    soft: robust_z(price, peers(旗县, item)) <= 5
    measure: price
    say: {zh: "与{peer_level}{peer_count}家同业中位数{median}差异过大。", en: "Far from peers."}
    remedy: {zh: 请核实。, en: Check it.}
  - id: R5
    soft: sum(sales, children) <= 10 * sum(sales@-1, children)
    over: group
    measure: sales
    say: {zh: 本组销售额变动过大。, en: The group's sales moved too far.}
    remedy: {zh: 请核实。, en: Check it.}
publish: {min_respondents: 3, dominance: "0.10", level: 盟市}
"""


def small_form() -> Form:
    return loader.parse(loader.read_yaml(SMALL))


def grid(price: tuple[Cell, ...], **columns: tuple[Cell, ...]) -> GridBody:
    """A grid of the small form; columns not given are blank."""
    blank: tuple[Cell, ...] = (None, None, None)
    filled = {code: columns.get(code, blank) for code in ("sales", "qty", "stock")}
    return GridBody({"price": price, **filled})
