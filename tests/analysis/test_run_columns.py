from __future__ import annotations

from dataclasses import replace

from mmexp.analysis.run_columns import names, value


def test_a_column_is_a_config_key_a_metric_or_what_is_known_of_the_run(make_row):
    run = replace(make_row(0.5), parameters=7, seconds=2.0, tags=("paper",), resumed=1)
    for name, known in {
        "fusion": "concat",
        "test/accuracy": 0.5,
        "weights": 7,
        "train": 2.0,
        "tags": ["paper"],
    }.items():
        assert name in names([run]) and value(run, name) == known
    assert (value(run, "name"), value(run, "run"), value(run, "resumed")) == ("x", run.folder.id, 1)
    assert value(run, "never") is None and "never" not in names([run])
