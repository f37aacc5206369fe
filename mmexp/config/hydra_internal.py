"""Compose the chosen options into one config: Hydra's defaults lists and packages, our own errors.

Of Hydra only the defaults list and the override grammar are used: no ``.hydra`` folder, no plugins, no global state,
nothing written. Files are merged here, so that each fault is found where it stands, and all of them at once.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from hydra import version
from hydra._internal.config_repository import CachingConfigRepository, ConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.defaults_list import DefaultsList
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException, MissingConfigException
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmexp.config.hydra_defaults import create_defaults_list
from mmexp.config.provenance import Source, groups, mention, option_path, options
from mmexp.config.refusal import refusal
from mmexp.config.resolve import texts
from mmexp.config.schema import Schema, holds_many
from mmexp.config.search_path import conf_folders, conf_state
from mmexp.config.synonym import suggest_option
from mmexp.config.yaml import check_yaml, shown, yaml_errors
from mmexp.error import ConfigError, nearest

WHOLE = "kind"
"""Group of which every option is composed, below its own name: all kinds of data are known, and the data says which."""
EVERY = re.compile(r"\$\{every:(\w+)\}")
"""What a component writes where it takes every option of a group, each below its own name."""
State = tuple[tuple[str, int, int], ...]
_kept: dict[tuple[tuple[str, ...], bool, State], bytes] = {}


class CheckedSource(FileConfigSource):
    """A config folder whose files are checked before they are read as YAML."""

    @staticmethod
    def scheme() -> str:
        """What the path of such a folder starts with."""
        return "mmexp"

    def load_config(self, config_path: str) -> ConfigResult:
        """Read one file.

        Raises:
            ConfigError: If it is refused.
        """
        path = Path(self.path, self._normalize_file_name(config_path))
        check_yaml(path)
        with yaml_errors(path):
            result = super().load_config(config_path)
        if not isinstance(result.config, DictConfig):
            raise ConfigError(f"{shown(path)}: file must hold keys with values, got a list.")
        return result


@dataclass
class Composition:
    """What the chosen options add up to.

    Args:
        node: The root, not resolved.
        choices: Option by group.
        sources: Files it was merged from, in order.
        problems: What is wrong, one line each.
    """

    node: DictConfig
    choices: dict[str, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def compose_groups(overrides: Sequence[Override], adding: bool = False) -> Composition:
    """Compose ``conf/config.yaml`` with other choices of groups; jobs of a sweep that choose the same share the work.

    Args:
        overrides: The choices.
        adding: Whether one that no defaults list names is added, as those are that were typed with ``+`` before.

    Raises:
        ConfigError: If the defaults lists can't be followed to the end.
    """
    words = tuple(str(override.input_line) for override in overrides)
    if (kept := _kept.get((words, adding, state := conf_state()))) is None:
        kept = _kept[words, adding, state] = pickle.dumps(_composed(overrides, adding, state))
    composed: Composition = pickle.loads(kept)
    return composed


def _composed(overrides: Sequence[Override], adding: bool, state: State) -> Composition:
    listed = _defaults(_repository(state), overrides, adding)
    composed: Composition = pickle.loads(_start(state))
    files = [file for one in listed.defaults if (file := _file(one.config_path, one.package or "", state))]
    composed.sources += [source for source, _ in files]
    try:
        composed.node.merge_with(*(content for _, content in files))
    except OmegaConfBaseException:
        composed.node = pickle.loads(_start(state)).node
        for source, content in files:
            merge(composed, content, source)
    for place, text in list(texts(composed.node)):
        if found := EVERY.fullmatch(text):
            _add_every(composed, found[1], place, _repository(state))
    chosen = reversed(listed.overrides.known_choices.items())
    composed.choices = {group: str(option) for group, option in chosen if option}
    composed.choices = {**_lists(listed), **composed.choices}
    return composed


@lru_cache(maxsize=1)
def _start(state: State) -> bytes:
    """Return, pickled, what every composition begins with: the schema, and the kinds of data."""
    composed = Composition(OmegaConf.structured(Schema))
    _add_every(composed, WHOLE, WHOLE, _repository(state))
    return pickle.dumps(composed)


@lru_cache
def _file(path: str | None, package: str, state: State) -> tuple[Source, DictConfig] | None:
    """Return what a file adds to the root, below its package; nothing if there is none. It is not to be changed."""
    result = _repository(state).load_config(path) if path else None
    if path is None or result is None:
        return None
    content = OmegaConf.create()
    if package:
        OmegaConf.update(content, package, result.config, merge=False)
    else:
        content.merge_with(result.config)
    return Source(option_path(path), package), content


def _lists(listed: DefaultsList) -> dict[str, str]:
    """Return the options of the groups from which a list was chosen, as the command line takes them."""
    found: dict[str, list[str]] = {}
    for default in listed.defaults:
        group, _, option = (default.config_path or "").rpartition("/")
        if holds_many(group) and not (default.parent or "").startswith(f"{group}/"):
            found.setdefault(group, []).append(option)
    return {group: f"[{','.join(options)}]" for group, options in found.items()}


def merge(composed: Composition, content: DictConfig, source: Source) -> None:
    """Merge one file into the root; what does not fit the schema is left out and noted with its line."""
    for key in list(content):
        try:
            composed.node.merge_with(OmegaConf.masked_copy(content, key))
        except OmegaConfBaseException as error:
            full = str(error.full_key or key)
            composed.problems.append(f"{source.place(full) or shown(source.path)}: {refusal(full, error)}")


def split_sweep(overrides: list[Override]) -> list[list[str]]:
    """Return the words of each job of a sweep, the last override varying fastest."""
    return BasicSweeper.split_arguments(overrides, max_batch_size=None)[0]


def _add_every(composed: Composition, group: str, place: str, repository: CachingConfigRepository) -> None:
    """Put every option of a group, below its own name, at a place."""
    found = {}
    for option in options(group):
        if result := repository.load_config(f"{group}/{option}"):
            found[option] = result.config
            composed.sources.append(Source(option_path(f"{group}/{option}"), f"{place}.{option}"))
    OmegaConf.update(composed.node, place, found, merge=False)


@lru_cache(maxsize=1)
def _repository(state: State) -> CachingConfigRepository:
    """Return what reads each file of the conf folders once, as long as none is changed."""
    version.setbase("1.3")
    SourcesRegistry.instance().register(CheckedSource)
    path = ConfigSearchPathImpl()
    for folder in conf_folders():
        path.append("main", f"{CheckedSource.scheme()}://{folder}")
    return CachingConfigRepository(ConfigRepository(path))


def _defaults(repository: CachingConfigRepository, overrides: Sequence[Override], adding: bool) -> DefaultsList:
    try:
        return create_defaults_list(
            repo=repository,
            config_name="config",
            overrides_list=list(overrides),
            prepend_hydra=False,
            skip_missing=False,
        )
    except MissingConfigException as error:
        raise ConfigError(_missing(error)) from error
    except (HydraException, OmegaConfBaseException, ValueError, AssertionError) as error:
        if (choice := _not_listed(str(error), overrides, adding)) is not None:
            choice.type = OverrideType.ADD
            return _defaults(repository, overrides, adding)
        raise ConfigError(_failed(str(error) or "a defaults list that can't be read", overrides)) from error


def _not_listed(text: str, overrides: Sequence[Override], adding: bool) -> Override | None:
    """Return the choice of a group that no defaults list names, or of a new modality's encoder; it is then added."""
    kinds = r"[^']*" if adding else r"[^'@]*(?='. No match)|[^'@]*@encoder\.\w+"
    found = re.match(rf"Could not override '({kinds})'", text)
    matches = [item for item in overrides if found and item.get_key_element() == found[1]]
    return matches[0] if matches else None


