from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.head.speech.recognizer import Recognizer, nll
from mmexp.transform.captions import Captions
from mmexp.transform.transcript import TranscriptTransform

UNITS = ["blue", "metal", "red", "wood"]
SAID = ["metal red", "wood blue blue", "red"]
BANDS = 5


def make() -> Recognizer:
    torch.manual_seed(0)
    return Recognizer(dim=12, num_mels=BANDS, units=UNITS, unit="word", depth=1, dropout=0.0)


def frames(*lengths: int) -> Tokens:
    torch.manual_seed(1)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Tokens(torch.randn(*mask.shape, BANDS) * mask.unsqueeze(-1), mask)


def captions(recognizer: Recognizer, said: list[str | None]) -> Captions:
    transform = TranscriptTransform(units=recognizer.units)
    return transform.collate([None if text is None else transform.prepare(text) for text in said])


def test_the_loss_is_that_of_torch_per_label_sample_by_sample():
    recognizer, given = make(), frames(7, 6, 4)
    likely, terms, number = recognizer(given), [], 0
    for row, text in zip(likely, SAID, strict=True):
        labels = [UNITS.index(word) + 1 for word in text.split()]
        length = int(given.mask[len(terms)].sum())
        plain = F.ctc_loss(row[:length], torch.tensor(labels), (length,), (len(labels),), 0, "sum")
        terms, number = [*terms, plain], number + len(labels)
    found = nll(likely, given.mask.sum(1), captions(recognizer, SAID))
    torch.testing.assert_close(found, sum(terms) / number)


@pytest.mark.parametrize("said", [[None, None, None], ["", "", ""], ["blue blue blue blue blue", "new", None]])
def test_what_is_not_known_or_does_not_fit_is_not_learned_from(said):
    recognizer, given = make(), frames(7, 6, 4)
    loss = nll(recognizer(given), given.mask.sum(1), captions(recognizer, said))
    loss.backward()
    assert loss == 0 and all(p.grad is not None and p.grad.isfinite().all() for p in recognizer.parameters())


def test_it_learns_to_write_down_what_it_hears():
    recognizer, given = make(), frames(7, 6, 4)
    optimizer = torch.optim.Adam(recognizer.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        nll(recognizer(given), given.mask.sum(1), captions(recognizer, SAID)).backward()
        optimizer.step()
    texts, sure = recognizer.transcribe(given)
    assert texts == SAID and ((sure > 0.5) & (sure <= 1)).all()


def test_neither_padding_nor_other_rows_nor_loudness_change_what_is_heard():
    recognizer, given = make(), frames(7, 4)
    together = recognizer(given)[1, :4]
    torch.testing.assert_close(together, recognizer(Tokens(given.features[1:, :4], given.mask[1:, :4]))[0])
    louder = Tokens((given.features + 3) * given.mask.unsqueeze(-1), given.mask)
    torch.testing.assert_close(together, recognizer(louder)[1, :4], atol=1e-4, rtol=1e-4)


def test_where_there_is_no_sound_nothing_is_heard():
    given = Tokens(torch.zeros(1, 2, BANDS), torch.zeros(1, 2, dtype=torch.bool))
    texts, sure = make().transcribe(given)
    assert texts == [""] and sure.tolist() == [0]
