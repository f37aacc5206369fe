"""Read what a constructor takes from its source, so that a config is checked without importing torch."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from mmexp.config.static import ClassSource, Module, ancestors, constructor, find_alias

_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
    **dict.fromkeys(("Sequence", "list", "tuple", "List", "Tuple"), (list,)),
    **dict.fromkeys(("Mapping", "dict", "Dict"), (dict,)),
    "Tensor": (),
}


@dataclass(frozen=True)
class Argument:
    """One argument of a constructor.

    Args:
        annotation: Its type as written, an alias of the same module put in; None where there is none.
        default: Its default as written; None where there is none.
    """

    annotation: ast.expr | None
    default: ast.expr | None = None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is None

    def __str__(self) -> str:
        """Return it as written after the name."""
        kind = f": {ast.unparse(self.annotation)}" if self.annotation else ""
        return f"{kind} = {ast.unparse(self.default)}" if self.default else kind


@dataclass(frozen=True)
class Signature:
    """What a constructor takes by keyword.

    Args:
        arguments: By name, in order.
        open: Whether it takes any other keyword, or could not be read to the end.
    """

    arguments: dict[str, Argument]
    open: bool = False


@cache
def read_signature(cls: ClassSource) -> Signature:
    """Return what the constructor takes: ``__init__``, a dataclass's fields, or what it inherits."""
    fields: dict[str, Argument] = {}
    for parent in ancestors(cls):
        if parent is None:
            return Signature(fields, open=True)
        if parent.node is None or parent.module is None:
            continue
        if init := constructor(parent.node):
            return _from_function(parent.module, init)
        if any("dataclass" in ast.unparse(mark) for mark in parent.node.decorator_list):
            fields = {**_fields(parent.module, parent.node), **fields}
    return Signature(fields)


def _from_function(module: Module, function: ast.FunctionDef) -> Signature:
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args][1:]
    defaults = [None] * (len(positional) - len(spec.defaults)) + list(spec.defaults)
    both = [*zip(positional, defaults[-len(positional) :], strict=True)] if positional else []
    both += zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    arguments = {arg.arg: Argument(_expand(module, arg.annotation), default) for arg, default in both}
    return Signature(arguments, open=spec.kwarg is not None)


def _fields(module: Module, node: ast.ClassDef) -> dict[str, Argument]:
    lines = [n for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    plain = [n for n in lines if "ClassVar" not in ast.unparse(n.annotation)]
    return {ast.unparse(n.target): Argument(_expand(module, n.annotation), n.value) for n in plain}


def _expand(module: Module, annotation: ast.expr | None) -> ast.expr | None:
    """Put in what each alias such as ``Split = Literal[...]`` stands for."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp):
        left, right = (_expand(module, side) or side for side in (annotation.left, annotation.right))
        return ast.BinOp(left, annotation.op, right)
    alias = find_alias(module, annotation.id) if isinstance(annotation, ast.Name) else None
    return alias if isinstance(alias, (ast.Subscript, ast.BinOp)) else annotation


def accepts(annotation: ast.expr | None, value: Any) -> bool:
    """Whether a plain value fits a type as far as its text shows; what is not understood fits."""
    if isinstance(annotation, ast.BinOp):
        return accepts(annotation.left, value) or accepts(annotation.right, value)
    if isinstance(annotation, ast.Subscript):
        return _accepts_generic(annotation, value)
    if annotation is None:
        return True
    kinds = _KINDS.get(ast.unparse(annotation).rpartition(".")[2])
    return kinds is None or (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)))


def rule(annotation: ast.expr | None) -> str:
    """Return a type as the rule of a message."""
    if isinstance(annotation, ast.BinOp) and "Literal[" in ast.unparse(annotation):
        return f"{rule(annotation.left)} or {rule(annotation.right)}"
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Literal"):
        return f"one of {ast.unparse(annotation.slice).strip('()')}"
    return "plain" if annotation is None else ast.unparse(annotation)


def _accepts_generic(annotation: ast.Subscript, value: Any) -> bool:
    """Take ``Literal[...]``, ``Optional[...]`` and ``Union[...]`` apart; of any other look at what is subscripted."""
    head = ast.unparse(annotation.value).rpartition(".")[2]
    inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    if head == "Literal":
        return any(isinstance(item, ast.Constant) and item.value == value for item in inner)
    if head in ("Optional", "Union"):
        return (head == "Optional" and value is None) or any(accepts(item, value) for item in inner)
    return accepts(annotation.value, value)
