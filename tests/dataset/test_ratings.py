from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.dataset.ratings import Ratings
from mmexp.error import ConfigError, DataError

PACK = Path(__file__).resolve().parents[2] / "../shared/data/movielens100k_posters"
TIMES = {"1": [("10", 5, 30), ("11", 4, 10), ("12", 3, 20), ("13", 5, 20), ("14", 5, 40)], "2": [("11", 5, 1)]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lines = [f"{user},{item},{rating},{time}" for user, rows in TIMES.items() for item, rating, time in rows]
    (tmp_path / "ratings.csv").write_text("\n".join(["user_id,item_id,rating,timestamp", *lines]))
    items = [{"item_id": i, "title": title, "size": [i]} for i, title in [(10, "A"), (11, "B"), (13, "A"), (15, "Z")]]
    items[3]["size"] = []
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    (tmp_path / "users.csv").write_text("user_id,age,job\n1,30,baker\n2,,smith\n")
    return tmp_path


def make(root: Path, **options: object) -> Ratings:
    dataset = Ratings(root=str(root), **options)
    dataset.prepare()
    return dataset


def test_what_is_liked_is_a_history_in_the_order_of_time_and_the_last_are_held_out(root):
    dataset = make(root)
    assert dataset.taken == {"1": ["11", "13", "10", "14"], "2": ["11"]}
    told = {
        name: [(sample.inputs["items"], sample.targets["item"]) for sample in dataset.split(name)]
        for name in ("train", "val", "test")
    }
    assert told == {
        "train": [(["11"], "13")],
        "val": [(["11", "13"], "10")],
        "test": [(["11", "13", "10"], "14")],
    }
    assert list(dataset.values("item")) == ["13"] and dataset.describe()["sizes"] == {"train": 1, "val": 1, "test": 1}


def test_without_a_table_of_items_the_candidates_are_those_of_the_training_split(root):
    dataset = make(root)
    facts = dataset.describe()
    assert facts["classes"]["item"] == ["11", "13"] == facts["modality"]["items"]["symbols"]
    assert next(iter(dataset.tables()["catalogue"])) == {"item": "11", "count": 2, "content": {}}


def test_with_one_they_are_all_there_are_by_names_that_differ(root):
    dataset = make(root, items="items.jsonl", content={"sizes": "size"})
    assert dataset.items == ["A #10", "A #13", "B", "Z"] == [*dataset.texts()]
    assert [row["count"] for row in dataset.tables()["catalogue"]] == [0, 1, 2, 0]
    assert [len(row["content"]) for row in dataset.tables()["catalogue"]] == [1, 1, 1, 0]
    assert dataset.describe()["modality"]["sizes"] == {"kind": "vector", "width": 1, "length": 50}
    sample = dataset.split("test")[0]
    assert sample.inputs["items"] == ["B", "A #13", "A #10"] and sample.inputs["sizes"].shape == (3, 1)
    assert make(root, items="items.jsonl", columns={"name": None}).items == ["10", "11", "13", "15"]


def test_users_are_known_by_their_columns(root):
    dataset = make(root, users="users.csv")
    assert dict(dataset.inputs) == {"items": "history", "user": ("age", "job")}
    assert dataset.split("train")[0].inputs["user"] == {"age": "30", "job": "baker"}
    (age, job) = dataset.describe()["modality"]["user"]["columns"]
    assert age["mean"] == 30 and job["values"] == ["baker", "smith"]


def test_all_that_is_told_may_be_liked_and_histories_end_somewhere(root):
    dataset = make(root, columns={"rating": None}, length=2)
    assert dataset.taken["1"] == ["11", "12", "13", "10", "14"]
    assert dataset.split("test")[0].inputs["items"] == ["13", "10"]


def test_equal_data_has_an_equal_fingerprint(root):
    first = make(root, items="items.jsonl", content={"sizes": "size"}).fingerprint()
    assert first == make(root, items="items.jsonl", content={"sizes": "size"}).fingerprint()
    others = [make(root), make(root, threshold=3.0), make(root, length=9), make(root, users="users.csv")]
    assert len({first, *(other.fingerprint() for other in others)}) == 5


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"ratings": "none.csv"}, "dataset.ratings must be a file in .*, got 'none.csv'"),
        ({"items": "../items.jsonl"}, "dataset.items must lie inside .*, got '../items.jsonl'"),
        ({"columns": {"usr": "user_id"}}, "dataset.columns.usr is not known. Did you mean 'user'?"),
        ({"columns": {"user": "usr_id"}}, "dataset.columns.user must be a column of .*, got 'usr_id'. Did you mean"),
        ({"content": {"sizes": "size"}}, "dataset.items must be a table with dataset.content, got null"),
        ({"content": {"user": "size"}, "items": "items.jsonl"}, "dataset.content must have another name than user"),
        ({"length": 0}, "dataset.length must be at least 1, got 0"),
    ],
)
def test_a_wrong_configuration_is_refused(root, options, fault):
    with pytest.raises(ConfigError, match=fault):
        make(root, **options)


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset.root must be a folder, got 'nowhere'"):
        Ratings(root="nowhere")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("3,11,good,5", "ratings.csv:8: rating must be a finite number, got 'good'"),
        ("3,11,5,", "ratings.csv:8: timestamp must be a finite number, got None"),
        (",11,5,5", "ratings.csv:8: user_id must be a text or a whole number, got None"),
        ("3,11,nan,5", "ratings.csv:8: rating must be a finite number, got 'nan'"),
        ("3,11,5", "ratings.csv:8: a row must have one cell per column"),
    ],
)
def test_a_faulty_rating_is_refused_by_line(root, line, fault):
    with open(root / "ratings.csv", "a") as file:
        file.write(f"\n{line}")
    with pytest.raises(DataError, match=fault):
        make(root)


