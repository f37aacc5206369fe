from __future__ import annotations

from html.parser import HTMLParser

from mmexp.analysis.format.html import render


class Page(HTMLParser):
    """Collect cells by row, and check that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.rows, self.bold = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data
        if "strong" in self.open:
            self.bold.append(data)


def test_the_table_is_well_formed_and_all_text_is_escaped(table):
    page = Page()
    page.feed(render([table]))
    assert page.open == [] and [len(row) for row in page.rows] == [4, 4, 4]
    assert page.rows[0] == table.names and page.rows[2] == ["=2+2", "-", "0.500", "-"]
    assert "<script>" in page.rows[1][0] and "<script>" not in render([table]) and "\x1b" not in render([table])
    assert page.bold == ["0.912 ± 0.010"]
    assert "<p>a_b &lt;i&gt;</p>" in render([table]) and "<code>mmexp compare --where" in render([table])
