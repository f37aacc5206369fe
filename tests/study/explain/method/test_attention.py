from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.hardware.base import Hardware
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.pool.attention import AttentionPool
from mmexp.pool.max import MaxPool
from mmexp.study.explain.explain import explain
from mmexp.study.explain.method import methods, suitable, why_not
from mmexp.study.explain.method.attention import attribute, pooled, to_parts, with_attention
from mmexp.study.explain.parts import Parts
from mmexp.study.explain.question import ask


@pytest.fixture(scope="module")
def attending(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    lab = make_lab(tmp_path_factory.mktemp("attending") / "outputs")
    return restore(lab.train("fusion=attention", "fusion.num_heads=2", "training.epochs=1"))


def test_parts_are_attended_to_as_the_tokens_that_stand_there(attending):
    sample = split_samples(attending).samples[0]
    question, given = ask(attending, sample), []
    model = attending.module.model
    hook = model.fusion.register_forward_pre_hook(lambda module, inputs: given.append(inputs[0]))
    with torch.no_grad():
        model(question.batch)
        hook.remove()
        weights = model.fusion.attended(given[0])[0].mean(0)  # mean pool: each fused token counts equally
    found = question.split(attribute(question))
    image, text = (own.features.shape[1] for own in given[0].values())
    assert float(found["image"].sum()) == pytest.approx(float(weights[:image].sum()), rel=1e-5)
    assert float(found["image"].std()) > 0 and (found["image"] >= 0).all()
    place = question.parts["text"].place
    expected = weights[image:][place >= 0]
    torch.testing.assert_close(found["text"], expected)
    assert text == len(place)


def test_of_a_run_in_bfloat16_it_is_in_float32(attending):
    sample = split_samples(attending).samples[0]
    expected = attribute(ask(attending, sample))
    found = attribute(ask(replace(attending, hardware=Hardware(precision="bf16-mixed")), sample))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=0.01, rtol=0.1)


def test_it_is_measured_as_every_other_method(attending):
    (one,) = explain(attending, split_samples(attending).samples[:1], ["attention", "occlusion"])
    assert set(one.measures["attention"]) == set(one.measures["occlusion"])


def test_a_fusion_without_attention_is_refused_with_those_that_have_it(trained, sample):
    listed = "attention, bottleneck, co_attention, knowledge, query, transformer"
    assert with_attention() == listed.split(", ")
    assert why_not("attention", trained) == f"fusion must be one with attention, {listed}, got ConcatFusion"
    assert why_not("occlusion", trained) == ""
    assert suitable(trained) == [name for name in methods() if name != "attention"]
    with pytest.raises(ConfigError, match=r"fusion must be one with attention, attention, .*, got ConcatFusion"):
        explain(trained, [sample], ["occlusion", "attention"])


def test_a_task_that_keeps_positions_is_refused(attending, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attending.task, "anchor", "text", raising=False)
    rule = "task must fuse all inputs to one set of tokens, got Classification, which keeps those of text"
    assert why_not("attention", attending) == rule


def test_fused_tokens_count_by_the_attention_of_the_pool_or_equally():
    tokens = Tokens(torch.randn(1, 4, 8), torch.tensor([[True, True, True, False]]))
    torch.testing.assert_close(pooled(None, tokens), torch.tensor([[1 / 3, 1 / 3, 1 / 3, 0]]))
    torch.testing.assert_close(pooled(MaxPool(), tokens), pooled(None, tokens))
    pool = AttentionPool(dim=8, num_heads=2)
    with torch.no_grad():
        counts = pooled(pool, tokens)
    assert float(counts.sum()) == pytest.approx(1) and float(counts[0, 3]) == 0 and float(counts.std()) > 0


def grid(size: int) -> Parts:
    """A part for each quarter of a square."""
    half = torch.arange(size) * 2 // size
    return Parts(half[:, None] * 2 + half, list("abcd"))


@pytest.mark.parametrize(
    ("parts", "attention", "expected"),
    [
        (grid(4), [1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4]),
        (grid(4), [8.0], [2, 2, 2, 2]),
        (grid(4), [1.0, 3.0], [1, 1, 1, 1]),
        (Parts(torch.tensor([-1, 0, 1, -1]), ["x", "y"]), [5.0, 1.0, 2.0, 9.0], [1, 2]),
        (Parts(torch.tensor([0, 0, 0, 1, 1, 1, -1, -1]), ["x", "y"]), [1.0, 5.0, 3.0], [3.5, 5.5]),
    ],
    ids=["cells", "one token", "no square", "words", "frames"],
)
def test_the_attention_to_a_token_is_shared_by_the_positions_it_stands_for(
    parts: Parts, attention: list[float], expected: list[float]
):
    assert to_parts(parts, torch.tensor(attention)).tolist() == pytest.approx(expected)


def test_an_input_that_the_fusion_is_not_given_is_left_out(attending, monkeypatch: pytest.MonkeyPatch):
    question = ask(attending, split_samples(attending).samples[0])
    monkeypatch.setattr("mmexp.study.explain.method.attention._of_call", lambda *given: {"image": torch.ones(16)})
    found = question.split(attribute(question))
    assert found["image"].isfinite().all() and found["text"].isnan().all()


def test_a_fusion_of_a_plugin_that_says_nothing_is_refused(attending, monkeypatch: pytest.MonkeyPatch):
    question = ask(attending, split_samples(attending).samples[0])
    monkeypatch.setattr(type(attending.module.model.fusion), "attended", lambda self, tokens: None)
    with pytest.raises(ConfigError, match="fusion must say what it attends to, got AttentionFusion"):
        attribute(question)
