from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, row
from mmexp.study.ablate import ablate, begin_ablation, changed


def test_one_change_at_a_time_with_the_seeds_of_the_runs(lab):
    run = row(lab.train("training.epochs=1", "fusion=gated", "seed=3"))
    other = replace(run, config={**run.config, "seed": 4})
    planned = ablate([run, other], ["fusion=sum", "training.modality_dropout=0.5"])
    assert list(planned.changes) == [
        "without image",
        "without text",
        "blank inputs",
        "shuffled inputs",
        "fusion=sum",
        "training.modality_dropout=0.5",
    ]
    alone, _ = planned.changes["without image"]
    assert {"fusion=none", "inputs=[text]", "seed=3", "training.epochs=1"} < set(alone) and "fusion=gated" not in alone
    assert {"fusion=gated", "control=blank"} < set(planned.changes["blank inputs"][0])
    first, second = planned.changes["fusion=sum"]
    assert first[-2:] == ["fusion=sum", "seed=3"] and second[-1] == "seed=4" and "fusion=gated" not in first
    planned = replace(planned, changes={name: jobs[:1] for name, jobs in planned.changes.items()})
    session = begin_ablation(planned)
    assert len(session.ready) == 6 and not any(changed(session, planned).values())
    job = session.folder.job([*planned.place, *first])
    job.set_run(run.folder)
    job.close(1, "done", "", 1.0)
    assert [len(runs) for runs in changed(session, planned).values()] == [0, 0, 0, 0, 1, 0]


def test_runs_that_differ_in_more_than_their_seed_are_refused(tmp_path):
    run = RunRow(RunFolder(tmp_path), "done", config={"fusion": "sum", "seed": 0})
    with pytest.raises(ConfigError, match=r"RUN must be done, and the same but for seed and fold, got .* .done., .*"):
        ablate([run, replace(run, config={"fusion": "film", "seed": 0})])
    with pytest.raises(ConfigError, match=r"got .* .failed."):
        ablate([replace(run, status="failed")])
