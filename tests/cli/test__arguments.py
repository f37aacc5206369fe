from __future__ import annotations

import pytest

from mmexp.cli._arguments import Arguments, joined
from mmexp.error import ConfigError


@pytest.fixture
def arguments() -> Arguments:
    made = Arguments("verb")
    made.add_argument("name", nargs="?", default="x")
    made.add_argument("--json", action="store_true")
    made.add_argument("--metric", default="")
    return made


def test_words_and_options_are_read(arguments: Arguments) -> None:
    given = arguments.read(["a", "--metric", "m"])
    assert (given.name, given.json, given.metric) == ("a", False, "m")


def test_words_may_stand_before_and_behind_options() -> None:
    arguments = Arguments("verb")
    arguments.add_argument("name")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("--json", action="store_true")
    given = arguments.read(["a", "--json", "b=1", "c=2"])
    assert (given.name, given.overrides, given.json) == ("a", ["b=1", "c=2"], True)


def test_an_unknown_option_brings_the_nearest(arguments: Arguments) -> None:
    with pytest.raises(ConfigError, match="option must be one that exists, got '--jsn'") as caught:
        arguments.read(["--jsn"])
    assert caught.value.hint == "Did you mean '--json'?"


def test_an_option_is_never_guessed_from_its_beginning(arguments: Arguments) -> None:
    with pytest.raises(ConfigError, match="got '--js'"):
        arguments.read(["--js"])


def test_a_missing_value_points_to_the_help(arguments: Arguments) -> None:
    with pytest.raises(ConfigError, match="words must follow its usage, got argument --metric") as caught:
        arguments.read(["--metric"])
    assert caught.value.hint == "Run: mmexp verb --help"


def test_a_value_may_begin_with_a_minus():
    assert joined(["a", "--sort", "-x", "--wide"], "--sort") == ["a", "--sort=-x", "--wide"]
    assert joined(["--sort"], "--sort") == ["--sort"] and joined(["a"], "--sort") == ["a"]
