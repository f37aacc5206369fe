from __future__ import annotations

from pathlib import Path

import pytest

from mmexp.dataset.table.gaps import refuse_constants, refuse_gaps
from mmexp.dataset.table.rows import Fields, Row
from mmexp.error import DataError

ROW = Row("a", "m:1", {"text": "x"}, {}, Fields())


def test_a_split_without_rows_or_without_an_input_is_refused() -> None:
    refuse_gaps({"train": [ROW]}, {"text": "text"}, Path("m"))
    with pytest.raises(DataError, match="m: split val must have a row, got none"):
        refuse_gaps({"train": [ROW], "val": []}, {"text": "text"}, Path("m"))
    with pytest.raises(DataError, match="m: column 'photo' of image must be filled in some row of train, got none"):
        refuse_gaps({"train": [ROW]}, {"image": "photo"}, Path("m"))


def test_a_target_of_one_value_is_refused() -> None:
    columns = {"label": "kind", "score": "how much"}
    refuse_constants({"label": ["a", "b"]}, columns, Path("m"))
    with pytest.raises(DataError, match="m: label must have at least 2 values in train, got only 'a'") as caught:
        refuse_constants({"label": ["a"]}, columns, Path("m"))
    assert caught.value.hint == "Set 'dataset.targets={label: null, score: \"how much\"}' to do without label."
