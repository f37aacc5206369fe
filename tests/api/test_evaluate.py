from __future__ import annotations

import pytest

import mmexp
from mmexp.error import ConfigError


def test_it_gives_the_numbers_that_training_ended_with(lab):
    run = mmexp.load_run(lab.train("training.epochs=1").path)
    for split in ("val", "test"):
        known = {key: value for key, value in run.metrics.items() if key.startswith(f"{split}/") and value is not None}
        assert known and mmexp.evaluate(run, split=split) == pytest.approx(known, nan_ok=True)
    with pytest.raises(ConfigError, match=r"key must be in .*dataset, .* got 'fusion'"):
        mmexp.evaluate(run, "fusion=sum")
