from __future__ import annotations

from omegaconf import OmegaConf

from mmexp.config.omegaconf_internal import full_path, root_node, to_yaml

ROOT = OmegaConf.create({"a": {"b": {"c": 2}}})


def test_a_node_knows_its_root_and_its_path() -> None:
    node = ROOT.a.b
    assert root_node(node) is ROOT
    assert full_path(node) == "a.b"
    assert full_path(node, "c") == "a.b.c"
    assert full_path(ROOT) == ""


def test_plain_containers_are_written_as_a_config_is() -> None:
    plain = {"a": {"b": [1, None, {"c": "yes"}], "d": "1e3", "e": "3", "f": 1e-05}, "g": [], "h": {}, "i": "ä: b"}
    assert to_yaml(plain) == OmegaConf.to_yaml(OmegaConf.create(plain))
