from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.dataset.manifest import Manifest
from mmexp.dataset.scenes import Scenes
from mmexp.error import ConfigError


def test_a_column_is_read_by_id_whatever_it_is_for(tmp_path: Path):
    path = tmp_path / "m.csv"
    path.write_text("id,text,label,Age\na,x,0,31\nb,y,1,\n")
    dataset = Manifest(manifest=str(path))
    assert dict(dataset.column("age")) == {"a": "31", "b": None}
    with pytest.raises(ConfigError, match=r"column must be one of .*m\.csv, got 'ag'"):
        dataset.column("ag")


def test_a_dataset_that_is_no_table_has_no_columns():
    with pytest.raises(ConfigError, match="column must be one of a table, got 'age' with Scenes"):
        Scenes(sizes=[1, 1, 1], image_size=32, cache=None).column("age")
