"""Start a run from the weights of another: its encoders, its fusion and its tokenizer."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmexp.config.compose import load_config
from mmexp.config.facts import Facts
from mmexp.dataset.base import MultimodalDataset
from mmexp.encoder.backbone import is_frozen, pretrained
from mmexp.error import ConfigError
from mmexp.run import advice
from mmexp.run.checkpoints import best_weights, intact
from mmexp.run.command import setting
from mmexp.run.folder import RunFolder
from mmexp.task.base import Task
from mmexp.training.backbones import left_to_source, use_checkpoint, with_left
from mmexp.training.checkpoint import read_weights
from mmexp.training.held_out import refuse_learned
from mmexp.training.model import Model
from mmexp.transform.text import Tokenizer

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Pretrained:
    """A run that another starts from. Once that has begun, its own folder holds all it needs.

    Args:
        folder: The run.
        root: Its config.
        facts: What its training data knew.
        weights: Of its model at its best, by name.
        notes: What a user should know of it, a line each.
    """

    folder: RunFolder
    root: Node
    facts: Facts
    weights: Mapping[str, Tensor]
    notes: Sequence[str] = ()

    @classmethod
    def read(cls, folder: RunFolder, plugins: Sequence[str]) -> Pretrained:
        """Read a run.

        Raises:
            ConfigError: If it has no checkpoint.
            DataError: If the checkpoint does not match its hash, or holds anything but weights.
        """
        path = best_weights(folder)
        if path is None or not folder.facts.exists():
            hint = f"Run: {advice.resume(folder)}"
            raise ConfigError(f"pretrained: {folder.id} must have a checkpoint, got none.", hint)
        weights = {name.removeprefix("model."): value for name, value in read_weights(path).items()}
        return cls(folder, load_config(folder.config, plugins=plugins).plain(), Facts.read(folder.path), weights)

    def tokenizer(self, path: Path) -> Tokenizer:
        """Copy its tokenizer, as encoders know words by its ids."""
        shutil.copyfile(self.folder.tokenizer, path)
        return Tokenizer(path)

    def describe(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """What the data knows, but what its encoders were built for: columns, symbols, widths.

        Raises:
            ConfigError: If an input holds another kind of thing.
        """
        ours, theirs = described.get("modality", {}), self.facts.get("modality", {})
        taken = {name: theirs[name] for name in ours if name in theirs}
        for name, own in taken.items():
            if own.get("kind") != ours[name].get("kind"):
                rule = f"pretrained: {name} must be of one kind in {self.folder.id} and in the data"
                raise ConfigError(f"{rule}, got {own.get('kind')} and {ours[name].get('kind')}.")
        return {**described, **({"modality": {**ours, **taken}} if taken else {})}

    def slots(self, fusion: Node, task: Task, inputs: Sequence[str]) -> tuple[str, ...]:
        """Slots of a fusion that is to take this run's weights; the task's own if it cannot.

        Those are the run's, so that each input keeps its place. An anchor that is no input can only take the first slot
        from another such anchor.
        """
        own, theirs, known = task.slots(inputs), tuple(self.facts["modalities"]), self.facts["inputs"]
        spare, apart = theirs[0] not in known, own[0] not in inputs
        held = theirs[1:] if spare else theirs
        led = spare or task.anchor not in inputs or theirs[0] == task.anchor
        fits = fusion["_target_"] == self.root["fusion"]["_target_"] and set(inputs) <= set(held) and led
        if not fits or (apart and not spare):
            return own
        return (own[0], *held) if apart else theirs

    def give(self, model: Model, root: Node, keys: Mapping[str, str]) -> list[str]:
        """Put the weights into encoders of the same modality, and into placeholders and the fusion if they fit.

        Frozen weights that are thereby no longer those of their source are kept by checkpoints.

        Args:
            model: What is to start from them.
            root: Its config.
            keys: Where that of each encoder stands.

        Returns:
            What is taken, and what fits but reads its input otherwise, a line each.

        Raises:
            ConfigError: If no modality is shared, or an encoder is another one than in the run.
        """
        shared = [name for name in model.encoders if any(True for _ in self.below(f"encoders.{name}"))]
        if not shared:
            known = ", ".join(self.facts["inputs"])
            raise ConfigError(f"pretrained: inputs must share one with {known}, got {', '.join(model.encoders)}.")
        notes = [*self.notes]
        for name in shared:
            words = " ".join(self.missing(root, keys[name]))
            if fault := self.load(model.encoders[name], f"encoders.{name}", self.shared(model, f"encoders.{name}")):
                rule = f"pretrained: encoder of {name} must be that of {self.folder.id}"
                added = f"method={self.root['choices'].get('method')}"
                raise ConfigError(f"{rule}, got {fault}.", hint=f"Add {words or added}")
            if words:
                notes.append(f"{keys[name]} is configured otherwise than in {self.folder.id}; as there: {words}")
        changed = [name for name in left_to_source(model) if name in self.weights]
        use_checkpoint(model, [one for one in model.origins if any(name.startswith(f"{one}.") for name in changed)])
        model.origins = with_left(model.origins, model)
        self.load(model.missing, "missing")
        fault = self.load(model.fusion, "fusion")
        taken = [*(keys[name] for name in shared), *([] if fault else ["fusion"]), "tokenizer"]
        notes.append(f"Taken from {self.folder.id}: {', '.join(taken)}.")
        if fault:
            notes.append(f"The fusion is not taken from {self.folder.id}, as it is another: {fault}.")
        return notes

    def shared(self, model: Model, name: str) -> set[str]:
        """Name the weights that an encoder here and that of the run have from the same source."""
        own, theirs = model.origins.get(name), self.facts.get("origins", {}).get(name)
        if own is None or theirs is None or own["sha256"] != theirs["sha256"]:
            return set()
        return {f"backbone.{one}" for one in model.get_submodule(f"{name}.backbone").state_dict()}

    def load(self, part: nn.Module, prefix: str, shared: Collection[str] = ()) -> str:
        """Load what fits in whole; else say which tensor does not. What is shared may be lacking."""
        theirs = dict(self.below(prefix))
        ours = {name: own for name, own in part.state_dict().items() if name in theirs or name not in shared}
        for name in dict.fromkeys((*ours, *theirs)):
            here, there = (str(list(own[name].shape)) if name in own else "none" for own in (ours, theirs))
            if here != there:
                return f"'{prefix}.{name}' of {here} here and {there} there"
        part.load_state_dict(theirs, strict=False)
        return ""

    def below(self, prefix: str) -> Iterator[tuple[str, Tensor]]:
        """Weights of one part, by their names in it."""
        front = f"{prefix}."
        return ((n.removeprefix(front), value) for n, value in self.weights.items() if n.startswith(front))

    def missing(self, root: Node, key: str) -> list[str]:
        """What to type so that an encoder becomes that of the run."""
        group = key.replace(".", "/")
        option, other = (one["choices"].get(group) for one in (root, self.root))
        words = [setting("dim", self.root["dim"])] if root["dim"] != self.root["dim"] else []
        if option != other:
            return [*words, f"{group}={other}"]
        ours, theirs = (dict(_flat(_at(one, key), key)) for one in (root, self.root))
        changed = {name: value for name, value in theirs.items() if ours.get(name) != value}
        words += [setting(n, v) for n, v in changed.items() if not (words and n.endswith(".dim"))]
        return words + [f"~{name}" for name in ours if name not in theirs]


def find_start(root: Node, folder: RunFolder, dataset: MultimodalDataset) -> Pretrained | None:
    """The run to start from, if one is asked for and this run has not come to a checkpoint of its own yet.

    Raises:
        ConfigError: If it is not there any more, or cannot be started from.
        DataError: If its checkpoint has been damaged, or it may have learned from the samples of test.
    """
    if root["pretrained"] is None or next(intact(folder.checkpoints, "last"), None) is not None:
        return None
    start = Pretrained.read(RunFolder.find(root["pretrained"], root["outputs"]), root["plugins"])
    return replace(start, notes=refuse_learned("pretrained", start.folder, start.root, root, dataset))


def read_frozen(model: Model, folder: RunFolder) -> None:
    """Put what checkpoints of a run hold of frozen backbones into its model, before these encode anything once.

    Raises:
        DataError: If the newest checkpoint is none.
    """
    held = [name for name, one in pretrained(model).items() if one.in_checkpoint and is_frozen(one.backbone)]
    newest = next(intact(folder.checkpoints, "last"), None)
    if not held or newest is None:
        return
    weights = read_weights(newest)
    for name in held:
        prefix = f"model.{name}.backbone."
        own = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        model.get_submodule(f"{name}.backbone").load_state_dict(own)


def _at(root: Node, key: str) -> Any:
    for part in key.split("."):
        root = root.get(part) or {}
    return root


def _flat(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Values by dotted path."""
    if not isinstance(node, Mapping):
        yield path, node
        return
    for key, value in node.items():
        yield from _flat(value, f"{path}.{key}")
