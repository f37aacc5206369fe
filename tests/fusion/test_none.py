from __future__ import annotations

import pytest

from mmexp.error import ConfigError
from mmexp.fusion.none import NoFusion


def test_one_modality_passes_through_unchanged_in_both_forms(make_tokens):
    fusion, own = NoFusion(dim=8, modalities=["image"]), make_tokens(3, 0)
    assert fusion({"image": own}) is own and fusion.onto(own, {}) is own and fusion.bind({})(own) is own
    assert not list(fusion.parameters())


def test_more_than_one_modality_is_refused_with_what_to_type():
    with pytest.raises(ConfigError, match="NoFusion: modalities must be one, got text, image") as error:
        NoFusion(dim=8, modalities=["text", "image"])
    assert error.value.hint == "Set inputs=[image], or a fusion such as fusion=concat."


def test_a_context_is_refused(make_tokens):
    with pytest.raises(ValueError, match="NoFusion: context must be empty, got image, audio"):
        NoFusion(dim=8, modalities=["text"]).onto(make_tokens(1), {"image": make_tokens(1), "audio": make_tokens(1)})


def test_no_modality_at_all_is_refused():
    with pytest.raises(ValueError, match=r"NoFusion: modalities must name at least one, got \[\]"):
        NoFusion(dim=8, modalities=[])
