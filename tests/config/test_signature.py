from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
import torch

from mmexp.config.signature import Signature, accepts, read_signature, rule
from mmexp.config.static import find_class
from mmexp.hardware.base import Hardware
from mmexp.method.full import FullMethod


def read(target: str) -> Signature:
    found = find_class(target)
    assert found is not None
    return read_signature(found)


@pytest.mark.parametrize(
    "cls",
    [torch.optim.AdamW, torch.optim.SGD, torch.nn.Linear, torch.nn.GELU, FullMethod, Hardware],
    ids=lambda cls: cls.__name__,
)
def test_a_signature_read_equals_the_one_python_binds(cls: type) -> None:
    expected = inspect.signature(cls).parameters
    signature = read(f"{cls.__module__}.{cls.__qualname__}")
    assert list(signature.arguments) == list(expected)
    required = [name for name, argument in signature.arguments.items() if argument.required]
    assert required == [name for name, value in expected.items() if value.default is inspect.Parameter.empty]
    assert not signature.open


def test_a_class_without_a_constructor_takes_nothing() -> None:
    assert read("torch.nn.Identity").arguments.keys() == set()
    assert read("mmexp.pool.mean.MeanPool") == Signature({})


def test_a_constructor_with_other_keywords_is_open() -> None:
    assert read("torchmetrics.classification.MulticlassAccuracy").open


def test_an_alias_of_the_same_module_is_put_in() -> None:
    annotation = read("mmexp.hardware.base.Hardware").arguments["precision"].annotation
    assert rule(annotation) == "one of '32-true', 'bf16-mixed', '16-mixed'"


def test_fields_of_dataclasses_and_what_cannot_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy_signature.py").write_text(
        "from dataclasses import dataclass\nfrom typing import ClassVar\n\n"
        "@dataclass\nclass A:\n    a: int\n    k: ClassVar[int] = 3\n\n"
        "@dataclass(frozen=True)\nclass B(A):\n    b: 'str | None' = None\n\nclass C(make()): ...\n"
    )
    arguments = read("toy_signature.B").arguments
    assert [(name, argument.required) for name, argument in arguments.items()] == [("a", True), ("b", False)]
    assert rule(arguments["b"].annotation) == "str | None"
    assert read("toy_signature.C").open


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [1, -1], [1.5, "1", None, True, [1]]),
        ("float", [1, 1.5], ["1", None, True]),
        ("bool", [True], [1, "true", None]),
        ("str", ["x"], [1, None, ["x"]]),
        ("int | None", [1, None], ["x"]),
        ("Optional[float]", [None, 1], ["x"]),
        ("typing.Union[int, str]", [1, "x"], [1.5]),
        ("Literal['a', 'b']", ["a"], ["c", None]),
        ("Sequence[str]", [["a"]], ["a", 1]),
        ("tuple[float, float]", [[1, 2]], [1]),
        ("Mapping[str, int]", [{"a": 1}], [["a"]]),
        ("float | Tensor", [1.0], ["fast"]),
        ("Path", ["x", 1, None], []),
    ],
)
def test_values_are_told_from_their_annotation(annotation: str, good: list[Any], bad: list[Any]) -> None:
    kind = ast.parse(annotation, mode="eval").body
    assert all(accepts(kind, value) for value in good)
    assert not any(accepts(kind, value) for value in bad)


def test_what_has_no_annotation_takes_anything() -> None:
    assert accepts(None, object())
    assert rule(None) == "plain"
