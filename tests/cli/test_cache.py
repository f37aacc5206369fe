from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexp.cache import store
from mmexp.cli import main
from mmexp.error import ConfigError


@pytest.fixture(autouse=True)
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXP_CACHE", str(tmp_path))
    for key in ("aa1", "bb2"):
        about = {"model": f"model-{key}", "modality": "image", "values": 1}
        store.build(key, about, lambda write: write("n", np.zeros((2, 3), np.float32)))


def test_stores_are_listed_with_what_they_hold(capsys: pytest.CaptureFixture[str]):
    assert main(["cache"]) == 0
    said = capsys.readouterr().out
    assert "model-aa1" in said and "model-bb2" in said and "0.00 GiB in" in said


def test_the_stores_that_are_named_are_removed_and_then_all(capsys: pytest.CaptureFixture[str]):
    assert main(["cache", "clear", "aa"]) == 0
    assert [one.path.name for one in store.stores()] == ["bb2"]
    assert main(["cache", "clear"]) == 0 and not store.stores()
    assert "1 stores removed" in capsys.readouterr().out
    assert main(["cache", "list"]) == 0
    assert "No features in" in capsys.readouterr().out


def test_a_store_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["cache", "clear", "cc"]) == ConfigError.exit_code
    said = capsys.readouterr().err
    assert "store must be one in" in said and "got 'cc'" in said and "Run: mmexp cache list" in said
    assert len(store.stores()) == 2
