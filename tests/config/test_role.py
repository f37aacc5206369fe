from __future__ import annotations

import pytest

from mmexp.config.role import Role


@pytest.mark.parametrize(
    ("role", "hashed", "compared"),
    [
        (Role(), True, True),
        (Role(recorded=True), True, False),
        (Role("repetition"), True, False),
        (Role("place"), False, False),
        (Role("sweep"), False, False),
        (Role("composed"), False, False),
    ],
)
def test_what_a_key_is_says_whether_it_counts_for_the_key_of_a_run_and_whether_runs_are_compared_by_it(
    role, hashed, compared
):
    assert (role.is_hashed, role.is_compared) == (hashed, compared)
