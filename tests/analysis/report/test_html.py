from __future__ import annotations

from mmexp.analysis.report.html import Html, command, join, scrolled, tag


def test_every_text_is_escaped_and_only_elements_are_not():
    assert tag("p", "a<b>", tag("b", "&")) == "<p>a&lt;b&gt;<b>&amp;</b></p>"
    assert join("<i>", None, Html("<i>"), 3) == "&lt;i&gt;<i>3"


def test_attributes_are_escaped_and_those_without_a_value_left_out():
    made = tag("td", class_="x", data_way=3, title='"><script>', hidden=True, lang=None, open=False)
    assert made == '<td class="x" data-way="3" title="&quot;&gt;&lt;script&gt;" hidden></td>'


def test_control_characters_are_spelled_out():
    assert tag("p", "a\x1b[31m\x00\ud800") == r"<p>a\x1b[31m\x00\ud800</p>"


def test_void_elements_have_no_end():
    assert tag("br") == "<br>" and tag("img", alt="") == '<img alt="">'


def test_a_command_can_be_copied(tags):
    found = tags(command("mmexp compare 'a b'"))
    assert found.words == "mmexp compare 'a b'copy"
    assert [one["type"] for one in found.all("button")] == ["button"]


def test_a_table_has_a_name_and_scrolls_by_keyboard(tags):
    found = tags(scrolled("name", "a note", ["a", tag("th", "b")], [tag("tbody")]))
    [frame] = found.all("div")
    assert (frame["tabindex"], frame["aria-label"]) == ("0", "name") and len(found.all("th")) == 2
    assert found.words.startswith("a notename")
