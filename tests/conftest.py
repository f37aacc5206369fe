"""What several test files share; torch is imported only where a test needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mmexp.contract import Tokens

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed torch, if the test's file uses it."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a tokenizer of ten words: ids 0 to 3 are special, 4 to 13 words."""
    from mmexp.transform.text import Tokenizer

    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    return Tokenizer.train(["a red ball left of the blue box", "two cats"], path).path


@pytest.fixture
def make_tokens() -> Callable[..., Tokens]:
    """Random tokens whose rows hold the given numbers of real ones."""
    import torch

    from mmexp.contract import Tokens

    def make(*lengths: int, dim: int = 8, places: int = 0) -> Tokens:
        places = places or max(1, *lengths)
        return Tokens(torch.randn(len(lengths), places, dim), torch.arange(places) < torch.tensor(lengths)[:, None])

    return make
