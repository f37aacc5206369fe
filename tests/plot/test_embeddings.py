from __future__ import annotations

import numpy as np
import pytest

from mmexp.plot.embeddings import COLOURS, READABLE, embeddings


def test_points_lie_where_principal_components_put_them():
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(20, 2)) * [5, 2]
    turn, _ = np.linalg.qr(generator.normal(size=(6, 6)))
    figure = embeddings(plane @ turn[:2] + 3, [f"n{i}" for i in range(20)], {})
    (axes,) = figure.axes
    points = np.asarray(axes.collections[0].get_offsets())
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(np.linalg.norm(plane[0] - plane[1]))
    assert axes.get_title() == "20 embeddings, PCA: 100% of the variance" and len(axes.texts) == 20


def test_kinds_have_colours_and_all_others_one():
    names = [f"n{i}" for i in range(14)]
    figure = embeddings(np.random.default_rng(0).normal(size=(14, 3)), names, {name: name for name in names[:12]})
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told[-1] == "other" and len(told) == COLOURS + 1
    assert sum(len(one.get_offsets()) for one in figure.axes[0].collections) == 14


def test_too_many_names_are_left_out():
    count = READABLE + 1
    vectors = np.random.default_rng(0).normal(size=(count, 3))
    assert not embeddings(vectors, [str(i) for i in range(count)], {}).axes[0].texts


def test_equal_vectors_can_be_drawn():
    assert embeddings(np.ones((3, 4)), ["a", "b", "c"], {"a": "x"}).axes
