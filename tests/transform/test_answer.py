from __future__ import annotations

from mmexp.transform.answer import AnswerTransform, PeopleTransform, WrittenAnswerTransform
from mmexp.transform.label import UNSEEN
from mmexp.transform.text import TextTransform, Tokenizer


def lower(answer: object) -> str:
    return str(answer).strip().lower()


def test_answers_that_are_written_differently_are_one_class():
    transform = AnswerTransform(classes=["2", "no", "yes"], normalise=lower)
    labels = transform.collate([transform.prepare(raw) for raw in ("Yes ", "yes", 2, "maybe")] + [None])
    assert labels.values.values.tolist() == [2, 2, 0, UNSEEN, UNSEEN]
    assert labels.raw == ["yes", "yes", "2", "maybe", None]


def test_a_written_answer_is_one_normalised_text(tokenizer):
    transform = WrittenAnswerTransform(text=TextTransform(tokenizer=tokenizer), normalise=lower)
    answers = transform.collate([transform.prepare("  Blue BOX"), None, transform.prepare(7)])
    assert answers.texts == [["blue box"], [], ["7"]]
    assert Tokenizer(tokenizer).decode(answers.ids.values[0, 0].tolist()) == "blue box"


def test_what_people_answered_stays_as_it_is():
    transform = PeopleTransform()
    assert transform.collate([transform.prepare(["Yes", "no", 3]), None]) == [["Yes", "no", "3"], []]
