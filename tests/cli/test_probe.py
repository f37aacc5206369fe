from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmexp.cli import main

SMALL = ["dataset.sizes=[40,10,20]", "training.epochs=1", "training.validate_every=1", "dim=8", "hardware=cpu"]


def probe(outputs: Path, *words: str) -> int:
    return main(
        ["probe", "fusion=sum,product", "dataset.interaction=xor,missing", *SMALL, "--outputs", str(outputs), *words]
    )


def test_a_table_and_words_tell_what_each_fusion_can_do_and_nothing_is_trained_twice(tmp_path, in_process, capsys):
    assert probe(tmp_path) == 0
    shown = capsys.readouterr()
    assert "fusion=product dataset.interaction=missing  done" in shown.err and "[4/4]" in shown.err
    assert "best possible" in shown.out and "chance" in shown.out
    assert {"sum", "product"} <= {line.partition(":")[0] for line in shown.out.splitlines()}
    runs = sorted(path.name for path in (tmp_path / "probe").iterdir())
    assert probe(tmp_path, "--json") == 0
    again = capsys.readouterr()
    found = json.loads(again.out)
    assert again.err == "" and sorted(path.name for path in (tmp_path / "probe").iterdir()) == runs
    assert [set(found["accuracy"][name]) for name in ("sum", "product")] == [{"xor", "missing"}] * 2
    assert found["optimal"] == {"xor": 1.0, "missing": 1.0} and found["chance"]["xor"] == 0.25


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["fusion=tensr"], "Did you mean 'tensor'"),
        (["fusion=sum", "dataset.interaction=xr"], "got 'xr'"),
        (["--workers", "0"], "workers must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_probed_is_refused(words, fault, capsys, tmp_path):
    assert main(["probe", *words, "--outputs", str(tmp_path)]) in (1, 2)
    assert fault in capsys.readouterr().err
