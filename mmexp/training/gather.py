"""Gather the facts of a run: what only the training split knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mmexp.config.facts import Facts
from mmexp.config.resolve import FACT
from mmexp.dataset.base import MultimodalDataset
from mmexp.run.atomic import write_atomic
from mmexp.run.checkpoints import sha256_of
from mmexp.run.folder import RunFolder
from mmexp.training.warm_start import Pretrained
from mmexp.transform.text import Tokenizer


def gather(
    dataset: MultimodalDataset, root: Mapping[str, Any], folder: RunFolder, start: Pretrained | None = None
) -> Facts:
    """Read what only the training split knows, train the tokenizer, and write both into the run folder.

    Long facts are read only if the config asks for them. What the encoders of a run to start from have read is taken
    from there.
    """
    if start is None:
        words, described = Tokenizer.train(dataset.texts(), folder.tokenizer, **root["tokenizer"]), dataset.describe()
    else:
        words, described = start.tokenizer(folder.tokenizer), start.describe(dataset.describe())
    asked = {path.split(".")[0] for path in FACT.findall(json.dumps(root))}
    known = {
        **described,
        "tokenizer": {"file": folder.tokenizer.name, "sha256": sha256_of(folder.tokenizer)},
        "vocab_size": words.vocab_size,
        "num_classes": {name: len(values) for name, values in described.get("classes", {}).items()},
        "fingerprint": dataset.fingerprint(),
    }
    for name, rows in dataset.tables().items():
        if name not in asked:
            continue
        write_atomic(folder.path / f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        known[name] = {"file": f"{name}.jsonl"}
    for name in asked.intersection(dataset.targets).difference(known):
        if (fact := dataset.kinds.of_target(name).summarise(dataset.values(name))) is not None:
            known[name] = fact
    return Facts.write(folder.path, known)
