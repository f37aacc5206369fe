from __future__ import annotations

import pytest

from mmexp.pool.base import Pool


def test_a_pool_must_say_how_it_pools():
    with pytest.raises(TypeError, match="abstract"):
        Pool()
