"""What only the data knows: read once from the training split, kept in the run folder, put into the config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from omegaconf import Container, DictConfig, OmegaConf

from mmexp.config.omegaconf_internal import full_path
from mmexp.config.resolve import FACT, resolve
from mmexp.error import ConfigError, nearest
from mmexp.run.jsonfile import read_json, write_json

_FILE = "facts.json"


class Facts(Mapping[str, Any]):
    """Values for ``${facts:...}``, by dotted path.

    ``{"file": "tokenizer.json"}``, with or without its ``sha256``, stands for a file of the run folder and is read as
    its absolute path.

    Args:
        values: Plain JSON.
        folder: The run folder that the files lie in.

    Raises:
        ConfigError: If a file lies outside the folder.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, folder: Path | None = None) -> None:
        self._values = dict(values or {})
        self._folder = folder
        self._read = {key: self._with_paths(value) for key, value in self._values.items()}

    @classmethod
    def read(cls, folder: Path) -> Facts:
        """Read the facts of a run.

        Raises:
            FileNotFoundError: If the folder has none.
            DataError: If they are not JSON.
        """
        return cls(read_json(folder / _FILE), folder)

    @classmethod
    def write(cls, folder: Path, values: Mapping[str, Any]) -> Facts:
        """Write the facts of a run, complete or not at all, and return them."""
        write_json(folder / _FILE, values)
        return cls.read(folder)

    def add(self, folder: Path, **values: Any) -> Facts:
        """Write these facts and more of them, and return both."""
        return self.write(folder, {**self._values, **values})

    def of(self, modality: str) -> Facts:
        """Return the facts as an encoder reads them: those of its own modality, such as ``width``, over all others."""
        own = self._values.get("modality", {}).get(modality, {})
        return Facts({**self._values, **own}, self._folder)

    def __getitem__(self, name: str) -> Any:
        found: Any = self._read
        for part in name.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise KeyError(name)
            found = found[part]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def bind(self, root: Mapping[str, Any] | DictConfig | None, key: str = "") -> dict[str, Any]:
        """Return one component as a plain dictionary in which every ``${...}`` is resolved.

        Args:
            root: A config with ``${facts:...}`` in it.
            key: Dotted path of the component; empty for all of it.

        Raises:
            ConfigError: If a fact is not known; names the value that asks for it, and the nearest fact.
        """
        if isinstance(root, DictConfig):
            where = full_path(root)
            node = OmegaConf.select(root, key) if key else root
            plain = resolve(node) if isinstance(node, Container) else node
        else:
            where, plain = "", root
            for part in key.split(".") if key else ():
                plain = plain.get(part) if isinstance(plain, Mapping) else None
        path = ".".join(filter(None, (where, key)))
        if not isinstance(plain, Mapping):
            raise ConfigError(f"config: {path} must be a component, got {plain!r}.")
        problems: list[str] = []
        bound = {name: self._fill(value, f"{path}.{name}".lstrip("."), problems) for name, value in plain.items()}
        if problems:
            raise ConfigError(problems)
        return bound

    def _fill(self, value: Any, path: str, problems: list[str]) -> Any:
        if isinstance(value, Mapping):
            return {name: self._fill(item, f"{path}.{name}", problems) for name, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item, f"{path}.{i}", problems) for i, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        for name in FACT.findall(value):
            if name not in self:
                known = _names(self._read)
                hint = nearest(name, known) if known else "None are known here."
                problems.append(f"{path}: fact must be one that the data gives, got '{name}'. {hint}")
                return None
        whole = FACT.fullmatch(value)
        return self[whole[1]] if whole else FACT.sub(lambda found: str(self[found[1]]), value)

    def _with_paths(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if not {"file"} <= set(value) <= {"file", "sha256"} or self._folder is None:
            return {key: self._with_paths(item) for key, item in value.items()}
        folder = self._folder.resolve()
        path = (folder / str(value["file"])).resolve()
        if not path.is_relative_to(folder):
            raise ConfigError(f"{folder / _FILE}: file must lie in the run folder, got {value['file']!r}.")
        return str(path)


def _names(facts: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted paths of all facts."""
    names = []
    for key, value in facts.items():
        names += [f"{prefix}{key}", *(_names(value, f"{prefix}{key}.") if isinstance(value, Mapping) else ())]
    return names
