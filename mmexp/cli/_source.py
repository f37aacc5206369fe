"""Read what a component is from its source, without importing it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_DEEPEST = 6  # re-exports and base classes followed


@dataclass(frozen=True)
class Component:
    """A class or function as its source has it.

    Args:
        name: Name in its module.
        parameters: Each with type and default, as written.
        doc: Docstring, empty if it has none; with the ``Args`` of the base whose constructor it takes over.
        path: File.
        line: Line of its definition.
    """

    name: str
    parameters: tuple[str, ...]
    doc: str
    path: Path
    line: int


def find_component(target: str) -> Component | None:
    """Find what a ``_target_`` such as ``mmexp.fusion.gated.GatedFusion`` names; None if there is no source."""
    module, _, name = target.rpartition(".")
    found = _definition(module, name)
    if found is None:
        return None
    path, node = found
    doc, maker = ast.get_docstring(node) or "", _maker(_module_of(path, module), node)
    if maker not in (None, node) and "Args:" not in doc:
        doc = f"{doc}\n\n{_arguments(maker)}".strip()
    return Component(name, tuple(_parameters(maker)), doc, path, node.lineno)


_Node = ast.ClassDef | ast.FunctionDef


def _definition(module: str, name: str, depth: int = 0) -> tuple[Path, _Node] | None:
    path = _file(module)
    if path is None or depth > _DEEPEST:
        return None
    for node in _body(path):
        if isinstance(node, _Node) and node.name == name:
            return path, node
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _definition(_absolute(module, path, node), alias.name, depth + 1)
    return None


def _maker(module: str, node: _Node, depth: int = 0) -> _Node | None:
    """A function itself, or the class that has the constructor: this one or its nearest base."""
    if isinstance(node, ast.FunctionDef) or _constructor(node):
        return node
    for base in node.bases:
        found = _definition(module, ast.unparse(base)) if isinstance(base, ast.Name) else None
        if found and depth < _DEEPEST and isinstance(found[1], ast.ClassDef):
            maker = _maker(_module_of(found[0], module), found[1], depth + 1)
            if maker is not None:
                return maker
    return None


def _constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    made = (child for child in node.body if isinstance(child, ast.FunctionDef) and child.name == "__init__")
    return next(made, None)


def _parameters(maker: _Node | None) -> list[str]:
    if isinstance(maker, ast.ClassDef):
        constructor = _constructor(maker)
        return _written(constructor.args)[1:] if constructor else []
    return _written(maker.args) if maker else []


def _arguments(maker: _Node) -> str:
    """The section ``Args`` of a docstring, empty if it has none."""
    sections = (ast.get_docstring(maker) or "").split("\n\n")
    return next((section for section in sections if section.startswith("Args:")), "")


def _written(given: ast.arguments) -> list[str]:
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + [*given.defaults, *given.kw_defaults]
    pairs = zip([*positional, *given.kwonlyargs], defaults, strict=True)
    return [ast.unparse(one) + (f" = {ast.unparse(default)}" if default else "") for one, default in pairs]


def _file(module: str) -> Path | None:
    """Source file of a module. Only its outermost package is looked up, which imports nothing."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    base = origin.parent.joinpath(*rest)
    choices = (base.with_suffix(".py"), base / "__init__.py") if rest else (origin,)
    return next((path for path in choices if path.is_file() and path.suffix == ".py"), None)


@lru_cache(maxsize=32)
def _body(path: Path) -> list[ast.stmt]:
    try:
        return ast.parse(path.read_bytes()).body
    except SyntaxError:
        return []


def _absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    """The module an import names, seen from ``module``."""
    if not node.level:
        return node.module or ""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    parts = package[: len(package) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _module_of(path: Path, near: str) -> str:
    """Dotted name of a file of the same outermost package as ``near``."""
    top = near.partition(".")[0]
    parts = path.with_suffix("").parts
    start = len(parts) - 1 - parts[::-1].index(top) if top in parts else 0
    return ".".join(part for part in parts[start:] if part != "__init__")
