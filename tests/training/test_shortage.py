from __future__ import annotations

import gc
import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader

from mmexp.contract import Batch
from mmexp.error import ResourceError
from mmexp.training.shortage import MemoryFit, is_out_of_memory, shortage_refused

TOO_MUCH = 1 << 50


def batch(size: int) -> Batch:
    return Batch({}, {"y": torch.arange(size)}, tuple(map(str, range(size))))


def room_for(most: int):
    """Ask for more memory than there is if a batch has more samples."""
    return lambda given: torch.empty(TOO_MUCH if len(given) > most else len(given)).shape[0]


def test_what_torch_raises_without_memory_is_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(TOO_MUCH)
    assert is_out_of_memory(caught.value) and is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."))
    assert not is_out_of_memory(RuntimeError("shapes differ in memory format"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_a_batch_that_does_not_fit_is_halved_and_later_ones_are_no_larger(caplog):
    fit = MemoryFit()
    assert [part.ids for part, _ in fit(room_for(3), batch(9))] == [
        ("0", "1"),
        ("2", "3"),
        ("4", "5"),
        ("6", "7"),
        ("8",),
    ]
    assert [found for _, found in fit(room_for(3), batch(5))] == [2, 2, 1]
    assert [record.getMessage() for record in caplog.records] == [
        "9 samples at once do not fit in memory; they are evaluated 4 at a time.",
        "4 samples at once do not fit in memory; they are evaluated 2 at a time.",
    ]


def test_a_batch_that_fits_is_left_as_it_is():
    given = batch(4)
    ((part, _),) = MemoryFit()(len, given)
    assert part is given


def test_a_sample_that_does_not_fit_and_any_other_error_are_raised():
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        list(MemoryFit()(room_for(0), batch(2)))

    def fail(given: Batch) -> None:
        raise RuntimeError("no such kernel")

    with pytest.raises(RuntimeError, match="no such kernel"), shortage_refused(str):
        list(MemoryFit()(fail, batch(2)))


def test_no_memory_for_a_batch_is_refused_with_what_to_do():
    rule = r"Training: batch must fit in memory, got: .*can't allocate memory"
    with pytest.raises(ResourceError, match=rule) as caught, shortage_refused(lambda: "Set less."):
        torch.empty(TOO_MUCH)
    assert (caught.value.exit_code, caught.value.hint) == (5, "Set less.")


def test_shared_memory_that_is_full_is_refused(file_limit):
    rule = "shared memory must have room for what loader processes read, got: unable to .* </torch_.*File too large"
    with pytest.raises(ResourceError, match=rule) as caught, file_limit(1000), shortage_refused(str):
        list(DataLoader(torch.zeros(2, 100_000), num_workers=1))
    assert "df -h /dev/shm" in caught.value.hint


def killed(samples):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_loader_process_that_was_killed_is_named(recwarn):
    rule = r"Training: loader process must live until the end, got: process \d+ (is killed by signal: Killed|exited)"
    with pytest.raises(ResourceError, match=rule) as caught, shortage_refused(str):
        list(DataLoader([1, 2], num_workers=1, collate_fn=killed))
    assert "shared memory" in caught.value.hint and "num_workers" in caught.value.hint
    gc.collect()
