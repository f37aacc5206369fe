"""A config from what is typed, or from the file that a run has left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmexp.config.check import find_problems
from mmexp.config.config import Config
from mmexp.config.hydra_internal import Composition, compose_groups, merge
from mmexp.config.omegaconf_internal import to_yaml
from mmexp.config.override import Overrides, assign, read
from mmexp.config.provenance import Source
from mmexp.config.resolve import escaped, is_shared, texts
from mmexp.config.schema import GROUPS, ROLES, SLOTS, STUDY, Schema, holds_many, key_of, role_of, root_of
from mmexp.config.yaml import check_yaml, shown, yaml_errors
from mmexp.error import ConfigError
from mmexp.run.command import OUTPUTS, list_runs
from mmexp.run.folder import RunFolder, is_run


def compose(overrides: Sequence[str] = ()) -> Config:
    """Compose the options that are chosen, and check the result.

    Args:
        overrides: ``group=option``, ``key=value``, ``~key``; as typed.

    Raises:
        ConfigError: With every problem, each with its place, rule, value and the nearest valid name.
    """
    asked = read(overrides)
    try:
        composed = compose_groups(asked.groups)
    except ConfigError as error:
        raise ConfigError([*asked.problems, *error.problems]) from error
    composed.problems = [*asked.problems, *composed.problems]
    return _finish(composed, asked, settle=True)


def load_config(path: Path | str, overrides: Sequence[str] = (), plugins: Sequence[str] = ()) -> Config:
    """Read the config of a run back, and check it.

    It may come from someone else: nothing in it is resolved but ``${facts:...}``, and its plugins are not trusted. What
    is typed after it is the user's own.

    Args:
        path: ``config.yaml``, or the run folder it lies in.
        overrides: As for ``compose``; an option replaces its component.
        plugins: Packages that the user allows; those that the file names are not.

    Raises:
        ConfigError: With every problem, each with its place, rule, value and the nearest valid name.
    """
    asked = read(overrides)
    outputs = (one.value() for one in asked.values if one.key_or_group == "outputs")
    composed = _load(Path(path), next(outputs, OUTPUTS))
    composed.problems += asked.problems
    composed.node.plugins = list(plugins)
    node, choices = composed.node, composed.choices
    automatic = node.get("name") == _name(choices)
    _replace(composed, asked.groups)
    _follow(composed, asked)
    if automatic:
        node.name = None
    return _finish(composed, asked, settle="pretrained" in asked.keys)


def read_config(overrides: Sequence[str], path: Path | str = "") -> Config:
    """Compose what is typed, or load the config of a run that is named with it; ``plugins`` must then be typed.

    Raises:
        ConfigError: As ``compose`` and ``load_config``; or if what is typed is of a run that is trained already.
    """
    if studied := [word for word in overrides if root_of(key_of(word)) in STUDY]:
        rule = (
            f"command line: {root_of(key_of(studied[0]))} must be typed for a run that is trained, got '{studied[0]}'"
        )
        raise ConfigError(f"{rule}.", "Add it to mmexp robustness RUN, after training.")
    if not path:
        return compose(overrides)
    plugins = [word for word in overrides if word.startswith("plugins=")]
    return load_config(path, overrides, compose(plugins).plugins if plugins else ())


def stored(config: Config) -> str:
    """Return the config as a run keeps it, in YAML: everything resolved but ``${facts:...}``, ready to be loaded again.

    A resolved value may be a secret: redact what is written.
    """
    kept = {key: value for key, value in config.plain().items() if ROLES[key].is_part}
    return to_yaml(escaped(kept))


def _finish(composed: Composition, asked: Overrides, settle: bool) -> Config:
    """Set what was typed, fill what follows from the choices, and check.

    Args:
        composed: The rest; changed here.
        asked: What was typed.
        settle: Whether the run to start from is still to be found.
    """
    node, problems = composed.node, composed.problems
    made: set[str] = set()
    for override in asked.values:
        try:
            assign(node, composed.choices, override, made)
        except ConfigError as error:
            problems += error.problems
    if settle:
        problems += _settle(node)
    node.choices = {group: name for group, name in composed.choices.items() if role_of(group).is_part}
    for key in GROUPS:
        if OmegaConf.is_missing(node, key) and (SLOTS[key].optional or not holds_many(key)):
            node[key] = {} if holds_many(key) else None
    if not (OmegaConf.is_missing(node, "name") or OmegaConf.is_interpolation(node, "name")) and node.name is None:
        node.name = _name(composed.choices)
    config = Config(node, tuple(composed.sources), asked.keys, asked.words)
    problems += find_problems(config)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return config


def _settle(node: DictConfig) -> list[str]:
    """Name the run to start from by its id, or its path if it lies elsewhere, so that it stays this one."""
    try:
        if OmegaConf.is_missing(node, "outputs") or node.pretrained is None:
            return []
        found = RunFolder.find(node.pretrained, node.outputs)
    except OmegaConfBaseException:
        return []  # the check says why
    except ConfigError as error:
        return [f"pretrained: {error.problems[0].removeprefix('run: ')} {error.hint}".rstrip()]
    outputs = Path(node.outputs).absolute()
    node.pretrained = found.id if found.path.absolute().parent.parent == outputs else str(found.path.absolute())
    return []


def _name(choices: dict[str, str]) -> str:
    return "-".join(choices[group] for group in ("task", "fusion") if group in choices) or "run"


def _load(path: Path, outputs: object) -> Composition:
    """Read a stored config as data; where there is none, say how to list the runs of a folder."""
    path = path / "config.yaml" if path.is_dir() else path
    if not path.exists():
        outputs = path.absolute().parents[2] if is_run(path.parent) else outputs
        raise ConfigError(f"{shown(path)}: config must be a file that exists.", f"Run: {list_runs(outputs)}")
    check_yaml(path)
    with yaml_errors(path):
        content = OmegaConf.load(path)
    if not isinstance(content, DictConfig):
        raise ConfigError(f"{shown(path)}: file must hold keys with values, got a list.")
    source = Source(path)
    foreign = [
        f"{source.place(key)}: {key} must be written out, or be ${{facts:...}}, in a stored config, got {text!r}."
        for key, text in texts(content)
        if not is_shared(text)
    ]
    if foreign:
        raise ConfigError(foreign)
    composed = Composition(OmegaConf.structured(Schema), sources=[source])
    merge(composed, content, source)
    if not OmegaConf.is_missing(composed.node, "choices"):
        composed.choices = {str(group): str(option) for group, option in composed.node.choices.items()}
    return composed


def _replace(composed: Composition, chosen: Sequence[Override]) -> None:
    """Put the chosen options in the place of the stored ones."""
    if any(override.key_or_group == "experiment" for override in chosen):
        raise ConfigError("command line: experiment must be chosen without --config, got both.")
    fresh = compose_groups(chosen) if chosen else composed
    for override in chosen:
        key = override.package or override.key_or_group.replace("/", ".")
        OmegaConf.update(composed.node, key, OmegaConf.select(fresh.node, key), merge=False)
        composed.sources += [source for source in fresh.sources if f"{source.package}.".startswith(f"{key}.")]
        for name in {**composed.choices, **fresh.choices}:
            place = name.partition("@")[2] or name.replace("/", ".")
            if place == key or place.startswith(f"{key}."):
                composed.choices.pop(name, None)
                composed.choices |= {name: fresh.choices[name]} if name in fresh.choices else {}


def _follow(composed: Composition, asked: Overrides) -> None:
    """Let a root number that is typed reach the components again, into which it was written out when stored."""
    root = {override.key_or_group for override in asked.values if "." not in override.key_or_group}
    typed = {key for key in root if not isinstance(composed.node.get(key), DictConfig)}
    if not typed:
        return
    chosen = read([f"{group}={option}" for group, option in composed.choices.items()]).groups
    fresh = compose_groups(chosen, adding=True)
    for key, text in texts(fresh.node):
        name = text.strip("${}")
        if text == f"${{{name}}}" and name in typed and OmegaConf.select(composed.node, key) == composed.node.get(name):
            OmegaConf.update(composed.node, key, text)
