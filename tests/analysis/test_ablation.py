from __future__ import annotations

from mmexp.analysis.ablation import effects, metric_of

SPREAD = (0.0, 0.01, 0.02)


def test_each_change_is_paired_by_seed_and_all_are_counted(make_row):
    originals = [make_row(0.9 + more, seed) for seed, more in enumerate(SPREAD)]
    without = [make_row(0.6 + 1.2 * more, seed, inputs=["image"]) for seed, more in enumerate(SPREAD)]
    same = [make_row(0.9 + more, seed, dim=8) for seed, more in enumerate((0.02, 0.0, 0.01))]
    found = effects(originals, {"without audio": without, "dim=8": same})
    assert [one.text for one in found] == ["worse", "no difference shown"]
    assert found[0].difference.over == "seeds" and round(found[0].difference.mean, 3) == -0.298
    assert found[0].adjusted == 2 * found[0].difference.p and metric_of(originals[0]) == "test/accuracy"


def test_too_few_seeds_show_nothing_and_other_seeds_are_left_out(make_row):
    found = effects([make_row(0.9)], {"dim=8": [make_row(0.5, dim=8), make_row(0.1, 7, dim=8)], "none": []})
    assert [(one.change, one.score, one.text) for one in found] == [
        ("dim=8", 0.5, "not tested: 3 shared seeds are needed")
    ]
