"""Recognise speech by CTC, to evaluate synthesised speech by its word error rate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.decoding.ctc import BLANK, needed, peaks
from mmexp.head.speech.vocoder import QUIET, SILENT
from mmexp.layer.convolution import ConvolutionStack
from mmexp.transform.captions import Captions
from mmexp.transform.transcript import Unit, Units

AUDIBLE = 2.5  # decades of amplitude below the loudest


class Recognizer(nn.Module):
    """Write down what is said, by a label or a blank for each frame; see ``ctc``.

    It is trained on real audio alone. Its input is how loud each band is relative to the loudest of the audio, and what
    is 50 dB below that not at all.

    Source: Graves et al. 2006, "Connectionist Temporal Classification", https://doi.org/10.1145/1143844.1143891.

    Args:
        dim: Width of its frames.
        num_mels: Bands F of the frames.
        units: Words or characters of the training transcripts, V of them.
        unit: What each of them is.
        depth: Blocks of convolutions.
        dropout: Probability of dropping a feature.

    Shape:
        Tokens [B, T, F] -> log-probabilities [B, T, V + 1].
    """

    def __init__(
        self, *, dim: int, num_mels: int, units: Sequence[str], unit: Unit, depth: int = 3, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.units = Units(units=units, unit=unit)
        self.project = nn.Linear(num_mels, dim)
        self.blocks = ConvolutionStack(dim=dim, depth=depth, dropout=dropout)
        self.head = nn.Linear(dim, len(units) + 1)

    def forward(self, frames: Tokens) -> Tensor:
        loudest = frames.features.masked_fill(~frames.mask.unsqueeze(-1), -torch.inf).amax((1, 2), keepdim=True)
        levels = (frames.features - loudest.clamp(min=SILENT - QUIET)).clamp(min=-AUDIBLE) + AUDIBLE / 2  # [B, T, F]
        hidden = self.blocks(Tokens(self.project(levels), frames.mask))  # [B, T, D]
        return self.head(hidden.features).float().log_softmax(-1)  # type: ignore[no-any-return]

    def transcribe(self, frames: Tokens) -> tuple[list[str], Tensor]:
        """The texts of the likeliest paths, and how sure each was on average over its frames. -> B, [B]"""
        likely = self(frames).detach()
        sure = (likely.amax(-1).exp() * frames.mask).sum(1) / frames.mask.sum(1).clamp(min=1)  # [B]
        rows = zip(likely.cpu(), frames.mask.sum(1).tolist(), strict=True)
        return [self.units.decode(label for label, _ in peaks(row[:length])) for row, length in rows], sure


def nll(likely: Tensor, frames: Tensor, said: Captions) -> Tensor:
    """Negative log-probability per label, of the transcripts that fit into their frames; see ``ctc``.

    Args:
        likely: Log-probabilities of labels and blank. [B, T, V + 1]
        frames: Number of each row's real frames. [B]
        said: A transcript each.
    """
    ids = Padded(said.ids.values[:, 0], said.ids.mask[:, 0])  # [B, L]
    rows = ((frames > 0) & ids.mask[:, 0] & (needed(ids) <= frames)).nonzero().squeeze(1)
    if not len(rows):
        return likely.sum() * 0
    lengths = ids.mask[rows].sum(1)
    total = F.ctc_loss(likely[rows].transpose(0, 1), ids.values[rows], frames[rows], lengths, BLANK, "sum")
    return total / lengths.sum()
