"""Methods: each gives ``HELP`` and ``attribute``, which returns what each part counts, NaN of what it leaves out.

One that does not suit every run also gives ``why_not``, which says why it does not suit one. One that says
``SERVED = True`` is offered by a served run, as it takes few passes, and one whose values are never negative
``SIGNED = False``: they speak neither for an answer nor against it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from mmexp.error import ConfigError, nearest
from mmexp.inference.predictor import Predictor


def methods() -> list[str]:
    """Return the names of all methods."""
    return sorted(one.name for one in iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return a method.

    Raises:
        ConfigError: If there is none of that name.
    """
    if name not in methods():
        raise ConfigError(
            f"explain: --method must be one of {', '.join(methods())}, got {name!r}.", nearest(name, methods())
        )
    return import_module(f"{__name__}.{name}")


def why_not(name: str, trained: Predictor) -> str:
    """Say why a method does not suit a run; empty if it does.

    Raises:
        ConfigError: If there is none of that name.
    """
    method = load(name)
    return str(method.why_not(trained)) if hasattr(method, "why_not") else ""


def suitable(trained: Predictor) -> list[str]:
    """Return the names of all methods that suit a run."""
    return [name for name in methods() if not why_not(name, trained)]


def is_signed(name: str) -> bool:
    """Whether the sign of what a method gives speaks for or against an answer.

    Raises:
        ConfigError: If there is none of that name.
    """
    return bool(getattr(load(name), "SIGNED", True))


def served(trained: Predictor) -> list[str]:
    """Return the names of the methods that suit a run and are offered where it is served."""
    return [name for name in suitable(trained) if getattr(load(name), "SERVED", False)]
