# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A campaign's page in a headless Chromium: it opens by itself, draws, folds, and can be read."""

import json

import campaigns
import pytest
from vvs_tools import build, coverage, report, report_lines, report_page, targets
from vvs_tools.console import Progress, make_console

from conformance.matrix import browser
from conformance.matrix.tabs import DESKTOP, NEEDS_CHROMIUM, PHONE

pytestmark = NEEDS_CHROMIUM

DRAWN = "document.querySelector('[data-drawing]')"
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
TEXTS = ("p", "td", "th", "dt", "dd", "li", "pre", "code", "summary", "figcaption", ".v", ".aside", ".tag",
         ".reason", ".n", "em", "small", "button", ".here")  # fmt: skip


def lines():
    """Of a source with each kind of line."""
    file = coverage.File(3, 2, 4, 3, [4], [(3, 5, "true")], {2: 1234, 3: 7, 4: 0})
    texts = ["/* why */", "start();", "if (odd)", f"    leave(); /* {campaigns.HOSTILE} */"]
    found = [
        report_lines.Line(number, text, file.counts.get(number), ["true"] if number == 3 else [])
        for number, text in enumerate(texts, 1)
    ]
    return report_lines.Reached([report_lines.Source("x.c", file, found)], 20, 2)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    build.build("unit", ["scn"])
    folder = tmp_path_factory.mktemp("campaign")
    out = campaigns.campaign(folder / "out", targets=list(targets.campaign()))
    campaigns.finding(out, campaigns.encoded(campaigns.SCENARIO), report=f"{campaigns.HOSTILE}, expected 0")
    with Progress(make_console(), "report") as progress, pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "measure", lambda *_: lines())
        text = report_page.html(report.gather(out, progress, coverage=True))
    made = folder / "report.html"
    made.write_text(text)
    return made


def test_it_needs_nothing_else(path):
    text = path.read_text()
    assert "http:" not in text
    assert not any(word in text for word in ("https:", "<link", "<img", " src=", "@import", "url(http"))


def test_the_finding_is_drawn(tab):
    said = tab.run(f"{DRAWN}.innerText")
    for part in ("Region 0: 0x100000", "tx descriptor table", "readable 88 B", "Device: serve", "table"):
        assert part in said, part
    assert tab.run(f"{DRAWN}.querySelectorAll('.chain').length") == 3
    assert tab.run("document.getElementById('planted')") is None


def test_the_list_leads_to_the_finding(tab):
    tab.run("document.querySelector('.toc a').click()")
    tab.wait("location.hash === '#used-len-1'")
    tab.wait("Math.abs(document.getElementById('used-len-1').getBoundingClientRect().top) < 300")


def test_lines_open_and_say_in_words_what_never_ran(tab):
    assert tab.run("document.querySelector('.code').checkVisibility()") is False
    tab.run("document.querySelector('.source summary').click()")
    rows = tab.run("[...document.querySelectorAll('.code tbody tr')].map(row => row.innerText)")
    assert [row.split("\t")[0].strip() for row in rows] == ["", "1,234", "7", "never"]
    assert "never true" in rows[2]
    assert "2 of 3 lines, 1 never" in tab.run("document.querySelector('.source summary').innerText")


def test_each_picture_is_there_with_its_words(tab):
    sizes = tab.run(
        "[...document.querySelectorAll('figure')].map(f => [f.id, f.querySelector('svg').clientWidth, "
        "f.querySelector('svg').clientHeight, f.querySelector('figcaption').innerText])"
    )
    assert [name for name, *_ in sizes] == [
        f"plot-{name}" for name in ("speed", "edges", "corpus", "findings", "reach")
    ]
    for _, width, height, words in sizes:
        assert width > 300
        assert height > 100
        assert len(words) > 15
    legend = tab.run("document.querySelector('#plot-edges svg').textContent")
    assert all(name in legend for name in targets.campaign())
    # Ten lines that differ in more than colour.
    looks = tab.run(
        "[...document.querySelectorAll('#plot-edges [id*=legend] [id*=line2d] path')]"
        ".map(path => path.getAttribute('style').replace(/stroke: [^;]+/, ''))"
    )
    assert len(looks) >= len(targets.campaign())


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read_by_day_and_by_night(tab, path, dark):
    tab.view(*DESKTOP, dark=dark)
    tab.open(path)
    tab.run(OPEN_ALL)
    back = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") != dark
    for selector in TEXTS:
        assert tab.run(f"{browser.CONTRAST}({json.dumps(selector)})") >= 4.5, selector
    ink = tab.run("getComputedStyle(document.querySelector('figure text')).fill")
    assert ink == tab.run("getComputedStyle(document.body).color")


def test_words_and_symbols_say_what_colours_say(tab):
    chips = tab.run("[...document.querySelectorAll('.v')].map(chip => [chip.className, chip.textContent])")
    for name, text in chips:
        symbol, _, word = text.partition(" ")
        assert symbol
        assert name == f"v v-{word.replace(' ', '-')}"
    assert {"v v-findings", "v v-finding", "v v-flaky", "v v-met", "v v-same"} <= {name for name, _ in chips}


def test_a_phone_shows_it_all_without_going_sideways(tab, path):
    tab.view(*PHONE, phone=True)
    tab.open(path)
    tab.run(OPEN_ALL)
    assert tab.run("document.documentElement.scrollWidth") <= PHONE[0]
    assert (
        tab.run("Math.min(...[...document.querySelectorAll('summary, .copy')].map(e => e.clientHeight))") > 28
    )


def test_it_has_names_for_those_who_listen(tab):
    tab.run(OPEN_ALL)
    tab.call("Accessibility.enable")
    nodes = [n for n in tab.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    named = ("button", "region", "rowheader", "columnheader", "link", "heading")
    nameless = [
        n for n in nodes if n["role"]["value"] in named and not n.get("name", {}).get("value", "").strip()
    ]
    assert nameless == []
    roles = [node["role"]["value"] for node in nodes]
    assert {"table", "heading"} <= set(roles)
    # One without a name is no region to them.
    assert roles.count("region") == tab.run("document.querySelectorAll('.scroll, section').length")
