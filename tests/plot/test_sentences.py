from __future__ import annotations

from mmexp.plot.sentences import LETTERS, sentences


def test_answers_lie_behind_the_words_and_the_truth_below_them():
    words, answer, target = ["a", "red", "ball", "$2"], ["O", "B-x", "I-x", "O"], ["O", "O", "B-y", "O"]
    (axes,) = sentences([(words, answer, target)], ["x", "y"]).axes
    assert [text.get_text() for text in axes.texts] == words
    behind, below = [[bar for bar in axes.patches if (bar.get_alpha() < 1) == wide] for wide in (True, False)]
    assert [(bar.get_x(), bar.get_width()) for bar in behind] == [(2, 3), (5, 5)]
    assert [(bar.get_x(), bar.get_width()) for bar in below] == [(6, 4)]
    assert behind[0].get_facecolor()[:3] != below[0].get_facecolor()[:3]


def test_long_sentences_go_on_below():
    (axes,) = sentences([(["word"] * 50, ["O"] * 50, []), (["next"], ["O"], [])], []).axes
    lines = [text.get_position()[1] for text in axes.texts]
    assert sorted(set(lines)) == [0, 1, 2, 3] and lines[-1] == 3
    assert max(text.get_position()[0] for text in axes.texts) + 4 <= LETTERS
