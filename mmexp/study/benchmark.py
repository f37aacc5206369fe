"""A benchmark of ways to fuse: the sweep that a data set and a budget come to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mmexp.config.compose import read_config
from mmexp.config.provenance import options
from mmexp.config.schema import key_of, root_of
from mmexp.config.without_fusion import NO_FUSION
from mmexp.dataset.base import MultimodalDataset
from mmexp.dataset.build import build_dataset
from mmexp.dataset.manifest import Manifest
from mmexp.dataset.table.inspection import Progress
from mmexp.dataset.table.reader import read_table
from mmexp.dataset.table.split import split_column
from mmexp.error import ConfigError, DataError
from mmexp.run.command import override

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


@dataclass
class Benchmark:
    """What is swept, and on which data.

    Args:
        words: Overrides of the sweep.
        dataset: Prepared.
        notes: What was guessed, a line each.
    """

    words: list[str]
    dataset: MultimodalDataset
    notes: list[str] = field(default_factory=list)


def seconds_of(text: str) -> float:
    """Read a time such as 90, 90s, 30m or 1.5h.

    Raises:
        ConfigError: If it is none, or not above 0.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text)
    if not found or found[2] not in _UNITS or not float(found[1]):
        raise ConfigError(f"benchmark: --budget must be a time such as 90s, 30m or 2h, got '{text}'.")
    return float(found[1]) * _UNITS[found[2]]


def plan(
    words: Sequence[str],
    fusions: str = "all",
    budget: float = 1800.0,
    config: str = "",
    progress: Progress | None = None,
) -> Benchmark:
    """Read the data, and choose the ways, the split and the search.

    Args:
        words: Overrides as typed, which go before what is chosen here.
        fusions: ``all``, or names with commas in between.
        budget: Seconds.
        config: File to start from; empty for the defaults.
        progress: Takes how many files of how many are checked.

    Raises:
        ConfigError: If a config is not valid.
        DataError: If the data is refused.
    """
    chosen, notes = list(words), list[str]()
    keys = {key_of(word) for word in words}
    if keys & {"dataset.root", "dataset.manifest"} and not keys & {"dataset", "experiment"} and not config:
        chosen = ["dataset=manifest", *chosen]
    if "fusion" not in keys:
        names = _fitting(chosen, fusions, config, notes)
        chosen.append(f"fusion={','.join(names)}")
    first = [word for word in chosen if root_of(key_of(word)) not in ("fusion", "search", "launcher")]
    dataset = _read(first, config, progress)
    if guess := _guessed_groups(dataset):
        try:
            dataset = _read([*first, guess], config, progress)
            chosen.append(guess)
            notes.append(f"groups: {guess} is a guess from the values of the column; set it, or null, if it is wrong.")
        except (ConfigError, DataError) as error:
            notes.append(f"groups: {guess} may be right, but is not used: {str(error).splitlines()[0]}")
    if not any(root_of(word) == "launcher" for word in keys):
        chosen.append("launcher.slots=auto")
    return Benchmark([*chosen, "search=halving", f"search.budget={budget:g}"], dataset, notes)


def _fitting(words: Sequence[str], fusions: str, config: str, notes: list[str]) -> list[str]:
    """Return the fusions that are asked for; of all of them, those that the config allows."""
    if fusions != "all":
        return [name.strip() for name in fusions.split(",")]
    found, problems = list[str](), list[str]()
    for name in [name for name in options("fusion") if f"fusion={name}" != NO_FUSION]:
        try:
            read_config([*words, f"fusion={name}"], config)
            found.append(name)
        except ConfigError as error:
            problems += error.problems
            notes.append(f"fusion={name} is left out: {error.problems[0]}")
    if not found:
        raise ConfigError(list(dict.fromkeys(problems)))
    return found


def _read(words: Sequence[str], config: str, progress: Progress | None) -> MultimodalDataset:
    dataset = build_dataset(read_config(words, config).plain())
    dataset.progress = progress
    dataset.prepare()
    dataset.progress = None
    return dataset


def _guessed_groups(dataset: MultimodalDataset) -> str:
    """Return the override that names the groups, if one column is likely to; empty if none is, or one is named."""
    likely = [name.partition(" ")[2] for name in dataset.grouping().get("likely", ()) if name.startswith("column ")]
    if len(likely) != 1 or not isinstance(dataset, Manifest) or dataset.division.folds:
        return ""
    divided = split_column(read_table(dataset.path, dataset.form), dataset.division.rule)
    return override("dataset.split.groups" if divided else "dataset.group_by", likely[0])
