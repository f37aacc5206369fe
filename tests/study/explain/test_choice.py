from __future__ import annotations

import pytest

from mmexp.error import ConfigError
from mmexp.study.explain.choice import choose


def test_samples_are_typed_named_or_evenly_spaced(trained, tiny):
    assert [one.id for one in choose(trained, [], ["s20", "s18"], 1)[0]] == ["s20", "s18"]
    assert [one.id for one in choose(trained, [], [], 2)[0]] == ["s18", "s21"]
    (one,) = choose(trained, [f"image={tiny / '0.png'}", "text=a red thing"], [], 0)[0]
    assert one.inputs["text"] == "a red thing"


def test_a_sample_that_is_not_there_is_refused(trained):
    with pytest.raises(ConfigError, match="--sample must be of the 6 test samples, got 's2'"):
        choose(trained, [], ["s2"], 1)
    with pytest.raises(ConfigError, match="samples must be one at least, got none"):
        choose(trained, [], [], 0)
