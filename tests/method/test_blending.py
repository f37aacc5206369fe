from __future__ import annotations

import logging

import pytest
import torch

from mmexp.error import ConfigError
from mmexp.method.blending import BlendingMethod, blend, gains_of
from mmexp.method.full import FullMethod


def rows(*losses: tuple[float, float]) -> list[dict[str, float]]:
    return [row for train, val in losses for row in ({"step": 1, "train/loss": train}, {"step": 1, "val/loss": val})]


RUNS = {
    "left": rows((1.0, 1.0), (0.2, 0.6), (0.1, 0.9)),  # G 0.4, O 0.4
    "right": rows((1.0, 1.1), (0.5, 0.8)),  # G 0.3, O 0.2
    "fused": rows((1.0, 1.0), (0.0, 0.5)),  # G 0.5, O 0.5: G / O^2 is 2
}


def test_weights_are_what_is_gained_over_the_square_of_what_is_overfitted():
    assert gains_of("left", RUNS["left"]) == pytest.approx((0.4, 0.4))
    assert blend(RUNS) == {"left": pytest.approx(1.25), "right": pytest.approx(3.75)}


def test_a_run_that_does_not_overfit_counts_as_one_that_does_a_tenth_of_the_worst():
    found = blend({"left": rows((1.0, 1.0), (0.9, 0.5)), "fused": RUNS["fused"]})
    assert found == {"left": pytest.approx(0.5 / 0.05**2 / 2)}


def test_a_run_that_has_learned_nothing_counts_nothing():
    assert blend({"left": rows((1.0, 1.0), (0.9, 1.5)), "fused": RUNS["fused"]}) == {"left": 0.0}
    with pytest.raises(ConfigError, match="fused must be a run whose val/loss has fallen since its first validation"):
        blend({"left": RUNS["left"], "fused": rows((1.0, 1.0), (0.9, 1.5))})
    with pytest.raises(ConfigError, match=r"method.runs.left must be a run with at least two validations, got 1"):
        blend({"left": rows((1.0, 1.0)), "fused": RUNS["fused"]})


def test_each_loss_counts_by_its_weight(model, batch):
    method = BlendingMethod(trains=FullMethod(), weights={"left": 2.0})
    method.prepare(model)
    losses = method.losses(model, model(batch), batch)
    model(batch)
    plain = model.unimodal.losses(batch)
    torch.testing.assert_close(losses, {"unimodal_left": 2 * plain["left"], "unimodal_right": plain["right"]})


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"weights": {"left": 1.0}, "runs": {"left": "x"}}, ValueError, "must not both be given, got both"),
        ({"weights": {"left": -1.0}}, ValueError, r"weights must be at least 0, got left: -1\.0"),
        ({"weights": {"smell": 1.0}}, ConfigError, "method.weights must be of left, right, got 'smell'"),
        ({"runs": {"smell": "x"}}, ConfigError, "method.runs must be of left, right, fused, got 'smell'"),
        (
            {"runs": {"left": "x"}},
            ConfigError,
            "method.runs must name one of each of left, right, fused, got none of r",
        ),
    ],
)
def test_weights_of_no_modality_are_refused(model, options, error, words):
    with pytest.raises(error, match=words):
        BlendingMethod(trains=FullMethod(), **options).prepare(model)


def test_weights_are_taken_from_earlier_runs(lab, caplog):
    words = ["inputs=[image,text]", "training.epochs=2", "training.log_every=1", "optimizer.lr=0.01"]
    earlier = lab.train(*words).path
    runs = ",".join(f"{name}: '{earlier}'" for name in ("image", "text", "fused"))
    with caplog.at_level(logging.INFO):
        done = lab.train(*words, "method=blending", f"method.runs={{{runs}}}")
    assert "Weights of the unimodal losses, that of the fused one is 1: image 1, text 1." in caplog.text
    assert done.summary.exists()
