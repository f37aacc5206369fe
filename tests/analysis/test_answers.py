from __future__ import annotations

import json

from mmexp.analysis.answers import asked, kept_samples
from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.verdict import BaselineComparison


def rows(*labels):
    return [{"id": f"s{i}", "label": label, "target": "cat"} for i, label in enumerate(labels)]


def comparison_of(*found):
    return make_comparison(compare(found)[0], BaselineComparison(found))


def keep(run, **inputs):
    run.folder.samples.mkdir(parents=True)
    (run.folder.samples / "0.jpg").write_bytes(b"jpeg")
    (run.folder.samples / "samples.jsonl").write_text(json.dumps({"id": "s0", "inputs": inputs}) + "\nhalf a li")
    return run


def test_answers_are_gathered_with_the_runs_that_gave_them(make_row):
    found = [make_row(0.5, seed, rows=rows("cat", label)) for seed, label in enumerate(("cat", "dog", "dog"))]
    found.append(make_row(0.4, fusion="gated", rows=rows("cat", "dog")))
    first, second = asked(comparison_of(*found), 9)
    assert (first.id, first.target) == ("s1", "cat")  # the runs agree less
    assert [(one.text, one.is_right, dict(one.votes)) for one in first.answers] == [
        ("dog", False, {"concat": 2, "gated": 1}),
        ("cat", True, {"concat": 1}),
    ]
    assert [one.text for one in second.answers] == ["cat"]


def test_controls_say_nothing_and_rows_without_an_answer_neither(make_row):
    found = [
        make_row(0.5, control="blank", rows=rows("cat")),
        make_row(0.4, rows=[{"id": "s0", "target": 1, "score": 2}]),
    ]
    assert asked(comparison_of(*found), 9) == []


def test_texts_are_not_called_right_or_wrong(make_row):
    run = make_row(0.5, rows=[{"id": "a", "caption": "a dog", "target": "a cat"}])
    [one] = asked(comparison_of(run), 9)
    assert one.answers[0].is_right is None


def test_texts_with_references_or_nothing_to_compare_with_are_shown_too(make_row):
    answers = [{"id": "a", "caption": "a dog", "references": ["a cat", "cats"]}, {"id": "b", "label": "x"}]
    first, second = asked(comparison_of(make_row(0.5, rows=answers)), 9)
    assert (first.target, first.answers[0].text) == ("a cat, cats", "a dog")
    assert (second.target, second.answers[0].is_right) == ("", None)


def test_kept_inputs_of_several_runs_are_joined_and_come_first(make_row):
    one = keep(make_row(0.5, rows=rows("cat", "cat")), image={"file": "0.jpg"})
    other = keep(make_row(0.4, fusion="gated", rows=rows("cat", "dog")), text={"text": "a cat"})
    first, _ = asked(comparison_of(one, other), 9)
    assert first.id == "s0" and first.inputs == {"image": one.folder.samples / "0.jpg", "text": "a cat"}


def test_a_file_outside_of_the_folder_is_not_shown(make_row, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"png")
    for name in ("../../../secret.png", str(tmp_path / "secret.png"), "none.jpg", 7, "0.html"):
        run = keep(make_row(0.5, rows=rows("cat")), image={"file": name})
        assert kept_samples([run]) == {"s0": {}}


def test_a_predicted_file_is_found_next_to_the_predictions(make_row):
    run = make_row(0.5, rows=[{"id": "a", "image": "test/0.png", "target": "x"}])
    path = run.folder.predictions("test").parent / "test/0.png"
    path.parent.mkdir()
    path.write_bytes(b"png")
    [one] = asked(comparison_of(run), 9)
    assert one.answers[0].file == path
