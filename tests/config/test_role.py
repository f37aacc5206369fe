from __future__ import annotations

import pytest

from mmexp.config.role import Role


@pytest.mark.parametrize(
    ("role", "compared", "hashed"),
    [
        (Role(), True, True),
        (Role(recorded=True), False, True),
        (Role("repetition"), False, True),
        (Role("place"), False, False),
        (Role("sweep"), False, False),
        (Role("composed"), False, False),
    ],
)
def test_what_a_key_is_to_a_run_decides_whether_it_is_compared_and_counts_for_the_key(role, compared, hashed):
    assert (role.is_compared, role.is_hashed) == (compared, hashed)
