from __future__ import annotations

import re
from dataclasses import replace

from mmexp.analysis.format.latex import escaped, render

SPECIAL = set("\\{}&%$#_~^")


def parsed(text: str) -> list[list[list[str]]]:
    """Read LaTeX as LaTeX does, and return the rows of each tabular: no environment, brace or dollar is left open."""
    text = re.sub(r"(?<!\\)%.*", "", text)
    environments: list[str] = []
    tables: list[list[list[str]]] = []
    for mark, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if mark == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert not environments
    for columns, body in re.findall(r"\\begin\{tabular\}\{([lrc]+)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        rules = re.findall(r"\\(toprule|midrule|bottomrule)", body)
        assert rules == ["toprule", "midrule", "bottomrule"]
        lines = [
            line.strip() for line in re.split(r"\\\\\s*\n", re.sub(r"\\(top|mid|bottom)rule", "", body)) if line.strip()
        ]
        rows = [[plain(cell) for cell in re.split(r"(?<!\\)&", line)] for line in lines]
        assert {len(row) for row in rows} == {len(columns)}
        tables.append(rows)
    return tables


def plain(cell: str) -> str:
    """Read a cell back; what is not a known command or an escaped character is an error."""
    names = {"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">"}
    names |= {"textbar": "|", "textquotedbl": '"'}
    found, place, depth = "", 0, 0
    cell = cell.strip().replace(r"$\pm$", "±")
    while place < len(cell):
        command = re.compile(r"\\([a-zA-Z]+)(\{\})?").match(cell, place)
        if command and command[1] == "textbf":
            found, place = f"{found}<b>", command.end()
        elif command:
            found, place = found + names[command[1]], command.end()
        elif cell[place] == "\\":
            assert cell[place + 1] in SPECIAL
            found, place = found + cell[place + 1], place + 2
        else:
            depth += {"{": 1, "}": -1}.get(cell[place], 0)
            assert depth >= 0 and cell[place] not in SPECIAL - set("{}")
            found, place = found + cell[place].strip("{}"), place + 1
    assert depth == 0
    return found


def test_the_table_parses_and_has_its_cells_back(table):
    (rows,) = parsed(render([table]))
    hostile = table.rows[0][0].replace("\n", " ").replace("\x1b", r"\x1b")
    assert rows == [
        ["fusion", "n", "test/accuracy", "verdict"],
        [hostile, "3", "<b>0.912 ± 0.010", "+0.250 over image"],
        ["=2+2", "-", "0.500", "-"],
    ]


def test_nothing_is_bold_where_no_row_is_better_beyond_chance(table):
    assert "textbf" in render([table]) and "textbf" not in render([replace(table, best=None)])


def test_caption_notes_and_command_are_escaped_too(table):
    text = render([table, table])
    assert len(parsed(text)) == 2
    assert r"\caption{x \& y: best}" in text and r"\footnotesize a\_b \textless{}i\textgreater{}" in text
    assert "% mmexp compare --where 'a < 3'\n" in text


def test_every_character_that_latex_reads_as_its_own_is_spelled_out():
    text = '\\~^<>|[]"±{}&%$#_ab'
    assert plain(escaped(text)) == text
