from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmexp.attack.fgsm import FgsmAttack
from mmexp.attack.pgd import PgdAttack
from mmexp.error import ConfigError
from mmexp.inference.predictor import BatchChange
from mmexp.study.adversarial import Attacks, attacks_on, loss_gradient, make_attacks, why_not, with_tokens
from mmexp.study.studied_run import StudiedRun, studied_run
from mmexp.training.model import KnownTokens

BOTH = {"fgsm": FgsmAttack(), "pgd": PgdAttack(steps=4)}


@pytest.fixture(scope="module")
def attacks(study: StudiedRun) -> Attacks:
    return attacks_on(study, BOTH)


def attacked(study: StudiedRun, change: BatchChange, size: int = 64) -> torch.Tensor:
    """All values of an input after a change, in batches of a size. [N, ...]"""
    trained = replace(study.trained, batch_size=size)
    batches = trained.batches(study.samples, trained.targets, anew=change.modality)
    return torch.cat([change.change(one).inputs[change.modality].values for one in batches])


def test_words_are_not_attacked_and_it_is_said_why(attacks: Attacks) -> None:
    assert attacks.curves == [("image", "fgsm"), ("image", "pgd")]
    assert list(attacks.refused) == ["text"] and "of kind text, are not continuous" in attacks.refused["text"]
    assert attacks.levels("image") == (1, 2, 4, 8, 16) and attacks.unit("image").startswith("of 255")


def test_epsilon_0_changes_nothing(attacks: Attacks, study: StudiedRun) -> None:
    clean = study.score()
    for name in BOTH:
        found = study.score(changed=attacks.change("image", name, 0.0))
        assert found.metrics == clean.metrics and list(found.rows) == list(clean.rows)


@pytest.mark.parametrize("name", BOTH)
def test_pixels_move_by_epsilon_at_most_and_the_loss_rises_with_it(attacks: Attacks, study: StudiedRun, name: str):
    clean = attacked(study, attacks.change("image", name, 0.0))
    found = attacked(study, attacks.change("image", name, 8.0))
    assert float((found - clean).abs().max()) <= 8 + 1e-4 and float(found.min()) >= 0 and float(found.max()) <= 255
    losses = [
        study.score().metrics["test/loss"],
        *(attacks.score("image", name, i).metrics["test/loss"] for i in (3, 5)),
    ]
    assert losses == sorted(losses) and losses[0] < losses[-1]


def test_the_gradient_is_that_of_finite_differences(study: StudiedRun) -> None:
    (batch,) = study.trained.batches(study.samples[:2], study.trained.targets, anew="image")
    values = batch.inputs["image"].values.float()
    found, depends = loss_gradient(study.trained, batch, "image", values)
    assert depends and not found.requires_grad

    def loss(moved: torch.Tensor) -> float:
        inputs = {**batch.inputs, "image": replace(batch.inputs["image"], values=moved)}
        asked = replace(batch, inputs=inputs)
        with torch.no_grad():
            return float(sum(study.trained.task.losses(study.trained.module.model(asked), asked).values()))

    way = 0.5 * found.sign()  # the way that it rises most: the slope is then far above rounding
    slope = (loss(values + way) - loss(values - way)) / 2
    assert slope == pytest.approx(float((found * way).sum()), rel=0.02)


def test_the_other_inputs_are_encoded_once_and_the_gradient_stays_the_same(study: StudiedRun) -> None:
    (batch,) = study.trained.batches(study.samples[:3], study.trained.targets, anew="image")
    known = with_tokens(study.trained, batch, "image")
    assert isinstance(known.inputs["text"], KnownTokens) and known.inputs["image"] is batch.inputs["image"]
    values = batch.inputs["image"].values.float()
    found, expected = (loss_gradient(study.trained, one, "image", values)[0] for one in (known, batch))
    assert torch.equal(found, expected)


@pytest.mark.parametrize("name", BOTH)
def test_the_samples_of_a_batch_do_not_influence_one_another(attacks: Attacks, study: StudiedRun, name: str) -> None:
    change = attacks.change("image", name, 4.0)
    together, alone = (attacked(study, change, size) for size in (64, 1))
    differ = (together - alone).abs() > 1e-3
    assert float(differ.float().mean()) < 1e-3, "but for signs of gradients that are zero up to rounding"
    assert not study.trained.module.training


