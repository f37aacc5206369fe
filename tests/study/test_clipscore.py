from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmexp.config.facts import Facts
from mmexp.contract import Sample
from mmexp.error import ConfigError
from mmexp.pool.mean import MeanPool
from mmexp.run.folder import RunFolder
from mmexp.study.clipscore import (
    ANOTHER,
    PairEmbedder,
    clipscore,
    image_score,
    other_table,
    pair_embedder,
    scored,
    with_references,
)
from mmexp.study.scored import Scored
from mmexp.study.studied_run import StudiedRun
from mmexp.task.captioning import Captioning
from mmexp.task.retrieval import Retrieval

UNIT = np.eye(3)


@pytest.fixture(scope="module")
def retrieval(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        return make_lab(tmp_path_factory.mktemp("pairs") / "outputs").train("task=retrieval", "training.epochs=1")


@pytest.fixture(scope="module")
def by(retrieval: RunFolder) -> PairEmbedder:
    return pair_embedder(retrieval)


def writing(study: StudiedRun, captions: list[str], true: list[list[str]], inputs: list[str]) -> StudiedRun:
    """The same samples, of a run that has written captions for them."""
    rows = [
        {"id": one.id, "caption": caption, "references": some}
        for one, caption, some in zip(study.samples, captions, true, strict=True)
    ]
    trained: Any = SimpleNamespace(task=Captioning.__new__(Captioning), facts={"inputs": inputs})
    known = replace(study, trained=trained)
    object.__setattr__(known, "score", lambda: Scored(study.run, rows))
    return known


def test_embeddings_are_those_that_the_run_ranks_by(by: PairEmbedder, study: StudiedRun) -> None:
    samples = list(study.samples)
    rows = list(by.trained.predict(samples))
    texts, images = by.texts([one.inputs["text"] for one in samples]), by.others(samples)
    assert np.linalg.norm(images, axis=1) == pytest.approx(1) and by.other.modalities == ("image",)
    assert (texts * images).sum(1) == pytest.approx([row["score"] for row in rows], abs=1e-5)


def test_a_text_is_embedded_the_same_next_to_any_others(by: PairEmbedder) -> None:
    texts = ["a red thing 1", "猫 zebra", "", "a " * 400, "قطة \ud800"]
    whole = by.texts(texts)
    assert whole.shape == (5, 8) and np.isfinite(whole).all()
    assert np.concatenate([by.texts([one]) for one in texts]) == pytest.approx(whole, abs=1e-6)
    assert by.texts([]).shape == (0, 8)


def test_the_score_is_the_cosine_times_2_5_and_never_negative() -> None:
    texts = np.array([UNIT[0], -UNIT[0], (UNIT[0] + UNIT[1]) / 2**0.5, UNIT[1]])
    assert image_score(np.tile(UNIT[0], (4, 1)), texts) == pytest.approx([2.5, 0, 2.5 / 2**0.5, 0])


def test_with_references_it_is_the_harmonic_mean_with_the_closest() -> None:
    texts, true = UNIT[[0, 0, 1]], [UNIT[[1, 0]], UNIT[[1]], -UNIT[[1]]]
    assert with_references(np.array([0.5, 0.5, 0.5]), texts, true) == pytest.approx([2 * 0.5 / 1.5, 0, 0])


def test_references_and_texts_of_other_samples_stand_next_to_it() -> None:
    found = scored(UNIT, UNIT, [UNIT[[0, 1]], UNIT[[1]], UNIT[[2]]])
    assert found["written", "clipscore"].tolist() == [2.5] * 3
    assert found["written", "ref_clipscore"] == pytest.approx([2 * 2.5 / 3.5] * 3)
    assert found[ANOTHER, "clipscore"].tolist() == [0, 0, 0]
    assert found["references", "clipscore"].tolist() == [1.25, 2.5, 2.5]
    assert [*scored(UNIT, UNIT, [UNIT[:1], UNIT[:0], UNIT[:1]])] == [
        ("written", "clipscore"),
        (ANOTHER, "clipscore"),
    ]


def positive(number: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).random((number, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_study_has_each_number_with_its_interval(study: StudiedRun) -> None:
    images, texts = positive(6, 0), dict(zip("abcdef", positive(6, 1), strict=True))
    by: Any = SimpleNamespace(
        name="pairs",
        other=SimpleNamespace(modalities=("image",)),
        others=lambda samples: images,
        texts=lambda words: np.stack([texts[word] for word in words]),
    )
    found = clipscore(writing(study, [*"abcdef"], [[*"bc"], ["a"], [*"abc"], ["f"], ["e"], ["d"]], ["image"]), by)
    assert (found["samples"], found["left_out"], found["with"]) == (6, 0, "pairs")
    own = found["texts"]["written"]
    scores = [2.5 * float(image @ texts[word]) for image, word in zip(images, "abcdef", strict=True)]
    assert own["clipscore"]["value"] == pytest.approx(np.mean(scores))
    assert own["clipscore"]["low"] < own["clipscore"]["value"] < own["clipscore"]["high"]
    closest = [
        max(float(texts[one] @ texts[true]) for true in some)
        for one, some in zip("abcdef", ["bc", "a", "abc", "f", "e", "d"], strict=True)
    ]
    assert own["ref_clipscore"]["value"] == pytest.approx(
        np.mean([2 * s * c / (s + c) for s, c in zip(scores, closest, strict=True)])
    )


def test_a_retrieval_run_of_another_table_is_said(by: PairEmbedder, study: StudiedRun) -> None:
    assert other_table(study, by) == []
    other: Any = SimpleNamespace(facts={"table": "another"})
    (said,) = other_table(replace(study, trained=other), by)
    assert "trained on another table, of which these samples may be a part" in said


def test_samples_without_an_image_are_left_out_and_counted(by: PairEmbedder, study: StudiedRun) -> None:
    samples = [*study.samples]
    samples[0] = Sample(samples[0].id, {"text": "a"}, {})
    known = replace(study, samples=samples)
    found = clipscore(writing(known, ["a red thing"] * 6, [["b"]] * 6, ["image"]), by)
    assert (found["samples"], found["left_out"]) == (5, 1)
    none = replace(study, samples=samples[:1])
    with pytest.raises(ConfigError, match="samples must have image, got none in test"):
        clipscore(writing(none, ["a"], [["b"]], ["image"]), by)


def test_runs_of_other_kinds_are_refused(by: PairEmbedder, study: StudiedRun, studied: RunFolder) -> None:
    with pytest.raises(ConfigError, match="RUN must be of a task that writes texts, got Classification"):
        clipscore(study, by)
    with pytest.raises(ConfigError, match="--with must be a run of task=retrieval, got Classification"):
        pair_embedder(studied)
    with pytest.raises(ConfigError, match=r"RUN must have the inputs that .* pairs with a text, image, got audio"):
        clipscore(writing(study, ["a"] * 6, [["b"]] * 6, ["audio"]), by)


def test_a_retrieval_run_without_a_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Retrieval(query=["image"], candidates=["audio", "text"], pool=MeanPool(), dim=4)
    trained = SimpleNamespace(task=task, facts=Facts({"inputs": ["image", "audio", "text"]}))
    monkeypatch.setattr("mmexp.study.clipscore.restore", lambda folder, overrides: trained)
    with pytest.raises(ConfigError, match=r"must be a text alone, got image and audio\+text"):
        pair_embedder(RunFolder(Path("x")))
