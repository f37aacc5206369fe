from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mmexp.dataset.table.reader import absent, column_names, find_column, find_table, read_table
from mmexp.dataset.table.text_format import TextFormat
from mmexp.error import ConfigError, DataError


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_json_lines_keep_their_types_and_know_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, "m.jsonl", '{"id": "a", "label": 3}\n\n{"id": 7, "captions": ["x", "y"]}\n')
    first, second = read_table(path)
    assert (first.id, first.values["label"], first.where) == ("a", 3, f"{path}:1")
    assert (second.id, second.values["captions"], second.where) == ("7", ["x", "y"], f"{path}:3")
    assert column_names([first, second]) == ["id", "label", "captions"]


def test_a_row_without_an_id_is_named_by_its_line(tmp_path: Path) -> None:
    records = read_table(write(tmp_path, "m.jsonl", '{"label": 1}\n\n{"label": 2}'))
    assert [record.id for record in records] == ["line-1", "line-3"]


def test_csv_with_a_byte_order_mark_crlf_and_a_quoted_newline_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "m.csv", '\ufeffid,text,label\r\na,"one\r\ntwo, ""three""",x\r\n\r\nb,four,\r\n')
    first, second = read_table(path, TextFormat(quoting="multiline"))
    assert first.values == {"id": "a", "text": 'one\r\ntwo, "three"', "label": "x"}
    assert second.values == {"id": "b", "text": "four", "label": None}
    assert [first.where, second.where] == [f"{path}:2", f"{path}:5"]


def test_tsv_is_read(tmp_path: Path) -> None:
    (record,) = read_table(write(tmp_path, "m.tsv", 'id\ttext\na\the said "no", twice\n'))
    assert record.values["text"] == 'he said "no", twice'


