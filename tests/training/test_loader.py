from __future__ import annotations

from functools import partial

import pytest
from torch.utils.data import Dataset

from mmexp.contract import Batch, Sample
from mmexp.error import DataError
from mmexp.training.loader import Loader, collated, fetched


class Vanishing(Dataset[Sample]):
    """The file of the fifth sample is gone."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Sample:
        if index == 4:
            raise DataError("image must be a file, got none.", sample="s4", path="table:5", hint="Put it back.")
        return Sample(f"s{index}", {}, {})

    def __getitems__(self, indices):
        return fetched(self.__getitem__, indices)


def join(samples):
    return Batch({}, {}, tuple(sample.id for sample in samples))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_fault_comes_from_a_loader_process_as_it_was_raised(workers):
    loader = Loader(dataset=Vanishing(), batch_size=2, num_workers=workers, collate_fn=partial(collated, join))
    batches = iter(loader)
    assert [next(batches).ids, next(batches).ids] == [("s0", "s1"), ("s2", "s3")]
    with pytest.raises(DataError, match=r"^table:5, sample s4: image must be a file, got none\.$") as caught:
        next(batches)
    assert (caught.value.sample, caught.value.path, caught.value.hint) == ("s4", "table:5", "Put it back.")


def test_a_batch_without_samples_is_empty():
    assert collated(join, []) == Batch({}, {}, ())
