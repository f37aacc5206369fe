from __future__ import annotations

import pytest
import torch

from mmexp.study.explain.question import ask


def test_the_score_of_all_parts_is_that_of_the_prediction(trained, sample, question):
    (row,) = trained.predict([sample])
    assert question.answer.text == row["label"] and question.value == pytest.approx(row["score"], abs=1e-5)
    assert float(question.scores(torch.ones(1, question.size))[0]) == pytest.approx(row["score"], abs=1e-5)
    assert list(question.parts) == ["image", "text"] and question.size == 64 + len(sample.inputs["text"].split())


def test_without_a_part_it_is_the_score_of_the_input_without_it(trained, sample, question):
    """Of a text: the same as of a text that lacks the words, as their encoder knows no order."""
    from dataclasses import replace

    kept = torch.ones(1, question.size)
    kept[0, 64] = 0
    shorter = " ".join(sample.inputs["text"].split()[1:])
    other = ask(trained, replace(sample, inputs={**dict(sample.inputs), "text": shorter}))
    best = trained.task.classes.index(question.answer.text)
    with torch.no_grad():
        wanted = trained.module.model(other.batch)["scores"][0, best]
    assert float(question.scores(kept)[0]) == pytest.approx(float(wanted), abs=1e-5)


def test_an_input_that_a_sample_lacks_has_no_parts(trained, sample):
    from dataclasses import replace

    other = ask(trained, replace(sample, inputs={"image": sample.inputs["image"]}))
    assert list(other.parts) == ["image"]


def test_values_are_split_by_input(question):
    own = question.split(torch.arange(question.size))
    assert own["image"].tolist() == list(range(64)) and own["text"][0] == 64


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients"])
def test_how_many_rows_go_at_once_changes_nothing(trained, sample, question, method):
    from mmexp.study.explain.method import load

    few = ask(trained, sample, rows=5)
    assert load(method).attribute(few).tolist() == pytest.approx(load(method).attribute(question).tolist(), abs=1e-5)


def test_a_check_is_made_before_each_pass_and_may_end_it(trained, sample):
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) > 3:
            raise TimeoutError

    own = ask(trained, sample, rows=10, check=check)
    assert own.scores(torch.ones(30, own.size)).shape == (30,) and len(calls) == 3
    with pytest.raises(TimeoutError):
        own.scores(torch.ones(1, own.size))
