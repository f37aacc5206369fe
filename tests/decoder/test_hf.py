from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mmexp.contract import Batch, Padded, Tokens
from mmexp.decoder.hf import HfDecoder
from mmexp.decoding.search import Nucleus
from mmexp.error import ConfigError
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.base import Fusion
from mmexp.fusion.gated import GatedFusion
from mmexp.fusion.transformer import TransformerFusion
from mmexp.inference.predictor import restore
from mmexp.method.base import Method
from mmexp.method.frozen import FrozenMethod
from mmexp.method.full import FullMethod
from mmexp.pool.mean import MeanPool
from mmexp.task.answer_generation import AnswerGeneration
from mmexp.task.captioning import Captioning
from mmexp.task.dialogue import Dialogue
from mmexp.task.transcription import Transcription
from mmexp.training.experiment import load_data
from mmexp.transform.captions import Captions

DIM, NAMES = 8, ("prefix", "image")
TEXTS = [["a red re", "日本"], ["re"], ["red red a", "a", "नम"]]
DIALOGUE = ["task=dialogue", "decoder@task.decoder=hf", "task.decoder.max_length=20", "fusion=gated"]
DIALOGUE += ["dataset.inputs={image: image}", "dataset.targets={reply: text}"]
FUSIONS = {
    "gated": lambda: GatedFusion(dim=DIM, modalities=NAMES, pool=MeanPool()),
    "attention": lambda: AttentionFusion(dim=DIM, modalities=NAMES, dropout=0.0),
    "transformer": lambda: TransformerFusion(dim=DIM, modalities=NAMES, dropout=0.0),
}


def decoder(folder: str, **options: object) -> HfDecoder:
    torch.manual_seed(0)
    settings = {"prefix_length": 3, "max_length": 14, "pretrained": True, **options}
    return HfDecoder(dim=DIM, model=folder, **settings)


def image(rows: int = 3) -> dict[str, Tokens]:
    torch.manual_seed(1)
    return {"image": Tokens(3 * torch.randn(rows, 4, DIM), torch.ones(rows, 4, dtype=torch.bool))}


def captions(task: Captioning, texts: list[list[str] | None]) -> Captions:
    transform = task.transforms()["captions"]
    return transform.collate([None if row is None else transform.prepare(row) for row in texts])


def blank(rows: int = 3) -> Batch:
    return Batch({}, {}, tuple(f"s{i}" for i in range(rows)))


def captioning(folder: str, **options: object) -> Captioning:
    return Captioning(decoder=decoder(folder), scores={"references": ""}, **options).eval()


class Uncached:
    """Every id read so far."""

    def __init__(self, ids: Tensor) -> None:
        self.ids = ids

    def select(self, rows: Tensor) -> Uncached:
        return Uncached(self.ids[rows])


def uncached(task: Captioning, fusion: Fusion, tokens: dict[str, Tokens]):
    """Read the prefix and all words again at each word, by what training reads them with."""

    def step(ids: Tensor, state: Uncached | None) -> tuple[Tensor, Uncached]:
        whole = ids[:, None] if state is None else torch.cat([state.ids, ids[:, None]], 1)  # [R, T]
        texts = whole.clamp(min=0).view(3, -1, whole.shape[1])  # [B, R / B, T]
        real = Padded(texts, torch.ones_like(texts, dtype=torch.bool))
        logits = task.decoder(real, fusion.bind(tokens)).view(*whole.shape, -1)[:, -1]
        return logits + task.decoder.never, Uncached(whole)

    return step


