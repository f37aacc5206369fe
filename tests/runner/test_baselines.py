from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.config.compose import compose, stored
from mmexp.dataset import control
from mmexp.dataset.control import CONTROLS as KNOWN
from mmexp.error import ConfigError
from mmexp.run import provenance as manifest
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.runner.baselines import CONTROLS, baselines, fitting
from mmexp.runner.jobs import distinct, missing


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmexp.run.provenance.code_state", lambda folder: None)


def typed(*words: str, inputs: tuple[str, ...] = ("image", "text"), options: tuple[str, ...] = (), **told) -> RunFolder:
    """A finished run that was typed with these words."""
    config = compose(words)
    folder = RunFolder.create("outputs", "mine")
    settings = {**config.settings, "inputs": list(inputs), "seed": config.node.seed}
    manifest.begin(folder, command=["mmexp", "train", *options, *words], seed=0, config=settings)
    summary.write(folder, {"status": "done", "config": settings, "key": config.key, "fingerprint": "ab"} | told)
    return folder


def choices(folder: RunFolder) -> list[tuple[str, str, str | None]]:
    roots = [job.config.plain() for job in baselines(folder)]
    fusions = [job.config.choices["fusion"] for job in baselines(folder)]
    return [(f, "+".join(root["inputs"]), root["control"]) for f, root in zip(fusions, roots, strict=True)]


def test_each_input_goes_alone_and_each_control_with_all_of_them():
    assert choices(typed("fusion=gated", "pool@fusion.pool=max")) == [
        ("none", "image", None),
        ("none", "text", None),
        ("concat", "image+text", "blank"),
        ("concat", "image+text", "shuffled"),
    ]
    assert set(CONTROLS) == set(KNOWN)


def test_everything_else_stays_as_it_was_typed():
    words = ["seed=3", "training.epochs=7", "task.dropout=0.5", "inputs=[image,text]", "baselines=true", "name=other"]
    jobs = baselines(typed("fusion=gated", "missing=placeholder", *words))
    assert len(jobs) == 4
    for job in jobs:
        root = job.config.plain()
        assert (root["seed"], root["training"]["epochs"], root["task"]["dropout"]) == (3, 7, 0.5)
        assert (root["name"], root["outputs"], root["baselines"]) == ("mine", "outputs", False)
        assert compose(job.command[2:]).key == job.config.key


def test_they_start_from_the_run_that_theirs_started_from():
    first = RunFolder.create("outputs", "other")
    manifest.begin(first, command=["mmexp", "train"], seed=0, config={})
    mine = typed("pretrained=last")
    assert {job.config.plain()["pretrained"] for job in baselines(mine)} == {first.id}


def test_a_task_with_an_anchor_keeps_its_fusion():
    found = choices(typed("task=captioning", "fusion=attention", "fusion.depth=2", anchor="prefix"))
    assert found[:2] == [("attention", "image", None), ("attention", "text", None)]


def test_a_task_that_needs_several_inputs_has_only_controls():
    assert [control for _, _, control in choices(typed("task=retrieval", alone=[]))] == list(CONTROLS)


@pytest.mark.parametrize(
    ("words", "inputs"), [(["inputs=[image]"], ("image",)), (["control=blank"], ("image", "text"))]
)
def test_what_fuses_nothing_has_none(words, inputs):
    assert baselines(typed(*words, inputs=inputs)) == []


def test_those_of_a_run_whose_width_was_solved_are_left_to_its_sweep():
    folder = typed("fusion=gated")
    known = summary.read(folder)
    summary.write(folder, {**known, "config": {**known["config"], "fair": "params"}})
    with pytest.raises(ConfigError, match=r"must be jobs of its sweep, .*, got fair=params") as refused:
        baselines(folder)
    assert refused.value.hint.endswith("by fusion=none 'inputs=[image],[text]'.")


def test_the_runs_of_a_sweep_share_them():
    jobs = [job for fusion in ("concat", "gated", "attention") for job in baselines(typed(f"fusion={fusion}"))]
    assert (len(jobs), len(distinct(jobs))) == (12, 4)


def test_what_an_experiment_sets_for_its_own_fusion_is_taken_out():
    folder = typed("experiment=flickr8k_captioning", inputs=("image", "text"))
    assert [root.config.plain()["fusion"].keys() for root in baselines(folder)[:1]] == [
        {"_target_", "dim", "modalities"}
    ]


def test_a_run_that_started_from_the_config_of_another_does_so_again(tmp_path):
    (tmp_path / "config.yaml").write_text(stored(compose(["training.epochs=9"])))
    folder = typed("training.epochs=9", options=("--config", "config.yaml", "--strict"))
    jobs = baselines(folder)
    assert len(jobs) == 4
    for job in jobs:
        assert job.command[:4] == ["mmexp", "train", "--config", "config.yaml"] and "--strict" not in job.command
        assert job.config.plain()["training"]["epochs"] == 9


def test_words_that_give_another_config_than_they_did_are_refused():
    folder = typed("fusion=gated", key="0123")
    with pytest.raises(ConfigError, match=f"as they were when the run was trained, got another .* {folder.id}"):
        baselines(folder)


def test_a_run_that_says_the_same_in_other_words_is_no_baseline():
    jobs = baselines(typed("fusion=gated"))
    same = summary.row(typed("fusion=none", "inputs=[image]", inputs=("image",)))
    other = summary.row(typed("fusion=none", "inputs=[image]", f"dim={compose().node.dim}", inputs=("image",)))
    assert fitting(jobs, [same, other]) == [same]
    assert next(job.label for job in missing(jobs, fitting(jobs, [same]))) == "text alone, seed 0"


def test_a_folder_with_odd_characters_is_quoted(monkeypatch):
    folder = typed("fusion=gated")
    moved = folder.path.parents[2] / "it's, mine=1" / "mine" / folder.id
    moved.parent.mkdir(parents=True)
    folder.path.rename(moved)
    assert baselines(RunFolder(moved))[0].config.plain()["outputs"] == "it's, mine=1"


def test_the_controls_are_all_that_datasets_know():
    assert set(CONTROLS) == set(control.CONTROLS)
