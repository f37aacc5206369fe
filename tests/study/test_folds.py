from __future__ import annotations

import json

import pytest

from mmexp.analysis.compare import compare
from mmexp.error import ConfigError
from mmexp.run.jsonfile import read_json
from mmexp.run.summary import row
from mmexp.study.folds import with_folds


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table of texts of four speakers, one of whom has a number for a name."""
    root = tmp_path_factory.mktemp("speakers")
    names = ["ann", "03", "bob, jr", "cyd"]
    rows = [{"id": f"r{i}", "text": f"word {i % 3}", "label": "ab"[i % 2], "who": names[i // 2 % 4]} for i in range(48)]
    (root / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(root)


def test_a_sweep_has_every_fold(speakers):
    data = ["dataset=manifest", f"dataset.root={speakers}", "dataset.group_by=who"]
    words = [*data, "folds=groups", "fusion=sum,concat"]
    assert with_folds(words) == [*words, 'fold=03,ann,"bob, jr",cyd']
    assert with_folds([*data, "folds=5"])[-1] == 'fold="0","1","2","3","4"'
    assert with_folds([*words, "fold=ann"]) == [*words, "fold=ann"] and with_folds(data) == data


def test_folds_of_several_tables_are_refused(speakers):
    with pytest.raises(ConfigError, match="must have one value with folds, got 2 combinations of folds=3,4"):
        with_folds(["folds=3,4"])
    with pytest.raises(ConfigError, match=r"folds must be null with this dataset, got 3 with Scenes"):
        with_folds(["folds=3"])
    with pytest.raises(ConfigError, match="folds must be null, groups or a number of at least 3, got 2"):
        with_folds(["folds=2"])


def test_runs_of_all_folds_are_one_row_that_knows_the_group_of_each_sample(lab, speakers):
    data = ["inputs=[text]", "fusion=none", f"dataset.root={speakers}", "dataset.group_by=who", "folds=groups"]
    lab.overrides = [*lab.overrides, *data, "training.epochs=1"]
    runs = [lab.train(f"fold={name}", "seed=1") for name in ('"03"', "ann")]
    [ranking] = compare([row(run) for run in runs])
    [group] = ranking.groups
    assert group.folds == ["03", "ann"] and group.seeds == [1, 1] and "fold" not in group.config
    for name, run in zip(group.folds, runs, strict=True):
        rows = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
        assert {one["group"] for one in rows} == {name} and len(rows) == 12
        assert row(run).groups == {"column": "who", "number": 1, "seen": 0}
    assert read_json(runs[0].facts)["groups"]["val"] == ["ann"]
    with pytest.raises(ConfigError, match=r"fold must be one of the folds with folds=groups, got null"):
        lab.train()
    assert len(list(runs[0].path.parent.iterdir())) == 2