@pytest.mark.parametrize("name", FUSIONS)
@torch.no_grad()
def test_texts_of_many_lengths_in_one_batch_are_scored_as_each_alone(tiny_gpt2: str, name: str):
    task, fusion, tokens = captioning(tiny_gpt2), FUSIONS[name]().eval(), image()
    ids = captions(task, TEXTS).ids
    together = task.teacher_forcing(tokens, fusion, ids)["logits"].split(ids.mask[..., 1:].sum((1, 2)).tolist())
    for row, texts in enumerate(TEXTS):
        own = {"image": Tokens(tokens["image"].features[row, None], tokens["image"].mask[row, None])}
        alone = [task.teacher_forcing(own, fusion, captions(task, [[text]]).ids)["logits"] for text in texts]
        torch.testing.assert_close(together[row], torch.cat(alone))


@pytest.mark.parametrize("name", FUSIONS)
@torch.no_grad()
def test_with_a_cache_it_generates_what_it_generates_without(tiny_gpt2: str, name: str):
    task, fusion, tokens = captioning(tiny_gpt2), FUSIONS[name]().eval(), image()
    for beams in (1, 4):
        cached = task.search(task.decoder.step(fusion.bind(tokens), 3), 3, beams)
        plain = task.search(uncached(task, fusion, tokens), 3, beams)
        assert torch.equal(cached.ids, plain.ids)
        torch.testing.assert_close(cached.score, plain.score)
    ids = torch.cat([torch.full((3, 1), task.decoder.tokenizer.bos), plain.ids[:, :2]], 1)
    followed = task.decoder.follow(ids, fusion.bind(tokens))
    step, past = task.decoder.step(fusion.bind(tokens), 3), None
    for column in ids.T:
        logits, past = step(column, past)
    torch.testing.assert_close(followed, logits)
    nucleus = Nucleus(top_p=0.9)
    cached, plain = (
        task.sample(step, ("a", "b", "c"), nucleus).ids
        for step in (task.decoder.step(fusion.bind(tokens), 3), uncached(task, fusion, tokens))
    )
    assert torch.equal(cached, plain)


def test_the_prefix_begins_at_the_scale_of_the_words(tiny_gpt2: str):
    one = decoder(tiny_gpt2)
    prefix = one._prefix(lambda anchor: anchor, 2)
    assert prefix.shape == (2, 3, 12)
    ratio = prefix.std() / one.backbone.words.weight.std()
    assert ratio.item() == pytest.approx(1, abs=0.4)


def test_ids_that_stand_for_nothing_and_special_ones_but_the_end_are_never_written(tiny_gpt2: str):
    assert decoder(tiny_gpt2).never.isinf().nonzero().flatten().tolist() == [261, 262]


def train(task: Captioning, method: Method, steps: int, lr: float) -> tuple[torch.nn.ModuleDict, list[float]]:
    """Teach three inputs a caption each. -> the model in evaluation mode, the loss of each step"""
    model = torch.nn.ModuleDict({"task": task, "fusion": FUSIONS["attention"]()})
    method.prepare(model)
    model.train()
    given = Batch({}, {"captions": captions(task, [["a re"], ["re"], ["red"]])}, ("a", "b", "c"))
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=lr)
    losses, tokens = [], image()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.stack(list(task.losses(task(tokens, model["fusion"], given), given).values())).sum()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return model.eval(), losses


def test_it_learns_to_tell_inputs_apart_and_scores_a_text_by_the_mean_log_probability_of_its_ids(tiny_gpt2: str):
    task = captioning(tiny_gpt2, label_smoothing=0.0, words_weight=0.1)
    model, _ = train(task, FullMethod(), 80, 1e-2)
    assert task(image(), model["fusion"], blank())["caption"] == ["a re", "re", "red"]
    known, tokens = task.decoder.tokenizer, image()
    with torch.no_grad():
        for beams in (1, 4):
            found = task.search(task.decoder.step(model["fusion"].bind(tokens), 3), 3, beams)
            assert (found.ids == known.pad).any()
            for row, ids in enumerate(found.ids):
                written = ids[ids >= 0]
                read = torch.cat([torch.tensor([known.bos]), written[:-1]]).view(1, 1, -1)
                own = {"image": Tokens(tokens["image"].features[row, None], tokens["image"].mask[row, None])}
                logits = task.decoder(Padded(read, torch.ones_like(read) > 0), model["fusion"].bind(own))
                likely = (logits + task.decoder.never).log_softmax(-1)[torch.arange(len(written)), written]
                torch.testing.assert_close(found.score[row], likely.mean())


