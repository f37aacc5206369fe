from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.sum import SumFusion
from mmexp.head.image_generation.base import Chance
from mmexp.head.image_generation.flow import CENTRE, LEAST, SPREAD, Flow
from mmexp.head.image_generation.unet import UNet
from mmexp.pool.mean import MeanPool

DIM, SIDE, ROWS = 8, 8, 3


class Knowing(nn.Module):
    """A canvas that knows the image: a constant, larger by what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def forward(self, noisy: Tensor, time: Tensor, fuse: object) -> Tensor:
        self.times.append(time[0].item())
        anchor = Tokens(torch.zeros(len(noisy), 1, DIM), torch.ones(len(noisy), 1, dtype=torch.bool))
        return torch.ones_like(noisy) * fuse(anchor).features.mean((1, 2))[:, None, None, None]


class Adding(SumFusion):
    """Adds the mean of the text to the anchor."""

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return vectors.sum(-2)


def fusion() -> Adding:
    return Adding(dim=DIM, modalities=["canvas", "text"], pool=MeanPool())


def tokens(value: float = 0.5) -> dict[str, Tokens]:
    return {"text": Tokens(torch.full((ROWS, 2, DIM), value), torch.ones(ROWS, 2, dtype=torch.bool))}


def chance() -> Chance:
    return Chance.of([str(i) for i in range(ROWS)], SIDE, torch.device("cpu"))


def images() -> Tensor:
    torch.manual_seed(3)
    return torch.rand(ROWS, 3, SIDE, SIDE) * 2 - 1


def make(**options: object) -> Flow:
    torch.manual_seed(0)
    return Flow(**{"canvas": UNet(dim=DIM, image_size=SIDE, depth=1), **options}).eval()


@pytest.mark.parametrize("steps", [1, 5])
def test_a_canvas_that_knows_the_picture_is_led_straight_to_it(steps):
    flow = make(canvas=Knowing(), guidance=1, steps=steps)
    torch.testing.assert_close(
        flow.generate(tokens(), fusion(), chance().noise), torch.full((ROWS, 3, SIDE, SIDE), 0.5)
    )
    assert flow.canvas.times == pytest.approx([(i / steps) ** 2 for i in range(steps)])


def test_guidance_paints_more_of_what_the_inputs_add():
    flow = make(canvas=Knowing(), guidance=3, steps=1)
    assert flow.generate(tokens(0.5), fusion(), chance().noise).mean().item() == pytest.approx(0 + 3 * 0.5)


def test_steps_follow_the_velocity():
    flow, noise = make(guidance=1, steps=3), chance().noise
    state, ends = noise, [0, 1 / 9, 4 / 9, 1]
    for now, soon in pairwise(ends):
        told = flow.canvas(state, torch.full((ROWS,), now), fusion().bind(tokens()))
        state = state + (soon - now) * (told - state) / (1 - now)
    torch.testing.assert_close(flow.generate(tokens(), fusion(), noise), state)


def test_the_loss_is_the_error_of_the_velocity():
    flow, real, drawn = make(), images(), chance()
    outputs = flow.training_outputs(tokens(), fusion(), real, drawn)
    for i in range(ROWS):
        time = 1 / (1 + torch.exp(-(CENTRE + SPREAD * drawn.level[i])))
        state = time * real[i] + (1 - time) * drawn.noise[i]
        told = flow.canvas(state[None], time[None], fusion().bind({"text": Tokens(*(p[:1] for p in given()))}))[0]
        assert 1 - time > LEAST
        wrong = ((told - state) / (1 - time) - (real[i] - drawn.noise[i])).square().mean()
        assert outputs["error"][i].item() == pytest.approx(wrong.item(), rel=1e-4)
    known = torch.tensor([True, False, True])
    assert flow.losses(outputs, known)["flow"].item() == pytest.approx(outputs["error"][known].mean().item())


def given() -> tuple[Tensor, Tensor]:
    return tokens()["text"].features, tokens()["text"].mask


def test_inputs_are_hidden_now_and_then_while_training():
    shown: list[Tensor] = []

    class Watching(Adding):
        def bind(self, context):
            shown.append(context["text"].mask.any(1))
            return super().bind(context)

    flow, watching = make(condition_dropout=0.5), Watching(dim=DIM, modalities=["canvas", "text"], pool=MeanPool())
    for training in (True, False):
        for _ in range(10):
            flow.train(training).training_outputs(tokens(), watching, images(), chance())
    assert 0 < torch.cat(shown[:10]).float().mean() < 1 and torch.cat(shown[10:]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"condition_dropout": 1}, r"condition_dropout must be in \[0, 1\), got 1"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
