from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Sample
from mmexp.plot.questions import SHOWN, question_text, questions


def sample(**inputs: object) -> Sample:
    return Sample("1", inputs, {})


IMAGE = np.zeros((4, 4, 3), np.uint8)


def test_a_wrong_answer_is_shown_with_the_right_one():
    rows = [{"label": "red", "target": "red"}, {"label": "red", "target": "blue"}, {"label": "red"}]
    figure = questions(rows, [sample(image=IMAGE, text="what colour")] * 3)["questions"]
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["what colour\nred", "what colour\nred (wrong: blue)", "what colour\nred"]


def test_only_samples_with_a_picture_are_shown_and_not_too_many():
    assert questions([{"label": "red"}], [sample(text="what")]) == {}
    figure = questions([{"label": "red"}] * 30, [sample(image=IMAGE)] * 30)["questions"]
    assert sum(bool(axes.images) for axes in figure.axes) == SHOWN


@pytest.mark.parametrize(("text", "first"), [("one", "one"), (["one", "two"], "one"), ([], "")])
def test_of_several_texts_the_first_is_told(text, first):
    assert question_text(sample(text=text)) == first and question_text(sample()) == ""


def test_a_question_is_shown_as_the_question_though_there_is_a_caption_too():
    figure = questions([{"label": "red"}], [sample(image=IMAGE, text=["a red box"], question="what colour")])[
        "questions"
    ]
    assert [axes.get_title() for axes in figure.axes if axes.images] == ["what colour\nred"]
