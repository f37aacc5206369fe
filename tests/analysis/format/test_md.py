from __future__ import annotations

from mmexp.analysis.format.md import render


def test_the_table_is_markdown_with_the_best_in_bold(table):
    lines = render([table]).splitlines()
    assert lines[:4] == [
        "**x &amp; y: best**",
        "",
        "| fusion | n | test/accuracy | verdict |",
        "| --- | --: | --: | --- |",
    ]
    assert lines[4].endswith(" | 3 | **0.912 ± 0.010** | +0.250 over image |")
    assert lines[5] == "| =2+2 | - | 0.500 | - |"
    assert lines[7] == r"a\_b &lt;i&gt;" and lines[9] == "mmexp compare --where 'a &lt; 3'"


def test_a_cell_cannot_break_the_table_or_the_page(table):
    line = render([table]).splitlines()[4]
    assert r"a\|b\\c\{d\}%\$\#\_&amp;\~^&lt;script&gt;\[x\]\*\`" in line
    assert "\x1b" not in line and line.replace(r"\|", "").count("|") == 5
