"""The scripts in docs/examples run from beginning to end."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "docs/examples").glob("*.py"))


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def names(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an example has defined in the end; its current folder, and its cache, are temporary."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MMEXP_CACHE", str(folder / "cache"))
        patch.setattr(os, "fsync", lambda handle: None)
        return runpy.run_path(str(request.param), run_name="__main__")


def test_an_example_says_what_it_is(names: dict[str, Any]):
    assert names["__doc__"]


def test_all_runs_of_an_example_are_compared(names: dict[str, Any]):
    assert len(names["runs"]) > 1 and [run.status for run in names["runs"]] == ["done"] * len(names["runs"])
    assert sorted(i for group in names["groups"] for i in group["runs"]) == sorted(run.id for run in names["runs"])


def test_an_example_predicts_a_row_for_each_sample(names: dict[str, Any]):
    assert [row["id"] for row in names["rows"]] == ["0", "ball"]


def test_the_loop_of_an_example_learns(names: dict[str, Any]):
    assert names["losses"][-1] < names["losses"][0] / 20
