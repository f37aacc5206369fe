from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from mmexp.contract import Batch, Sample, Tokens, Waveform
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.concat import ConcatFusion
from mmexp.head.speech.recognizer import nll
from mmexp.metric.warping import warped
from mmexp.pool.mean import MeanPool
from mmexp.task.speech_synthesis import SpeechSynthesis

DIM, RATE, HOP = 16, 4000, 50
UNITS = ["high", "low"]
SAID = ["high low", "low", "high high"]
PITCH = {"high": 1300, "low": 400}


def make(**options: object) -> SpeechSynthesis:
    torch.manual_seed(0)
    given = {"dim": DIM, "sample_rate": RATE, "units": UNITS, "unit": "word", "num_mels": 20, "dropout": 0.0}
    return SpeechSynthesis(**{**given, "max_seconds": 1.0, "depth": 2, **options})


def voice(text: str) -> Waveform:
    """A tone of 0.15 s for each word, which dies away, over a little noise."""
    time = np.arange(round(0.15 * RATE)) / RATE
    tones = [0.5 * np.sin(2 * np.pi * PITCH[word] * time) * np.exp(-time / 0.05) for word in text.split()]
    audio = np.concatenate(tones)
    noise = 0.002 * np.random.default_rng(len(text)).standard_normal(len(audio))
    return Waveform((audio + noise).astype(np.float32), RATE)


def fusion(kind: type = AttentionFusion) -> torch.nn.Module:
    torch.manual_seed(1)
    options = {"pool": MeanPool()} if kind is ConcatFusion else {}
    return kind(dim=DIM, modalities=["frames", "text"], dropout=0.0, **options)


def tokens(said: list[str]) -> dict[str, Tokens]:
    """A vector for each word at each of two places."""
    generator = torch.Generator().manual_seed(2)
    table = {(word, place): torch.randn(DIM, generator=generator) for word in UNITS for place in (0, 1)}
    rows = [[table[word, place] for place, word in enumerate(text.split())] for text in said]
    mask = torch.tensor([[place < len(row) for place in range(2)] for row in rows])
    features = torch.stack([torch.stack([*row, *[torch.zeros(DIM)] * (2 - len(row))]) for row in rows])
    return {"text": Tokens(features, mask)}


def batch(task: SpeechSynthesis, said: list[str | None], audio: list[Waveform | None] | None = None) -> Batch:
    raw = {"audio": [text and voice(text) for text in said] if audio is None else audio, "transcript": said}
    targets = {
        name: transform.collate([None if value is None else transform.prepare(value) for value in raw[name]])
        for name, transform in task.transforms().items()
    }
    return Batch({}, targets, tuple(f"s{i}" for i in range(len(said))))


