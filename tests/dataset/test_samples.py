from __future__ import annotations

import pytest

from mmexp.contract import Sample
from mmexp.dataset.samples import Samples


class Numbers(Samples):
    def __len__(self) -> int:
        return 5

    def sample(self, index: int) -> Sample:
        return Sample(str(index), {}, {})


def test_a_number_gives_a_sample_a_slice_a_list_and_all_come_in_order():
    assert Numbers()[3].id == "3"
    assert [s.id for s in Numbers()[1:9:2]] == ["1", "3"] and [s.id for s in Numbers()] == list("01234")


@pytest.mark.parametrize("index", [5, -1])
def test_a_number_outside_is_refused(index):
    with pytest.raises(IndexError, match=rf"Numbers: index must be in \[0, 5\), got {index}"):
        Numbers()[index]
