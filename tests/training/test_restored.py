from __future__ import annotations

import pytest
import torch

from mmexp.config.compose import load_config
from mmexp.config.facts import Facts
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.training.checkpoint import read_weights
from mmexp.training.restored import best_checkpoint, restored


def test_the_weights_are_those_of_the_best_checkpoint(lab):
    folder = lab.train("training.epochs=1")
    module = restored(folder, load_config(folder.config).plain(), Facts.read(folder.path))
    weights = read_weights(best_checkpoint(folder))
    assert best_checkpoint(folder).name.startswith("best") and not module.training
    assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())


def test_a_run_without_a_checkpoint_is_refused(tmp_path):
    folder = RunFolder.create(tmp_path, "x")
    with pytest.raises(ConfigError, match=f"run: {folder.id} must have a checkpoint, got none"):
        best_checkpoint(folder)
