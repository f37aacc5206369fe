from __future__ import annotations

from typing import Any

import pytest

from mmexp.config.compose import compose
from mmexp.config.tokenizer import TokenizerConfig
from mmexp.error import ConfigError


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ({"model": "wrod"}, "tokenizer.model must be word or bpe, got 'wrod'"),
        ({"vocab_size": 4}, "tokenizer.vocab_size must be at least 5, got 4"),
        ({"min_frequency": 0}, "tokenizer.min_frequency must be at least 1, got 0"),
    ],
)
def test_a_tokenizer_that_cannot_be_is_refused_before_it_is_trained(setting: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        TokenizerConfig(**setting)
    ((key, value),) = setting.items()
    with pytest.raises(ConfigError, match=f"command line: {rule}"):
        compose([f"tokenizer.{key}={value}"])


def test_its_numbers_stand_in_every_config() -> None:
    assert compose([]).plain()["tokenizer"] == {"model": "word", "vocab_size": 4096, "min_frequency": 1}
