"""Pretrained backbones of a model: what of them a checkpoint leaves to their source, and whether that is the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from mmexp.encoder.backbone import BackboneModule, fingerprint, is_frozen, pretrained
from mmexp.error import ConfigError


def describe(model: nn.Module) -> dict[str, dict[str, Any]]:
    """Return by encoder where its weights come from and their hash. Called before any is trained or added."""
    return {
        name: {"model": one.origin.model, "revision": one.origin.revision, "sha256": fingerprint(one.backbone)}
        for name, one in pretrained(model).items()
    }


def left_to_source(model: nn.Module) -> set[str]:
    """Name the weights that are as their source has them: those of pretrained backbones that are not trained.

    None of a backbone that is ``in_checkpoint``.

    The statistics of norms are among them only if the whole backbone is frozen.
    """
    names: set[str] = set()
    for name, encoder in pretrained(model).items():
        if encoder.in_checkpoint:
            continue
        own = dict(encoder.backbone.named_parameters(remove_duplicate=False))  # a head may share the words' vectors
        kept = [one for one, weight in own.items() if not weight.requires_grad]
        if is_frozen(encoder.backbone):
            kept += [one for one in encoder.backbone.state_dict() if one not in own]
        names |= {f"{name}.backbone.{one}" for one in kept}
    return names


def use_checkpoint(model: nn.Module, names: Collection[str]) -> None:
    """Note that a checkpoint holds all weights of some backbones, whatever a method freezes.

    Args:
        model: Before a method prepares it; the backbones may have been built without their source.
        names: Of the encoders and decoders in the model.
    """
    found = {name: one for name, one in model.named_modules() if isinstance(one, BackboneModule) and name in names}
    for one in found.values():
        one.origin, one.in_checkpoint = replace(one.origin, pretrained=True), True


def checkpointed(module: nn.Module) -> dict[str, Tensor]:
    """Return the state of a module without the weights that are left to their source."""
    left = left_to_source(module)
    return {name: value for name, value in module.state_dict().items() if name not in left}


def with_left(origins: Mapping[str, Mapping[str, Any]], model: nn.Module) -> dict[str, dict[str, Any]]:
    """Add to each origin whether a checkpoint leaves weights to it.

    Args:
        origins: As ``describe`` returns them.
        model: Prepared by its method.
    """
    names = left_to_source(model)
    return {
        place: {**own, "left": any(name.startswith(f"{place}.backbone.") for name in names)}
        for place, own in origins.items()
    }


def refuse_other_sources(found: Mapping[str, Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Make sure that backbones have the very weights that a run was trained with.

    Args:
        found: As ``describe`` returns it.
        known: The same of the run.

    Raises:
        ConfigError: If one has others.
    """
    for name, own in found.items():
        wanted = known.get(name, own)
        if own["sha256"] != wanted["sha256"]:
            rule = f"{name}: weights of {wanted['model']} must be those that the run was trained with"
            hashes = f"{wanted['sha256'][:12]}, got {own['sha256'][:12]}"
            revision = f" (revision {wanted['revision']})" if wanted["revision"] else ""
            raise ConfigError(f"{rule}, {hashes}.", f"Put the weights back as they were{revision}.")
