"""Small models that are exported, pruned and packed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.contract import Batch, Padded
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.embedding import EmbeddingEncoder
from mmexp.encoder.text.transformer import TransformerEncoder
from mmexp.encoder.vector.linear import LinearEncoder
from mmexp.fusion.concat import ConcatFusion
from mmexp.missing.mask import MaskMissing
from mmexp.pool.mean import MeanPool
from mmexp.run.folder import RunFolder
from mmexp.task.answer_generation import AnswerGeneration
from mmexp.task.base import Task
from mmexp.task.classification import Classification
from mmexp.training.model import Model
from mmexp.transform.vector import VectorTransform

DIM = 8


@pytest.fixture
def make_model(tokenizer: str) -> Callable[[Task], Model]:
    """A text and a vector, fused by concatenation, for a task."""

    def make(task: Task) -> Model:
        text = EmbeddingEncoder(dim=DIM, vocab_size=14, tokenizer=tokenizer)
        vector = LinearEncoder(dim=DIM, transform=VectorTransform(width=3))
        fusion = ConcatFusion(dim=DIM, modalities=task.slots(["text", "vector"]), pool=MeanPool())
        return Model(encoders={"text": text, "vector": vector}, missing=MaskMissing(), fusion=fusion, task=task).eval()

    return make


@pytest.fixture
def model(make_model: Callable[[Task], Model]) -> Model:
    return make_model(Classification(pool=MeanPool(), dim=DIM, classes=["a", "b", "c"], target="label"))


@pytest.fixture
def writer(make_model: Callable[[Task], Model], tokenizer: str) -> Model:
    prefix = TransformerEncoder(dim=DIM, vocab_size=14, tokenizer=tokenizer, causal=True, max_length=8, depth=1)
    return make_model(AnswerGeneration(decoder=FusedDecoder(prefix=prefix, max_length=8)))


@pytest.fixture
def batch() -> Batch:
    mask = torch.tensor([[True, True, True], [True, False, False]])
    text = Padded(torch.randint(4, 14, (2, 3)) * mask, mask)
    return Batch({"text": text, "vector": Padded(torch.randn(2, 3), torch.tensor([True, False]))}, {}, ("a", "b"))


@pytest.fixture(scope="session")
def trained_run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of one epoch that reads texts alone: what of it is exported is small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        lab = make_lab(tmp_path_factory.mktemp("deploy") / "outputs")
        return lab.train("inputs=[text]", "fusion=concat", "training.epochs=1")