def learn(task: SpeechSynthesis, fuse: torch.nn.Module, said: list[str], steps: int) -> None:
    given, known = tokens(said), batch(task, said)
    optimizer = torch.optim.Adam([*task.parameters(), *fuse.parameters()], lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.stack(list(task.losses(task.train()(given, fuse, known), known).values())).sum().backward()
        optimizer.step()
    task.eval()


def test_it_learns_to_say_what_it_is_given():
    task, fuse = make(), fusion()
    learn(task, fuse, SAID, steps=150)
    metrics, known = task.metrics(), batch(task, SAID)
    with torch.no_grad():
        outputs = task(tokens(SAID), fuse, known)
    task.measure(metrics, outputs, known)
    values = metrics.compute()
    assert set(values) == {"wer", "recognizer_wer", "mel_distance", "length_error"} and task.monitor == "wer"
    assert (
        values["recognizer_wer"] == values["wer"] == 0 and values["mel_distance"] < 4 and values["length_error"] < 0.03
    )
    rows = task.predictions(outputs, known)
    assert [row["recognized"] for row in rows] == [row["target"] for row in rows] == SAID
    for row, text in zip(rows, SAID, strict=True):
        audio = row["audio"]
        assert isinstance(audio, Waveform) and audio.rate == RATE and 0 < row["score"] <= 1
        first = np.abs(np.fft.rfft(audio.samples[: round(0.1 * RATE)], RATE))
        assert abs(first.argmax() - PITCH[text.split()[0]]) < 60  # Hz


def test_each_loss_is_what_it_says_over_all_real_frames():
    task, fuse, known = make().eval(), fusion(), batch(make(), SAID)
    losses = task.losses(task(tokens(SAID), fuse, known), known)
    distance, late, frames = 0.0, 0.0, 0
    for text in SAID:
        alone = batch(task, [text])
        outputs = task(tokens([text]), fuse, alone)
        wrong = outputs["levels_predicted"].features - outputs["real"].features
        distance, frames = distance + (wrong.abs() + wrong**2).mean(-1).sum(), frames + wrong.shape[1]
        late += (outputs["seconds"][0] - np.log(0.15 * len(text.split()))) ** 2
    torch.testing.assert_close(losses["levels"], distance / frames)
    torch.testing.assert_close(losses["length"], late / 3)
    real, said = task.vocoder.analyse(known.targets["audio"]), known.targets["transcript"]
    torch.testing.assert_close(losses["recognizer"], nll(task.recognizer(real), real.mask.sum(1), said))
    hidden = task.fill(fuse.bind(tokens(SAID)), real.mask).features
    words = nll(task.words(hidden).log_softmax(-1), real.mask.sum(1), said)
    torch.testing.assert_close(losses["words"], 0.1 * words)


def test_words_need_not_be_asked_for():
    task, known = make(words_weight=0.0), batch(make(), SAID)
    assert set(task.losses(task(tokens(SAID), fusion(), known), known)) == {"levels", "length", "recognizer"}


def test_what_judges_and_what_is_judged_teach_each_other_nothing():
    task, fuse, known = make(), fusion(), batch(make(), SAID)
    losses = task.losses(task(tokens(SAID), fuse, known), known)
    listening, rest = list(task.recognizer.parameters()), [*task.head.parameters(), *fuse.parameters()]
    scores = torch.autograd.grad(losses["recognizer"], [*listening, *rest], retain_graph=True, allow_unused=True)
    assert all(g is not None for g in scores[: len(listening)]) and not any(g is not None for g in scores[-len(rest) :])
    others = losses["levels"] + losses["length"] + losses["words"]
    spoken = torch.autograd.grad(others, listening, allow_unused=True)
    assert spoken == (None,) * len(listening)


@pytest.mark.parametrize("kind", [AttentionFusion, ConcatFusion])
def test_a_sound_depends_neither_on_the_rest_of_the_batch_nor_on_the_truth(kind):
    task, fuse = make().eval(), fusion(kind)
    together = task.predictions(task(tokens(SAID), fuse, batch(task, SAID)), batch(task, SAID))
    for i, text in enumerate(SAID):
        given = Batch({}, {}, (f"s{i}",))
        (alone,) = task.predictions(task({"text": _row(tokens(SAID)["text"], i)}, fuse, given), given)
        assert (
            alone["recognized"] == together[i]["recognized"] and "target" not in alone and text == together[i]["target"]
        )
        np.testing.assert_allclose(alone["audio"].samples, together[i]["audio"].samples, atol=1e-3)


def _row(own: Tokens, i: int) -> Tokens:
    return Tokens(own.features[i : i + 1], own.mask[i : i + 1])


def test_distances_are_measured_in_decibels_along_the_best_path():
    task = make()
    predicted, real = torch.randn(1, 4, 20), torch.randn(1, 6, 20)
    outputs = {"predicted": Tokens(predicted, torch.ones(1, 4).bool()), "real": Tokens(real, torch.ones(1, 6).bool())}
    distance = 20 * (predicted[0][:, None] - real[0]).abs().mean(-1)
    expected = warped(distance[None], torch.tensor([4]), torch.tensor([6]))
    torch.testing.assert_close(task.distances(outputs), expected)


def test_the_length_of_a_sound_has_its_bounds():
    task, fuse = make(max_seconds=0.5).eval(), fusion()
    for predicted, expected in ((-99.0, HOP), (99.0, 0.5 * RATE)):
        with torch.no_grad():
            task.length[-1].weight.zero_()
            task.length[-1].bias.fill_(predicted)
        given = Batch({}, {}, ("a",))
        (row,) = task.predictions(task(tokens(["low"]), fuse, given), given)
        assert len(row["audio"].samples) == expected


def test_without_transcripts_nobody_listens():
    task, fuse = make(units=[]).eval(), fusion()
    assert list(task.transforms()) == ["audio"] and task.monitor == "mel_distance"
    known = batch(task, SAID)
    outputs, metrics = task(tokens(SAID), fuse, known), task.metrics()
    task.measure(metrics, outputs, known)
    assert set(metrics.compute()) == {"mel_distance", "length_error"}
    assert set(task.losses(outputs, known)) == {"levels", "length"}
    assert set(task.predictions(outputs, known)[0]) == {"id", "audio"}


@pytest.mark.parametrize("said", [[None, None], ["low", None], ["new", ""], []])
def test_missing_inputs_and_targets_leave_everything_finite(said):
    task, fuse, given = make(), fusion(), tokens(["low", "high low"])
    given["text"].mask[0] = False
    audio = [voice("low"), None] if said else []
    known = batch(task, said, audio) if said else Batch({}, {}, ("s0", "s1"))
    losses = task.losses(task(given, fuse, known), known)
    torch.stack(list(losses.values())).sum().backward()
    task.eval()
    outputs = task(given, fuse, known)
    task.measure(task.metrics(), outputs, known)
    rows = task.predictions(outputs, known)
    assert all(np.isfinite(row.pop("audio").samples).all() for row in rows)
    json.dumps(rows, allow_nan=False)
    assert all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_the_fusion_is_built_for_the_frames_first():
    assert make().slots(["text", "image"]) == ("frames", "text", "image")


def test_its_picture_shows_true_sounds_beside_those_that_were_made():
    rows = [
        {"id": "1", "audio": voice("low"), "recognized": "low", "target": "high"},
        {"id": "2", "audio": voice("high")},
    ]
    samples = [Sample("1", {}, {"audio": voice("high low")}), Sample("2", {}, {})]
    figure = make().plots(rows, samples)["audio"]
    true, made = figure.axes
    assert (true.get_title(loc="left"), made.get_title(loc="left")) == ("true: high", "made: low")
    assert true.get_xlim() == made.get_xlim() == (0, pytest.approx(0.3))
    assert make().plots(rows[1:], samples[1:]) == {}
