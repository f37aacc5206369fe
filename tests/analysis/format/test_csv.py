from __future__ import annotations

import csv
from dataclasses import replace

from mmexp.analysis.format.csv import render


def test_numbers_have_all_digits_and_a_score_two_columns(table):
    first, second = csv.DictReader(render([table]).splitlines(keepends=True))
    assert (first["n"], first["test/accuracy"], first["test/accuracy std"]) == ("3", "0.9125", "0.01")
    assert (first["verdict outcome"], first["verdict difference"], first["verdict high"]) == ("better", "0.25", "")
    assert (second["n"], second["test/accuracy std"], second["verdict"]) == ("", "", "")
    assert first["fusion"].startswith(r"a|b\c{d}%$#_&~^<script>[x]*`\x1b[31m")


def test_a_text_is_never_a_formula(table):
    assert list(csv.DictReader(render([table]).splitlines()))[-1]["fusion"] == "'=2+2"


def test_tables_share_one_header(table):
    other = replace(table, columns=table.columns[:2], title="z")
    rows = list(csv.DictReader(render([table, other]).splitlines()))
    assert [row["table"] for row in rows][-1] == "z" and rows[-1]["test/accuracy"] == ""
