"""A run of the tiny pictures with texts, and questions about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("captum")
pytest.importorskip("sklearn")


@pytest.fixture(scope="session")
def explained_run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_lab(tmp_path_factory.mktemp("explained") / "outputs").train("training.epochs=2")


@pytest.fixture(scope="session")
def trained(explained_run: Any) -> Any:
    from mmexp.inference.predictor import restore

    return restore(explained_run)


@pytest.fixture(scope="session")
def sample(trained: Any) -> Any:
    from mmexp.inference.evaluate import split_samples

    return split_samples(trained).samples[0]


@pytest.fixture(scope="session")
def question(trained: Any, sample: Any) -> Any:
    from mmexp.study.explain.question import ask

    return ask(trained, sample)


@pytest.fixture
def additive(question: Any) -> Any:
    """A question whose score is a known sum over the parts."""
    from dataclasses import replace

    import torch

    from mmexp.study.explain.question import Question

    weights = torch.linspace(-1, 2, question.size)

    class Additive(Question):
        def scores(self, kept: torch.Tensor) -> torch.Tensor:
            return kept.float() @ weights + 0.5

    made = Additive(**{name: getattr(replace(question), name) for name in question.__dataclass_fields__})
    return made, weights
