# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The page in a headless Chromium: it opens, filters, shows a failing case, by mouse and by keyboard."""

import json

import pytest

from conformance.matrix import browser, page, sample
from conformance.matrix.tabs import DESKTOP, NEEDS_CHROMIUM, PHONE
from conformance.runner.vectors import REQUIREMENTS

pytestmark = NEEDS_CHROMIUM

ROWS = "[...document.querySelectorAll('#matrix > tbody')].filter(row => !row.hidden)"
SHOWN = "document.getElementById('shown').textContent"
DIALOG = "document.querySelector('dialog')"
READY = f"{DIALOG}.open && {DIALOG}.querySelector('.steps')"


@pytest.fixture(scope="module")
def parts():
    return sample.page_parts()


@pytest.fixture(scope="module")
def path(parts, tmp_path_factory):
    made = tmp_path_factory.mktemp("page") / "matrix.html"
    made.write_text(page.html(*parts, json.loads(REQUIREMENTS.read_text())["spec"]))
    return made


def ids(tab):
    return tab.run(f"{ROWS}.map(row => row.dataset.id)")


def choose(tab, name, value):
    """As a person who picks from a list: the value, then what the browser tells of it."""
    tab.run(
        f"(field => {{ field.value = {json.dumps(value)};"
        f" field.dispatchEvent(new Event('input', {{bubbles: true}})); }})(document.forms[0].elements.{name})"
    )


def show(tab, path, vector, **view):
    if view:
        tab.view(*PHONE, **view)
    tab.open(path, f"#vector={vector}")
    tab.wait(READY)
    return tab.run(f"{DIALOG}.innerText")


def test_it_opens_with_the_tested_requirements(tab, parts):
    _, rows, _ = parts
    assert ids(tab) == [row.id for row in rows if row.vectors]
    assert tab.run(SHOWN) == f"{sum(bool(row.vectors) for row in rows)} of {len(rows)} requirements"
    tab.run("document.forms[0].elements.untested.click()")
    assert ids(tab) == [row.id for row in rows]
    text = tab.run("document.body.innerText")
    assert "not built: there is no cargo here" in text
    assert "Not tested: needs a whole device" in text


def test_it_needs_nothing_else(path):
    text = path.read_text()
    assert "http:" not in text.replace("http://www.w3.org", "")
    assert not any(word in text for word in ("https:", "<link", "<img", " src=", "@import", "url("))


def test_it_filters(tab, parts):
    _, rows, _ = parts
    by_id = {row.id: row for row in rows}
    choose(tab, "q", "split-frm 004")
    assert ids(tab) == ["SPLIT-FRM-004"]
    choose(tab, "q", "")
    choose(tab, "level", "SHOULD")
    assert ids(tab) == [row.id for row in rows if row.vectors and row.level.startswith("SHOULD")] != []
    choose(tab, "level", "MUST")
    assert {by_id[id_].level for id_ in ids(tab)} == {"MUST", "MUST NOT"}
    choose(tab, "level", "")
    choose(tab, "verdict", "fail")
    failing = [row.id for row in rows if sample.FAILS in row.vectors]
    assert ids(tab) == failing != []
    choose(tab, "impl", sample.GOOD)
    assert ids(tab) == []
    assert tab.run(SHOWN).startswith("0 of ")
    choose(tab, "impl", sample.OTHER)
    assert ids(tab) == failing
    heads = "[...document.querySelectorAll('#matrix thead th:not([hidden])')].map(th => th.innerText)"
    assert tab.run(heads)[3:] == [sample.OTHER]
    tab.run("document.forms[0].querySelector('[type=reset]').click()")
    tab.wait(f"{ROWS}.length === {sum(bool(row.vectors) for row in rows)}")
    assert len(tab.run(heads)[3:]) == 3


@pytest.mark.parametrize(
    "verdict", ["deviation", "non-strict", "adapter error", "crash", "unsupported", "not run"]
)
def test_each_verdict_can_be_asked_for(tab, verdict):
    choose(tab, "verdict", verdict)
    found = ids(tab)
    assert found
    tab.run(f"{ROWS}[0].querySelector('button.open').click()")
    listed = tab.run("document.querySelector('.list').innerText")
    assert verdict in listed or verdict == "not run"
    choose(tab, "verdict", "timeout")
    assert ids(tab) == []


def test_it_shows_a_failing_case(tab):
    choose(tab, "verdict", "fail")
    tab.run(f"{ROWS}[0].querySelector('button.open').click()")
    links = tab.run("[...document.querySelectorAll('[data-vector]')].map(link => link.dataset.vector)")
    assert links == [sample.FAILS], "the others do not fail"
    tab.run("document.querySelector('[data-vector]').click()")
    tab.wait(READY)
    text = tab.run(f"{DIALOG}.innerText")
    for part in (
        "Region 0: 0x100000",
        "tx descriptor table",
        "tx: split, size 8",
        "Driver: add_chain",
        "Device: serve",
    ):
        assert part in text
    assert "Any device: accept" in text
    faults = tab.run(f"[...{DIALOG}.querySelectorAll('.faults td')].map(cell => cell.innerText)")
    assert faults == ["spec: steps[1].chains[0].fields.src_port", "286397204", "99"]
    repeat = f"scripts/conformance --adapter '{sample.OTHER}' --filter {sample.FAILS}"
    assert repeat in text
    chain = tab.run(
        f"[...{DIALOG}.querySelector('.chain').children].map(box => box.innerText.split('\\n')[0])"
    )
    assert chain[:3] == ["head 0", "readable 44 B", "\N{RIGHTWARDS ARROW}"]
    closed = f"[...{DIALOG}.querySelectorAll('.run details')].map(one => one.open)"
    assert tab.run(closed) == [False, True], "the answer that differs is open"
    assert "(65536 bytes)" in text


