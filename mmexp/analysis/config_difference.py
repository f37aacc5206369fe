"""What differs between the configs of two runs, value by value, and which of it can only be changed together."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from mmexp.config.schema import ROLES, SLOTS, role_of
from mmexp.config.signature import read_signature
from mmexp.config.static import find_class
from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.start import read_start

Config = Mapping[str, Any]
Part = Literal["identity", "repetition", "idle"]
"""Whether a difference makes another experiment, repeats it, or changes no result."""
UNSET = "not set"
_KEPT = tuple(name for name, role in ROLES.items() if role.is_hashed or role.kind == "place")


@dataclass(frozen=True)
class Leaf:
    """One value that differs.

    Args:
        key: Dotted.
        values: By run, ``a`` and ``b``; a run whose config has no such key is left out.
    """

    key: str
    values: Mapping[str, Any]

    def shown(self, run: str) -> str:
        """The value of a run as it is printed."""
        return str(self.values[run]) if run in self.values else UNSET


@dataclass(frozen=True)
class Factor:
    """What differs and can only be changed together: a value, or a component with all that belongs to it.

    Args:
        key: Dotted, of the value or the component.
        names: By run, ``a`` and ``b``: the value, or the option that is chosen.
        leaves: All values that it is made of.
        part: What it is to the result.
    """

    key: str
    names: Mapping[str, str]
    leaves: tuple[Leaf, ...]
    part: Part = "identity"

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        return {"key": self.key, "part": self.part, "leaves": [{"key": one.key, **one.values} for one in self.leaves]}


def config_difference(a: RunFolder, b: RunFolder, same_data: bool = False) -> list[Factor]:
    """Compare the configs that two runs began with; what their components leave out counts by its default.

    Defaults are those of the code that is installed now.

    Args:
        a: One run.
        b: The other.
        same_data: Whether both have the same data, so that it does not matter where each has found it.

    Returns:
        In the order of the config: components that were replaced first.
    """
    configs = {"a": filled(read_start(a)), "b": filled(read_start(b))}
    if not all(configs.values()):
        known = {run: "kept" if config else "not kept by the run" for run, config in configs.items()}
        return [Factor("config", known, ())]
    encoded = [found for found in (_encoded(a, configs["a"]), _encoded(b, configs["b"])) if found is not None]
    used = set().union(*encoded) if len(encoded) == 2 else None
    found: dict[str, list[Leaf]] = {}
    for leaf in leaves_that_differ(configs["a"], configs["b"]):
        found.setdefault(_factor_key(leaf.key, configs), []).append(leaf)
    _follow(found)
    factors = [Factor(key, _names(key, configs), tuple(own), _part(key, used, same_data)) for key, own in found.items()]
    return sorted(factors, key=lambda one: len(one.leaves) < 2)


def leaves_that_differ(a: Config, b: Config) -> Iterator[Leaf]:
    """Yield each value that two configs do not share; the options that were chosen are no values."""
    own, other = leaves(a), leaves(b)
    for key in {**own, **other}:
        if key in own and key in other and own[key] == other[key]:
            continue
        yield Leaf(key, {name: side[key] for name, side in (("a", own), ("b", other)) if key in side})


def leaves(node: Any, path: str = "") -> dict[str, Any]:
    """Return the values of a config by dotted key; a list is one value."""
    if not isinstance(node, Mapping) or (not node and path):
        return {path: node}
    inner = ((f"{path}.{key}".lstrip("."), value) for key, value in node.items() if path or key in _KEPT)
    return {key: value for place, own in inner for key, value in leaves(own, place).items()}


def filled(node: Any) -> Any:
    """Return a config in which components have the arguments that they would take by default."""
    if isinstance(node, list):
        return [filled(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    target = node.get("_target_")
    own = {key: filled(value) for key, value in node.items()}
    return own | {k: v for k, v in _defaults(target).items() if k not in own} if isinstance(target, str) else own


@cache
def _defaults(target: str) -> dict[str, Any]:
    """The plain defaults of a constructor, as its source has them."""
    cls = find_class(target)
    found: dict[str, Any] = {}
    for name, argument in read_signature(cls).arguments.items() if cls else ():
        with suppress(ValueError):
            value = ast.literal_eval(argument.default) if argument.default is not None else None
            if argument.default is not None:
                found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _factor_key(key: str, configs: Mapping[str, Config]) -> str:
    """The outermost component on the way to a value that is another class, or is there in one config only."""
    parts = key.split(".")
    for end in range(1, len(parts)):
        place = ".".join(parts[:end])
        targets = [_target(_at(config, place)) for config in configs.values()]
        if targets[0] != targets[1]:
            return place
    return key


def _target(node: Any) -> str | None:
    return str(node["_target_"]) if isinstance(node, Mapping) and "_target_" in node else None


def _at(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config.get(part) if isinstance(config, Mapping) else None
    return config


def _follow(found: dict[str, list[Leaf]]) -> None:
    """Count a value that was taken over from a number of the root, such as ``dim``, as part of that."""
    roots = {key: own[0].values for key, own in found.items() if "." not in key and key not in SLOTS}
    for key, own in list(found.items()):
        name = key.rpartition(".")[2]
        if "." in key and name in roots and own[0].values == roots[name]:
            found[name] += found.pop(key)


def _names(key: str, configs: Mapping[str, Config]) -> dict[str, str]:
    found = {}
    for run, config in configs.items():
        group = key.replace(".", "/")
        options = {name.partition("@")[2] or name: str(one) for name, one in (config.get("choices") or {}).items()}
        node, own = _at(config, key), leaves(config)
        target = _target(node)
        chosen = options.get(key, options.get(group)) if target else None
        found[run] = chosen or (target or "").rpartition(".")[2] or (str(own[key]) if key in own else UNSET)
    if len(set(found.values())) == 1:  # the same option, set to another class
        found = {run: _target(_at(config, key)) or UNSET for run, config in configs.items()}
    return found


def _encoded(folder: RunFolder, config: Config) -> set[str] | None:
    """Encoders that a run has used; None if that is not known."""
    with suppress(FileNotFoundError, DataError, LookupError, TypeError, AttributeError):
        facts = read_json(folder.facts)
        kinds = {name: facts.get("modality", {}).get(name, {}).get("kind", name) for name in facts["inputs"]}
        return {name if name in config["encoder"] else str(kind) for name, kind in kinds.items()}
    return None


def _part(key: str, used: set[str] | None, same_data: bool) -> Part:
    role, parts = role_of(key), key.split(".")
    if role.kind == "repetition":
        return "repetition"
    unused = parts[0] == "encoder" and len(parts) > 1 and used is not None and parts[1] not in used
    moved = same_data and key == "dataset.root"
    return "identity" if role.is_hashed and not (unused or moved) else "idle"
