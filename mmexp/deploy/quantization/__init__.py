"""How a graph of ONNX is quantized to int8: a file each, which is found by its name."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from pathlib import Path

from mmexp.error import ConfigError, nearest


def modes() -> list[str]:
    """Return the names of all modes."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def quantize_graph(mode: str, source: Path, target: Path, constants: Collection[str] = ()) -> None:
    """Write a graph in a mode.

    Args:
        mode: Its name.
        source: The graph in float32.
        target: Where to.
        constants: Names of what is no weight, such as the filters of a spectrogram, whose powers differ by more than
            int8 can hold; they, and what is multiplied with them, stay as they are.

    Raises:
        ConfigError: If there is none of that name.
    """
    if mode not in modes():
        raise ConfigError(
            f"quantize: --mode must be one of {', '.join(modes())}, got '{mode}'.", nearest(mode, modes())
        )
    import_module(f"{__name__}.{mode}").quantize(source, target, constants)
