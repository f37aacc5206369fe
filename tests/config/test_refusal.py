from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmexp.config.refusal import refusal, unknown_key
from mmexp.config.schema import Schema


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"sed": 1}, "sed must be a key of the root, got 'sed'. Did you mean 'seed'?"),
        ({"seed": "x"}, "seed must be int, got 'x'."),
        ({"dim": None}, "dim must have a value, got null."),
        ({"inputs": "image"}, "inputs must be a list, such as [a,b]."),
        ({"tokenizer": {"modle": 1}}, "tokenizer.modle must be a key of tokenizer, got 'modle'. Did you mean 'model'?"),
        ({"encoder": 3}, "encoder must be a value that fits its place, got: Cannot assign int to Dict[str, Any]."),
    ],
)
def test_what_does_not_fit_the_root_is_told_by_rule_and_value(content: dict[str, Any], text: str) -> None:
    with pytest.raises(OmegaConfBaseException) as caught:
        OmegaConf.structured(Schema).merge_with(OmegaConf.create(content))
    assert refusal(str(caught.value.full_key), caught.value) == text


def test_choices_are_nothing_to_type() -> None:
    assert "choices must be a key of the root, got 'choices'" in unknown_key("choices")
