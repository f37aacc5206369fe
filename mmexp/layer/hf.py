"""Models of transformers: read from their files here and nowhere else, and as plain feature extractors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from mmexp.error import ConfigError
from mmexp.layer.front import Front

LENGTH = 128
"""Positions of a text that are read unless others are asked for."""
Side = Literal["text", "image", "audio", "video"]
_INNER: Mapping[Side, tuple[str, ...]] = {
    "text": ("text_model", "language_model"),
    "image": ("vision_model",),
    "audio": ("audio_model",),
    "video": (),
}
_READS: Mapping[Side, tuple[str, ...]] = {
    "text": ("input_ids",),
    "image": ("pixel_values",),
    "audio": ("input_values", "input_features"),
    "video": ("pixel_values", "pixel_values_videos"),
}
_HEADS = ("pooler", "masked_spec_embed")
"""Weights that features do not pass through, which a model may lack."""


class Backbone(nn.Module):
    """The features that one layer of a model gives.

    Args:
        model: Built by transformers.
        layer: 0 are the embeddings, k the output of block k, negative ones count from the last; None is what the model
            gives, with its last norm.

    Attributes:
        interpolate: Whether positions are interpolated for images of another size than those it was trained on.
        front: What a method puts before each text.
        reads: Positions of a text at most, once ``length`` is asked.

    Shape:
        what the model takes [B, ...], mask [B, L] of a sequence -> [B, N, C], or [B, C, H, W] of a convolutional one.

    Raises:
        ConfigError: If the model has no such layer.
    """

    def __init__(self, model: nn.Module, layer: int | None = None) -> None:
        super().__init__()
        self.model, self.layer, self.interpolate = model, layer, False
        self.front: Front | None = None
        self.reads = 0
        self.config: Any = model.config
        depth = getattr(self.config, "num_hidden_layers", None)
        if layer is not None and depth is not None and not -depth - 1 <= layer <= depth:
            raise ConfigError(f"{type(model).__name__}: layer must be from {-depth - 1} to {depth}, got {layer}.")

    @property
    def width(self) -> int:
        """Width C of the features."""
        names = ("hidden_size", "d_model", "dim", "n_embd", "hidden_sizes")
        size = next(value for name in names if (value := getattr(self.config, name, None)) is not None)
        return int(size[-1] if isinstance(size, list | tuple) else size)

    @property
    def settings(self) -> dict[str, Any]:
        """Return its config and the layer, as plain JSON."""
        return {"layer": self.layer, "config": json.loads(self.config.to_json_string(use_diff=False))}

    def length(self, asked: int | None) -> int:
        """Return the number of positions asked for; if none is, LENGTH or what the model has.

        Raises:
            ConfigError: If the model has fewer.
        """
        most = (positions(self.config) or asked or LENGTH) - self._first_position
        if asked is not None and not 1 <= asked <= most:
            raise ConfigError(f"{type(self.model).__name__}: max_length must be from 1 to {most}, got {asked}.")
        self.reads = asked or min(most, LENGTH)
        return self.reads

    @property
    def spare(self) -> int | None:
        """Positions that no text takes; None if the model has no limit."""
        most = positions(self.config)
        return None if most is None else most - self._first_position - self.reads

    @property
    def reads_words(self) -> bool:
        """Whether it has vectors of words."""
        return bool(self.model.main_input_name in _READS["text"])

    @property
    def _first_position(self) -> int:
        """Number of the first position: RoBERTa and its kin count from behind the one of padding."""
        tables = (part for name, part in self.model.named_modules() if name.endswith("position_embeddings"))
        padded = (part.padding_idx for part in tables if isinstance(part, nn.Embedding))
        return next((place + 1 for place in padded if place is not None), 0)

    @property
    def can_interpolate(self) -> bool:
        """Whether it can take images of another size than those that it was trained on."""
        return "interpolate_pos_encoding" in signature(self.model.forward).parameters

    def frames(self, samples: int) -> int:
        """Return how many features N a waveform of some samples has."""
        kernels, strides = getattr(self.config, "conv_kernel", ()), getattr(self.config, "conv_stride", ())
        for kernel, stride in zip(kernels, strides, strict=True):
            samples = (samples - kernel) // stride + 1
        return max(0, samples)

    @property
    def keeps_time(self) -> bool:
        """Whether the features of a spectrogram follow one another in time."""
        return hasattr(self.config, "max_source_positions")

    def forward(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        given: dict[str, Any] = {str(self.model.main_input_name): inputs}
        if mask is not None:
            given["attention_mask"] = mask.long()
        if self.interpolate:
            given["interpolate_pos_encoding"] = True
        if self.front is not None:
            given = self.front.before(self.model, given)
        found = self.model(**given, output_hidden_states=self.layer is not None, return_dict=True)
        features: Tensor = found.last_hidden_state if self.layer is None else found.hidden_states[self.layer]
        return features if self.front is None else features[:, -inputs.shape[1] :]


def positions(config: Any) -> int | None:
    """Return the number of positions that a model has by its config; None if it does not say."""
    names = ("max_position_embeddings", "n_positions")
    return next((value for name in names if (value := getattr(config, name, None)) is not None), None)


def load_backbone(folder: Path, side: Side, *, layer: int | None, pretrained: bool) -> Backbone:
    """Build a model of transformers from its folder, and read its weights.

    Args:
        folder: With ``config.json`` and ``*.safetensors``.
        side: Of a model that has several, such as CLIP, the one that is taken.
        layer: See ``Backbone``.
        pretrained: Read the weights; random ones if not.

    Raises:
        ConfigError: If there is no such model, it has another side, or its weights are not there or do not fill it.
    """
    where = f"{side}: model in {folder}"
    model, report = read_model("AutoModel", folder, where, pretrained=pretrained)
    part = _side(model, side)
    refuse_gaps(where, report)
    if getattr(part, "pooler", None) is not None:
        part.pooler = None  # type: ignore[assignment]  # pooling is a part of its own
    return Backbone(part, layer)


def read_model(auto: str, folder: Path, where: str, *, pretrained: bool) -> tuple[Any, Mapping[str, Any]]:
    """Build a model of transformers from its folder; read its weights too, with a report of those that do not fit.

    Args:
        auto: Class of transformers that chooses the model's.
        folder: With ``config.json`` and ``*.safetensors``.
        where: Named in what is refused.
        pretrained: Read the weights; random ones if not.

    Raises:
        ConfigError: If transformers does not load it.
    """
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    kind = getattr(transformers, auto)
    try:
        settings = {"local_files_only": True, "trust_remote_code": False}
        config = transformers.AutoConfig.from_pretrained(folder, **settings)
        if not pretrained:
            return kind.from_config(config, trust_remote_code=False, dtype=torch.float32), {}
        return kind.from_pretrained(  # type: ignore[no-any-return]
            folder, config=config, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **settings
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as fault:
        reason = " ".join(str(fault).split())[:200]
        raise ConfigError(
            f"{where} must be one that transformers loads, got {type(fault).__name__}: {reason}"
        ) from fault


def refuse_gaps(where: str, report: Mapping[str, Any]) -> None:
    """Make sure that the weights have filled the model, but for heads that are not used.

    Raises:
        ConfigError: If some were lacking or of another shape.
    """
    lacking = sorted(name for name in report.get("missing_keys", ()) if not any(head in name for head in _HEADS))
    wrong = [*lacking, *sorted(name for name, *_ in report.get("mismatched_keys", ()))]
    if wrong:
        raise ConfigError(f"{where} must have all of its weights, got no fitting '{wrong[0]}' ({len(wrong)} in all).")


def read_processor(folder: Path) -> dict[str, Any]:
    """Read how a model wants its images or audio, such as ``image_mean``; empty if it is not said."""
    path = folder / "preprocessor_config.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _side(model: Any, side: Side) -> nn.Module:
    """Return the part of a model that reads one modality."""
    part = next((one for name in _INNER[side] if (one := getattr(model, name, None)) is not None), model)
    if getattr(part.config, "is_encoder_decoder", False):
        part = part.get_encoder()
    if part.main_input_name not in _READS[side]:
        rule = f"{side}: model must read {' or '.join(_READS[side])}"
        raise ConfigError(f"{rule}, got {type(part).__name__}, which reads {part.main_input_name}.")
    return part  # type: ignore[no-any-return]