def test_parquet_is_read(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({"id": ["a", "b"], "captions": [["x"], ["y", "z"]], "label": [1, None]})
    parquet.write_table(table, tmp_path / "m.parquet")
    first, second = read_table(tmp_path / "m.parquet")
    assert first.values == {"id": "a", "captions": ["x"], "label": 1}
    assert second.values["label"] is None
    assert second.where.endswith("m.parquet:2")


def test_a_separator_of_lines_inside_json_text_does_not_end_the_row(tmp_path: Path) -> None:
    (record,) = read_table(write(tmp_path, "m.jsonl", '{"text": "a\u2028b\x85c"}\r\n'))
    assert record.values["text"] == "a\u2028b\x85c"


def test_a_caption_of_a_megabyte_is_read_and_the_limit_of_csv_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    long = "word " * 200_000
    (record,) = read_table(write(tmp_path, "m.csv", f"id,text\na,{long}\n"))
    assert record.values["text"] == long
    assert csv.field_size_limit() == before


def test_nul_surrogates_and_emoji_are_read(tmp_path: Path) -> None:
    text = "\x00 \ud800 שלום 🐦"
    (record,) = read_table(write(tmp_path, "m.jsonl", json.dumps({"text": text})))
    assert record.values["text"] == text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.jsonl", "", r"at least one row, got none"),
        ("m.csv", "id,text\n", r"at least one row, got none"),
        ("m.jsonl", '{"id": 1}\n{"id": 2', r"m\.jsonl:2: a line must be one JSON object, got Expecting"),
        ("m.jsonl", "[1]", r"m\.jsonl:1: a line must be one JSON object, got '\[1\]'"),
        ("m.jsonl", "[" * 100_000, r"m\.jsonl:1: a line must be one JSON object"),
        ("m.jsonl", '{"id": 1, "id": 2}', r"m\.jsonl:1: .* got column 'id' twice"),
        ("m.jsonl", '{"id": 1}\n{"id": "1"}', r"m\.jsonl:2, sample 1: id must be unique, got that of .*m\.jsonl:1"),
        ("m.jsonl", '{"id": 1.5}', r"m\.jsonl:1: id must be a text or a whole number, got 1\.5"),
        ("m.jsonl", b'{"id": 1}\n{"text": "\xff"}', r"m\.jsonl:2: text must be UTF-8, got byte 0xff"),
        ("m.csv", "id,text,text\na,b,c\n", r"m\.csv:1: .* got column 'text' twice"),
        ("m.csv", "id,text\na,b\na,c\n", r"m\.csv:3, sample a: id must be unique, got that of .*m\.csv:2"),
        ("m.csv", 'id,text\na,"x y"\n\nb\n', r"m\.csv:4: a row must have one cell per column, got 1 cells below 2"),
        ("m.csv", 'id,text\na,"x\ny"\nb,z\n', r"m\.csv:2: a row .* got a quote that opens here and closes in line 3"),
        ("m.tsv", 'id\ttext\na\t"x" y\n', r"m\.tsv:2: a row must have one cell per column, got .* expected after"),
        ("m.csv", 'id,text\na,"x\n', r"m\.csv:2: a row must have one cell per column, got unexpected end"),
        ("m.parquet", "PAR1", r"m\.parquet: the file must be whole Parquet"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=message):
        read_table(write(tmp_path, name, content))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.jsonl, \.csv, \.tsv, \.parquet, got m\.pkl"):
        read_table(write(tmp_path, "m.pkl", "x"))


def test_null_and_empty_cells_are_absent_but_zero_is_not() -> None:
    assert absent(None) and absent("") and absent([])
    assert not absent(0) and not absent(False) and not absent([""])


def test_a_table_is_found_below_the_root_or_where_its_path_says(tmp_path: Path) -> None:
    path = write(tmp_path, "m.jsonl", "{}\n")
    assert find_table(str(tmp_path), "m.jsonl") == find_table(None, str(path)) == path
    with pytest.raises(
        ConfigError, match=r"dataset\.manifest must be a file in .*, got 'n\.csv'\. There are: m\.jsonl"
    ):
        find_table(str(tmp_path), "n.csv")
    with pytest.raises(ConfigError, match=r"dataset\.manifest must be relative to dataset\.root"):
        find_table(str(tmp_path), str(path))


def test_a_lone_quote_swallows_no_row(tmp_path: Path) -> None:
    path = write(tmp_path, "m.tsv", 'text\tlabel\n"oh no\tneg\nfine\tpos\n5" screen\tpos\nmeh 7"\tneg\n')
    with pytest.raises(DataError, match=r"m\.tsv:2: .* got .*") as caught:
        read_table(path, TextFormat())
    assert "dataset.csv.quoting=none" in caught.value.hint
    texts = [record.values["text"] for record in read_table(path, TextFormat(quoting="none"))]
    assert texts == ['"oh no', "fine", '5" screen', 'meh 7"']


@pytest.mark.parametrize(
    ("name", "content", "hint", "form"),
    [
        ("m.csv", "text;label\na, b;x\nc;y\n", "dataset.csv.delimiter=semicolon", {"delimiter": "semicolon"}),
        ("m.csv", "text, plain;label\na;x\nc, d;y\n", "dataset.csv.delimiter=semicolon", {"delimiter": ";"}),
        ("m.tsv", "text,label\na,x\nc,y\n", "dataset.csv.delimiter=comma", {"delimiter": "comma"}),
        ("m.csv", "text,label\ncaf\xe9,x\n".encode("latin-1"), "encoding=latin-1 if this is right: 'café,x'", None),
        ("m.csv", "text,label\n\u201ca\u201d,x\n".encode("cp1252"), "dataset.csv.encoding=cp1252 if", None),
        ("m.csv", "text,label\na,x\n".encode("utf-16"), "dataset.csv.encoding=utf-16 if", {"encoding": "utf-16"}),
        ("m.csv", "text,label\na,x\n".encode("utf-16-le"), "encoding=utf-16-le if this is right: 'text,label'", None),
    ],
)
def test_a_table_written_otherwise_is_refused_with_what_to_set_and_read_with_it(
    tmp_path: Path, name: str, content: str | bytes, hint: str, form: dict[str, str] | None
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(DataError) as caught:
        read_table(path, TextFormat())
    assert hint in caught.value.hint
    found = read_table(path, TextFormat.of(form or {"encoding": hint.split("=")[1].split()[0]}))
    assert found[0].values[column_names(found)[-1]] == "x"


def test_a_table_of_a_dataset_without_the_setting_is_not_told_to_set_it(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_table(write(tmp_path, "m.csv", "a;b\n1;2\n"))
    assert caught.value.hint.startswith("Save the table as UTF-8")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.csv.gz", "Run: gunzip -k {0}/a.csv.gz\nThen name a.csv"),
        ("a.json", "< {0}/a.json > {0}/a.jsonl\nThen name a.jsonl"),
        ("a.xlsx", ""),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_makes_one_of_it(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.manifest must end in") as caught:
        read_table(write(tmp_path, name, "[]"))
    assert hint.format(tmp_path) in caught.value.hint


def test_commas_between_json_objects_are_pointed_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"m\.jsonl:1: a line must be one JSON object, got Extra data") as caught:
        read_table(write(tmp_path, "m.jsonl", '{"id": 1},\n{"id": 2}\n'))
    assert caught.value.hint == "Remove the comma at the end of each line."


def test_a_column_is_found_without_regard_to_case_and_blanks_if_only_one_fits() -> None:
    assert find_column("label", ["Text", " Label "]) == " Label "
    assert find_column("label", ["LABEL", "label"]) == "label"
    assert find_column("label", ["LABEL", "Label"]) is None


def test_an_id_is_read_from_a_column_of_another_case(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "m.csv", "ID,text\na,x\n"))[0].id == "a"