def test_a_deviation_says_why_and_text_is_no_markup(tab, path):
    text = show(tab, path, sample.DEVIATES)
    assert f"Known deviation: SPLIT-FRM-001: {sample.HOSTILE}" in text
    assert "Evidence: packet.rs" in text
    tab.run("document.querySelector('[data-close]').click()")
    assert tab.run("document.getElementById('planted')") is None
    assert not tab.run(f"{DIALOG}.open")


def test_a_race_is_drawn(tab, path, parts):
    vector = next(vector.id for vector in parts[0] if "races" in vector.scenario)
    assert "Race: item=" in show(tab, path, vector)


def test_the_keyboard_is_enough(tab):
    tab.run("document.forms[0].elements.q.focus()")
    for letter in "split-frm-004":
        tab.press(letter)
    assert ids(tab) == ["SPLIT-FRM-004"]
    for _ in range(6):
        tab.press("Tab")
        if tab.run("document.activeElement.classList.contains('open')"):
            break
    assert tab.run("document.activeElement.innerText") == "SPLIT-FRM-004"
    tab.press("Enter")
    assert tab.run("document.activeElement.getAttribute('aria-expanded')") == "true"
    tab.press("Tab")
    vector = tab.run("document.activeElement.dataset.vector")
    tab.press("Enter")
    tab.wait(READY)
    assert tab.run(f"{DIALOG}.querySelector('h2').innerText") == vector
    assert tab.run(f"{DIALOG}.contains(document.activeElement)")
    tab.press("Escape")
    tab.wait(f"!{DIALOG}.open")
    assert tab.run("document.activeElement.dataset.vector") == vector
    outline = tab.run("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def test_the_address_keeps_what_was_chosen(tab, path):
    choose(tab, "verdict", "fail")
    choose(tab, "q", "frm")
    kept = tab.run("location.hash")
    found = ids(tab)
    tab.open(path)
    assert len(ids(tab)) > len(found)
    tab.open(path, kept)
    assert ids(tab) == found
    assert tab.run("document.forms[0].elements.verdict.value") == "fail"


def test_a_phone_shows_it_all_without_going_sideways(tab, path):
    tab.view(*PHONE, phone=True)
    tab.open(path)
    assert tab.run("document.documentElement.scrollWidth") <= PHONE[0]
    label = tab.run(f"getComputedStyle({ROWS}[0].querySelector('.got'), '::before').content")
    assert sample.GOOD in label or "data-label" in label
    show(tab, path, sample.FAILS, phone=True)
    assert tab.run(f"{DIALOG}.scrollWidth") <= PHONE[0]
    low = tab.run(
        "Math.min(...[...document.querySelectorAll('dialog button.copy')].map(b => b.clientHeight))"
    )
    assert low >= 36


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read_by_day_and_by_night(tab, path, dark):
    tab.view(*DESKTOP, dark=dark)
    tab.open(path)
    back = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") != dark
    tab.run("document.forms[0].elements.untested.click()")
    for selector in (".v", "td", "th", ".reason", ".aside", "label", "button", "p", ".n"):
        assert tab.run(f"{browser.CONTRAST}({json.dumps(selector)})") >= 4.5, selector
    show(tab, path, sample.FAILS)
    for selector in ("dialog .v", "dialog pre", "dialog small", "dialog .aside", "dialog .mono", "dialog td"):
        assert tab.run(f"{browser.CONTRAST}({json.dumps(selector)})") >= 4.5, selector


def test_words_and_symbols_say_what_colours_say(tab):
    chips = tab.run("[...document.querySelectorAll('.v')].map(chip => [chip.className, chip.textContent])")
    assert len(chips) > 100
    for name, text in chips:
        symbol, _, word = text.partition(" ")
        assert name == f"v v-{word.replace(' ', '-')}"
        assert symbol
    assert len({text for _, text in chips}) == len({name for name, _ in chips})


def test_it_has_names_for_those_who_listen(tab, path):
    show(tab, path, sample.FAILS)
    tab.call("Accessibility.enable")
    nodes = [n for n in tab.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    assert {"dialog", "table", "columnheader", "button"} <= {node["role"]["value"] for node in nodes}
    tab.run("document.querySelector('[data-close]').click()")
    nodes = [n for n in tab.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    named = (
        "button",
        "table",
        "dialog",
        "searchbox",
        "combobox",
        "checkbox",
        "rowheader",
        "columnheader",
        "region",
    )
    nameless = [
        n for n in nodes if n["role"]["value"] in named and not n.get("name", {}).get("value", "").strip()
    ]
    assert nameless == []
    roles = [node["role"]["value"] for node in nodes]
    assert roles.count("table") == 2
    assert roles.count("rowheader") >= roles.count("combobox") == 3
    assert "status" in roles


def test_a_phone_keeps_the_table_a_table(tab, path):
    tab.view(*PHONE, phone=True)
    tab.open(path)
    nodes = [n for n in tab.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    roles = [node["role"]["value"] for node in nodes]
    assert roles.count("rowheader") >= len(ids(tab))
    assert roles.count("cell") >= 4 * len(ids(tab))
