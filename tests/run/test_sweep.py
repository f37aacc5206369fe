from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.error import ConfigError
from mmexp.run.sweep import SweepFolder, drafted, find_sweep, sweeps

GONE = 2**22 + 1  # a process that there cannot be


def make(outputs: Path, *words: str) -> SweepFolder:
    with drafted(outputs) as draft:
        for word in words:
            draft.add([word], {"label": word, "key": word}, f"{word}\n")
        draft.set_request({"searched": [["seed=0,1", "plugins=[mine]"]], "command": ["mmexp", "train", "-m"]})
        return draft.publish()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_sweep_is_there_with_all_its_jobs_or_not_at_all(tmp_path: Path):
    with pytest.raises(KeyError), drafted(tmp_path / "outputs") as draft:
        draft.add(["seed=0"], {"label": "a"}, "")
        raise KeyError
    assert not (tmp_path / "outputs").exists()
    sweep = make(tmp_path / "outputs", "seed=0", "seed=1")
    assert names(tmp_path / "outputs").count("config.yaml") == 2 and sweep.path.parent == tmp_path / "outputs"
    assert [job.frozen["words"] for job in sweep.jobs] == [["seed=0"], ["seed=1"]]
    assert sweep.jobs[1].config.read_text() == "seed=1\n"


def test_what_a_killed_process_has_prepared_is_removed_by_the_next(tmp_path: Path):
    (tmp_path / ".tmp-sweep-1-dead/jobs").mkdir(parents=True)
    with drafted(tmp_path) as living:
        make(tmp_path)
        assert living.path.is_dir()
    assert [path.name[:6] for path in tmp_path.iterdir()] == ["sweep-"]


def test_two_that_begin_at_one_instant_get_two_folders(tmp_path: Path):
    assert len({make(tmp_path).id for _ in range(8)}) == 8


def test_a_job_is_frozen_once(tmp_path: Path):
    sweep = make(tmp_path, "seed=0")
    again = sweep.add(["seed=0"], {"label": "other"}, "other")
    assert again == sweep.job(["seed=0"]) and again.config.read_text() == "seed=0\n"
    assert sweep.job(["seed=9"]) is None
    assert sweep.add(["seed=9"], {}, "").frozen["position"] == 1 and len(sweep.jobs) == 2
    assert not [name for name in names(tmp_path) if name.startswith(".tmp")]


def test_it_is_over_once_its_search_is_and_each_job_has_ended(tmp_path: Path):
    sweep = make(tmp_path, "seed=0")
    sweep.set_over(True)
    assert not sweep.is_over()
    (left := sweep.jobs[0].path / ".tmp-attempt-01.end.json-1").touch()
    sweep.jobs[0].close(GONE, "done", "", 1.0)
    left.touch()
    assert sweep.is_over() and left.exists()
    sweep.set_over(True)
    assert not left.exists()
    sweep.set_over(False)
    assert not sweep.is_over()


def test_who_works_on_it_is_known_and_what_the_dead_left_is_removed(tmp_path: Path):
    sweep = make(tmp_path, "seed=0")
    (sweep.path / "jobs/.tmp-half").mkdir()
    with sweep.join(), sweep.join():
        assert sweep.is_alive()
    assert not sweep.is_alive() and len(list(sweep.path.glob("process-*.json"))) == 2
    assert [path.name for path in (sweep.path / "jobs").iterdir()] == [sweep.jobs[0].path.name]


def test_it_is_found_by_path_id_beginning_or_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    sweep = make(Path("outputs"), "seed=0")
    for ref in (str(sweep.path), sweep.id, sweep.id[:-2], sweep.id.removeprefix("sweep-"), "last"):
        assert find_sweep(ref) == sweep
    assert sweep.named == sweep.id and SweepFolder(tmp_path / "else").named == str(tmp_path / "else")
    assert sweep.line("resume") == f"mmexp sweep resume {sweep.id} 'plugins=[mine]'"
    assert sweeps("nowhere") == []


def test_a_name_that_no_sweep_or_several_answer_to_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"id must name one sweep in .*, got 'last' for 0") as none:
        find_sweep("last", tmp_path)
    assert none.value.hint == "Run: mmexp train -m seed=0,1,2"
    make(tmp_path), make(tmp_path)
    with pytest.raises(ConfigError, match="got 'sweep' for 2") as several:
        find_sweep("sweep", tmp_path)
    assert several.value.hint.count("sweep-") == 2


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"outputs must be a folder that can be written to, got .*file"):
        make(tmp_path / "file/outputs")


def test_no_secret_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXP_API_KEY", "Zq7-hidden-9931")
    sweep = make(tmp_path, "seed=0")
    sweep.add(["name=Zq7-hidden-9931"], {"label": "Zq7-hidden-9931"}, "")
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(found) > 4 and not [path for path in found if b"Zq7-hidden" in path.read_bytes()]
