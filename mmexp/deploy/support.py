"""Which tasks and fusions can be exported, as their classes declare it; nothing is imported."""

from __future__ import annotations

import ast
import re

from mmexp.config.provenance import option_path, options
from mmexp.config.static import ClassSource, ancestors, find_class

GROUPS = ("task", "fusion")
"""Groups whose classes say why they cannot be exported."""
ATTRIBUTE = "export_refused"
_TARGET = re.compile(r"^_target_:\s*([\w.]+)", re.MULTILINE)


def refusals(group: str) -> dict[str, str]:
    """Return by option why it cannot be exported; empty for one that can."""
    return {option: _reason(_TARGET.search(option_path(f"{group}/{option}").read_text())) for option in options(group)}


def _reason(target: re.Match[str] | None) -> str:
    cls = find_class(target[1]) if target else None
    for one in ancestors(cls) if cls else ():
        if one and (found := _declared(one)) is not None:
            return found
    return ""


def _declared(cls: ClassSource) -> str | None:
    """Return what a class itself says; None if it says nothing."""
    for statement in cls.node.body if cls.node else ():
        names = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(name, ast.Name) and name.id == ATTRIBUTE for name in names):
            value = getattr(statement, "value", None)
            return str(value.value) if isinstance(value, ast.Constant) else None
    return None