def _missing(error: MissingConfigException) -> str:
    """Say which option of which group a defaults list or an override names, but which does not exist."""
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if not group:
        return f"conf: {option}.yaml must be in one of the config folders, got none."
    place = mention(rf"{re.escape(group.rpartition('/')[2])}(@[\w.]+)?\s*:\s*{re.escape(option)}\s*(#|$)")
    hint = suggest_option(group, option) if group in groups() else f"Groups are: {', '.join(groups())}."
    return f"{place or 'defaults'}: {group} must be one of its options, got '{option}'. {hint}"


def _failed(text: str, overrides: Sequence[Override]) -> str:
    """Put what Hydra says of a defaults list into one line, with the nearest group."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if found := re.match(r"(?:In '(.*)': )?Could not override '([^']*)'", lines[0]):
        file, key = found[1], found[2]
        typed = [str(item.input_line) for item in overrides if item.get_key_element() == key]
        place = f"command line: {typed[0]}" if typed else mention(rf"override /?{re.escape(key)}\s*:") or file
        group, _, part = key.partition("@")
        owner = part.partition(".")[0]
        none = f"The chosen {owner} has no {part.removeprefix(f'{owner}.')}: choose another {owner}, or leave this out."
        hint = (
            f"Use +{typed[0]} to add it." if typed else none if part and group in groups() else nearest(group, groups())
        )
        return f"{place}: group must be one that the config chooses from, got '{key}'. {hint}"
    return f"config: defaults must be a list that Hydra can follow, got: {' '.join(lines)}"
