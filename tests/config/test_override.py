from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.config.override import expand, read
from mmexp.error import ConfigError


@pytest.fixture(autouse=True)
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf/colour").mkdir(parents=True)
    for name in ("red", "rose", "blue"):
        (tmp_path / f"conf/colour/{name}.yaml").touch()
    monkeypatch.chdir(tmp_path)


def test_lists_are_multiplied_in_order_the_last_varying_fastest() -> None:
    jobs = expand(["fusion=concat,gated", "seed=0,1,2", "dim=8"])
    assert jobs == [[f"fusion={f}", f"seed={s}", "dim=8"] for f in ("concat", "gated") for s in (0, 1, 2)]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=range(0,3)", ["0", "1", "2"]),
        ("seed=choice(4,5)", ["4", "5"]),
        ("colour=glob(r*)", ["red", "rose"]),
        ("colour=glob([*],exclude=b*)", ["red", "rose"]),
        ("inputs=[image],[image,text]", ["[image]", "[image,text]"]),
        ("+task.x=1,2", ["1", "2"]),
        ("name='a,b'", ["'a,b'"]),
    ],
)
def test_each_form_of_a_sweep_is_written_out(word: str, values: list[str]) -> None:
    assert expand([word]) == [[f"{word.partition('=')[0]}={value}"] for value in values]


def test_nothing_to_sweep_is_one_job() -> None:
    assert expand([]) == [[]]


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("dim=interval(0,1)", "sweep must be over single values, got an interval"),
        ("colour=glob(x*)", "sweep must match an option, got none. Options are: blue, red, rose"),
        ("words", "override must follow Hydra's grammar, got 'words'"),
    ],
)
def test_a_sweep_that_cannot_be_written_out_is_refused(word: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule.replace(".", r"\.")):
        expand([word])


def test_all_words_that_are_wrong_are_told() -> None:
    with pytest.raises(ConfigError) as caught:
        expand(["words", "dim=interval(0,1)"])
    assert len(caught.value.problems) == 2


def test_groups_and_values_are_told_apart() -> None:
    asked = read(["colour=red", "colour@task.paint=blue", "seed=3", "+dim=4", "~task"])
    assert [item.key_or_group for item in asked.groups] == ["colour", "colour", "task"]
    assert [item.key_or_group for item in asked.values] == ["seed", "dim"]
    assert asked.keys == ("seed", "dim", "task")
    assert asked.problems == []


def test_a_value_below_a_choice_that_does_not_exist_is_not_told_as_well() -> None:
    asked = read(["fusion=gatd", "fusion.depth=3"])
    assert asked.problems == ["command line: fusion must be one of its options, got 'gatd'. Did you mean 'gated'?"]
    assert asked.values == []


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("name=x=1", 'name="x=1"'),
        ("dataset.root=run#1", 'dataset.root="run#1"'),
        ("outputs=für alle", 'outputs="für alle"'),
    ],
)
def test_a_value_with_signs_of_the_grammar_is_refused_with_what_to_type(word: str, typed: str) -> None:
    (problem,) = read([word]).problems
    assert problem.endswith(f" Put the value in quotes: '{typed}'")
    (value,) = read([typed]).values
    assert value.value() == word.partition("=")[2]


def test_a_word_of_brackets_is_refused_at_once() -> None:
    (problem,) = read(["seed=" + "[" * 100_000]).problems
    assert "(more than 50 nested brackets)" in problem and len(problem) < 300


def test_a_text_stays_as_it_is_typed() -> None:
    root = compose(["name=1e3", "outputs=007"]).plain()
    assert (root["name"], root["outputs"]) == ("1e3", "007")
    with pytest.raises(ConfigError, match=r"seed must be int, got '1000.0'\. Set seed=1000\."):
        compose(["seed=1e3"])