def test_items_are_told_once_and_users_have_plain_facts(root):
    with open(root / "items.jsonl", "a") as file:
        file.write('{"item_id": 11, "title": "again"}')
    with pytest.raises(DataError, match=r"items.jsonl:5: item_id must be unique, got that of .*items.jsonl:2"):
        make(root, items="items.jsonl")
    (root / "users.jsonl").write_text('{"user_id": "1", "age": [3]}')
    with pytest.raises(DataError, match=r"users.jsonl:1: user column 'age' must be a finite number or a text"):
        make(root, users="users.jsonl")


def test_a_split_without_rows_is_refused(root):
    with pytest.raises(DataError, match="split train must have a row, got none: no user likes enough items"):
        make(root, threshold=6.0)


@pytest.mark.skipif(not PACK.is_dir(), reason="the MovieLens pack is not there")
def test_real_ratings_are_read():
    dataset = make(PACK, items="items.jsonl", users="users.jsonl", content={"genres": "genres"})
    facts = dataset.describe()
    assert facts["sizes"] == {"train": 45369, "val": 822, "test": 822} and len(facts["classes"]["item"]) == 1682
    assert facts["modality"]["genres"]["width"] == 18
    sample = dataset.split("test")[3]
    assert len(sample.inputs["items"]) == 50 and sample.inputs["genres"].shape == (50, 18)
    assert sample.inputs["user"]["occupation"] == "administrator" and "(19" in sample.targets["item"]


def test_a_target_that_cannot_be_found_is_said(root):
    lacking = [f"1 of 1 targets of {name} are items that training lacks, and count as" for name in ("val", "test")]
    assert [note.partition(" never")[0] for note in make(root).notes] == lacking
    assert [note.partition(" never")[0] for note in make(root, items="items.jsonl").notes] == lacking[1:]
    with (root / "ratings.csv").open("a") as file:
        file.write("\n1,10,5,50\n")
    assert "1 of 1 targets of test are items of their own history, and count as never" in make(root).notes[1]


def test_commas_of_users_that_may_mean_either_are_refused_with_the_line(root):
    (root / "users.csv").write_text('user_id,pay\n1,"2,000"\n2,"3,000"\n')
    with pytest.raises(
        DataError, match=r"users\.csv:2, sample line-2: user column 'pay' must show what its commas mean"
    ):
        make(root, users="users.csv")
