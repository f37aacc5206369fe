"""A hook of MkDocs: add a page per package and top-level module of mmexp, generated from its docstrings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PACKAGE = Path(__file__).resolve().parents[2] / "mmexp"


def parts() -> list[str]:
    """Return the names of all public packages and modules on the top level of mmexp."""
    found = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return sorted(name for name in found if not name.startswith("_"))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the pages in the navigation, below ``API``."""
    entries: list[Any] = config.nav or []
    for entry in entries:
        if isinstance(entry, dict) and "API" in entry:
            entry["API"] += [f"api/{name}.md" for name in parts()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Write the pages, which exist only while the site is built."""
    for name in parts():
        content = f"# mmexp.{name}\n\n::: mmexp.{name}\n"
        files.append(File.generated(config, f"api/{name}.md", content=content))
    return files
