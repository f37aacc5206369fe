from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Sample
from mmexp.plot.dialogue import SHOWN, dialogues

IMAGE = np.zeros((4, 4, 3), np.uint8)


def sample(**inputs: object) -> Sample:
    return Sample("1", inputs, {})


def titles(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.images]


def test_a_reply_in_other_words_is_shown_with_the_true_one():
    rows = [{"reply": "red", "target": "red"}, {"reply": "red", "target": "blue"}, {"reply": "red"}]
    figure = dialogues(rows, [sample(image=IMAGE, history=("what is it", "a cube", "what colour"))] * 3)["dialogues"]
    talk = "what is it\na cube\nwhat colour\n> red"
    assert titles(figure) == [talk, f"{talk} (true: blue)", talk]


@pytest.mark.parametrize(("history", "told"), [("one", ["one"]), (tuple("abcde"), ["c", "d", "e"]), ((), [])])
def test_the_newest_turns_are_told(history, told):
    figure = dialogues([{"reply": "x"}], [sample(image=IMAGE, history=history)])["dialogues"]
    assert titles(figure) == ["\n".join([*told, "> x"])]
    assert titles(dialogues([{"reply": "x"}], [sample(image=IMAGE)])["dialogues"]) == ["> x"]


def test_only_samples_with_a_picture_are_shown_and_not_too_many():
    assert dialogues([{"reply": "x"}], [sample(history=("a",))]) == {}
    assert len(titles(dialogues([{"reply": "x"}] * 30, [sample(image=IMAGE)] * 30)["dialogues"])) == SHOWN
