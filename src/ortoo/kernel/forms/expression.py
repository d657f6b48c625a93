"""The rule language: a small safe subset of Python's expressions, parsed into our own nodes.

Numbers, names of measures, `x@-1` (previous period), `x@year` (same period last year),
comparison (chained too), and/or/not, + - * /, abs, min, max, between(x, low, high),
ratio(a, b), has(x), nil(x), sum(x, children), robust_z(x, peers(level, item)), limit('name').

Everything else is refused with a coded error: attributes, subscripts, other calls, lambdas,
comprehensions, strings, powers, long constants, deep nesting. The parsed nodes are the only
thing that `exact` and `vectorised` see, so nothing a person wrote is ever executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn

from ortoo.kernel.forms.definition import FormError
from ortoo.kernel.forms.nodes import (
    Absolute,
    Arithmetic,
    At,
    Both,
    CellRef,
    Compare,
    Const,
    Either,
    Extreme,
    Has,
    IsNil,
    LimitRef,
    Negation,
    Node,
    Number,
    Operator,
    PeerScore,
    Total,
    Truth,
)

MAX_SOURCE = 500
MAX_DEPTH = 16
MAX_NODES = 120

_LAG = re.compile(r"([^\W\d]\w*)\s*@\s*(-\s*1|year)(?!\w)")
_NUMBER = re.compile(r"\d{1,13}(?:\.\d{1,9})?\Z")
_COMPARE: Mapping[type[ast.cmpop], Operator] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ARITHMETIC: Mapping[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


class ExpressionError(FormError):
    """A rule that may not be run; codes EXPR-…"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean in one rule."""

    measures: frozenset[str]
    levels: frozenset[str] = frozenset()
    group: bool = False
    own: str = ""
    tolerance: Fraction = Fraction(0)


def parse_truth(source: str, scope: Scope) -> Truth:
    """The condition a rule states. Raises ExpressionError."""
    node = _parse(source, scope)
    if isinstance(node, Number):
        _refuse("EXPR-TYPE", "审核关系应是可以判断真假的条件，不是数值")
    return node


def parse_number(source: str, scope: Scope) -> Number:
    """A figure shown in a message. Raises ExpressionError."""
    node = _parse(source, scope)
    if not isinstance(node, Number):
        _refuse("EXPR-TYPE", "此处应为数值，不是条件")
    return node


def _parse(source: str, scope: Scope) -> Node:
    if len(source) > MAX_SOURCE:
        _refuse("EXPR-LONG", f"表达式超过 {MAX_SOURCE} 个字符")
    if "__" in source or "\\" in source or "\n" in source.strip():
        _refuse("EXPR-NAME", "表达式含有不允许的字符")
    text = _LAG.sub(lambda m: f"__lag({m[1]}, {'year' if m[2] == 'year' else 'previous'})", source)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _refuse("EXPR-SYNTAX", "表达式写法有误")
    if sum(1 for _ in ast.walk(tree)) > 4 * MAX_NODES:
        _refuse("EXPR-LONG", "表达式项数过多")
    return _Reader(text.strip(), scope).node(tree.body, 0)


