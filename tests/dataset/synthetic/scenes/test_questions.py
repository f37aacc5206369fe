from __future__ import annotations

from collections import Counter, defaultdict

from mmexp.dataset.synthetic.scenes.questions import ANSWERS, KINDS, render
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(2, "train", i, 3) for i in range(1500)]


def test_the_answer_is_the_truth_of_the_scene():
    for scene in SCENES:
        question, answer = render(scene)
        if question.startswith("how many"):
            assert answer == ("one", "two", "three", "four")[len(scene.things) - 1]
        elif question.startswith("what is the largest"):
            assert answer == scene.main.material
        elif question.startswith("is there a "):
            colour, shape = question.split()[-2:]
            assert (answer == "yes") == any((t.colour, t.shape) == (colour, shape) for t in scene.things)
        elif question.startswith("what"):
            (meant,) = [t for t in scene.things if t.size in question.split()]
            assert answer == (meant.colour if "colour" in question else meant.shape)


def test_every_answer_is_known_beforehand_and_every_kind_of_question_is_asked():
    asked = [render(scene) for scene in SCENES]
    assert {answer for _, answer in asked} <= set(ANSWERS)
    assert len({" ".join(question.split()[:2]) for question, _ in asked}) >= len(KINDS) - 1


def test_guessing_from_the_question_alone_is_right_less_than_half_of_the_time():
    answers = defaultdict(Counter)
    for scene in SCENES:
        question, answer = render(scene)
        answers[question][answer] += 1
    assert sum(max(counts.values()) for counts in answers.values()) < 0.5 * len(SCENES)
