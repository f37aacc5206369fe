"""Find the source of a class by its dotted path, without importing anything."""

from __future__ import annotations

import ast
import builtins
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

_ROOTS = {"torch.nn.modules.module.Module"}  # takes nothing, and its source is too long to read for that
_HOPS = 12


@dataclass(frozen=True, eq=False)
class Module:
    """Top-level names of one source file.

    Args:
        name: Dotted.
        path: The file.
        package: Where its relative imports start.
        names: Statement that binds each name.
        stars: Modules whose names it takes by ``import *``.
    """

    name: str
    path: Path
    package: str
    names: dict[str, ast.stmt]
    stars: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ClassSource:
    """A class where it is defined; ``node`` is None for one that is known but not read."""

    name: str
    module: Module | None
    node: ast.ClassDef | None


@cache
def find_class(target: str) -> ClassSource | None:
    """Return the class behind a dotted path, following re-exports; None if no such class is found."""
    module, _, name = target.rpartition(".")
    return _lookup(module, name)


def names_in(module: str) -> list[str]:
    """Classes and re-exports that a module offers, to suggest from."""
    found = _read(module)
    return [name for name in found.names if not name.startswith("_")] if found else []


def is_module(name: str) -> bool:
    """Whether there is such a module, in source."""
    return _read(name) is not None


def is_package(name: str) -> bool:
    """Whether there is such a package, installed or in the working directory; it is not imported."""
    top = name.partition(".")[0]
    try:
        return top.isidentifier() and (find_spec(top) or PathFinder.find_spec(top, [os.getcwd()])) is not None
    except (ValueError, ImportError):
        return False


def find_alias(module: Module, name: str, hops: int = _HOPS) -> ast.expr | None:
    """Return what a name such as ``Split = Literal[...]`` stands for, also where it is imported from."""
    bound = module.names.get(name)
    if isinstance(bound, ast.Assign):
        return bound.value
    if isinstance(bound, ast.ImportFrom) and hops:
        origin, _, original = dict(_imports(module, bound))[name].rpartition(".")
        found = _read(origin)
        return find_alias(found, original, hops - 1) if found else None
    return None


def ancestors(cls: ClassSource) -> Iterator[ClassSource | None]:
    """Yield the class and its bases, depth first; None for a base that can't be followed."""
    yield cls
    for base in cls.node.bases if cls.node and cls.module else ():
        found = _resolve(cls.module, base)
        if found is None or found is cls:
            yield None
        else:
            yield from ancestors(found)


def constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    """Return the ``__init__`` that a class itself defines."""
    return next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)


def derives(cls: ClassSource, base: str) -> bool | None:
    """Whether a class inherits from another, given by its dotted path; None if the source does not say."""
    wanted = find_class(base)
    lineage = list(ancestors(cls))
    if wanted and any(parent and parent.name == wanted.name for parent in lineage):
        return True
    return None if wanted is None or None in lineage else False


def _resolve(module: Module | None, base: ast.expr) -> ClassSource | None:
    """Find a base class as its module names it."""
    if isinstance(base, ast.Subscript):
        base = base.value
    first, _, rest = ast.unparse(base).partition(".")
    if module is None:
        return None
    if not rest:
        return _lookup(module.name, first)
    bound = module.names.get(first)
    for name, origin in _imports(module, bound):
        if name == first:
            return find_class(f"{origin}.{rest}")
    return None


def _lookup(module: str, name: str, hops: int = 0) -> ClassSource | None:
    full = f"{module}.{name}"
    if full in _ROOTS or module.partition(".")[0] in sys.stdlib_module_names:
        return ClassSource(full, None, None)
    found = _read(module)
    if found is None or hops > _HOPS:
        return None
    bound = found.names.get(name)
    if isinstance(bound, ast.ClassDef):
        return _class(found, bound)
    if isinstance(bound, (ast.Import, ast.ImportFrom)):
        origin = dict(_imports(found, bound))[name]
        return _lookup(*origin.rpartition(".")[::2], hops + 1)
    if isinstance(bound, ast.Assign) and isinstance(bound.value, (ast.Name, ast.Attribute)):
        return _resolve(found, bound.value) if ast.unparse(bound.value) != name else None
    for star in found.stars if bound is None else ():
        if (inner := _lookup(star, name, hops + 1)) is not None:
            return inner
    return ClassSource(full, None, None) if isinstance(getattr(builtins, name, None), type) else None


@cache
def _class(module: Module, node: ast.ClassDef) -> ClassSource:
    return ClassSource(f"{module.name}.{node.name}", module, node)


def _imports(module: Module, bound: ast.stmt | None) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with the dotted path it stands for."""
    if isinstance(bound, ast.Import):
        for alias in bound.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    if isinstance(bound, ast.ImportFrom):
        for alias in bound.names:
            yield alias.asname or alias.name, f"{_origin(module.package, bound)}.{alias.name}"


def _origin(package: str, statement: ast.ImportFrom) -> str:
    """Module that ``from ... import`` names, made absolute."""
    if not statement.level:
        return statement.module or ""
    parents = package.split(".")[: len(package.split(".")) - statement.level + 1]
    return ".".join([*parents, *([statement.module] if statement.module else [])])


@cache
def _read(name: str) -> Module | None:
    path = _file(name) if name and all(part.isidentifier() for part in name.split(".")) else None
    if path is None:
        return None
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    try:
        body = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError, OSError):
        return None
    names: dict[str, ast.stmt] = {}
    stars: list[str] = []
    for statement in _flat(body):
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
            names[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            names[statement.targets[0].id] = statement
        elif isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            stars.append(_origin(package, statement))
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names.update(dict.fromkeys((a.asname or a.name.partition(".")[0] for a in statement.names), statement))
    return Module(name, path, package, names, tuple(stars))


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, also those under ``if`` and ``try``, but not the way out of an exception."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.If, ast.Try)):
            yield from _flat([*statement.body, *statement.orelse])


def _file(name: str) -> Path | None:
    """Return the source file of a module; no parent package is imported."""
    top, *rest = name.split(".")
    try:
        spec = find_spec(top) or PathFinder.find_spec(top, [os.getcwd()])
    except (ValueError, ImportError):
        return None
    if spec is None:
        return None
    if not rest and spec.origin and spec.origin.endswith(".py"):
        return Path(spec.origin)
    for root in spec.submodule_search_locations or ():
        stem = Path(root, *rest)
        for path in (stem / "__init__.py", stem.with_name(stem.name + ".py")):
            if path.is_file():
                return path
    return None
