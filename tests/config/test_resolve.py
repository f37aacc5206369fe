from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from mmexp.config.resolve import escaped, is_shared, resolve, texts, try_resolve
from mmexp.error import ConfigError


def test_all_is_resolved_but_facts() -> None:
    node = OmegaConf.create({"dim": 3, "a": {"b": "${dim}", "c": "${facts:x.${dim}}", "d": ["${a.b}", None]}})
    assert resolve(node)["a"] == resolve(node.a) == {"b": 3, "c": "${facts:x.3}", "d": [3, None]}


def test_a_section_is_resolved_where_it_stands_and_where_others_refer_to_it() -> None:
    section = {"b": ["${dim}", {"c": r"\${x}"}], "null": None}
    node = OmegaConf.create({"dim": 3, "a": section, "same": "${a}", "inner": "${a.b}", "none": "${a.null}"})
    plain = {"b": [3, {"c": "${x}"}], "null": None}
    assert resolve(node) == {"dim": 3, "a": plain, "same": plain, "inner": plain["b"], "none": None}


def test_what_cannot_be_resolved_is_told_all_at_once() -> None:
    node = OmegaConf.create({"a": "${b}", "b": "${a}", "c": {"d": "${dimm}", "e": "???"}, "dim": 1, "f": "${nope:1}"})
    with pytest.raises(ConfigError) as caught:
        resolve(node)
    assert caught.value.problems == [
        "a must not refer to itself, got a cycle.",
        "b must not refer to itself, got a cycle.",
        "c.d must refer to a key that exists, got 'dimm'. Did you mean 'dim'?",
        "c.e must be given, got none. Set c.e=<value>.",
        "f must use a resolver that exists, got 'nope'. Choose one of: facts, oc.env.",
    ]


def test_a_value_that_swells_when_resolved_is_stopped() -> None:
    rows = {f"a{i}": [f"${{a{i - 1}}}"] * 10 for i in range(1, 12)}
    _, problems = try_resolve(OmegaConf.create({"a0": 1, **rows}))
    assert "config must resolve to at most 50,000 values" in problems[""]


@pytest.mark.parametrize("text", ["plain", "${facts:a.b-c}", "x ${facts:a} y"])
def test_a_shared_config_may_read_facts(text: str) -> None:
    assert is_shared(text)


@pytest.mark.parametrize("text", ["${a}", "${oc.env:HOME}", "${facts:${a}}", "${facts:a}${oc.env:X}", "${facts:a b}"])
def test_a_shared_config_may_read_nothing_else(text: str) -> None:
    assert not is_shared(text)


def test_raw_texts_are_listed_with_their_keys() -> None:
    node = OmegaConf.create({"a": {"b": ["${x}", 3, "y"]}, "x": 1})
    assert list(texts(node)) == [("a.b.0", "${x}"), ("a.b.2", "y")]


def test_escaped_text_comes_back_as_it_was() -> None:
    plain = {"a": ["${x}", "${facts:y}", 1]}
    assert resolve(OmegaConf.create(escaped(plain))) == plain
