from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import write_json
from mmexp.run.origin import origin, paths_from


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "away/data").mkdir(parents=True)
    folder = RunFolder.create(tmp_path, "x")
    write_json(folder.manifest, {"cwd": str(tmp_path / "away")})
    return folder


def test_a_run_remembers_the_folder_it_began_in(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert origin(folder) == tmp_path / "away"
    monkeypatch.chdir(tmp_path / "away")
    assert origin(folder) is None
    write_json(folder.manifest, {"cwd": str(tmp_path / "gone")})
    assert origin(folder) is None
    folder.manifest.unlink()
    assert origin(folder) is None


def test_only_relative_paths_that_are_there_are_made_absolute(folder: RunFolder, tmp_path: Path) -> None:
    away = tmp_path / "away"
    (away / "rows.csv").touch()
    assert paths_from(away, {"root": "data", "manifest": "rows.csv"}) == {"root": f"{away}/data"}
    assert paths_from(away, {"root": None, "manifest": "rows.csv", "other": 3}) == {"manifest": f"{away}/rows.csv"}
    assert paths_from(away, {"root": "/usr"}) == {} == paths_from(away, {"root": "elsewhere"})
