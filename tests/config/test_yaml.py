from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from mmexp.config.yaml import LARGEST, check_yaml, shown, yaml_errors
from mmexp.error import ConfigError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "a.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_plain_yaml_with_a_few_aliases_passes(tmp_path: Path) -> None:
    check_yaml(write(tmp_path, "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n"))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a" * (LARGEST + 1), "size must be at most 1,000,000 bytes, got 1,000,001"),
        (b"a: \xff", "text must be UTF-8, got invalid start byte at byte 3"),
        ("a: &a [*a]", "aliases must write out to at most 10,000 values"),
        ("a: &a [" + "x," * 200 + "]\nb: [" + "*a," * 200 + "]", "aliases must write out to at most 10,000 values"),
        ("a: &a 1\nb: *a\nc: " + "[" * 3000, ":3: values must be nested at most 100 deep, got more"),
        ("a:\n" + "- " * 100_000, ":2: values must be nested at most 100 deep, got more"),
        ("a: " + "{a: " * 50_000, ":1: values must be nested at most 100 deep, got more"),
        ("a: &a 1\nb: *c\n", r"a.yaml:2: file must be plain YAML, got: found undefined alias 'c'"),
    ],
)
def test_what_could_exhaust_the_machine_is_refused(tmp_path: Path, text: str | bytes, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        check_yaml(write(tmp_path, text))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match="config must be a regular file"):
        check_yaml(tmp_path / "pipe.yaml")


def test_a_fault_of_the_reader_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(ConfigError, match=r"^a.yaml:2: file must be plain YAML, got: "),
        yaml_errors(tmp_path / "a.yaml"),
    ):
        yaml.safe_load("a: 1\nb: ]\n")


def test_a_path_is_shown_as_it_would_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "conf/a.yaml") == "conf/a.yaml"
    assert shown(Path("/etc/a.yaml")) == "/etc/a.yaml"
