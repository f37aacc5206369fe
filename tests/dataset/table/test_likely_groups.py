from __future__ import annotations

from mmexp.dataset.table.likely_groups import follows, likely_groups
from mmexp.dataset.table.reader import Record


def rows(number: int = 60) -> list[Record]:
    """Speakers of one gender each, who say what the label is, one second or more; the take numbers the rows."""
    cells = [
        {
            "speaker": f"s{i % 6}",
            "gender": "fm"[i % 2],
            "label": i // 6,
            "spelled": f"digit {i // 6}",
            "rate": 8000,
            "duration": 1 + (i % 3) / 10,
            "take": i,
            "site": None if i == 3 else "x" if i % 4 else "y",
        }
        for i in range(number)
    ]
    return [Record(f"r{i}", "", row) for i, row in enumerate(cells)]


COLUMNS = ["speaker", "gender", "spelled", "rate", "duration", "take", "site"]


def test_the_finest_column_whose_values_repeat_is_likely_to_name_groups():
    assert likely_groups(rows(), COLUMNS, ["label"]) == ["speaker"]


def test_what_follows_from_the_target_is_none():
    assert likely_groups(rows(), ["spelled"], ["label"]) == []
    assert likely_groups(rows(), ["spelled"], []) == ["spelled"]


def test_a_few_rows_show_nothing():
    assert likely_groups(rows(12), COLUMNS, ["label"]) == []


def test_a_column_follows_from_one_that_is_as_fine_or_finer():
    assert follows(["f", "m", "f"], ["a", "b", "c"]) and not follows(["a", "b", "c"], ["f", "m", "f"])
