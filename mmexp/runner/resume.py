"""The config that a run is resumed with: the one it began with. What would make it another run is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from rich.console import Console

from mmexp.config.compose import load_config
from mmexp.config.config import Config
from mmexp.config.schema import ROLES, key_of, role_of, root_of
from mmexp.error import ConfigError
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import strict
from mmexp.run.origin import origin, paths_from
from mmexp.run.redact import redact_tree
from mmexp.run.start import differences, is_edited, read_start

Change = tuple[str, Any, Any]


def refuse_words(typed: Config, folder: RunFolder) -> None:
    """Refuse whatever is typed with ``resume`` and belongs to the run itself.

    Args:
        typed: What was typed.
        folder: The run that is named.

    Raises:
        ConfigError: With what each word would change.
    """
    words = [word for word in typed.words if not role_of(_key(word)).resumable]
    if not words:
        return
    before = load_config(folder.config, plugins=typed.plugins).plain()
    after = load_config(folder.config, words, typed.plugins).plain()
    changes = [f"It would change {_change(*one)}." for one in differences(_own(before), _own(after))]
    rule = f"command line: resume takes the config of its run as it is, got {', '.join(words)}."
    raise ConfigError([rule, *(changes or ["It would change nothing."])], f"Run: {advice.resume(folder)}")


def resumed_config(folder: RunFolder, plugins: Sequence[str], console: Console) -> Config:
    """Load the config that a run was started with, and say what was edited in it since.

    Args:
        folder: The run.
        plugins: Packages that the user allows.
        console: Shows the edits.

    Raises:
        ConfigError: If they would make it another model.
    """
    config = load_config(folder.config, plugins=plugins)
    _refuse_other_place(config, folder)
    if is_edited(folder):
        _show_edits(config, folder, console)
    return config


def _refuse_other_place(config: Config, folder: RunFolder) -> None:
    """Refuse to resume where the relative paths of the data lead nowhere, with the place where they lead to it."""
    start, node = origin(folder), config.plain()["dataset"]
    for key in paths_from(start, node) if start else ():
        if not Path(node[key]).exists():
            rule = f"dataset.{key} must exist in the working directory, as it did in {start}"
            away = advice.resume(RunFolder(folder.path.absolute()))
            raise ConfigError(f"{folder.id}: {rule}, got {node[key]!r}.", f"Run: cd {quote(str(start))} && {away}")


def _show_edits(config: Config, folder: RunFolder, console: Console) -> None:
    found = list(differences(_own(read_start(folder)), _own(strict(redact_tree(config.plain())))))
    if other := [one for one in found if role_of(one[0]).of_model]:
        rule = "model must be the one that the run began with"
        lines = [f"{folder.config}: {rule}, got {_change(*one)}." for one in other]
        hint = f"Set {_back(other)} in config.yaml again; or train a new run with it.\nRun: {advice.train_from(folder)}"
        raise ConfigError(lines, hint)
    for one in found:
        console.print(f"config.yaml was edited: {_change(*one)}.", highlight=False, markup=False, soft_wrap=True)


def _own(root: dict[str, Any]) -> dict[str, Any]:
    """What belongs to the run itself, not to where it lies or how it was composed."""
    return {key: value for key, value in root.items() if key in ROLES and ROLES[key].is_hashed}


def _change(key: str, before: Any, after: Any) -> str:
    return f"{key} from {_shown(before)} to {_shown(after)}"


def _back(changes: Iterable[Change]) -> str:
    return ", ".join(f"{key} to {_shown(before)}" for key, before, _ in changes)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(redact_tree(value))


def _key(word: str) -> str:
    """The key or group that a word sets."""
    return root_of(key_of(word))
