"""Ablation: a run with one change at a time."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmexp.config.schema import key_of, role_of, root_of
from mmexp.config.without_fusion import without_fusion
from mmexp.config.yaml import shown
from mmexp.error import ConfigError
from mmexp.run.command import override
from mmexp.run.summary import DONE, RunRow
from mmexp.runner.baselines import CONTROLS, words_of
from mmexp.study.session import SweepSession, begin

Words = list[str]


@dataclass(frozen=True)
class Ablation:
    """Changes of a run, each with the overrides of its jobs.

    Args:
        changes: Overrides of a job per seed, by the name of the change.
        place: Overrides of all jobs: where their runs lie.
        config: File that they start from; empty if they were composed.
    """

    changes: Mapping[str, list[Words]]
    place: Words
    config: str = ""


def ablate(runs: Sequence[RunRow], values: Sequence[str] = ()) -> Ablation:
    """Plan the changes of a run: each input left out, blank and shuffled inputs, and each value by itself.

    Args:
        runs: Done, and the same but for seed and fold.
        values: Overrides, each of which is a change.

    Raises:
        ConfigError: If the runs are not such.
    """
    _refuse_different(runs)
    folder = runs[0].folder
    words, config = words_of(folder)
    fixed = [word for word in words if root_of(key_of(word)) not in ("seed", "fold") and not _is_place(word)]
    rest = [word for word in fixed if not role_of(key_of(word)).of_baseline]
    inputs = runs[0].inputs
    own: dict[str, Words] = {}
    for name in inputs if len(inputs) > 1 else ():
        left = [one for one in inputs if one != name]
        own[f"without {name}"] = [*_fusion_for(left, rest), f"inputs=[{','.join(left)}]"]
    for control in CONTROLS:
        own[f"{control} inputs"] = [*rest, f"inputs=[{','.join(inputs)}]", f"control={control}"]
    own |= {value: [*(word for word in fixed if not _is_set_by(word, value)), value] for value in values}
    place = [f"name={folder.name}", override("outputs", shown(folder.path.parent.parent))]
    place += [word for word in words if word.startswith("plugins=")]
    repeated = [_repetition(run) for run in runs]
    return Ablation({name: [[*one, *again] for again in repeated] for name, one in own.items()}, place, config)


def begin_ablation(ablation: Ablation, chosen: Sequence[str] = (), *, again: bool = False) -> SweepSession:
    """Freeze the jobs of an ablation as a sweep of listed jobs.

    Args:
        ablation: What is trained.
        chosen: Options of the launcher.
        again: As of ``begin``.

    Raises:
        ConfigError: If a config is not valid.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.txt"
        path.write_text("".join(f"{shlex.join(words)}\n" for jobs in ablation.changes.values() for words in jobs))
        words = [*ablation.place, "search=list", override("search.file", str(path)), *chosen]
        return begin(words, ablation.config, again=again)


def changed(session: SweepSession, ablation: Ablation) -> dict[str, list[RunRow]]:
    """Return the runs that are done, by their change."""
    from mmexp.run.summary import row

    found: dict[str, list[RunRow]] = {}
    for name, jobs in ablation.changes.items():
        records = [session.folder.job([*ablation.place, *words]) for words in jobs]
        rows = [row(one.run) for one in records if one and one.run and one.state().status == DONE]
        found[name] = [one for one in rows if one.status == DONE]
    return found


def _refuse_different(runs: Sequence[RunRow]) -> None:
    done = [run for run in runs if run.status == DONE]
    configs = [{key: value for key, value in run.config.items() if key not in ("seed", "fold")} for run in done]
    if not done or len(done) < len(runs) or any(one != configs[0] for one in configs):
        states = ", ".join(f"{run.folder.id} ({run.status})" for run in runs) or "none"
        raise ConfigError(f"ablate: RUN must be done, and the same but for seed and fold, got {states}.")


def _fusion_for(left: Sequence[str], rest: Sequence[str]) -> Words:
    """Return overrides for the inputs that are left: as they are, without fusion for one input."""
    if len(left) > 1:
        return list(rest)
    plain = [word for word in rest if root_of(key_of(word)) != "fusion"]
    return [*plain, *without_fusion(plain)]


def _is_place(word: str) -> bool:
    return key_of(word) in ("name", "outputs", "plugins", "baselines", "tuned") or role_of(key_of(word)).kind == "sweep"


def _is_set_by(word: str, value: str) -> bool:
    """Whether a value takes the place of what a word sets, or of the part that it sets something of."""
    key, other = key_of(word), key_of(value)
    return key == other or key.startswith(f"{other}.")


def _repetition(run: RunRow) -> Words:
    fold = [override("fold", str(run.config["fold"]))] if run.config.get("fold") is not None else []
    return [f"seed={run.config['seed']}", *fold]
