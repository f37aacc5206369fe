from __future__ import annotations

import pytest
from torch import nn

from mmexp.encoder.text.embedding import EmbeddingEncoder
from mmexp.encoder.words.text import WordsEncoder
from mmexp.training.shares import contrast_notes, encoder_notes, few_notes, share_notes, unlabeled_notes


@pytest.mark.parametrize(("size", "world"), [(32, 2), (33, 1), (34, 2), (33, 3)])
def test_nothing_is_said_where_all_samples_are_trained_on(size: int, world: int) -> None:
    assert (share_notes(size, 16, world) == []) is (size % 16 == 0 or size % 16 >= world)


def test_samples_that_too_many_processes_leave_out_are_counted() -> None:
    (note,) = share_notes(33, 16, 2)
    assert note.startswith("train: 1 of 33 samples are left out of each epoch, as 2 processes cannot share them;")


def test_a_loss_that_depends_on_the_batch_is_said() -> None:
    assert contrast_notes(False, 16) == []
    (note,) = contrast_notes(True, 16)
    assert note.startswith("val: val/loss contrasts the samples of a batch, 16 at most; compare it only with")


def test_a_split_of_a_few_samples_is_said() -> None:
    assert few_notes("test", 5) == []
    assert few_notes("test", 1) == ["test: 1 sample decides every metric, which says next to nothing."]
    assert few_notes("val", 3) == ["val: 3 samples decide every metric, which says next to nothing."]


def test_what_an_encoder_has_to_say_is_said_also_of_one_inside_another(tokenizer: str) -> None:
    plain, noted = (EmbeddingEncoder(dim=2, vocab_size=14, tokenizer=tokenizer) for _ in range(2))
    noted.notes = ("it starts from a file.",)
    model = nn.ModuleDict({"a": plain, "b": WordsEncoder(text=noted)})
    assert encoder_notes(model) == ["b.text: it starts from a file."]


def test_samples_without_a_target_are_counted() -> None:
    assert unlabeled_notes(90, 100) == ["train: 90 of 100 samples have no target."] and unlabeled_notes(0, 100) == []
