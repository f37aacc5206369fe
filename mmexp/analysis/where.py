"""Which runs a condition holds for, such as ``fusion in [gated, sum] and test/accuracy > .8``."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmexp.analysis.compare import Group, Ranking, compare
from mmexp.analysis.run_columns import names, value
from mmexp.error import ConfigError, nearest
from mmexp.run.summary import RunRow

_LONGEST = 2_000  # characters of a condition
_WORDS = {"true": True, "false": False, "null": None}
_ORDERS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MEANING = "comparisons of columns with numbers, words and lists, joined by and, or, not"
Mask = list[bool]


def where(runs: Sequence[RunRow], condition: str) -> list[RunRow]:
    """Return the runs that a condition holds for, in their order.

    A metric is that of a row of the table: its mean over seeds and folds, so that no seed is chosen by its result.

    Args:
        runs: All runs.
        condition: Comparisons (``== != < <= > >= in``, ``not in``), ``and``, ``or``, ``not`` and brackets over names of
            columns, numbers, texts and lists. A name that is no column is a text. Nothing in it is executed.

    Raises:
        ConfigError: If it is no such condition, names no column, or holds for no run.
    """
    means = {
        id(run): {key: score.mean for key, score in group.metrics.items()}
        for ranking in compare(runs)
        for group in ranking.groups
        for run in group.runs
    }
    seen = [replace(run, metrics=means[id(run)]) if id(run) in means else run for run in runs]
    found = _Condition(condition, seen)
    kept = [run for run, holds in zip(runs, found.mask(found.parsed()), strict=True) if holds]
    if not kept:
        raise _refused("hold for a run", f"none of {len(runs)} for {condition}", found.known())
    return kept


def unseen(ranking: Ranking, everything: Sequence[Ranking]) -> list[Group]:
    """Return the groups on the same data that a condition left out of a ranking: their results were looked at too."""
    own = [group.config for group in ranking.groups]
    whole = (one.groups for one in everything if one.benchmark == ranking.benchmark)
    return [group for groups in whole for group in groups if group.config not in own]


@dataclass(frozen=True)
class _Operand:
    """One side of a comparison.

    Args:
        text: As it was typed.
        column: Its name; empty for a plain value.
        values: One per run.
    """

    text: str
    column: str
    values: Sequence[Any]


class _Condition:
    def __init__(self, text: str, runs: Sequence[RunRow]) -> None:
        self.text, self.runs = text, runs
        self.names = names(runs)
        self.used: list[str] = []

    def parsed(self) -> ast.expr:
        if len(self.text) > _LONGEST:
            raise _refused(f"have at most {_LONGEST} characters", str(len(self.text)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else type(error).__name__
            raise _refused(f"be {_MEANING}", f"{self.text!r} ({reason})") from error

    def known(self) -> str:
        """Say what the columns that it names hold."""
        lines = []
        for name in dict.fromkeys(self.used):
            found = sorted({_shown(value(run, name)) for run in self.runs})
            lines.append(f"{name}: {', '.join(found[:10])}{', ...' if len(found) > 10 else ''}.")
        return "\n".join(lines)

    def mask(self, node: ast.expr) -> Mask:
        """For which runs a node holds."""
        if isinstance(node, ast.BoolOp):
            parts = [self.mask(part) for part in node.values]
            return [(all if isinstance(node.op, ast.And) else any)(one) for one in zip(*parts, strict=True)]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return [not one for one in self.mask(node.operand)]
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            masks = [self.compared(*three) for three in zip(sides, node.ops, sides[1:], strict=False)]
            return [all(one) for one in zip(*masks, strict=True)]
        if (side := self.operand(node)).column:
            return [bool(one) for one in side.values]
        raise self.no_column(side.text)

    def compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Mask:
        """For which runs a comparison holds."""
        sides = [self.operand(left), self.operand(right)]
        if not any(side.column for side in sides):
            sides = [self.quoted(side) for side in sides]
        if not any(side.column for side in sides):
            raise self.no_column(*(side.text for side in sides))
        pairs = list(zip(sides[0].values, sides[1].values, strict=True))
        if isinstance(op, ast.Eq | ast.NotEq):
            return [_same(*pair) is isinstance(op, ast.Eq) for pair in pairs]
        if isinstance(op, ast.In | ast.NotIn):
            return [_inside(*pair) is isinstance(op, ast.In) for pair in pairs]
        if type(op) not in _ORDERS:
            raise _refused("compare by == != < <= > >= in", repr(self.text))
        return self.ordered(sides, pairs, _ORDERS[type(op)])

    def ordered(self, sides: Sequence[_Operand], pairs: Sequence[Any], order: Callable[[Any, Any], bool]) -> Mask:
        """For which runs a value is less or more than another; not where one is undefined."""
        defined = [pair for pair in pairs if None not in pair]
        if defined and not any(map(_ordered, defined)):
            typed = " and ".join(f"{side.text} ({_shown(one)})" for side, one in zip(sides, defined[0], strict=True))
            raise _refused("order numbers by numbers and texts by texts", typed)
        return [_ordered(pair) and order(*pair) for pair in pairs]

    def operand(self, node: ast.expr) -> _Operand:
        text = (ast.get_source_segment(self.text.strip(), node) or "").strip()
        name = "".join(text.split())
        if isinstance(node, ast.Name | ast.Attribute | ast.BinOp) and name in self.names:
            return self.column(name)
        return _Operand(text, "", [self.literal(node, name)] * len(self.runs))

    def column(self, name: str) -> _Operand:
        self.used.append(name)
        return _Operand(name, name, [value(run, name) for run in self.runs])

    def quoted(self, side: _Operand) -> _Operand:
        """Take a text for the column of that name, if there is one."""
        found = side.values[0] if side.values else None
        return self.column(found) if isinstance(found, str) and found in self.names else side

    def literal(self, node: ast.expr, name: str) -> Any:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str | int | float)):
            return node.value
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [self.literal(one, ast.unparse(one).replace(" ", "")) for one in node.elts]
        if isinstance(node, ast.Name | ast.Attribute | ast.BinOp):
            return _WORDS.get(name, name)
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            number = node.operand.value
            if isinstance(number, int | float) and isinstance(node.op, ast.USub | ast.UAdd):
                return -number if isinstance(node.op, ast.USub) else number
        raise _refused(f"be {_MEANING}", repr(name))

    def no_column(self, *typed: str) -> ConfigError:
        return _refused("name a column", " and ".join(typed), nearest(typed[0], self.names))


def _refused(rule: str, got: str, hint: str = "") -> ConfigError:
    return ConfigError(f"compare: --where must {rule}, got {got}.", hint)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal; a number may be written as a text, as the names of folds are."""
    if isinstance(one, str) != isinstance(other, str) and not isinstance(one, list) and not isinstance(other, list):
        return None not in (one, other) and _shown(one) == _shown(other)
    return bool(one == other)


def _inside(one: Any, other: Any) -> bool:
    """Whether a value is in a list, or a text in a text."""
    if isinstance(other, list):
        return any(_same(one, each) for each in other)
    return isinstance(one, str) and isinstance(other, str) and one in other


def _ordered(pair: tuple[Any, Any]) -> bool:
    return all(isinstance(one, int | float) for one in pair) or all(isinstance(one, str) for one in pair)


def _shown(found: Any) -> str:
    return str(found).lower() if isinstance(found, bool) or found is None else str(found)
