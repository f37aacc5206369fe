"""How a graph of ONNX is quantized to int8: a file each, which is found by its name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mmexp.error import ConfigError, nearest


def modes() -> list[str]:
    """Return the names of all modes."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def quantize_graph(mode: str, source: Path, target: Path) -> None:
    """Write a graph in a mode, by its name.

    Raises:
        ConfigError: If there is none of that name.
    """
    if mode not in modes():
        raise ConfigError(
            f"quantize: --mode must be one of {', '.join(modes())}, got '{mode}'.", nearest(mode, modes())
        )
    import_module(f"{__name__}.{mode}").quantize(source, target)
