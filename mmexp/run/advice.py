"""Lines to type next about a run: where it lies and the plugins it needs are part of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from mmexp.run.command import OUTPUTS, line, override
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.origin import origin
from mmexp.run.start import read_start

MANIFEST = "manifest.jsonl"
"""Name of a table that is not named."""


def named(folder: RunFolder) -> str:
    """Return how a run is named here: by its id if it lies in the usual folder of runs, else by its path."""
    here = folder.path.absolute().parent.parent == Path(OUTPUTS).absolute()
    return folder.id if here else str(folder.path.absolute())


def resume(folder: RunFolder) -> str:
    """Return the line that resumes a run."""
    return line("train", override("resume", named(folder)), *_plugins(folder))


def train_again(folder: RunFolder) -> str:
    """Return the line that removes the checkpoints of a run and trains it from its beginning."""
    return f"rm -r {quote(str(folder.checkpoints))} && {resume(folder)}"


def evaluate_again(folder: RunFolder) -> str:
    """Return the line that evaluates a run that is done once more."""
    return f"rm {quote(str(folder.summary))} && {resume(folder)}"


def train_from(folder: RunFolder) -> str:
    """Return the line that trains a new run with the config of another."""
    return line("train", "--config", str(folder.path.absolute()), *_plugins(folder))


def predict(folder: RunFolder) -> str:
    """Return the line that predicts the table that a run was trained on; where there is none, it says what to add."""
    table = _table(folder)
    return on_runs("predict", [folder], str(table) if table else "--help")


def smaller_batch(folder: RunFolder, batch_size: int, accumulate: int, fits: int | None = None) -> str:
    """Return what to do where a batch does not fit in memory: train on a smaller one, in more of them before each step.

    Args:
        folder: The run, whose words are typed again.
        batch_size: Samples per batch.
        accumulate: Batches per optimizer step.
        fits: Samples that are known to fit; None to try half of the batch.
    """
    if batch_size == 1:
        return "Set a smaller dim, or smaller inputs: a batch of one sample does not fit."
    size = fits or batch_size // 2
    keys = {"training.batch_size": size, "training.accumulate": accumulate * (batch_size // size)}
    typed = [str(word) for word in read_json(folder.manifest)["command"][1:]]
    words = [word for word in typed if word.partition("=")[0] not in keys]
    known = f"Of halves of the batch, the largest that fits has {fits} samples.\n" if fits else ""
    return f"{known}Run: {line(*words, *(f'{key}={value}' for key, value in keys.items()))}"


def on_runs(verb: str, folders: Sequence[RunFolder], *words: str) -> str:
    """Return the line that calls a verb on runs; other words stand after their names."""
    return line(verb, *map(named, folders), *words, *_plugins(*folders))


def _table(folder: RunFolder) -> Path | None:
    """The table that a run was trained on, as it is found from here."""
    node = read_start(folder).get("dataset") or {}
    if not (node.get("root") or node.get("manifest")):
        return None
    table = (origin(folder) or Path()) / str(node.get("root") or "") / str(node.get("manifest") or MANIFEST)
    return table if table.is_file() else None


def _plugins(*folders: RunFolder) -> tuple[str, ...]:
    """The override that allows the plugins of some runs; nothing if they have none."""
    names = {str(name) for folder in folders for name in read_start(folder).get("plugins") or ()}
    return (f"plugins=[{','.join(sorted(names))}]",) if names else ()
