"""Baselines of a fusion: each of its inputs alone, and controls: all of them, blank or shuffled."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence

from mmexp.config.compose import read_config
from mmexp.config.config import Config
from mmexp.config.schema import key_of, role_of, root_of
from mmexp.config.without_fusion import NO_FUSION, without_fusion
from mmexp.config.yaml import shown
from mmexp.error import ConfigError
from mmexp.run import summary
from mmexp.run.command import override
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.redact import redact_tree
from mmexp.run.summary import RunRow
from mmexp.runner.jobs import Job

CONTROLS = ("blank", "shuffled")


def baselines(folder: RunFolder) -> list[Job]:
    """Return the baselines of a finished run, none if it fuses nothing.

    A single input goes without fusion, or with the run's own where the task is an anchor that the input is fused with.
    Controls take the fusion that the config has unless another is typed: what is learnt without information does not
    depend on it, and so the runs of a sweep share them.

    Raises:
        ConfigError: If the words that the run was typed with no longer give its config.
    """
    known = summary.read(folder)
    inputs = known["config"]["inputs"]
    if not summary.row(folder).is_fusion:
        return []
    if fair := known["config"].get("fair"):
        rule = "baselines of a run whose width was solved must be jobs of its sweep, which solves theirs"
        alone = ",".join(f"[{name}]" for name in known.get("alone", inputs))
        hint = f"Extend that sweep (mmexp sweep extend) by {NO_FUSION} 'inputs={alone}'."
        raise ConfigError(f"baselines: {rule}, got fair={fair}.", hint)
    words, path = words_of(folder)
    if start := known["config"].get("pretrained"):  # by now the last run is another one
        words = [override("pretrained", start) if root_of(key_of(word)) == "pretrained" else word for word in words]
    if known.get("key") not in (None, read_config(words, path).key):
        rule = "config files must be as they were when the run was trained"
        raise ConfigError(
            f"baselines: {rule}, got another config from the words of {folder.id}.",
            "Train it again.",
        )
    roots = {word: root_of(key_of(word)) for word in words}
    rest = [word for word, root in roots.items() if root != "fusion" and not role_of(root).of_baseline]
    fusion = [word for word, root in roots.items() if root == "fusion"]
    lone = fusion if known.get("anchor") else [NO_FUSION] if path else without_fusion(rest)
    wanted = {f"{name} alone": [*lone, f"inputs=[{name}]"] for name in known.get("alone", inputs)}
    wanted |= {f"{name} inputs": [f"inputs=[{','.join(inputs)}]", f"control={name}"] for name in CONTROLS}
    place = [f"name={folder.name}", override("outputs", shown(folder.path.parent.parent))]
    return [
        _job(f"{what}, seed {known['config']['seed']}", [*rest, *own, *place], path) for what, own in wanted.items()
    ]


def fitting(jobs: Iterable[Job], rows: Iterable[RunRow]) -> list[RunRow]:
    """Return the runs that any of the jobs would repeat, with the same settings."""
    wanted = {job.config.key: redact_tree(_settings(job.config)) for job in jobs}
    return [row for row in rows if row.key in wanted and dict(row.config) == wanted[row.key]]


def _settings(config: Config) -> dict[str, object]:
    """What the summary of a run with this config holds."""
    root = config.plain()
    return {**config.settings, "inputs": root["inputs"], "seed": root["seed"]}


def _job(label: str, words: Sequence[str], path: str) -> Job:
    prefix = ["mmexp", "train", *(["--config", path] if path else [])]
    return Job(label, read_config(words, path), [*prefix, *words])


def words_of(folder: RunFolder) -> tuple[list[str], str]:
    """Return the overrides that a run was typed with, and the config it started from; empty if that was composed."""
    reader = ArgumentParser(add_help=False, allow_abbrev=False)
    reader.add_argument("--config", default="")
    given, words = reader.parse_known_args(read_json(folder.manifest)["command"][2:])
    return [word for word in words if not word.startswith("-")], given.config
