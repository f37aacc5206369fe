"""One sample as a batch, for what is asked of each sample by itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mmexp.contract import Batch, Sample
from mmexp.inference.predictor import Predictor
from mmexp.training.datamodule import PreparedSplit
from mmexp.transform.base import Transform


def single(trained: Predictor, sample: Sample, targets: Mapping[str, Transform] = MappingProxyType({})) -> Batch:
    """Return a sample as a batch of one, its inputs as they are and never as features that were kept.

    Args:
        trained: The run.
        sample: As the dataset gives it.
        targets: Transforms of the targets that are wanted.
    """
    split = PreparedSplit([sample], inputs=trained.module.model.transforms, targets=targets, seed=None)
    return split.collate([split.prepare(0)]).to(trained.device)