def test_a_random_start_follows_from_the_sample_and_the_seed(study: StudiedRun) -> None:
    one, same, other = (
        attacked(study, attacks_on(study, BOTH, seed).change("image", "pgd", 4.0)) for seed in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_a_task_that_compares_samples_is_refused(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study.trained.task, "contrasts", True, raising=False)
    with pytest.raises(ConfigError, match="whose loss is of each sample by itself, got Classification, which compares"):
        attacks_on(study, BOTH)


def test_a_run_without_a_continuous_input_is_refused(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.study.adversarial.space_of", lambda transform: None)
    with pytest.raises(ConfigError, match=r"an input that can be attacked, got none. image: its values, of kind image"):
        attacks_on(study, BOTH)


def test_an_input_that_the_loss_does_not_depend_on_is_not_attacked(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = study.trained.module.model.encoders["image"]
    monkeypatch.setattr(encoder, "forward", torch.no_grad()(encoder.forward))
    assert why_not(study, "image") == "the loss has no gradient with respect to it"


def test_attacks_are_chosen_with_their_arguments() -> None:
    made = make_attacks(["attack=[fgsm,pgd]", "attack.pgd.steps=3", "dataset.root=x"])
    assert list(made) == ["fgsm", "pgd"] and made["pgd"].steps == 3
    assert make_attacks([]) == {}
    with pytest.raises(ConfigError, match="steps"):
        make_attacks(["attack=pgd", "attack.pgd.step=3"])


OTHERS = {
    "regression": ["dataset=scenes", "inputs=[tabular,audio]"],
    "captioning": ["dataset=scenes", "inputs=[image]", "fusion=attention"],
    "segmentation": ["dataset=scenes", "inputs=[image]"],
}
SMALL = ["dataset.sizes=[8,4,4]", "dataset.image_size=32", "dataset.cache=null", "training.epochs=1", "dim=16"]


def trained_on(lab: Any, *words: str) -> StudiedRun:
    lab.overrides = [*words, "training.batch_size=8", "hardware=cpu", lab.overrides[-1]]
    return studied_run(lab.train(), metric="loss")


@pytest.mark.parametrize("task", OTHERS)
def test_every_task_whose_loss_is_differentiable_is_attacked(
    task: str, make_lab: Callable[[Path], Any], tmp_path: Path
) -> None:
    study = trained_on(make_lab(tmp_path), f"task={task}", *OTHERS[task], *SMALL)
    attacks, clean = attacks_on(study, {"fgsm": FgsmAttack()}), study.score().metrics["test/loss"]
    for modality, name in attacks.curves:
        found = attacks.score(modality, name, 5).metrics["test/loss"]
        assert np.isfinite(found) and found > clean
    assert set(attacks.refused) <= {"tabular"}


def test_vectors_are_attacked_by_their_deviation_in_training(make_lab: Callable[[Path], Any], tmp_path: Path) -> None:
    words = ["dataset=interactions", "dataset.sizes=[64,16,16]", "training.epochs=1", "dim=16"]
    study = trained_on(make_lab(tmp_path), *words)
    assert why_not(study, "left") == "the data does not say its std over the training split"
    facts = study.trained.facts
    known = {name: {**facts.of(name), "std": [0.5] * facts.of(name)["width"]} for name in study.inputs}
    study = replace(study, trained=replace(study.trained, facts=type(facts)({**facts, "modality": known})))
    attacks, clean = attacks_on(study, BOTH), study.score().metrics["test/loss"]
    assert attacks.curves == [(modality, name) for modality in ("left", "right") for name in BOTH]
    assert all(attacks.score(*curve, 5).metrics["test/loss"] > clean for curve in attacks.curves)


def test_a_frozen_encoder_is_attacked_through_its_weights_not_through_the_features_that_were_kept(
    make_lab: Callable[[Path], Any], tmp_path: Path, tiny_vit: str
) -> None:
    words = ["encoder/image=hf", f"encoder.image.model={tiny_vit}", "encoder.image.transform.image_size=16"]
    lab = make_lab(tmp_path)
    lab.overrides = [word for word in lab.overrides if "image" not in word]
    study = studied_run(lab.train(*words, "method=frozen", "training.epochs=1"), metric="loss")
    assert list(study.trained.stores) == ["image"]
    attacks = attacks_on(study, BOTH)
    clean = study.score().metrics["test/loss"]
    assert study.score(changed=attacks.change("image", "pgd", 0.0)).metrics["test/loss"] == pytest.approx(
        clean, abs=1e-5
    )
    assert attacks.score("image", "pgd", 5).metrics["test/loss"] > clean
