"""Cross-validation: a run for each fold of the data."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.config.compose import read_config
from mmexp.config.override import expand
from mmexp.config.schema import key_of, root_of
from mmexp.dataset.build import fold_names
from mmexp.error import ConfigError
from mmexp.run.command import typed


def with_folds(words: Sequence[str], path: str = "") -> list[str]:
    """Add ``fold=a,b,c`` to overrides that set ``folds`` and no ``fold``, so that a sweep over them has every fold.

    Args:
        words: Overrides, with several values where they are searched over.
        path: Config to start from; empty for the defaults.

    Raises:
        ConfigError: If ``folds`` or what the data is are searched over, or the dataset has no such folds.
    """
    given = {key_of(word): word for word in words}
    if "folds" not in given or "fold" in given:
        return list(words)
    data = [
        word for key, word in given.items() if root_of(key) in ("experiment", "plugins", "kind", "folds", "dataset")
    ]
    if len(variants := expand(data)) > 1:
        rule = "dataset, experiment and folds must have one value with folds"
        raise ConfigError(f"command line: {rule}, got {len(variants)} combinations of {' '.join(data)}.")
    root = read_config(variants[0], path).plain()
    if root["folds"] is None:
        return list(words)
    return [*words, f"fold={','.join(map(typed, fold_names(root)))}"]
