from __future__ import annotations

import pytest

from mmexp.dataset.base import MultimodalDataset
from mmexp.error import ConfigError
from mmexp.training.inputs import choose_inputs, read_alone, refuse_other_form, refuse_other_target
from mmexp.transform.label import LabelTransform


class Offers(MultimodalDataset):
    """A dataset by what it offers."""

    prepare = split = fingerprint = describe = texts = values = None

    def __init__(self, inputs: str, targets: str) -> None:
        self.inputs = dict(pair.split(":") for pair in inputs.split())
        self.targets = dict(pair.split(":") for pair in targets.split())


class Wants:
    """A task by what it needs."""

    def __init__(self, targets: str = "", inputs: tuple[str, ...] | None = None) -> None:
        self.targets, self.inputs = tuple(targets.split()), inputs


BOTH = Offers("image:photo text:title", "captions:captions label:label")


@pytest.mark.parametrize(
    ("asked", "data", "task", "chosen"),
    [
        (None, BOTH, Wants("label"), ("image", "text")),
        (["text", "image"], BOTH, Wants("label"), ("text", "image")),
        (None, BOTH, Wants("captions", ("image",)), ("image",)),
        (["image", "text"], BOTH, Wants("captions", ("image",)), ("image", "text")),
        (None, Offers("image:photo text:captions", "captions:captions"), Wants("captions"), ("image",)),
        (None, Offers("image:photo text:captions", "captions:captions label:x"), Wants("label"), ("image", "text")),
    ],
)
def test_inputs_are_those_asked_for_or_wanted_or_offered(asked, data, task, chosen):
    assert choose_inputs(asked, data, task) == chosen


@pytest.mark.parametrize(
    ("asked", "data", "task", "rule"),
    [
        (None, BOTH, Wants("answer"), "Wants: targets must be offered by the dataset, got answer; Offers offers capt"),
        (None, Offers("image:i", ""), Wants("label"), "got label; Offers offers none"),
        (["imag"], BOTH, Wants(), r"inputs: imag must be offered by Offers\. Did you mean 'image'\?"),
        (
            ["text"],
            Offers("image:i text:c", "captions:c"),
            Wants("captions"),
            "text must be read from other .* Wants, got c",
        ),
        (["text"], BOTH, Wants("captions", ("image",)), r"Wants: inputs must include image, got \['text'\]"),
        (None, Offers("text:captions", "captions:captions"), Wants("captions"), r"inputs must include one, got \[\]"),
    ],
)
def test_inputs_and_targets_that_do_not_fit_are_refused_by_name(asked, data, task, rule):
    with pytest.raises(ConfigError, match=rule):
        choose_inputs(asked, data, task)


def test_a_name_with_a_dot_is_refused():
    with pytest.raises(ConfigError, match=r"modality must have a name without a dot, got 'a.b'"):
        choose_inputs(None, Offers("a.b:x", ""), Wants())
    assert choose_inputs(None, Offers("items:x type:y", ""), Wants()) == ("items", "type")


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [("tags", ("image", "words")), ("label", ("image", "audio")), ("label tags", ("image", "audio", "words"))],
)
def test_the_companions_of_a_target_are_encoded_for_it(targets, chosen):
    data = Offers("image:i audio:a", "tags:t label:l")
    data.extra, data.companions = {"words": "w", "video": "v"}, {"tags": ("image", "words")}
    assert choose_inputs(None, data, Wants(targets)) == chosen


def test_a_target_by_a_name_that_the_data_does_not_have_is_answered_by_those_it_has() -> None:
    with pytest.raises(
        ConfigError, match=r"task.target must be a target of Offers, season or use, got label\."
    ) as error:
        refuse_other_target({"target": "label"}, Offers("", "season:season use:usage"))
    assert "Add task.target=season" in error.value.hint
    with pytest.raises(ConfigError, match="which has none, got label"):
        refuse_other_target({"target": "label"}, Offers("image:photo", ""))


def test_a_target_that_the_data_has_and_a_task_without_one_are_let_through() -> None:
    refuse_other_target({"target": "label"}, BOTH)
    refuse_other_target({}, Offers("image:photo", ""))


@pytest.mark.parametrize(
    ("target", "multilabel", "rule"),
    [
        ("labels", False, "form must be multilabel for target labels, which is a list of labels .* got multiclass"),
        ("label", True, "form must be multiclass or binary for target label, which is one label .* got multilabel"),
    ],
)
def test_one_label_where_the_data_has_lists_and_lists_where_it_has_one_are_refused(target, multilabel, rule) -> None:
    task = Wants(target)
    task.transforms = lambda: {target: LabelTransform(classes=["a", "b"], multilabel=multilabel)}
    data = Offers("text:title", f"{target}:{target}")
    data.values = lambda name: iter([None, "a" if multilabel else ["a"]])
    with pytest.raises(ConfigError, match=rule):
        refuse_other_form(task, data)
    task.transforms = lambda: {target: LabelTransform(classes=["a", "b"], multilabel=not multilabel)}
    refuse_other_form(task, data)


class WantsWords(Wants):
    """A task that refuses what it does not name among its inputs."""

    def slots(self, inputs):
        if "words" not in inputs:
            raise ConfigError("inputs must include words")
        return ("words", *inputs)


@pytest.mark.parametrize(
    ("task", "alone"),
    [
        (WantsWords(), ["words"]),
        (WantsWords(inputs=("words",)), ["words"]),
        (WantsWords(inputs=("words", "image")), []),
    ],
)
def test_an_input_that_a_task_refuses_is_no_single_input(task, alone):
    assert read_alone(task, ["image", "words"]) == alone
