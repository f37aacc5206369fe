from __future__ import annotations

import pytest

from mmexp.dataset.kind.anomaly import read_anomaly


def test_an_anomaly_is_zero_and_one_or_true_and_false():
    assert [read_anomaly(value) for value in (0, 0.0, False, "0", "False")] == [0] * 5
    assert [read_anomaly(value) for value in (1, 1.0, True, " 1 ", "true", "1.0")] == [1] * 6
    for wrong in (2, -1, "yes", 0.5, None, [1]):
        with pytest.raises(ValueError, match="must be 0, 1, true or false, got"):
            read_anomaly(wrong)