class _Reader:
    """One pass over Python's tree that knows a handful of node types and refuses the rest."""

    def __init__(self, source: str, scope: Scope) -> None:
        self._source = source
        self._scope = scope
        self._kinds: Mapping[type[ast.expr], Callable[..., Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.BinOp: self._arithmetic,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.Call: self._call,
        }
        self._calls: Mapping[str, Callable[[list[ast.expr], int], Node]] = {
            "abs": self._abs,
            "min": self._min,
            "max": self._max,
            "between": self._between,
            "ratio": self._ratio,
            "has": self._has,
            "nil": self._nil,
            "sum": self._sum,
            "robust_z": self._robust_z,
            "limit": self._limit,
            "__lag": self._lag,
        }

    def node(self, tree: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            _refuse("EXPR-DEEP", f"表达式嵌套超过 {MAX_DEPTH} 层")
        kind = self._kinds.get(type(tree))
        if kind is None:
            _refuse(*_refusal(tree))
        return kind(tree, depth)

    def _number(self, tree: ast.expr, depth: int) -> Number:
        node = self.node(tree, depth + 1)
        if not isinstance(node, Number):
            _refuse("EXPR-TYPE", "条件不能参与计算")
        return node

    def _truth(self, tree: ast.expr, depth: int) -> Truth:
        node = self.node(tree, depth + 1)
        if isinstance(node, Number):
            _refuse("EXPR-TYPE", "and、or、not 两边应为条件")
        return node

    def _constant(self, tree: ast.Constant, depth: int) -> Node:
        if isinstance(tree.value, str | bytes):
            _refuse("EXPR-STRING", "不允许文本，只有 limit('名称') 可用")
        # The text is read again: Python's own float of 0.3 is not three tenths.
        text = ast.get_source_segment(self._source, tree) or ""
        if not _NUMBER.match(text):
            _refuse("EXPR-CONSTANT", f"数值 {text[:20]} 应为至多 13 位整数、9 位小数的十进制数")
        return Const(Fraction(text))

    def _name(self, tree: ast.Name, depth: int) -> Node:
        cell = self._cell(tree)
        if self._scope.group:
            _refuse("EXPR-GROUP", f"分组行没有填报值，请用 sum({cell.name}, children)")
        return cell

    def _arithmetic(self, tree: ast.BinOp, depth: int) -> Node:
        operator = _ARITHMETIC.get(type(tree.op))
        if operator is None:
            code = "EXPR-POWER" if isinstance(tree.op, ast.Pow) else "EXPR-OPERATOR"
            _refuse(code, "只允许 + - * / ；上期写作 名称@-1，上年同期写作 名称@year")
        left, right = self._number(tree.left, depth), self._number(tree.right, depth)
        return Arithmetic(operator, left, right)

    def _unary(self, tree: ast.UnaryOp, depth: int) -> Node:
        if isinstance(tree.op, ast.Not):
            return Negation(self._truth(tree.operand, depth))
        if not isinstance(tree.op, ast.USub):
            _refuse("EXPR-OPERATOR", "不允许此运算符")
        return Arithmetic("-", Const(Fraction(0)), self._number(tree.operand, depth))

    def _boolean(self, tree: ast.BoolOp, depth: int) -> Node:
        terms = [self._truth(value, depth) for value in tree.values]
        result = terms[0]
        for term in terms[1:]:
            result = Both(result, term) if isinstance(tree.op, ast.And) else Either(result, term)
        return result

    def _compare(self, tree: ast.Compare, depth: int) -> Node:
        result: Truth | None = None
        left = self._number(tree.left, depth)
        for symbol, right_tree in zip(tree.ops, tree.comparators, strict=True):
            operator = _COMPARE.get(type(symbol))
            if operator is None:
                _refuse("EXPR-OPERATOR", "不允许 in、is 等运算符")
            right = self._number(right_tree, depth)
            term = self._tolerant(operator, left, right)
            result = term if result is None else Both(result, term)
            left = right
        assert result is not None  # Python's grammar gives every comparison a right side
        return result

    def _tolerant(self, operator: Operator, left: Number, right: Number) -> Truth:
        tolerance = Const(self._scope.tolerance)
        if not tolerance.value or operator in ("<", ">"):
            return Compare(operator, left, right)
        below = Compare("<=", left, Arithmetic("+", right, tolerance))
        above = Compare(">=", left, Arithmetic("-", right, tolerance))
        if operator == "<=":
            return below
        if operator == ">=":
            return above
        same = Both(below, above)
        return same if operator == "==" else Negation(same)

    def _call(self, tree: ast.Call, depth: int) -> Node:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        made = self._calls.get(name)
        if made is None:
            if not isinstance(tree.func, ast.Name):
                _refuse(*_refusal(tree.func))
            _refuse("EXPR-CALL", f"不允许函数 {name}")
        if tree.keywords or any(isinstance(arg, ast.Starred) for arg in tree.args):
            _refuse("EXPR-CALL", f"{name} 不接受命名参数或展开")
        return made(tree.args, depth)

    def _numbers(self, name: str, args: list[ast.expr], count: int, depth: int) -> list[Number]:
        _arity(name, args, count)
        return [self._number(arg, depth) for arg in args]

    def _abs(self, args: list[ast.expr], depth: int) -> Node:
        return Absolute(*self._numbers("abs", args, 1, depth))

    def _min(self, args: list[ast.expr], depth: int) -> Node:
        left, right = self._numbers("min", args, 2, depth)
        return Extreme("min", left, right)

    def _max(self, args: list[ast.expr], depth: int) -> Node:
        left, right = self._numbers("max", args, 2, depth)
        return Extreme("max", left, right)

    def _between(self, args: list[ast.expr], depth: int) -> Node:
        value, low, high = self._numbers("between", args, 3, depth)
        return Both(self._tolerant(">=", value, low), self._tolerant("<=", value, high))

    def _ratio(self, args: list[ast.expr], depth: int) -> Node:
        left, right = self._numbers("ratio", args, 2, depth)
        return Arithmetic("/", left, right)

    def _has(self, args: list[ast.expr], depth: int) -> Node:
        _arity("has", args, 1)
        return Has(self._cell(args[0]))

    def _nil(self, args: list[ast.expr], depth: int) -> Node:
        _arity("nil", args, 1)
        cell = self._cell(args[0])
        if cell.at != "now":
            _refuse("EXPR-CALL", "nil 只问本期")
        return IsNil(cell)

    def _sum(self, args: list[ast.expr], depth: int) -> Node:
        if not self._scope.group:
            _refuse("EXPR-GROUP", "sum 只用于 over: group 的审核关系")
        if len(args) == 1:
            args = [ast.Name(self._scope.own), *args]
        _arity("sum", args, 2)
        if not (isinstance(args[1], ast.Name) and args[1].id == "children"):
            _refuse("EXPR-CALL", "应写作 sum(指标, children)")
        return Total(self._cell(args[0]))

    def _robust_z(self, args: list[ast.expr], depth: int) -> Node:
        _arity("robust_z", args, 2)
        cell, call = self._cell(args[0]), args[1]
        peers = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if self._scope.group or cell.at != "now":
            _refuse("EXPR-CALL", "robust_z 只用于本期的品种行")
        if not peers or call.func.id != "peers" or len(call.args) != 2:  # type: ignore[attr-defined]
            _refuse("EXPR-CALL", "应写作 robust_z(指标, peers(层级, item))")
        level, item = call.args  # type: ignore[attr-defined]
        name = level.id if isinstance(level, ast.Name) else getattr(level, "value", "")
        if name not in self._scope.levels:
            _refuse("EXPR-UNDECLARED", f"表式没有层级 {name}")
        if not (isinstance(item, ast.Name) and item.id == "item"):
            _refuse("EXPR-CALL", "peers 的第二项只能是 item")
        return PeerScore(cell, name)

    def _limit(self, args: list[ast.expr], depth: int) -> Node:
        _arity("limit", args, 1)
        name = args[0].value if isinstance(args[0], ast.Constant) else None
        if not (isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name)):
            _refuse("EXPR-STRING", "应写作 limit('名称')，名称为小写字母、数字和下划线")
        return LimitRef(name)

    def _lag(self, args: list[ast.expr], depth: int) -> Node:
        cell = self._cell(ast.Call(ast.Name("__lag"), args, []))
        if self._scope.group:
            _refuse("EXPR-GROUP", f"分组行没有填报值，请用 sum({cell.name}, children)")
        return cell

    def _cell(self, tree: ast.expr) -> CellRef:
        at: At = "now"
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            if tree.func.id != "__lag":
                _refuse("EXPR-CALL", "此处应为指标名")
            at = "year" if getattr(tree.args[1], "id", "") == "year" else "previous"
            tree = tree.args[0]
        if not isinstance(tree, ast.Name):
            _refuse("EXPR-CALL", "此处应为指标名")
        if tree.id not in self._scope.measures:
            _refuse("EXPR-UNDECLARED", f"表式没有指标 {tree.id}", tree.id)
        return CellRef(tree.id, at)


def _arity(name: str, args: list[ast.expr], count: int) -> None:
    if len(args) != count:
        _refuse("EXPR-CALL", f"{name} 应有 {count} 个参数")


def _refusal(tree: ast.expr) -> tuple[str, str]:
    """The code and sentence for a piece of Python that rules may not use."""
    if isinstance(tree, ast.Attribute):
        return "EXPR-ATTRIBUTE", "不允许用点号取属性"
    if isinstance(tree, ast.Subscript):
        return "EXPR-SUBSCRIPT", "不允许方括号；合计写作 sum(指标, children)"
    if isinstance(tree, ast.Lambda):
        return "EXPR-LAMBDA", "不允许 lambda"
    if isinstance(tree, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return "EXPR-COMPREHENSION", "不允许推导式"
    return "EXPR-NODE", f"不允许 {type(tree).__name__}"


def _refuse(code: str, message: str, where: str = "") -> NoReturn:
    raise ExpressionError(code, message, where)
