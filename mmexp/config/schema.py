"""The typed root of every config; below a component's key, its constructor is the schema."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, get_type_hints

from omegaconf import MISSING, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from mmexp.config.training import TrainingConfig
from mmexp.error import nearest


@dataclass
class TokenizerSchema:
    """How the tokenizer is trained.

    Args:
        model: Kind of tokenizer.
        vocab_size: Ids at most.
        min_frequency: Times a word must occur in the training split to get an id.
    """

    model: str = MISSING
    vocab_size: int = MISSING
    min_frequency: int = MISSING


@dataclass
class Schema:
    """Root keys; their values stand in ``conf/config.yaml``.

    Args:
        name: Folder of the run below ``outputs``; null is filled from the choices.
        seed: Of everything random.
        dim: Width D of every token.
        inputs: Modalities to encode, in order; null takes what the dataset offers.
        control: Null, or what to do to the inputs so that a real result must vanish: ``blank`` or ``shuffled``.
        outputs: Folder of all runs.
        resume: Run to go on with.
        pretrained: Run whose encoders, fusion and tokenizer to start from, as far as they are used again.
        baselines: Whether to train, behind the run, what its fusion must beat: each input alone and the controls.
        plugins: Packages, beside mmexp's own, whose classes may be named in ``_target_``.
        encoder: By modality.
        choices: Option chosen in each group; filled when composed.
    """

    name: str | None = MISSING
    seed: int = MISSING
    dim: int = MISSING
    inputs: list[str] | None = MISSING
    control: str | None = MISSING
    outputs: str = MISSING
    resume: str | None = MISSING
    pretrained: str | None = None  # so that the config of a run from before there was this key can be read
    baselines: bool = MISSING
    plugins: list[str] = MISSING
    tokenizer: TokenizerSchema = MISSING
    training: TrainingConfig = field(default_factory=TrainingConfig)
    encoder: dict[str, Any] = MISSING
    missing: Any = MISSING
    fusion: Any = MISSING
    task: Any = MISSING
    dataset: Any = MISSING
    optimizer: Any = MISSING
    scheduler: Any = MISSING
    hardware: Any = MISSING
    method: Any = MISSING
    choices: dict[str, str] = MISSING


_TYPES = {"Integer": "int", "Float": "float", "Boolean": "true or false"}
GROUPS = ("missing", "fusion", "task", "dataset", "optimizer", "scheduler", "hardware", "method")
ROOT = tuple(one.name for one in fields(Schema) if one.name != "choices")
SECTIONS = {name: kind for name, kind in get_type_hints(Schema).items() if is_dataclass(kind)}


def refusal(key: str, error: OmegaConfBaseException, known: list[str] | None = None) -> str:
    """Say what is wrong with a value, as the rest of a line that starts with its place.

    Args:
        key: Dotted path of the value.
        error: What OmegaConf raised.
        known: Dotted paths that an interpolation could name.
    """
    text = str(error.msg or error).splitlines()[0]
    if isinstance(error, (ConfigKeyError, ConfigAttributeError)):
        return unknown_key(error.full_key or key)
    if found := re.match(r"Interpolation key '(.*)' not found", text):
        return f"{key} must refer to a key that exists, got '{found[1]}'. {nearest(found[1], known or ROOT)}"
    if found := re.match(r"Unsupported interpolation type (.*)", text):
        return f"{key} must use a resolver that exists, got '{found[1]}'. {nearest(found[1], ['facts', 'oc.env'])}"
    if found := re.match(r"Value '(.*)' of type '.*' could not be converted to (\w+)", text):
        return f"{key} must be {_TYPES.get(found[2], found[2])}, got '{found[1]}'."
    if "Incompatible value 'None'" in text or "is not Optional" in text:
        return f"{key} must have a value, got null."
    if "ecursive interpolation" in text or "parent node detected" in text:
        return f"{key} must not refer to itself, got a cycle."
    if "is not a ListConfig" in text:
        return f"{key} must be a list, such as [a,b]."
    return f"{key} must be a value that fits its place, got: {text.rstrip('.')}."


def unknown_key(key: str) -> str:
    """Say that a root key, or a key of a section such as the tokenizer, does not exist."""
    parent, _, name = key.rpartition(".")
    known = [one.name for one in fields(SECTIONS[parent])] if parent in SECTIONS else list(ROOT)
    return f"{key} must be a key of {parent or 'the root'}, got '{name}'. {nearest(name, known)}"


def empty() -> Any:
    """Return a config of the schema without values."""
    return OmegaConf.structured(Schema)
