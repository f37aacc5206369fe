from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmexp.error import ConfigError, DataError
from mmexp.inference.evaluate import Measurement, measure, read_samples, split_samples
from mmexp.inference.predictor import Predictor, restore
from mmexp.run import summary
from mmexp.run.folder import RunFolder

Row = dict[str, Any]


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("apply")).train("training.epochs=1")


@pytest.fixture(scope="module")
def trained(run: RunFolder) -> Predictor:
    return restore(run)


@pytest.fixture(scope="module")
def rows(tiny: Path) -> list[Row]:
    return [json.loads(line) for line in (tiny / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture
def other(tiny: Path, tmp_path: Path) -> Callable[[Sequence[Row]], Path]:
    """Makes a folder with the pictures of ``tiny`` and other rows."""

    def make(rows: Sequence[Row]) -> Path:
        folder = tmp_path / "other"
        shutil.copytree(tiny, folder)
        (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder

    return make


def without(rows: Sequence[Row], *columns: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in columns} for row in rows]


def measured(run: RunFolder, *overrides: str, split: Any = "test") -> Measurement:
    return measure(restore(run, overrides), split)


def predicted(run: RunFolder, split: str = "test") -> list[Row]:
    return [json.loads(line) for line in run.predictions(split).read_text().splitlines()]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("split", ["val", "test"])
def test_its_own_data_gives_the_numbers_of_the_summary_every_time(run: RunFolder, split: Any) -> None:
    before = contents(run.path)
    known = {key: value for key, value in summary.read(run)["metrics"].items() if key.startswith(split)}
    trained = restore(run)
    found, again = measure(trained, split), measure(trained, split)
    assert found == again == measured(run, split=split)
    assert (found.samples, found.skipped, found.everything) == (6, 0, False)
    assert found.metrics == pytest.approx(known)
    assert contents(run.path) == before


def test_the_samples_of_a_split_are_those_that_were_evaluated(trained: Predictor, run: RunFolder) -> None:
    found = split_samples(trained)
    assert [sample.id for sample in found.samples] == [row["id"] for row in predicted(run)]
    assert (list(found.dataset.skipped), found.everything) == ([], False)
    assert set(found.samples[0].inputs) == {"image", "text"} and set(found.samples[0].targets) == {"label"}


def test_other_data_needs_only_its_test_rows(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other([row for row in rows if row["split"] == "test"][:4])
    found = measured(run, f"dataset.root={folder}")
    right = [row["label"] == row["target"] for row in predicted(run)[:4]]
    assert (found.samples, found.metrics["test/accuracy"]) == (4, pytest.approx(sum(right) / 4))
    assert not found.everything
    with pytest.raises(DataError, match="split val must have a row, got none"):
        measured(run, f"dataset.root={folder}", split="val")


def test_a_manifest_may_be_named_alone(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other(rows[18:])
    found = measured(run, "dataset.root=null", f"dataset.manifest={folder / 'manifest.jsonl'}")
    assert found.metrics == pytest.approx({k: v for k, v in summary.read(run)["metrics"].items() if "test" in k})


def test_broken_rows_are_counted_where_they_may_be_skipped(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other(rows)
    for place in (0, 20):
        (folder / f"{place}.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"sample s20: image '20\.png' must be an image that decodes"):
        measured(run, f"dataset.root={folder}")
    found = measured(run, f"dataset.root={folder}", "dataset.on_error=skip")
    assert (found.samples, found.skipped) == (5, 1)


def test_other_data_that_names_no_split_is_measured_whole(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other(without(rows, "split"))
    found = measured(run, f"dataset.root={folder}")
    assert (found.samples, found.everything) == (24, True)
    drawn = measured(run, f"dataset.root={folder}", "dataset.split.ratios=[0.5,0.25,0.25]")
    assert (drawn.samples, drawn.everything) == (6, False)


def test_other_data_of_other_groups_is_measured_whole_with_nothing_unset(
    make_lab: Callable[[Path], Any], rows: list[Row], other: Any, tmp_path: Path
) -> None:
    named = [row | {"speaker": ("ann", "bob", "cyd")[i // 3 % 3]} for i, row in enumerate(without(rows, "split"))]
    folder = other(named)
    groups = ["dataset.group_by=speaker", "dataset.split.test_groups=[bob]", "dataset.split.val_groups=[cyd]"]
    run = make_lab(tmp_path / "outputs").train("training.epochs=1", f"dataset.root={folder}", *groups)
    assert (measured(run).samples, measured(run).everything) == (9, False)
    strangers = [row | {"speaker": f"{row['speaker']}{i}"} for i, row in enumerate(named[:20])]
    for table in (strangers, without(strangers, "speaker"), [*strangers, named[0]]):
        (folder / "other.jsonl").write_text(
            "".join(json.dumps(row | {"id": str(i)}) + "\n" for i, row in enumerate(table))
        )
        found = measured(run, f"dataset.root={folder}", "dataset.manifest=other.jsonl")
        assert (found.samples, found.everything) == (len(table), True)
        said = "1 of 21 rows are of groups that were trained on: ann."
        assert (said in found.notes) is (len(table) == 21)


def test_rows_that_were_trained_on_are_never_measured_because_no_column_names_the_split(
    make_lab: Callable[[Path], Any], rows: list[Row], other: Any, tmp_path: Path
) -> None:
    folder = other(without(rows, "split"))
    run = make_lab(tmp_path / "outputs").train("training.epochs=1", f"dataset.root={folder}")
    known = {key: value for key, value in summary.read(run)["metrics"].items() if key.startswith("test/")}
    moved = shutil.copytree(folder, tmp_path / "moved")
    for overrides in ([], [f"dataset.root={moved}"]):
        found = measured(run, *overrides)
        assert (found.samples, found.everything) == (2, False)
        assert found.metrics == pytest.approx(known)


def test_a_label_that_training_never_had_is_wrong(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other([row | {"label": "never"} for row in rows])
    assert measured(run, f"dataset.root={folder}").metrics["test/accuracy"] == 0


def test_columns_are_those_that_were_trained_on(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other(without([row | {"caption": row["text"]} for row in rows], "text"))
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.text must be a column of .*, got 'text'"):
        measured(run, f"dataset.root={folder}")
    found = measured(run, f"dataset.root={folder}", "dataset.inputs.text=caption")
    assert found.metrics == pytest.approx(measured(run).metrics)


def test_data_without_a_target_cannot_be_measured(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other(without(rows, "label"))
    with pytest.raises(ConfigError, match=r"dataset\.targets\.label must be a column of .*, got 'label'"):
        measured(run, f"dataset.root={folder}")
    with pytest.raises(ConfigError, match="targets must be offered by the dataset, got label"):
        measured(run, f"dataset.root={folder}", "dataset.targets.label=null")


def test_groups_that_are_not_there_are_told_with_those_that_are(run: RunFolder, rows: list[Row], other: Any) -> None:
    folder = other([row | {"speaker": "ann"} for row in rows])
    groups = [f"dataset.root={folder}", "dataset.group_by=speaker"]
    with pytest.raises(ConfigError, match="test_groups must be among ann, got 'bob'"):
        measured(run, *groups, "dataset.split.test_groups=[bob]")
    assert measured(run, *groups, "dataset.split.test_groups=[ann]").samples == 24


def test_a_table_is_answered_row_by_row_as_the_run_answered(trained: Predictor, run: RunFolder, tiny: Path) -> None:
    parts, skipped = read_samples(trained, [str(tiny / "manifest.jsonl")])
    answers = [row for part in parts for row in trained.predict(part)]
    assert [row["id"] for row in answers] == [f"s{i}" for i in range(24)]
    assert skipped == 0
    for row, known in zip(answers[18:], predicted(run), strict=True):
        assert row["label"] == known["label"]
        assert row["scores"] == pytest.approx(known["scores"], abs=1e-6)


def test_a_table_needs_neither_targets_nor_splits_nor_every_modality(
    trained: Predictor, rows: list[Row], other: Any
) -> None:
    folder = other(without(rows, "label", "split", "text"))
    ((part,), _) = read_samples(trained, [str(folder / "manifest.jsonl")])
    assert [set(part[i].inputs) for i in (0, 23)] == [{"image"}, {"image"}]
    assert len(list(trained.predict(part))) == 24


def test_a_table_is_read_in_the_form_of_those_that_were_trained_on_or_in_the_one_typed(
    run: RunFolder, tmp_path: Path
) -> None:
    typed = [f"dataset.csv={{delimiter: semicolon, encoding: latin-1, decimal: {sign}}}" for sign in ("comma", "null")]
    (tmp_path / "m.csv").write_bytes("text;n\nun été, à la mer;1\n".encode("latin-1"))
    for words in typed:
        (part,), skipped = read_samples(restore(run, [words]), [str(tmp_path / "m.csv")])
        assert (part[0].inputs["text"], skipped) == ("un été, à la mer", 0)
    with pytest.raises(DataError, match="text must be UTF-8, got byte 0xe9") as caught:
        read_samples(restore(run), [str(tmp_path / "m.csv")])
    assert "Set dataset.csv.encoding=latin-1" in caught.value.hint


def test_a_table_without_any_input_is_refused(trained: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,words\na,x\n")
    with pytest.raises(DataError, match=r"table must have a column of image, text with a value.*, got id, words"):
        read_samples(trained, [str(path)])


def test_columns_of_the_training_are_looked_for_first(
    make_lab: Callable[[Path], Any], rows: list[Row], other: Any, tmp_path: Path
) -> None:
    folder = other([row | {"photo": row["image"], "image": "0.png"} for row in rows])
    columns = ["dataset.inputs.image=photo", "dataset.inputs.text=text"]
    lab = make_lab(tmp_path / "outputs")
    trained = restore(lab.train("training.epochs=1", f"dataset.root={folder}", *columns))
    ((part,), _) = read_samples(trained, [str(folder / "manifest.jsonl")])
    assert [row.inputs["image"] for row in part.rows] == [row["image"] for row in rows]


def test_files_and_typed_values_are_answered_as_rows_are(
    trained: Predictor, run: RunFolder, tiny: Path, rows: list[Row]
) -> None:
    words = [f"image={tiny / '18.png'}", f"text={rows[18]['text']}"]
    ((part,), _) = read_samples(trained, words)
    (row,) = trained.predict(part)
    assert row["scores"] == pytest.approx(predicted(run)[0]["scores"], abs=1e-6)
    ((part,), _) = read_samples(trained, [str(tiny / "18.png"), str(tiny / "19.png")])
    assert [row["id"] for row in trained.predict(part)] == [str(tiny / "18.png"), str(tiny / "19.png")]


def test_the_training_data_is_not_needed_to_answer(
    make_lab: Callable[[Path], Any], rows: list[Row], other: Any, tiny: Path, tmp_path: Path
) -> None:
    folder = other(rows)
    run = make_lab(tmp_path / "outputs").train("training.epochs=1", f"dataset.root={folder}")
    shutil.rmtree(folder)
    trained = restore(run)
    parts, _ = read_samples(trained, [str(tiny / "manifest.jsonl"), str(tiny / "3.png"), "text=red thing"])
    assert [len(part) for part in parts] == [24, 2]
    assert len([row for part in parts for row in trained.predict(part)]) == 26


def test_a_table_may_lie_below_the_root_of_the_data(trained: Predictor, tiny: Path, rows: list[Row]) -> None:
    (tiny / "below").mkdir()
    (tiny / "below/some.jsonl").write_text(json.dumps({"image": "../0.png"}))
    try:
        ((part,), _) = read_samples(trained, [str(tiny / "below/some.jsonl")])
        assert part[0].inputs["image"].shape == (16, 16, 3)
    finally:
        shutil.rmtree(tiny / "below")


def test_broken_files_are_refused_or_left_out_as_the_dataset_says(run: RunFolder, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"bad")
    words = [str(tiny / "1.png"), str(tmp_path / "bad.png")]
    with pytest.raises(DataError, match=r"bad\.png' must be an image that decodes"):
        read_samples(restore(run), words)
    ((part,), skipped) = read_samples(restore(run, ["dataset.on_error=skip"]), words)
    assert (len(part), skipped) == (1, 1)


def test_the_search_of_a_caption_may_change(make_lab: Callable[[Path], Any], tiny: Path, tmp_path: Path) -> None:
    words = ["task=captioning", "inputs=[image]", "dataset.targets.captions=text", "training.epochs=1"]
    run = make_lab(tmp_path / "outputs").train(*words)
    for beams in (3, 1):
        trained = restore(run, [f"task.beams={beams}"])
        ((part,), _) = read_samples(trained, [str(tiny / "manifest.jsonl")])
        answers = list(trained.predict(part))[18:]
        known = [row["caption" if beams == 3 else "greedy"] for row in predicted(run)]
        assert [row["caption"] for row in answers] == known
    with pytest.raises(ConfigError, match="--per-class must be asked of a task that predicts classes, got Captioning"):
        measure(restore(run), by_class=True)


def test_modalities_of_other_names_are_typed_and_read_by_what_they_hold(
    make_lab: Callable[[Path], Any], tiny: Path, rows: list[Row], tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    shutil.copytree(tiny, folder)
    numbered = [row | {"numbers": [len(row["text"]), 1.5]} for row in rows]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in numbered))
    columns = "dataset.inputs={left: numbers, photo: image}"
    lab = make_lab(tmp_path / "outputs")
    run = lab.train(f"dataset.root={folder}", columns, "training.epochs=1", "encoder/vector@encoder.left=linear")
    trained = restore(run)
    assert measure(trained).metrics == measured(run).metrics
    (parts, _) = read_samples(trained, [str(tiny / "0.png"), "left=[1, 2]", f"photo={tiny / '1.png'}"])
    assert [sorted(sample.inputs) for sample in parts[0]] == [["photo"], ["left", "photo"]]
    assert len(list(trained.predict(parts[0]))) == 2
    (parts, _) = read_samples(trained, [str(folder / "manifest.jsonl")])
    assert sorted(parts[0][0].inputs) == ["left", "photo"]
