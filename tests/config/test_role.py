from __future__ import annotations

import pytest

from mmexp.config.role import Kind, Role


@pytest.mark.parametrize(
    ("kind", "compared", "hashed"),
    [
        ("identity", True, True),
        ("repetition", False, True),
        ("place", False, False),
        ("sweep", False, False),
        ("study", False, False),
        ("composed", False, False),
    ],
)
def test_the_kind_of_a_key_says_whether_it_is_compared_and_counts_for_a_run(kind: Kind, compared: bool, hashed: bool):
    assert (Role(kind).is_compared, Role(kind).is_hashed) == (compared, hashed)


def test_what_is_recorded_apart_is_not_compared_as_typed():
    assert not Role(recorded=True).is_compared
