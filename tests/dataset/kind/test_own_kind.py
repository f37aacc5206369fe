"""A kind of data, its encoder and a dataset of one's own: files in a folder outside mmexp, and no file of it edited."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.dataset.build import build_dataset
from mmexp.error import DataError
from mmexp.run.folder import RunFolder, runs

PLUGIN = {
    "clouds/__init__.py": "",
    "clouds/kind.py": """
        import numpy as np
        from mmexp.dataset.kind.media import FileKind

        class PointsKind(FileKind):
            suffixes = (".points.npy",)
            inputs = {"points": ("points",)}

            def open(self, path):
                return np.load(path).astype(np.float32)

            def inspect(self, content):
                return {"points": len(content)}

            def describe_files(self, inspected):
                return {"most_points": max(one.facts["points"] for one in inspected)}
    """,
    "clouds/encoder.py": """
        import torch
        from torch import nn
        from mmexp.contract import Tokens
        from mmexp.encoder.base import Encoder
        from mmexp.transform.base import Transform, pad

        class PointsTransform(Transform):
            def prepare(self, raw):
                return torch.from_numpy(raw)

            def collate(self, items):
                return pad(items, width=(3,))

        class PointsEncoder(Encoder):
            def __init__(self, *, dim: int, most: int = 0):
                super().__init__()
                self.transform = PointsTransform()
                self.most, self.project = most, nn.Linear(3, dim)

            def forward(self, inputs):
                return Tokens(self.project(inputs.values), inputs.mask)
    """,
    "clouds/dataset.py": """
        import numpy as np
        from mmexp.contract import Sample
        from mmexp.dataset.base import MultimodalDataset
        from mmexp.dataset.samples import Samples

        class Split(Samples):
            def __init__(self, name, size):
                self.name, self.size = name, size

            def __len__(self):
                return self.size

            def sample(self, index):
                points = np.full((4, 3), index % 2, np.float32)
                return Sample(f"{self.name}-{index}", {"points": points}, {"label": "ab"[index % 2]})

        class Clouds(MultimodalDataset):
            inputs = {"points": "points"}
            targets = {"label": "label"}

            def __init__(self, *, size: int = 4):
                self.size = size

            def prepare(self, splits=("train", "val", "test")):
                pass

            def split(self, name):
                return Split(name, self.size)

            def describe(self):
                return {"classes": {"label": ["a", "b"]}, "sizes": {}, "most_points": 4}

            def texts(self):
                yield "points"

            def values(self, target):
                return (sample.targets[target] for sample in self.split("train"))

            def fingerprint(self):
                return f"clouds of {self.size}"
    """,
    "conf/kind/points.yaml": """
        # Point clouds, as float32 [N, 3].
        _target_: clouds.kind.PointsKind
    """,
    "conf/encoder/points/linear.yaml": """
        # One linear map per point.
        _target_: clouds.encoder.PointsEncoder
        dim: ${dim}
        most: ${facts:most_points}
    """,
    "conf/dataset/clouds.yaml": """
        # Point clouds made up when they are asked for.
        _target_: clouds.dataset.Clouds
    """,
}
STEP = ["encoder/points=linear", "plugins=[clouds]", "training.epochs=1", "training.validate_every=1", "dim=8"]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the plugin, its YAMLs and a table of ten clouds; the working directory."""
    for name, content in PLUGIN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        lines = content.strip("\n").splitlines()
        (tmp_path / name).write_text("\n".join(line.removeprefix("        ") for line in lines) + "\n")
    rows = []
    for number, split in enumerate(["train"] * 6 + ["val"] * 2 + ["test"] * 2):
        np.save(tmp_path / f"{number}.points.npy", np.full((3 + number % 2, 3), number % 2 + number / 100))
        rows.append({"id": f"r{number}", "points": f"{number}.points.npy", "label": "ab"[number % 2], "split": split})
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "clouds"]:
        del sys.modules[name]


def predicted(words: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["predict", "last", *words, "plugins=[clouds]", "hardware=cpu", "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def last() -> RunFolder:
    return runs("outputs")[-1]


@pytest.mark.parametrize("column", ["points", "cloud"])
def test_files_of_a_new_kind_are_trained_tested_and_predicted(
    lab: Path, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    table = lab / "manifest.jsonl"
    table.write_text(table.read_text().replace('"points":', f'"{column}":'))
    data = ["dataset=manifest", f"dataset.root={lab}"]
    if column != "points":
        data += [f"dataset.inputs={{{column}: {column}}}"]
    assert main(["check", *data, *STEP]) == 0
    assert main(["train", *data, *STEP, "hardware=cpu"]) == 0
    facts = json.loads(last().facts.read_text())
    assert facts["inputs"] == [column] and facts["most_points"] == 4
    assert main(["test", "last", "plugins=[clouds]", "hardware=cpu"]) == 0
    rows = predicted(["manifest.jsonl", "0.points.npy", f"{column}=1.points.npy"], capsys)
    assert [row["id"] for row in rows] == [*(f"r{n}" for n in range(10)), "0.points.npy", "typed"]
    assert rows[10]["scores"] == pytest.approx(rows[0]["scores"], abs=1e-6)


def test_a_dataset_of_ones_own_is_trained_tested_and_its_kind_predicted(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "dataset=clouds", *STEP, "hardware=cpu"]) == 0
    assert main(["test", "last", "plugins=[clouds]", "hardware=cpu"]) == 0
    assert [row["id"] for row in predicted(["0.points.npy"], capsys)] == ["0.points.npy"]


def test_a_new_kind_is_listed_and_shown_like_the_others(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "kind"]) == 0 and main(["show", "kind=points"]) == 0
    out = capsys.readouterr().out
    assert "Point clouds, as float32 [N, 3]." in out and "PointsKind" in out and "ImageKind" not in out


def test_a_kind_whose_package_is_not_trusted_is_refused(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert "plugins=[clouds]" in " ".join(capsys.readouterr().err.split())


def test_an_array_file_of_no_known_kind_is_never_read_as_text(lab: Path) -> None:
    (lab / "conf/kind/points.yaml").unlink()
    words = ["dataset=manifest", f"dataset.root={lab}", "dataset.inputs={cloud: points}"]
    dataset = build_dataset(compose(words).plain())
    with pytest.raises(
        DataError, match=r"column .points. of cloud must be paths of files that are read .*, got '0\.points\.npy'"
    ):
        dataset.prepare()
