from __future__ import annotations

import pickle

import numpy as np
import pytest

from mmexp.dataset.scenes import Scenes, is_whole, read_images
from mmexp.error import ResourceError


def small(tmp_path, **settings) -> Scenes:
    return Scenes(**{"sizes": [12, 4, 4], "cache": str(tmp_path), **settings})


def same(one, other) -> bool:
    return (
        one.id == other.id
        and all(np.array_equal(one.targets[name], other.targets[name]) for name in one.targets if name != "audio")
        and one.inputs["text"] == other.inputs["text"]
        and np.array_equal(one.inputs["image"], other.inputs["image"])
        and np.array_equal(one.inputs["audio"].samples, other.inputs["audio"].samples)
    )


def test_a_sample_is_the_same_drawn_anew_read_from_the_cache_and_after_pickling(tmp_path):
    data = small(tmp_path)
    data.prepare()
    fresh, cached = small(tmp_path, cache=None).split("train"), data.split("train")
    assert cached.images is not None and fresh.images is None
    assert all(same(fresh[i], cached[i]) and same(cached[i], pickle.loads(pickle.dumps(cached))[i]) for i in (0, 11))


def test_a_cut_off_cache_is_never_used_and_is_written_anew(tmp_path):
    data = small(tmp_path)
    data.prepare()
    file = data.worlds["train"].file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert small(tmp_path).split("train").images is None
    small(tmp_path).prepare()
    assert file.read_bytes() == whole


def test_another_world_has_another_cache_and_another_fingerprint(tmp_path):
    one, other = small(tmp_path), small(tmp_path, seed=1)
    assert one.worlds["val"].file(tmp_path) != other.worlds["val"].file(tmp_path)
    assert one.fingerprint() == small(tmp_path).fingerprint() != other.fingerprint()


def test_a_question_is_asked_beside_what_is_told(tmp_path):
    data = small(tmp_path)
    sample = data.split("train")[0]
    assert sample.inputs["text"] == sample.targets["captions"] and isinstance(sample.inputs["question"], str)
    assert "question" in data.extra and data.companions["answer"] == ("image", "audio", "question")
    assert data.describe()["modality"]["question"] == {"kind": "text"}


def test_a_picture_and_its_sound_are_targets_too(tmp_path):
    data = small(tmp_path)
    data.prepare()
    sample = data.split("train")[0]
    assert np.array_equal(sample.targets["image"], sample.inputs["image"])
    assert np.array_equal(sample.targets["audio"].samples, sample.inputs["audio"].samples)


def test_facts_hold_the_classes_of_every_label_and_texts_all_words(tmp_path):
    data = small(tmp_path)
    facts = data.describe()
    for sample in data.split("train"):
        assert all(sample.targets[name] in facts["classes"][name] for name in ("label", "answer", "same_colour"))
        assert set(sample.targets["attributes"]) <= set(facts["classes"]["attributes"])
    assert facts["sizes"] == {"train": 12, "val": 4, "test": 4} and facts["sample_rate"] == 8000
    captions = list(data.values("captions"))
    assert captions == [sample.targets["captions"] for sample in data.split("train")]
    assert {text for row in captions for text in row} <= set(data.texts())
    talks = [(*sample.inputs["history"], sample.targets["reply"]) for sample in data.split("train")]
    assert {turn for talk in talks for turn in talk} <= set(data.texts())


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"sizes": [3, 4]}, r"sizes must be three numbers of at least 1, got \[3, 4\]"),
        ({"max_objects": 5}, r"max_objects must be in \[1, 4\], got 5"),
        ({"image_size": 8}, "image_size must be at least 32, got 8"),
        ({"seed": -1}, "seed must be .*got -1"),
        ({"seed": 2**64}, f"seed must be .*got {2**64}"),
    ],
)
def test_settings_out_of_range_are_refused(tmp_path, settings, fault):
    with pytest.raises(ValueError, match=fault):
        small(tmp_path, **settings)


def test_an_index_outside_the_split_is_refused(tmp_path):
    with pytest.raises(IndexError, match=r"index must be in \[0, 4\), got 4"):
        small(tmp_path).split("val")[4]


def test_an_empty_file_or_one_of_another_kind_is_not_used(tmp_path):
    world = small(tmp_path).worlds["val"]
    world.file(tmp_path).touch()
    assert read_images(world, tmp_path) is None
    np.save(world.file(tmp_path), np.zeros((4, 64, 64, 3), np.float32))
    assert read_images(world, tmp_path) is None


def test_the_environment_moves_the_default_folder_but_none_that_was_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path / "moved"))
    assert Scenes().cache == tmp_path / "moved"
    assert Scenes(cache=str(tmp_path / "named")).cache == tmp_path / "named"


def test_a_cache_that_cannot_be_written_says_what_to_type(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match=r"cache must be a folder that can be written, got .*inner") as raised:
        small(tmp_path / "file/inner").prepare()
    assert "dataset.cache=null" in raised.value.hint


def test_only_the_splits_that_are_asked_for_are_drawn(tmp_path):
    data = small(tmp_path)
    data.prepare(("test",))
    assert [data.worlds[name].file(tmp_path).exists() for name in ("train", "val", "test")] == [False, False, True]


def test_nothing_is_drawn_voiced_or_cut_out_that_is_not_read(tmp_path, monkeypatch):
    def fail(*_):
        raise AssertionError

    for name in ("draw.render", "sound.render", "mask.render", "video.render"):
        monkeypatch.setattr(f"mmexp.dataset.synthetic.scenes.{name}", fail)
    monkeypatch.setattr(
        "mmexp.dataset.scenes.SHOWN", {"text": lambda *_: ["told"], "image": fail, "audio": fail, "video": fail}
    )
    sample = small(tmp_path, cache=None).split("train")[0]
    assert sample.inputs["text"] == ["told"] and sample.targets["score"] <= 1
    assert {"image", "audio", "video"} <= set(sample.inputs) and "mask" in sample.targets


def test_words_video_and_table_are_there_for_who_asks(tmp_path):
    data = small(tmp_path)
    assert list(data.inputs) == ["image", "audio", "text"] and {"words", "video", "tabular"} <= {*data.extra}
    sample = data.split("train")[0]
    assert len(sample.inputs["words"]) == len(sample.targets["tags"]) and sample.inputs["video"].ndim == 4
    columns = data.describe()["modality"]["tabular"]["columns"]
    assert set(sample.inputs["tabular"]) <= {column["name"] for column in columns}
    assert [sorted(column)[0] for column in columns] == ["name", "mean", "mean", "mean", "name"]


def test_the_mask_is_as_large_as_the_image_and_the_score_is_measured(tmp_path):
    data = small(tmp_path, image_size=48)
    sample = data.split("val")[0]
    assert sample.targets["mask"].shape == sample.inputs["image"].shape[:2] == (48, 48)
    scores = list(data.values("score"))
    assert np.isclose(data.describe()["score"]["mean"], np.mean(scores), atol=1e-5)
    assert np.isclose(data.describe()["score"]["std"], np.std(scores), atol=1e-5)


def test_a_cache_with_other_pixels_or_without_its_checksum_is_written_anew(tmp_path):
    data = small(tmp_path)
    data.prepare()
    file = data.worlds["train"].file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-50] + bytes(50))
    small(tmp_path).prepare()
    assert file.read_bytes() == whole
    file.with_suffix(".crc32").unlink()
    assert not is_whole(data.worlds["train"], tmp_path)
    small(tmp_path).prepare()
    assert is_whole(data.worlds["train"], tmp_path)
