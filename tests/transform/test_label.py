from __future__ import annotations

from mmexp.transform.label import UNSEEN, LabelTransform


def test_a_label_becomes_the_place_of_its_class():
    transform = LabelTransform(classes=["cat", "dog"])
    labels = transform.collate([transform.prepare("dog"), transform.prepare("cow"), None])
    assert labels.values.values.tolist() == [1, UNSEEN, UNSEEN]
    assert labels.values.mask.tolist() == [True, True, False]
    assert labels.raw == ["dog", "cow", None]


def test_several_labels_become_a_row_whose_last_column_tells_of_unseen_ones():
    transform = LabelTransform(classes=[3, 5], multilabel=True)
    labels = transform.collate([transform.prepare([5]), transform.prepare([3, 7]), transform.prepare([]), None])
    assert labels.values.values.tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert labels.values.mask.tolist() == [True, True, True, False]
