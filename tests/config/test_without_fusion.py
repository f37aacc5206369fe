from __future__ import annotations

from mmexp.config.compose import compose
from mmexp.config.without_fusion import without_fusion


def test_what_only_the_fusion_of_an_experiment_knows_is_taken_out():
    assert without_fusion(["dim=16"]) == ["fusion=none"]
    words = ["experiment=av_digits"]
    found = without_fusion(words)
    assert found[0] == "fusion=none" and compose([*words, *found]).choices["fusion"] == "none"