def test_a_frozen_model_stays_as_it_is_while_its_prefix_learns(tiny_gpt2: str):
    task = captioning(tiny_gpt2, label_smoothing=0.0)
    before = {name: value.clone() for name, value in task.decoder.backbone.state_dict().items()}
    _, losses = train(task, FrozenMethod(), 30, 3e-2)
    assert losses[-1] < 0.65 * losses[0]
    assert all(torch.equal(value, before[name]) for name, value in task.decoder.backbone.state_dict().items())


def test_a_batch_without_any_text_has_a_loss_of_nothing_and_a_gradient(tiny_gpt2: str):
    task = captioning(tiny_gpt2).train()
    FrozenMethod().prepare(torch.nn.ModuleDict({"task": task}))
    (loss,) = task.losses(task(image(), FUSIONS["gated"](), blank()), blank()).values()
    loss.backward()
    assert loss == 0 and task.decoder.prefix.grad is not None


def test_its_weights_train_more_slowly_where_all_are_trained(tiny_gpt2: str):
    model, method = torch.nn.ModuleDict({"task": captioning(tiny_gpt2)}), FullMethod(pretrained_lr=0.1)
    method.prepare(model)
    names = {name: method.scale(name) for name, _ in model.named_parameters()}
    assert all((scale == 0.1) == (".backbone." in name) for name, scale in names.items())


@pytest.mark.parametrize("cls", [AnswerGeneration, Dialogue, Transcription])
def test_it_serves_every_task_that_generates_text(tiny_gpt2: str, cls: type):
    task, fusion = cls(decoder=decoder(tiny_gpt2), word_dropout=0.3), FUSIONS["gated"]()
    (target, transform), *_ = task.transforms().items()
    collated = transform.collate([transform.prepare("a red re"), None, transform.prepare("re")])
    given = Batch({}, {target: collated}, ("a", "b", "c"))
    (loss,) = task.losses(task(image(), fusion, given), given).values()
    loss.backward()
    rows = task.eval().predictions(task(image(), fusion, given), given)
    assert loss.isfinite() and json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize(
    ("options", "error", "rule"),
    [
        ({"prefix_length": 0}, ValueError, "prefix_length must be at least 1, got 0"),
        ({"max_length": 46}, ConfigError, r"must be at most the 48 positions of .*, got 3 and 46"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(tiny_gpt2: str, options, error, rule):
    with pytest.raises(error, match=rule):
        decoder(tiny_gpt2, **options)


def test_a_run_leaves_the_frozen_model_to_its_source_and_predicts_as_it_was_evaluated(lab, tiny_gpt2: str):
    run = lab.train(*DIALOGUE, f"task.decoder.model={tiny_gpt2}", "method=frozen", "training.epochs=1")
    state = torch.load(next(run.checkpoints.glob("best*.ckpt")), weights_only=True)["state_dict"]
    assert any("decoder.prefix" in name for name in state) and not any(".backbone." in name for name in state)
    assert json.loads(run.summary.read_text())["origins"]["task.decoder"]["model"] == tiny_gpt2
    predictor = restore(run)
    kept = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    rows = list(predictor.predict(load_data(predictor.root).split("test")))
    assert [row["reply"] for row in rows] == [row["reply"] for row in kept]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in kept], rel=1e-4)


def test_a_model_that_was_trained_needs_no_source(lab, tiny_gpt2: str, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_gpt2, tmp_path / "copy"))
    run = lab.train(*DIALOGUE, f"task.decoder.model={copy}", "training.epochs=1", "task.beams=1")
    shutil.rmtree(copy)
    assert restore(run).module.model.task.decoder.backbone.vocab_size == 263
