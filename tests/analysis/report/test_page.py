from __future__ import annotations

import json
import re

import pytest

from mmexp.analysis.comparison import ComparedRuns, Comparison
from mmexp.analysis.report import ranking, whole
from mmexp.analysis.report.page import page, sections

PLAIN = re.findall(
    r"\w+",
    """
    html head meta link title style script body header h1 h2 h3 h4 p span div main article section nav ul li a details
    summary code b br button input table caption thead tbody tr th td figure figcaption img audio
    svg g title text line circle rect polyline
    """,
)


def compared(*comparisons: Comparison, trials: int = 0) -> ComparedRuns:
    return ComparedRuns(comparisons, [], trials)


def test_sections_are_found_in_their_folder_and_stand_in_order():
    for package in (ranking, whole):
        places = [one.POSITION for one in sections(package)]
        assert places == sorted(set(places)) and len(places) > 1


def test_a_page_loads_nothing_and_allows_nothing_but_itself(make_comparison_of, tags):
    text = page(compared(make_comparison_of()), "mmexp report", "today")
    found = tags(text)
    addresses = [one[key] for _, one in found.found for key in ("src", "href", "action", "data") if key in one]
    assert addresses and all(one.startswith(("data:", "#")) for one in addresses)
    [policy] = [one["content"] for one in found.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert "@import" not in text and "url(" not in text


def test_nothing_of_a_hostile_run_becomes_markup(make_comparison_of, attack, tags):
    text = page(
        compared(make_comparison_of(attack), make_comparison_of(attack, attack)), f"mmexp report {attack}", attack
    )
    found, clean = (
        tags(text),
        tags(page(compared(make_comparison_of(), make_comparison_of(data="cd")), "mmexp", "today")),
    )
    assert {tag for tag, _ in found.found} == {tag for tag, _ in clean.found} <= {*PLAIN}
    assert len(found.all("script")) == len(found.all("style")) == 1
    names = {name for _, attrs in found.found for name in attrs}
    assert not [name for name in names if name.startswith("on") or name in ("style", "srcdoc")]
    assert "\x1b" not in text and "onerror=" in found.words


def test_trials_that_are_left_out_are_counted(make_comparison_of):
    said = "2 trial(s), which chose the settings of the rows, are left out."
    assert said in page(compared(make_comparison_of(), trials=2), "", "")
    assert "trial(s)" not in page(compared(make_comparison_of()), "", "")


def test_several_data_sets_have_links_to_each(make_comparison_of, tags):
    found = tags(page(compared(make_comparison_of(), make_comparison_of(data="cd")), "", ""))
    ids = {one.get("id") for _, one in found.found}
    assert [one["href"] for one in found.all("a")] == ["#r0", "#r1"] and {"r0", "r1"} <= ids


DRIVER = """<!doctype html><title>driver</title><pre id=said></pre>
<iframe src="page.html" width=375 height=700></iframe>
<iframe src="page.html#filter0=sum&sort0=%2B1" width=1440 height=700></iframe>
<script>
addEventListener("load", () => {
  const [small, large] = [...document.querySelectorAll("iframe")].map((one) => one.contentDocument);
  const names = (page) => [...page.querySelectorAll(".sortable tbody:not([hidden]) th")].map((th) => th.textContent);
  const wide = (page) => page.documentElement.scrollWidth - page.documentElement.clientWidth;
  const said = {overflow: [wide(small), wide(large)], first: names(small), linked: names(large)};
  const buttons = small.querySelectorAll(".sortable thead button");
  buttons[1].click(); said.ascending = names(small);
  buttons[1].click(); said.descending = names(small);
  buttons[4].click(); said.margin = names(small);
  said.sort = [...small.querySelectorAll("th[aria-sort]")].map((th) => th.getAttribute("aria-sort"));
  const box = small.querySelector("input.filter");
  box.value = "ALONE image"; box.dispatchEvent(new Event("input"));
  said.filtered = names(small); said.shown = small.querySelector(".shown").textContent;
  const more = small.querySelector("tbody:not([hidden]) button.more");
  more.click(); said.open = [more.getAttribute("aria-expanded"), more.closest("tbody").rows[1].hidden];
  said.titles = [small.title, large.title];
  said.address = small.location.hash;
  said.images = [...large.images].map((one) => one.naturalWidth);
  document.querySelector("#said").textContent = JSON.stringify(said);
});
</script>"""


@pytest.fixture
def said(make_comparison_of, attack, browse, tmp_path):
    """What a browser says of the page of hostile runs, at both widths."""
    (tmp_path / "page.html").write_text(page(compared(make_comparison_of(attack)), attack, attack), encoding="utf-8")
    (tmp_path / "driver.html").write_text(DRIVER)
    document, complaints = browse(tmp_path / "driver.html", "--window-size=1900,1500")
    assert complaints == []
    found = re.search(r'<pre id="said">(.+?)</pre>', document, re.DOTALL)
    assert found, document[:2000]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def test_in_a_browser_it_sorts_filters_fits_and_executes_nothing(said, attack):
    gated = said["first"][0]
    assert said["first"] == [gated, "sum", "image alone", "audio alone"] and "onerror" in gated
    assert all("mmexp report" in one for one in said["titles"])
    assert said["overflow"] == [0, 0]
    assert said["ascending"] == ["audio alone", gated, "image alone", "sum"] == said["descending"][::-1]
    assert said["margin"][:2] == ["sum", gated] and set(said["margin"][2:]) == {"image alone", "audio alone"}
    assert said["sort"].count("ascending") == 1
    assert said["filtered"] == ["image alone"] and said["shown"] == "1 of 4 rows"
    assert said["open"] == ["true", False]
    assert said["linked"] == ["sum"] and "filter0=ALONE+image" in said["address"]
    assert said["images"] and all(said["images"])
