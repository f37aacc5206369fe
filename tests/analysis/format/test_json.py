from __future__ import annotations

import json

from mmexp.analysis.format.json import render


def test_records_of_all_tables_are_one_list(table):
    assert json.loads(render([table, table])) == list(table.records) * 2
