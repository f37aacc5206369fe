"""Train a run again from what it recorded, and say whether it came out the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from rich.console import Console

from mmexp.analysis.card import hashes, read_card, unpack
from mmexp.analysis.verdict import LEVEL
from mmexp.analysis.why import Explanation, explain
from mmexp.config.compose import read_config
from mmexp.config.config import Config
from mmexp.config.schema import key_of, root_of
from mmexp.error import ConfigError
from mmexp.run.command import override
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.origin import origin, paths_from
from mmexp.run.start import read_start
from mmexp.run.summary import DONE, neighbours, read, row
from mmexp.runner.run import run_training

Outcome = Literal["bit for bit", "within seed noise", "not the same"]
FREE = ("dataset", "hardware", "plugins", "outputs")
"""Root keys that may be typed: where the data and the devices are, and whom to trust."""
_FILES = ("checkpoint",)  # differ by the times that they hold


@dataclass(frozen=True)
class Repetition:
    """What a run came to when it was trained again.

    Args:
        outcome: bit for bit, within seed noise, or not the same.
        text: Why, in one line.
        folder: The new run.
        explanation: What separates the two.
    """

    outcome: Outcome
    text: str
    folder: RunFolder
    explanation: Explanation

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        known = {"outcome": self.outcome, "text": self.text, "run": self.folder.id}
        return known | {"explanation": self.explanation.plain()}


@contextmanager
def recorded(ref: str, outputs: str) -> Iterator[tuple[RunFolder, Mapping[str, str]]]:
    """Find a run by its name or its card, and yield its folder with the hashes of what it came to.

    Args:
        ref: A run, or the file of a card, which is unpacked as long as the block lasts.
        outputs: Folder of all runs.

    Raises:
        ConfigError: If there is no such run, or it is not done.
    """
    if Path(ref).is_file():
        card = read_card(Path(ref))
        with TemporaryDirectory() as place:
            yield unpack(card, Path(place)), {str(key): str(one) for key, one in dict(card.get("hashes") or {}).items()}
        return
    folder = RunFolder.find(ref, outputs)
    if (status := row(folder).status) != DONE:
        raise ConfigError(f"rerun: run must be done, got {folder.id}, which is {status}.")
    yield folder, hashes(folder)


def config_again(folder: RunFolder, words: Sequence[str], outputs: str) -> Config:
    """Return the config of a run, with its data where the run found it.

    Args:
        folder: The run.
        words: Overrides of ``FREE`` keys.
        outputs: Folder of all runs.

    Raises:
        ConfigError: If another word is typed, or the config can't be read.
    """
    if wrong := [word for word in words if root_of(key_of(word)) not in FREE]:
        rule = f"key must be in {', '.join(FREE)}, as any other would make it another run"
        raise ConfigError(f"rerun: {rule}, got '{key_of(wrong[0])}'.")
    start = None if any(root_of(key_of(word)) == "dataset" for word in words) else origin(folder)
    moved = paths_from(start, read_start(folder).get("dataset") or {}) if start else {}
    places = [override(f"dataset.{key}", path) for key, path in moved.items()]
    own = [override("outputs", outputs)] if not any(key_of(word) == "outputs" for word in words) else []
    return read_config([*words, *places, *own, "baselines=false", "resume=null"], folder.config)


def rerun(folder: RunFolder, before: Mapping[str, str], config: Config, console: Console) -> Repetition:
    """Train a run again, in a new folder.

    Args:
        folder: The run.
        before: Hashes of what it came to.
        config: From ``config_again``.
        console: Shows the progress.
    """
    new = run_training(config, read_json(folder.manifest)["command"], console)
    found = explain(row(folder), row(new), neighbours([new]))
    outcome, text = _outcome(found, before, hashes(new), read(folder)["metrics"] == read(new)["metrics"])
    return Repetition(outcome, text, new, found)


def _outcome(
    found: Explanation, before: Mapping[str, str], after: Mapping[str, str], same_metrics: bool
) -> tuple[Outcome, str]:
    known = [key for key in before if key not in _FILES and key in after]
    differ = [key for key in known if before[key] != after[key]]
    if known and not differ and same_metrics:
        return "bit for bit", f"equal: metrics, {', '.join(known)}"
    difference, noise = found.difference, found.noise
    if difference is None:
        return "not the same", "they share no metric"
    if "data" not in found.same:
        return "not the same", "the data is not what it was"
    amount = f"{found.metric} {difference:+.4g}; other: {', '.join(differ) or 'metrics'}"
    if noise is None:
        return "not the same", f"{amount}. How much seeds vary is not known: no other seed of this config was trained"
    often = noise.probability(difference)
    spread = f"seeds vary by {noise.deviation:.3g} (n = {noise.runs}): two differ by as much in {often:.0%} of cases"
    return ("within seed noise" if often >= LEVEL else "not the same"), f"{amount}; {spread}"
